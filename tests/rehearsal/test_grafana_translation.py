"""What Grafana would evaluate and route, back in Prometheus's words, or refused."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from offline.errors import UserError
from rehearsal.machine import tools as rehearsal_tools
from rehearsal.machine.tools import Tool
from rehearsal.stand_in.contact_points import Switchboard
from rehearsal.stand_in.grafana_routes import alertmanager_config
from rehearsal.stand_in.grafana_rules import prometheus_group
from rehearsal.stand_in.substitutions import Substitutions


def _node(ref: str, datasource: str, **model: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "refId": ref,
        "datasourceUid": datasource,
        "relativeTimeRange": {"from": 600, "to": 0},
        "model": json.dumps({"refId": ref, **model}),
    }


_GROUP: dict[str, Any] = {
    "name": "endpoints",
    "folderUid": "gallery",
    "intervalSeconds": 10,
    "rules": [
        {
            "name": "EndpointDown",
            "uid": "endpoint-down",
            "condition": "threshold",
            "for": "30s",
            "keepFiringFor": "1m",
            "noDataState": "OK",
            "execErrState": "KeepLast",
            "missingSeriesEvalsToResolve": 1,
            "labels": {"severity": "page"},
            "annotations": {
                "what": "{{ $labels.service }}: {{ $values.query.Value }}",
                "__dashboardUid__": "api-health",
            },
            "datas": [
                _node("query", "amp", expr="probe_success == 0", instant=True, range=False),
                _node(
                    "math",
                    "__expr__",
                    type="math",
                    expression="is_number($query) || is_nan($query) || is_inf($query)",
                ),
                _node(
                    "threshold",
                    "__expr__",
                    type="threshold",
                    expression="math",
                    conditions=[{"evaluator": {"type": "gt", "params": [0]}}],
                ),
            ],
        }
    ],
}


def _translated(group: dict[str, Any]) -> dict[str, Any]:
    return prometheus_group(group, {"amp"}, Substitutions())


def test_a_rule_of_the_importers_shape_is_the_rule_it_was() -> None:
    assert _translated(_GROUP) == {
        "name": "endpoints",
        "interval": "10s",
        "rules": [
            {
                "alert": "EndpointDown",
                "expr": "probe_success == 0",
                "for": "30s",
                "keep_firing_for": "1m",
                "labels": {"severity": "page"},
                "annotations": {"what": "{{ $labels.service }}: {{ $value }}"},
            }
        ],
    }


def _change_rule(**fields: Any) -> dict[str, Any]:  # noqa: ANN401
    group = deepcopy(_GROUP)
    group["rules"][0] |= fields
    return group


def _change_node(position: int, datasource: str | None = None, **model: Any) -> dict[str, Any]:  # noqa: ANN401
    group = deepcopy(_GROUP)
    node = group["rules"][0]["datas"][position]
    node["model"] = json.dumps(json.loads(node["model"]) | model)
    node["datasourceUid"] = datasource or node["datasourceUid"]
    return group


@pytest.mark.parametrize(
    ("group", "reason"),
    [
        # The condition is the query itself: Grafana wants a number, and 0 == 0 is no alert.
        (_change_rule(condition="query"), "asks 'amp', not __expr__"),
        (_change_rule(condition="math"), "its condition must be a threshold"),
        (_change_rule(condition="gone"), "refers to 'gone'; there are math, query, threshold"),
        (_change_node(2, expression="query"), "asks 'amp'"),
        (_change_node(2, expression="nothing"), "refers to 'nothing'"),
        (
            _change_node(2, conditions=[{"evaluator": {"type": "gt", "params": [1]}}]),
            "its threshold must be above 0",
        ),
        (
            _change_node(2, conditions=[{"evaluator": {"type": "lt", "params": [0]}}]),
            "its threshold must be above 0",
        ),
        # Without the test a value of 0 is below the threshold, and EndpointDown never fires.
        (_change_node(1, expression="$query"), "its math node must be"),
        (
            _change_node(1, expression="is_number($query) || is_nan($query) || is_inf($other)"),
            "its math node must be",
        ),
        (_change_node(0, datasource="elsewhere"), "asks 'elsewhere', not amp"),
        (_change_node(0, refId="other"), "calls itself 'other'"),
        (_change_node(0, instant=False), "its query must be instant"),
        (_change_node(0, range=True), "must not be a range"),
        (_change_rule(noDataState="Alerting"), "noDataState must be OK"),
        (_change_rule(missingSeriesEvalsToResolve=2), "missingSeriesEvalsToResolve must be 1"),
        (_change_rule(isPaused=True), "it is paused"),
        (_change_rule(record={}), "it has record"),
        (_change_rule(annotations={"a": "{{ $values.query.Labels }}"}), "more of \\$values"),
        ({**_GROUP, "intervalSeconds": 15}, "multiples of 10 s"),
    ],
)
def test_another_shape_is_refused_with_its_reason(group: dict[str, Any], reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        _translated(group)


_POINTS: list[dict[str, Any]] = [
    {"name": "chat", "slacks": [{"url": "secret:s", "recipient": "#c", "title": "", "text": ""}]},
    {
        "name": "pager",
        "disableProvenance": True,
        "pagerduties": [
            {
                "integrationKey": "secret:p",
                "severity": "critical",
                "summary": "",
                "details": {"text": ""},
                "disableResolveMessage": True,
            }
        ],
    },
]
_NAMES = {
    "chat": [{"contact_point": "chat", "kind": "slack"}],
    "pager": [{"contact_point": "the-pager", "kind": "pagerduty"}],
}
_POLICY: dict[str, Any] = {
    "contactPoint": "chat",
    "groupBies": ["alertname"],
    "groupWait": "10s",
    "groupInterval": "10s",
    "repeatInterval": "4h",
    "policies": [
        {
            "contactPoint": "chat",
            "continue": True,
            "matchers": [{"label": "severity", "match": "=~", "value": "page|ticket"}],
        },
        {
            "contactPoint": "pager",
            "matchers": [{"label": "text", "match": "!=", "value": 'a "b" \\d'}],
            "policies": [{"matchers": [{"label": "owner", "match": "=", "value": "x"}]}],
        },
    ],
}


def _config(policy: dict[str, Any], points: list[dict[str, Any]]) -> dict[str, Any]:
    return alertmanager_config(policy, points, Switchboard(_NAMES), Substitutions())


def _receiver(tools: Mapping[Tool, Path], file: Path, *labels: str) -> str:
    """The receivers by amtool's own reading of the routes."""
    command = [tools[rehearsal_tools.AMTOOL], "config", "routes", "test", f"--config.file={file}"]
    return subprocess.run(
        [*command, *labels], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_policies_route_as_alertmanager_reads_them(
    tools: Mapping[Tool, Path], tmp_path: Path
) -> None:
    file = tmp_path / "alertmanager.yml"
    config = _config(_POLICY, _POINTS)
    del config["templates"]
    file.write_text(yaml.safe_dump(config))
    assert _receiver(tools, file, "severity=page", "text=y") == "chat,pager"
    assert _receiver(tools, file, "severity=info", "owner=x", "text=y") == "pager"
    assert _receiver(tools, file, "severity=info", r'text="a \"b\" \\d"') == "chat"


def test_an_integration_leads_to_its_own_contact_point() -> None:
    switchboard = Switchboard(_NAMES)
    config = alertmanager_config(_POLICY, _POINTS, switchboard, Substitutions())
    chat, pager = config["receivers"]
    assert chat["slack_configs"][0]["api_url"].endswith("/slack/chat/chat")
    assert chat["slack_configs"][0]["send_resolved"] is True
    assert pager["pagerduty_configs"][0]["url"].endswith("/pagerduty/the-pager/pager")
    assert pager["pagerduty_configs"][0]["routing_key"] == "secret:p"
    assert pager["pagerduty_configs"][0]["send_resolved"] is False
    assert {each.name for each in switchboard.recipients} == {"chat", "the-pager"}


_UNPLAYABLE: list[tuple[dict[str, Any], list[dict[str, Any]], str]] = [
    (_POLICY | {"contactPoint": "nobody"}, _POINTS, "'nobody', which is not among"),
    (
        _POLICY | {"policies": [{"contactPoint": "gone", "matchers": []}]},
        _POINTS,
        "'gone', which is not among",
    ),
    (_POLICY | {"muteTimings": ["night"]}, _POINTS, "has muteTimings"),
    (
        _POLICY | {"policies": [{"matchers": [{"label": "a", "match": "==", "value": "b"}]}]},
        _POINTS,
        "compares a by '=='",
    ),
    (_POLICY, [*_POINTS, {"name": "x", "discords": [{}]}], "'x' has discords"),
    (
        _POLICY,
        [{"name": "chat", "slacks": [{"url": "", "mentionUsers": "all"}]}, _POINTS[1]],
        "'chat' has mentionUsers",
    ),
    (_POLICY, [*_POINTS, {"name": "unlisted", "slacks": [{}]}], "names 0 there"),
]


@pytest.mark.parametrize(("policy", "points", "reason"), _UNPLAYABLE)
def test_what_cannot_be_played_is_refused(
    policy: dict[str, Any], points: list[dict[str, Any]], reason: str
) -> None:
    with pytest.raises(UserError, match=reason):
        _config(policy, points)
