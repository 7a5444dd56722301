"""Every kind of contact point, through a real Alertmanager, into the pager's log."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from gallery.plan.routing import grafana_tree
from gallery.render.message import templates
from gallery.store.services import SERVICES
from rehearsal.machine import loopback
from rehearsal.machine import tools as rehearsal_tools
from rehearsal.machine.addresses import PAGER, PAGER_MAIL, Address
from rehearsal.machine.processes.journal import Child
from rehearsal.machine.processes.supervisor import Supervisor
from rehearsal.machine.queries import AlertmanagerClient
from rehearsal.machine.tools import ROOT, Tool
from rehearsal.pager.client import PagerClient
from rehearsal.pager.inbox import PagerConfig, Recipient
from rehearsal.pager.notifications import Notification, alerts_in
from rehearsal.stand_in.contact_points import Switchboard
from rehearsal.stand_in.documents import Document
from rehearsal.stand_in.grafana_routes import alertmanager_config
from rehearsal.stand_in.substitutions import Substitutions
from tests.unit.recordings import variant
from tests.unit.stack_files import planned
from tests.unit.test_plan import OUR, with_every_kind

_GRAFANA = "https://grafana.example.org"
# Contact points by kind.
_NAMES = {point["kind"]: name for name, point in OUR.items()}
_EVERYBODY = "+".join(sorted(OUR))
_LABELS = {
    "alertname": "EndpointDown",
    "cluster": "gallery-dev",
    "environment": "dev",
    "owner": "reliability",
    "service": "cartservice",
    "severity": "page",
}
_ROUTES = grafana_tree(planned().points, planned().timings)
_POLICY: Document = {
    "contactPoint": _EVERYBODY,
    "groupBies": [*_ROUTES.of(_LABELS).group_by],
    "groupWait": "1s",
    "groupInterval": "1s",
    "repeatInterval": "4h",
}
_ALERT = {
    "labels": _LABELS,
    "annotations": {
        "what": "cartservice does not answer, not even once.",
        "customers": "Carts are empty, orders fail.",
        "runbook_url": "https://runbooks.example.org/EndpointDown",
        "dashboard_path": "/d/gallery-api-health",
    },
}


_Chain = tuple[AlertmanagerClient, PagerClient]


@pytest.fixture(scope="module")
def everybody() -> Document:
    """A contact point with an integration of every kind, as it is rendered for Grafana."""
    points = variant(with_every_kind()).of("grafana:alerting/contactPoint:ContactPoint")
    return next(dict(one.inputs) for one in points if one.inputs["name"] == _EVERYBODY)


@pytest.fixture
def start(
    everybody: Document,
    tools: Mapping[Tool, Path],
    supervisor: Supervisor,
    free: Callable[[], Address],
    tmp_path: Path,
) -> Callable[[str], _Chain]:
    """An Alertmanager that tells everybody in these texts, and the pager that stands for them."""
    pager, mail, notifier = free(), free(), free()
    members = [{"contact_point": name, "kind": kind} for kind, name in _NAMES.items()]
    config = alertmanager_config(
        _POLICY, [everybody], Switchboard({_EVERYBODY: members}), Substitutions()
    )
    text = (
        yaml.safe_dump(config).replace(str(PAGER_MAIL), str(mail)).replace(str(PAGER), str(pager))
    )
    (tmp_path / "alertmanager.yml").write_text(text)
    (tmp_path / "templates").mkdir()
    recipients = tuple(Recipient(name=name, kind=kind) for kind, name in _NAMES.items())
    pager_config = PagerConfig(
        http=str(pager), mail=str(mail), recipients=recipients, topics={}, alarms=()
    )
    pager_config.write(tmp_path / "pager.json")

    def launch(texts: str) -> _Chain:
        (tmp_path / "templates" / "gallery.tmpl").write_text(texts)
        supervisor.launch(
            [
                Child(
                    name="pager",
                    command=(sys.executable, "-m", "rehearsal.pager", str(tmp_path / "pager.json"),
                             str(tmp_path / "log.jsonl")),
                    directory=str(ROOT),
                    listens=(pager, mail),
                    ready=pager.url("/healthy"),
                ),
                Child(
                    name="notifier",
                    command=(str(tools[rehearsal_tools.ALERTMANAGER]),
                             f"--config.file={tmp_path / 'alertmanager.yml'}",
                             f"--storage.path={tmp_path / 'data'}",
                             f"--web.listen-address={notifier}", "--cluster.listen-address="),
                    directory=str(tmp_path),
                    listens=(notifier,),
                    ready=notifier.url("/-/ready"),
                ),
            ]
        )  # fmt: skip
        return AlertmanagerClient(notifier), PagerClient(pager)

    return launch


@pytest.fixture
def chain(start: Callable[[str], _Chain]) -> _Chain:
    """The same in the stack's own texts."""
    return start(templates(_GRAFANA))


def _await(pager: PagerClient, status: str, names: set[str]) -> dict[str, Notification]:
    """The first notification of this status for each contact point."""
    deadline = time.monotonic() + 15
    found = dict[str, Notification]()
    while set(found) != names:
        assert time.monotonic() < deadline, f"only {sorted(found)} were told"
        for notification in pager.notifications():
            if notification.status == status:
                found.setdefault(notification.contact_point, notification)
        time.sleep(0.1)
    return found


def test_every_kind_is_told_what_fires_and_what_resolved_in_words(
    chain: _Chain,
) -> None:
    notifier, pager = chain
    names = set(_NAMES.values())
    assert "Nobody" in loopback.get(pager.address.url("/")).decode()
    notifier.post([_ALERT], seconds=300)
    firing = _await(pager, "firing", names)
    for notification in firing.values():
        assert notification.receiver == _EVERYBODY
        assert _NAMES[notification.kind] == notification.contact_point
        assert [alert.status for alert in notification.alerts] == ["firing"]
        assert notification.alerts[0].labels == _LABELS
        assert "cartservice does not answer, not even once." in notification.text
        if notification.kind != "webhook":
            assert notification.title.startswith("FIRING EndpointDown")
            assert "Customers: Carts are empty, orders fail." in notification.text
            assert "https://grafana.example.org/d/gallery-api-health" in notification.text
    page = loopback.get(pager.address.url("/")).decode()
    assert f"{_NAMES['slack']} (slack)  FIRING EndpointDown" in page
    assert "    Customers: Carts are empty, orders fail." in page
    notifier.post([_ALERT], seconds=0)
    resolved = _await(pager, "resolved", names)
    for notification in resolved.values():
        assert [alert.status for alert in notification.alerts] == ["resolved"]
        assert notification.alerts[0].labels == _LABELS


def test_what_is_refused_for_a_while_is_delivered_in_the_end_and_once(
    chain: _Chain,
) -> None:
    notifier, pager = chain
    refusing = {_NAMES["pagerduty"], _NAMES["email"]}
    pager.refuse(seconds=3600, contact_points=refusing)
    notifier.post([_ALERT], seconds=300)
    _await(pager, "firing", set(_NAMES.values()) - refusing)
    deadline = time.monotonic() + 15
    while pager.refused() < len(refusing):
        assert time.monotonic() < deadline, "nothing is refused"
        time.sleep(0.1)
    assert not {one.contact_point for one in pager.notifications()} & refusing
    accepted_at = time.time()
    pager.accept()
    late = _await(pager, "firing", set(_NAMES.values()))
    for name in refusing:
        assert late[name].received_at >= accepted_at
    counts = [one.contact_point for one in pager.notifications() if one.status == "firing"]
    assert sorted(counts) == sorted(_NAMES.values())


def _down(*services: str) -> list[dict[str, dict[str, str]]]:
    return [{**_ALERT, "labels": {**_LABELS, "service": service}} for service in services]


def _calls(pager: PagerClient) -> list[str]:
    return [one.title for one in pager.notifications() if one.calls]


def _until(reached: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 15
    while not reached():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def test_a_store_that_is_down_as_a_whole_is_one_call_and_its_text_names_every_service(
    chain: _Chain,
) -> None:
    notifier, pager = chain
    store = [service.name for service in SERVICES]
    notifier.post(_down(*store), seconds=300)
    incident = _await(pager, "firing", set(_NAMES.values()))[_NAMES["pagerduty"]]
    assert _calls(pager) == [f"FIRING EndpointDown: {len(store)} alerts in dev (gallery-dev)"]
    assert {alert.labels["service"] for alert in incident.alerts} == set(store)
    # What joins it is in its text, whoever has acknowledged it, and calls nobody.
    notifier.post(_down("another"), seconds=300)
    _until(lambda: "another" in _newest(pager).text, "nothing joins the incident")
    assert f"{len(store) + 1} alerts" in _newest(pager).title
    assert len(_calls(pager)) == 1
    notifier.post(_down(*store, "another"), seconds=0)
    _until(lambda: _newest(pager).status == "resolved", "the incident is not closed")
    notifier.post(_down("cartservice"), seconds=300)
    _until(lambda: len(_calls(pager)) == 2, "the next outage calls nobody")
    assert _calls(pager)[-1] == "FIRING EndpointDown cartservice in dev (gallery-dev)"


def _newest(pager: PagerClient) -> Notification:
    """The last that PagerDuty was told."""
    return [one for one in pager.notifications() if one.kind == "pagerduty"][-1]


def _many(count: int) -> list[dict[str, dict[str, str]]]:
    longest = {**_ALERT["annotations"], "what": "w" * 250, "customers": "c" * 300}
    return [
        {"labels": {**_LABELS, "host": f"{number:04}".rjust(45, "h")}, "annotations": longest}
        for number in range(count)
    ]


def _told_all(pager: PagerClient, count: int, names: set[str]) -> None:
    """Wait until these have had a message about so many alerts, be it by their number alone."""
    deadline = time.monotonic() + 30
    waited_for = set(names)
    while waited_for:
        assert time.monotonic() < deadline, f"{sorted(waited_for)} were not told of {count}"
        for notification in pager.notifications():
            if str(count) in notification.title or len(notification.alerts) == count:
                waited_for.discard(notification.contact_point)
        time.sleep(0.1)


def test_a_thousand_alerts_at_once_reach_everybody(
    chain: _Chain,
) -> None:
    notifier, pager = chain
    notifier.post(_many(1000), seconds=300)
    _told_all(pager, 1000, set(_NAMES.values()))
    assert pager.refused() == 0
    texts = {one.contact_point: one.text for one in pager.notifications()}
    for kind in set(_NAMES) - {"webhook"}:
        assert " more firing." in texts[_NAMES[kind]]


def test_the_pager_refuses_the_text_without_a_bound_that_slack_and_teams_refuse(
    start: Callable[[str], _Chain],
) -> None:
    """What shows that the test above can fail."""
    unbounded = re.sub(r"lt \$i \d+", "true", templates(_GRAFANA))
    notifier, pager = start(unbounded)
    notifier.post(_many(1000), seconds=300)
    strict = {_NAMES["slack"], _NAMES["teams"]}
    _told_all(pager, 1000, set(_NAMES.values()) - strict)
    assert pager.refused() >= len(strict)
    told = [one for one in pager.notifications() if one.contact_point in strict]
    assert not [one for one in told if "1000" in one.title]


def test_labels_with_commas_and_equal_signs_are_read_from_a_text() -> None:
    text = (
        "FIRING A one\nWhat: x=1, y=2\nLabels: alertname=A, query=a=b, c, zone=\n\n"
        "RESOLVED B two\nLabels: alertname=B\n"
    )
    first, second = alerts_in(text)
    assert (first.status, first.labels) == (
        "firing",
        {"alertname": "A", "query": "a=b, c", "zone": ""},
    )
    assert (second.status, second.labels) == ("resolved", {"alertname": "B"})
