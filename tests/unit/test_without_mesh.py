"""A stack that leaves the mesh out: what it still has, what it has not, and who is told."""

from __future__ import annotations

import json
from functools import cache
from unittest.mock import patch

import pulumi
import pytest
import yaml

from gallery.alerts import ALERTS
from gallery.metrics.names import (
    CALLS_ALLOWED,
    ISTIOD_METRICS,
    PROXY_METRICS,
    TARGETS_EXPECTED,
)
from gallery.plan.model import Plan
from gallery.plan.resolve import resolve
from gallery.render.next_steps import next_steps
from gallery.render.proof import proven
from gallery.render.quota import quotas
from gallery.render.rules import recorded
from gallery.render.without_mesh import losses, warning
from gallery.stack_file.parse import parse, referenced_secrets
from offline.deployed import documents
from offline.render import PROJECT
from tests.unit.recordings import deployed, variant
from tests.unit.stack_files import STACKS, errors, planned, with_value, without_mesh

_OF_THE_MESH = (*PROXY_METRICS, *ISTIOD_METRICS, CALLS_ALLOWED)


def plan(stack: str = "dev") -> Plan:
    return resolve(parse(without_mesh(stack)))


@cache
def tree(stack: str) -> dict[str, str]:
    # The example is played as it is.
    with patch("configuration.left_of_the_example", return_value=[]):
        config = without_mesh(stack)
        return documents(variant(config, *referenced_secrets(parse(config))))


def kubernetes(files: dict[str, str]) -> str:
    return "".join(text for path, text in files.items() if path.startswith("kubernetes/"))


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_of_the_meshs_is_declared(stack: str) -> None:
    assert "istio" in kubernetes(deployed(stack))
    # What customers come through may still be of somebody's mesh, and its pods' labels say so.
    objects = {
        path: text.replace("istio: ingress", "").replace("istio-ingress", "")
        for path, text in tree(stack).items()
        if path.startswith("kubernetes/")
    }
    assert [path for path, text in objects.items() if "istio" in text] == []


@pytest.mark.parametrize("stack", STACKS)
def test_no_rule_no_panel_and_no_scrape_asks_for_what_only_a_mesh_tells(stack: str) -> None:
    """An alert that reads it alone could never fire, and a panel would be empty for ever."""

    def asking(files: dict[str, str]) -> list[str]:
        read = ("prometheus/", "grafana/dashboards/", "grafana/rules/", "collector/")
        return [
            path
            for path, text in files.items()
            if path.startswith(read) and any(metric in text for metric in _OF_THE_MESH)
        ]

    assert asking(deployed(stack))
    assert asking(tree(stack)) == []
    jobs = yaml.safe_load(tree(stack)["collector/prometheus.yml"])["scrape_configs"]
    assert not {"istiod", "mesh"} & {job["job_name"] for job in jobs}


def test_alerts_of_the_mesh_are_those_that_read_nothing_else() -> None:
    """Held against what their expressions ask for, by the plan of a stack that has a mesh."""
    of_the_mesh = (*_OF_THE_MESH, 'job="istiod"')
    alone = {
        each.name for each in planned().alerts if any(asked in each.expr for asked in of_the_mesh)
    }
    assert alone == {alert.name for alert in ALERTS if alert.meshed}


@pytest.mark.parametrize("stack", STACKS)
def test_every_other_alert_stays_with_the_proof_that_it_has(stack: str) -> None:
    """Rule and cases are the same to the letter, so that what is proven of the one holds."""
    lost = {alert.name for alert in ALERTS if alert.meshed}
    had = [each for each in planned(stack).alerts if each.name not in lost]
    assert list(map(proven, plan(stack).alerts)) == list(map(proven, had))


def test_nobody_waits_for_proxies_that_will_not_come() -> None:
    """What is expected of services without proxies would be missed for ever by TargetsLost."""
    (expected,) = (
        rule.expr
        for group in recorded(plan())
        for rule in group.rules
        if rule.record == TARGETS_EXPECTED
    )
    assert "collector" in expected
    assert "frontend" not in expected


def test_the_quota_has_no_room_for_proxies() -> None:
    """A pod less its proxy: 100m of CPU for each of the shop's pods."""
    (_, with_proxies, _), (_, without, _) = quotas(planned()), quotas(plan())
    assert with_proxies.hard["pods"] == without.hard["pods"]
    saved = _millicores(with_proxies.hard["requests.cpu"]) - _millicores(
        without.hard["requests.cpu"]
    )
    assert saved == 100 * int(without.hard["pods"])


def _millicores(text: str) -> int:
    return int(text[:-1]) if text.endswith("m") else int(text) * 1000


def test_pods_have_no_empty_annotations_which_the_api_server_would_drop() -> None:
    for path, text in tree("dev").items():
        if path.startswith(("kubernetes/gallery/deployment-", "kubernetes/gallery/statefulset-")):
            metadata = yaml.safe_load(text)["spec"]["template"]["metadata"]
            assert metadata.get("annotations", {"some": "thing"}), path


def test_whoever_deploys_is_told_what_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    told = list[str]()
    monkeypatch.setattr(pulumi, "warn", told.append)
    _ = variant(without_mesh())
    (words,) = [text for text in told if text.startswith("gallery:mesh is none")]
    for loss in losses(ALERTS):
        assert loss in words
    assert "EndpointSlow" in words
    assert "mutual TLS" in words
    assert warning(planned()) is None


def test_the_next_steps_lead_to_what_is_lost() -> None:
    assert "Without a mesh" in next_steps(plan(), "https://grafana.example.org")
    assert "Without a mesh" not in next_steps(planned(), "https://grafana.example.org")


@pytest.mark.parametrize(
    ("mesh", "fault"),
    [
        ("off", "gallery:mesh: 'off' says nothing of the mesh; write existing: {…}, installed:"),
        (
            {"revision": "stable"},
            "gallery:mesh: revision is one of an existing mesh's; write existing: {revision: …}",
        ),
        (
            {"gateway": {"namespace": "istio-ingress"}},
            "gallery:mesh: gateway stands under gallery:door now; write gallery:door: {gateway:",
        ),
    ],
)
def test_what_is_no_choice_of_a_mesh_is_refused_with_what_to_write(
    mesh: object, fault: str
) -> None:
    (found,) = errors(with_value("mesh", mesh))
    assert found.startswith(fault)


def test_a_gateways_account_is_asked_for_with_a_mesh_and_refused_without() -> None:
    config = without_mesh()
    config["gallery:mesh"] = {"existing": {}}
    (missing,) = errors(config)
    assert missing.startswith("gallery:door.gateway.service_account is missing: the mesh knows")
    (idle,) = errors(with_value("mesh", "none"))
    assert idle.startswith("gallery:door.gateway.service_account is whom a mesh would know")


def test_the_word_for_no_mesh_is_in_the_schema() -> None:
    schema = json.dumps(json.loads((PROJECT / "stacks" / "schema.json").read_text()))
    assert '{"const": "none"}' in schema
