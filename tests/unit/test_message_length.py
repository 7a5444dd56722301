"""A message keeps within what its receiver takes, however many alerts it is about."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gallery.alerts.cases import cases_of
from gallery.contact_points.kinds import KINDS
from gallery.contact_points.message import SUBJECT, TITLE, text_of
from gallery.contact_points.model import Kind
from gallery.plan.model import Plan
from gallery.plan.resolve import resolve
from gallery.stack_file.errors import StackFileError
from gallery.stack_file.parse import parse
from gallery.stack_file.sections import HostGroup
from gallery.store.roles import ROLE_NAMES
from gallery.store.services import SERVICES
from rehearsal.pager.notifications import alerts_in
from tests.unit.stack_files import values
from tests.unit.test_message import rendered

HOSTS = 1000
NAME, CLUSTER = "h" * 40, "c" * 100
RUNBOOKS = "https://runbooks.example.org/".ljust(200, "r")
GRAFANA = "https://g-0123456789.grafana-workspace.ap-southeast-1.amazonaws.com"
# What the text is cut to, beyond which nobody sees an end.
WHAT, CUSTOMERS = 250, 300
# As long as settings, AWS and the store let a label's value be; a mount point is anybody's.
LONGEST = {
    "host": f"{NAME}-{HOSTS}",
    "host_group": NAME,
    "service": max((service.name for service in SERVICES), key=len),
    "owner": max(ROLE_NAMES, key=len),
    "instance": "i-0123456789abcdef0",
    "fstype": "xfs",
}
_FREE = "/var/lib/" + "x" * 200
_ACTION = re.compile(r"\{\{.*?\}\}")
_VALUE = re.compile(r"\{\{ [^}]*\$value[^}]* \}\}")


def largest() -> dict[str, Any]:
    config = values("prod")
    config["gallery:cluster"]["existing"]["name"] = CLUSTER
    config["gallery:alerting"]["runbooks"] = RUNBOOKS
    config["gallery:hosts"] = [config["gallery:hosts"][0] | {"name": NAME, "count": HOSTS}]
    return config


@cache
def plan() -> Plan:
    return resolve(parse(largest()))


def test_the_settings_allow_no_larger_stack() -> None:
    config = largest()
    config["gallery:hosts"][0] |= {"name": f"{NAME}h", "count": HOSTS + 1}
    config["gallery:cluster"]["existing"]["name"] = f"{CLUSTER}c"
    config["gallery:alerting"]["runbooks"] = f"{RUNBOOKS}r"
    with pytest.raises(StackFileError) as refused:
        parse(config)
    told = "\n".join(refused.value.errors)
    for key in ("hosts[0].name", "hosts[0].count", "cluster", "alerting.runbooks"):
        assert f"gallery:{key}" in told, told
    assert HostGroup.model_fields["count"]


def label_sets() -> list[dict[str, str]]:
    """What tells one alert from another, for each alert that fires in a case, at its longest."""
    return [
        {
            key: LONGEST.get(key, _FREE)
            for key in labels
            # All that one message is about have these in common.
            if key not in {"job", *planned.labels}
        }
        for planned in plan().alerts
        for case in cases_of(planned.alert, planned.scope)
        for labels in case.fires
    ]


def many(status: str) -> list[dict[str, Any]]:
    """A thousand alerts that differ, with the most there is to say of each."""
    name = max((planned.name for planned in plan().alerts), key=len)
    longest = max(label_sets(), key=lambda labels: len(str(labels)))
    common = {"alertname": name, "cluster": CLUSTER, "environment": "prod", "severity": "ticket"}
    return [
        {
            "status": status,
            "labels": {
                key: f"{number:04}{value[4:]}" for key, value in longest.items()
            } | common,
            "annotations": {
                "what": "w" * 1000,
                "customers": "c" * 1000,
                "runbook_url": f"{RUNBOOKS}/{name}.md",
                "dashboard_path": "/d/gallery-api-health",
                "hold": "30m",
            },
            "startsAt": "2026-01-02T15:04:05Z",
            "endsAt": "2026-01-02T15:06:07Z",
        }
        for number in range(HOSTS)
    ]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
@pytest.mark.parametrize(("firing", "resolved"), [(HOSTS, HOSTS), (0, HOSTS)], ids=str)
def test_a_thousand_alerts_are_a_message_that_the_receiver_takes(
    tmp_path: Path, kind: Kind, firing: int, resolved: int
) -> None:
    alerts = [*many("firing")[:firing], *many("resolved")[:resolved]]
    group = {"alertname": alerts[0]["labels"]["alertname"], "cluster": CLUSTER}
    text = rendered(tmp_path, text_of(kind.name), alerts, GRAFANA, group)
    heading = SUBJECT if kind.publishes else TITLE
    title = rendered(tmp_path, heading, alerts, GRAFANA, group)
    assert len(text.encode()) <= (kind.bound.text or 1_000_000)
    assert len(title.encode()) <= (kind.bound.title or 1_000)
    told = [one.status for one in alerts_in(text)]
    for count, word in ((firing, "firing"), (resolved, "resolved")):
        rest = count - told.count(word)
        assert (f"And {rest} more {word}." in text) == (rest > 0)
    assert len(told) > kind.bound.in_full


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_alert_that_a_message_names_has_all_its_labels(tmp_path: Path, kind: Kind) -> None:
    alerts = many("firing")[: kind.bound.in_full + 4]
    for one in alerts:
        one["labels"] = {key: value[:60] for key, value in one["labels"].items()}
    text = rendered(tmp_path, text_of(kind.name), alerts, GRAFANA)
    assert [one.labels for one in alerts_in(text)] == [one["labels"] for one in alerts]
    assert "more" not in text


def longest_reading(text: str) -> int:
    """How long a text over labels and values gets, whichever of its branches is taken."""
    values = _VALUE.sub("1234.5 kB/s", text)
    for label in (*LONGEST, "mountpoint", "device"):
        value = LONGEST.get(label, "/var/lib/containers")
        values = values.replace(f"{{{{ $labels.{label} }}}}", value)
    return max(len(branch) for branch in _ACTION.split(values))


def test_nothing_that_an_alert_says_is_cut() -> None:
    for planned in plan().alerts:
        assert longest_reading(planned.annotations["what"]) <= WHAT, planned.name
        assert longest_reading(planned.annotations["customers"]) <= CUSTOMERS, planned.name
