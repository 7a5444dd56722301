"""Rules as Grafana evaluates them, translated back into rules that Prometheus evaluates.

A rule means the same in both only where Grafana's three nodes have the shape of its own importer
(grafana/grafana `pkg/services/ngalert/prom/convert.go`): a query, a test that a sample is there,
a threshold on that test. Any other shape is refused, because what Grafana would make of it is
not what Prometheus would.
"""

from __future__ import annotations

import json
import re

from offline.errors import UserError
from rehearsal.stand_in.documents import Document
from rehearsal.stand_in.substitutions import Substitutions

_EXPRESSION = "__expr__"
_KNOWN = {
    "name", "uid", "condition", "datas", "for", "keepFiringFor", "noDataState", "execErrState",
    "missingSeriesEvalsToResolve", "labels", "annotations", "isPaused",
}  # fmt: skip
# Grafana evaluates on a grid of ten seconds (Grafana documentation, "min_interval").
_GRID_SECONDS = 10


def prometheus_group(
    group: Document, datasources: set[str], substitutions: Substitutions
) -> Document:
    """The group that Prometheus evaluates in the place of a rendered `alerting.RuleGroup`.

    `datasources` are the uids of the stack's data sources. Raises UserError.
    """
    interval = int(group["intervalSeconds"])
    if interval <= 0 or interval % _GRID_SECONDS:
        raise UserError(
            f"rule group {group['name']!r} has an interval of {interval} s; "
            f"Grafana takes multiples of {_GRID_SECONDS} s alone"
        )
    substitutions.add(
        "Grafana's rule evaluation",
        "a Prometheus that reads from AMP's stand-in; rules translated back from the rendered ones",
        "Grafana is not part of a rehearsal; its reaction to data source errors is not played",
    )
    return {
        "name": group["name"],
        "interval": f"{interval}s",
        "rules": [_rule(rule, datasources) for rule in group["rules"]],
    }


def refuse_unknown(rule: Document) -> None:
    """Raise UserError where a rule has a field that nothing here knows."""
    unknown = set(rule) - _KNOWN
    if unknown:
        raise _unfit(
            rule["name"], f"it has {', '.join(sorted(unknown))}, which cannot be played here"
        )


def _rule(rule: Document, datasources: set[str]) -> Document:
    name = rule["name"]
    refuse_unknown(rule)
    if rule.get("isPaused"):
        raise _unfit(name, "it is paused, and would never fire")
    if rule.get("noDataState") != "OK":
        raise _unfit(name, "noDataState must be OK: no series is no alert")
    if rule.get("missingSeriesEvalsToResolve") != 1:
        raise _unfit(name, "missingSeriesEvalsToResolve must be 1, or it resolves late")
    translated: Document = {
        "alert": name,
        "expr": _expression(name, rule, datasources),
        "for": rule.get("for", "0s"),
        "labels": rule.get("labels", {}),
        "annotations": {
            key: _annotation(name, text)
            for key, text in rule.get("annotations", {}).items()
            # Those begin with underscores that Grafana itself reads, as a dashboard's uid.
            if not key.startswith("__")
        },
    }
    if "keepFiringFor" in rule:
        translated["keep_firing_for"] = rule["keepFiringFor"]
    return translated


def _expression(name: str, rule: Document, datasources: set[str]) -> str:
    """The PromQL of the query node, where the nodes after it only test that there is a sample."""
    nodes = {data["refId"]: data for data in rule["datas"]}
    threshold = _model(name, nodes, rule["condition"], "the condition")
    _require(name, threshold.get("type") == "threshold", "its condition must be a threshold")
    evaluators = [condition.get("evaluator") for condition in threshold.get("conditions", ())]
    above_zero = [{"type": "gt", "params": [0]}]
    _require(name, evaluators == above_zero, "its threshold must be above 0")
    math = _model(name, nodes, threshold.get("expression"), "the threshold")
    _require(name, math.get("type") == "math", "its threshold must be on a math node")
    ref = _tested(name, str(math.get("expression")))
    query = _model(name, nodes, ref, "the math node", datasources)
    _require(name, query.get("instant") is True, "its query must be instant")
    _require(name, query.get("range") is not True, "its query must not be a range")
    _require(name, set(nodes) == {rule["condition"], threshold.get("expression"), ref},
             "it must have a query, a math and a threshold node alone")  # fmt: skip
    return query["expr"]


def _tested(name: str, expression: str) -> str:
    """The ref that `is_number($q) || is_nan($q) || is_inf($q)` is about."""
    term = r"is_{kind}\(\$(?:\{{)?(\w+)\}}?\)"
    pattern = r"\s*\|\|\s*".join(term.format(kind=kind) for kind in ("number", "nan", "inf"))
    match = re.fullmatch(pattern, expression.strip())
    _require(
        name,
        match is not None and len(set(match.groups())) == 1,
        "its math node must be is_number($q) || is_nan($q) || is_inf($q)",
    )
    return match.group(1) if match else ""


def _model(
    name: str,
    nodes: dict[str, Document],
    ref: object,
    referrer: str,
    datasources: set[str] | None = None,
) -> Document:
    """The model of a node; a query's data source is one of the stack's, others' `__expr__`."""
    node = nodes.get(str(ref))
    if node is None:
        raise _unfit(name, f"{referrer} refers to {ref!r}; there are {', '.join(sorted(nodes))}")
    allowed = datasources or {_EXPRESSION}
    _require(
        name,
        node["datasourceUid"] in allowed,
        f"node {ref} asks {node['datasourceUid']!r}, not {' or '.join(sorted(allowed))}",
    )
    model: Document = json.loads(node["model"])
    _require(name, model.get("refId") == ref, f"node {ref} calls itself {model.get('refId')!r}")
    return model


def _annotation(name: str, text: str) -> str:
    """The text with the query's value under the name that Prometheus has for it."""
    local = re.sub(r"\$values\.\w+\.Value", "$value", text)
    if "$values" in local:
        raise _unfit(name, f"its annotation reads more of $values than a query's Value: {text}")
    return local


def _require(name: str, holds: bool, reason: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise _unfit(name, reason)


def _unfit(name: str, reason: str) -> UserError:
    return UserError(f"Grafana's rule {name} does not mean what its alert says: {reason}")
