"""No panel is empty: every query of every dashboard finds data in a healthy rehearsal."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from gallery.alerts.panels import API_HEALTH, HOSTS, MESH, OBJECTIVES, SHIFT
from gallery.dashboards import queries
from rehearsal.diff.volume import SERIES_OF_A_TARGET
from rehearsal.machine.addresses import AMP
from rehearsal.machine.queries import PrometheusClient

pytestmark = pytest.mark.drill

# Recorded series come with AMP's interval, and a rate needs its window.
_PATIENCE_SECONDS = 180


def test_every_query_of_every_dashboard_finds_data(standing: Path) -> None:
    files = sorted((standing / "deployed" / "grafana" / "dashboards").glob("*.json"))
    assert {file.stem for file in files} == {API_HEALTH, HOSTS, MESH, OBJECTIVES, SHIFT}
    waiting = {
        (file.stem, title, expr)
        for file in files
        for title, expr in queries(json.loads(file.read_text()))
    }
    assert len(waiting) > 30
    client = PrometheusClient(AMP)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while waiting and time.monotonic() < deadline:
        waiting = {each for each in waiting if not client.query(each[2])}
        time.sleep(5)
    assert not sorted(each[:2] for each in waiting)


def test_a_target_exposes_as_many_series_as_the_comparison_of_changes_counts(
    standing: Path,
) -> None:
    assert standing.is_dir()
    client = PrometheusClient(AMP)
    for job, series in SERIES_OF_A_TARGET.items():
        [found] = client.query(f'count({{job="{job}"}}) / count(up{{job="{job}"}})')
        # Proxies have more of them the longer they are asked.
        assert found.value == pytest.approx(series, rel=0.25), job
