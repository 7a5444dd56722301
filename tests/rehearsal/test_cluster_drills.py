"""Outages of a cluster's pods, played with a real API, and what their drills must notice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from offline.errors import UserError
from rehearsal import drill
from rehearsal.cluster import installed
from rehearsal.drill.running import running
from rehearsal.machine import platform
from rehearsal.machine.tools import Tool
from rehearsal.machine.vacant import refuse_occupied
from tests.rehearsal.clusters import thorough

# Fixtures, which pytest finds here.
__all__ = ["thorough"]

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("thorough")]

Played = Callable[[str], tuple[int, dict[str, Any]]]


@pytest.fixture
def played(
    request: pytest.FixtureRequest, thorough: None, tools: dict[Tool, Path], tmp_path: Path
) -> Iterator[Played]:
    """Plays a scenario on a stack that is up with its cluster: exit status and document."""
    del thorough
    assert tools
    try:
        if lacking := installed.absent():
            pytest.skip(f"not built yet: {', '.join(lacking)}; `make proof` builds them with Go")
    except UserError as fault:
        pytest.skip(str(fault))
    refuse_occupied()
    platform.up(request.param, lambda _line: None, cluster=True)

    def play(scenario: str) -> tuple[int, dict[str, Any]]:
        report = tmp_path / "report.json"
        status = drill.main(scenario, json=report)
        return status, json.loads(report.read_text())

    try:
        yield play
    finally:
        platform.down()


def _remove_budgets() -> None:
    api, path = running().cluster, "/apis/policy/v1/namespaces/gallery/poddisruptionbudgets"
    for budget in api.items(path):
        api.delete(f"{path}/{budget['metadata']['name']}")


def _admit_everything() -> None:
    """Let the shop's quota have no end, and forget whom it refused."""
    api, core = running().cluster, "/api/v1/namespaces/gallery"
    quota = f"{core}/resourcequotas/gallery-shop"
    api.merge(quota, {"spec": {"hard": dict.fromkeys(api.get(quota)["spec"]["hard"])}})
    api.delete(f"{core}/events?fieldSelector=reason%3DFailedCreate")


@pytest.mark.parametrize("played", ["openshift"], indirect=True)
def test_a_full_quota_is_nobodys_page_and_without_an_end_it_fails(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, document = played("quota-full")
    assert (status, document["ok"], document["alerts"]) == (0, True, [])
    _admit_everything()
    # Beyond the quota as it was, and few enough that all of them can be scraped.
    monkeypatch.setattr("rehearsal.drill.scenarios.cluster._BEYOND", 80)
    status, document = played("quota-full")
    assert (status, document["ok"]) == (1, False)
    assert {"a quota that is exceeded", "nobody but loadgenerator refused"} <= {
        each["alert"] for each in document["missing"]
    }


@pytest.mark.long
@pytest.mark.parametrize("played", ["openshift"], indirect=True)
def test_a_rollout_that_fails_is_two_tickets(played: Played) -> None:
    """PodsNotReady waits for ten minutes, and both go on for ten."""
    status, document = played("rollout-broken")
    assert (status, document["ok"]) == (0, True)
    assert {(each["alert"], each["contact_point"], each["labels"]["service"])
            for each in document["alerts"]} == {
        ("TargetsLost", "chat", "cartservice"),
        ("PodsNotReady", "chat", "cartservice"),
    }  # fmt: skip


@pytest.mark.parametrize("played", ["prod"], indirect=True)
def test_a_drain_is_nobodys_page_and_without_budgets_it_fails(played: Played) -> None:
    status, document = played("node-drained")
    assert (status, document["ok"], document["alerts"]) == (0, True, [])
    _remove_budgets()
    status, document = played("node-drained")
    assert (status, document["ok"]) == (1, False)
    assert "a disruption budget that said no" in {each["alert"] for each in document["missing"]}
    # The pods of one service on several nodes went at once.
    assert "the cluster" in {each["contact_point"] for each in document["missing"]}
