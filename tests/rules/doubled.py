"""The cases of an alert once more, with every series there twice.

So it is for some minutes after a redeployment, where a target is scraped by two, and where a label
was added: for a time two series differ by a label that no join knows. An expression that fails on
that is silent exactly when much is changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from gallery.alerts.cases.model import Case, Series
from gallery.alerts.endpoints import ENDPOINT_SLOW
from gallery.metrics import labels, promql
from gallery.plan.alerts import PlannedAlert
from gallery.render.proof import Document, ProvenRule, proven, silent_document, test_documents
from tests.rules.firing import count, labelled
from tests.rules.promtool import Proof

_ADDED = "pod"
# What tells the second series from the first.
ADDED: Mapping[str, str] = {_ADDED: "second"}
_SECONDS: Mapping[str, Mapping[str, str]] = {
    "with one label more": ADDED,
    "of another instance": {labels.INSTANCE: "second"},
}
# What counts requests finds twice as many: where they are too few, it may be that they are not.
_COUNTS = {ENDPOINT_SLOW}


def proofs_of_doubled(planned: PlannedAlert) -> Iterator[tuple[str, Proof]]:
    """Each case, with a second one of each of its series."""
    rule = proven(planned)
    for case in rule.cases:
        for name, more in _SECONDS.items():
            document = _document(rule, doubled(case, more), silent=planned.alert not in _COUNTS)
            proof = Proof(rules=silent_document(rule), tests=(document,))
            yield f"{case.name}: each series twice, {name}", proof


def doubled(case: Case, more: Mapping[str, str]) -> Case:
    """The case with a second one of each series, which has these labels as well."""
    seconds = tuple(_with(one, more) for one in case.series)
    return replace(case, series=(*case.series, *seconds))


def _with(series: Series, more: Mapping[str, str]) -> Series:
    """The series with these labels.

    Of a host two instances may be there already, and each has a second of its own.
    """
    known = series.labels
    instance = known.get(labels.INSTANCE) if labels.HOST in known else None
    whose = f" of {instance}" if instance else ""
    second = {name: value + whose if name in known else value for name, value in more.items()}
    return replace(series, labels={**known, **second})


def _document(rule: ProvenRule, case: Case, *, silent: bool) -> Document:
    """What fires is told of the same things, of each once or twice: that is one message.

    An evaluation that fails, promtool reports whatever is asked.
    """
    [document] = test_documents(replace(rule, cases=(case,)), "rules.json")
    [test] = document["tests"]
    if case.fires_at is None:
        if not silent:
            test["promql_expr_test"] = [count("vector(1)", case.until, 1)]
        return document
    del test["alert_rule_test"]
    at = case.fires_at
    test["promql_expr_test"] = [
        count(_things(labelled(rule.name)), at, len(case.fires)),
        *(count(_things(_firing(of)), at, 1) for of in case.fires),
    ]
    return document


def _firing(of: Mapping[str, str]) -> str:
    matchers = (promql.equals(name, value) for name, value in of.items())
    return promql.selector("ALERTS", (promql.equals("alertstate", "firing"), *matchers))


def _things(firing: str) -> str:
    return f"count without ({_ADDED}, {labels.INSTANCE}) ({firing})"
