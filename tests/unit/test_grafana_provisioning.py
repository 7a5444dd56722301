"""What Grafana itself is provisioned with, held by the form of Grafana's own files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from offline.errors import UserError
from rehearsal.machine.addresses import GRAFANA
from rehearsal.pager.contact_points.kinds import KINDS
from rehearsal.pager.contact_points.model import Way
from rehearsal.stand_in.contact_points import Switchboard
from rehearsal.stand_in.derive import derive
from rehearsal.stand_in.provisioning import TREE, Provisioning
from rehearsal.stand_in.substitutions import Substitutions
from rehearsal.world.topology import Topology
from tests.unit.recordings import deployed
from tests.unit.stack_files import STACKS

_SCHEMA = json.loads(Path(__file__).with_name("grafana_provisioning.schema.json").read_text())
_VALIDATOR = Draft202012Validator(_SCHEMA)
_FILES = {
    "datasources/amp.yaml",
    "dashboards/gallery.yaml",
    "alerting/rules.yaml",
    "alerting/contact-points.yaml",
    "alerting/policies.yaml",
    "alerting/templates.yaml",
}
_CHAT = {
    "name": "chat",
    "slacks": [{"recipient": "#c", "text": "t", "title": "t", "url": "secret:s"}],
}


def _write(tree: dict[str, str], place: Path) -> Path:
    for name, text in tree.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return place


@pytest.fixture(scope="module", params=STACKS)
def stand_in(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp(request.param)
    source = _write(deployed(request.param), place / "deployed")
    derive(source, place / "stand-in", grafana=True)
    return place / "stand-in"


@cache
def _provisioned(stand_in: Path) -> dict[str, Any]:
    root = stand_in / TREE / "provisioning"
    return {
        str(path.relative_to(root)): yaml.safe_load(path.read_text())
        for path in root.rglob("*.yaml")
    }


def _faults(document: Any) -> list[str]:  # noqa: ANN401
    found = _VALIDATOR.iter_errors(document)  # pyright: ignore[reportUnknownMemberType]
    return [f"{error.json_path}: {error.message}" for error in found]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(_SCHEMA)


def test_every_file_has_the_form_that_grafana_reads(stand_in: Path) -> None:
    files = _provisioned(stand_in)
    assert set(files) == _FILES
    assert [fault for document in files.values() for fault in _faults(document)] == []


def test_every_rule_and_dashboard_is_there_and_means_what_is_deployed(stand_in: Path) -> None:
    source = stand_in.parent / "deployed" / "grafana"
    rendered = [json.loads(path.read_text()) for path in sorted(source.glob("rules/*.json"))]
    files = _provisioned(stand_in)
    groups = files["alerting/rules.yaml"]["groups"]
    assert [group["interval"] for group in groups] == [
        f"{group['intervalSeconds']}s" for group in rendered
    ]
    for group, was in zip(groups, rendered, strict=True):
        for rule, before in zip(group["rules"], was["rules"], strict=True):
            assert (rule["title"], rule["uid"]) == (before["name"], before["uid"])
            assert rule["missing_series_evals_to_resolve"] == before["missingSeriesEvalsToResolve"]
            assert rule["labels"] == before["labels"]
            models = [json.loads(node["model"]) for node in before["datas"]]
            assert [node["model"] for node in rule["data"]] == models
            assert rule["annotations"] | _link(rule) == before["annotations"]
    place = Path(files["dashboards/gallery.yaml"]["providers"][0]["options"]["path"])
    assert {path.name: path.read_text() for path in place.iterdir()} == {
        path.name: path.read_text() for path in (source / "dashboards").iterdir()
    }


def _link(rule: dict[str, Any]) -> dict[str, str]:
    """The panel of a rule, as the resource has it."""
    if "panelId" not in rule:
        return {}
    return {"__dashboardUid__": rule["dashboardUid"], "__panelId__": str(rule["panelId"])}


def test_grafana_takes_the_place_of_both_that_stand_in_for_it(stand_in: Path) -> None:
    assert not (stand_in / "grafana").exists()
    page = Topology.read(stand_in / "world.json").page
    assert page is None or page.asks == str(GRAFANA)
    assert f"Grafana itself at {GRAFANA}" in (stand_in / "substitutions.md").read_text()


def test_nothing_of_a_credential_is_left(stand_in: Path) -> None:
    for path in (stand_in / TREE).rglob("*.yaml"):
        assert "secret:" not in path.read_text(), path


def _rule(files: dict[str, Any]) -> dict[str, Any]:
    return files["alerting/rules.yaml"]["groups"][0]["rules"][0]


def _settings(files: dict[str, Any]) -> dict[str, Any]:
    receivers = [each for point in files["alerting/contact-points.yaml"]["contactPoints"]
                 for each in point["receivers"]]  # fmt: skip
    return next(each["settings"] for each in receivers if each["type"] == "pagerduty")


_BROKEN: dict[str, Callable[[dict[str, Any]], object]] = {
    "a rule without a uid": lambda files: _rule(files).pop("uid"),
    "the resource's word": lambda files: _rule(files).update(datas=[]),
    "a model as text": lambda files: _rule(files)["data"][0].update(model="{}"),
    "a panel without a dashboard": lambda files: _rule(files).pop("dashboardUid"),
    "an interval in seconds": lambda files: files["alerting/rules.yaml"]["groups"][0].update(
        interval=10
    ),
    "PagerDuty itself": lambda files: _settings(files).pop("url"),
    "another key": lambda files: _settings(files).update(integrationKey="0123"),
    "a policy in camel case": lambda files: files["alerting/policies.yaml"]["policies"][0].update(
        groupWait="1s"
    ),
    "no contact point": lambda files: files["alerting/policies.yaml"]["policies"][0].pop(
        "receiver"
    ),
    "a signed source": lambda files: files["datasources/amp.yaml"]["datasources"][0][
        "jsonData"
    ].update(sigV4Auth=True),
    "a relative path": lambda files: files["dashboards/gallery.yaml"]["providers"][0][
        "options"
    ].update(path="dashboards"),
    "another version": lambda files: files["alerting/templates.yaml"].update(apiVersion=2),
}


@pytest.mark.parametrize("fault", _BROKEN)
def test_the_schema_refuses(stand_in: Path, fault: str) -> None:
    files = deepcopy(_provisioned(stand_in))
    _BROKEN[fault](files)
    assert any(_faults(document) for document in files.values())


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.name != "email"])
def test_every_kind_but_email_is_led_to_the_pager(kind: Any) -> None:  # noqa: ANN401
    entry: dict[str, Any] = {
        "integrationKey": "secret:a", "severity": "s", "summary": "s", "details": {},
        "url": "secret:b", "recipient": "#c", "title": "t", "text": "t", "message": "m",
        "topic": "arn:aws:sns:eu-west-1:123456789012:t", "subject": "s", "body": "b",
    }  # fmt: skip
    way = Way(url="http://127.20.0.8:28080/x", sender="x", receiver="x", key="rehearsal")
    known = {key: value for key, value in entry.items() if key in kind.fields}
    receiver = {"uid": "a", "type": kind.name, "settings": kind.provisioned(known, way)}
    point = {"name": "x", "receivers": [receiver]}
    assert _faults({"apiVersion": 1, "contactPoints": [point]}) == []


def _changed(place: Path, policies: Any = None, **points: Any) -> Provisioning:  # noqa: ANN401
    """The provisioning of dev with another contact point or policy."""
    tree = deployed("dev") | {"grafana/contact-points.json": json.dumps([_CHAT | points])}
    tree["grafana/policies.json"] = json.dumps({"contactPoint": "chat"} | (policies or {}))
    names = [{"contact_point": "chat", "kind": "slack"}, {"contact_point": "mail", "kind": "email"}]
    return Provisioning(
        deployed=_write(tree, place / "deployed"),
        out=place / "out",
        switchboard=Switchboard({"chat": names if points else names[:1]}),
        substitutions=Substitutions(),
    )


def test_email_is_refused_in_words(tmp_path: Path) -> None:
    mail = {"addresses": ["a@example.org"], "subject": "s", "message": "m", "singleEmail": True}
    with pytest.raises(UserError, match=r"one of kind email, .*without --grafana"):
        _changed(tmp_path, emails=[mail]).write()


def test_where_amp_evaluates_there_is_nothing_for_grafana_to_do(tmp_path: Path) -> None:
    """Such a stack renders no rules of Grafana's."""
    tree = {"contact-points.json": deployed("dev")["contact-points.json"]}
    with pytest.raises(UserError, match=r"AMP evaluates this stack's rules, .*leave --grafana out"):
        derive(_write(tree, tmp_path / "deployed"), tmp_path / "out", grafana=True)


def test_what_looks_like_a_variable_is_read_back_as_it_was(tmp_path: Path) -> None:
    """Grafana puts its environment's variables into these texts, and a dollar for two."""
    value = "a$HOME|${HOME}|^b$"
    matchers = [{"label": "owner", "match": "=~", "value": value}]
    _changed(tmp_path, {"policies": [{"matchers": matchers}]}).write()
    written = yaml.safe_load((tmp_path / "out/provisioning/alerting/policies.yaml").read_text())
    matcher = written["policies"][0]["routes"][0]["matchers"][0]
    assert Template(matcher).substitute(os.environ) == f'owner=~"{value}"'
