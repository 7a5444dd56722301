from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gallery.alerts import ALERTS
from gallery.contact_points.message import SEVERITY, SUBJECT, TITLE, call, text_of
from gallery.render.message import templates
from rehearsal.machine.tools import AMTOOL
from tests.unit.programs import run

SHOWN = (
    "alertname=EndpointDown, cluster=gallery-dev, environment=dev, "
    "service=cartservice, severity=page"
)
PLACE = {"environment": "dev", "cluster": "gallery-dev"}


def alert(status: str, service: str) -> dict[str, Any]:
    labels = {"alertname": "EndpointDown", "service": service, "severity": "page", **PLACE}
    return {
        "status": status,
        "labels": labels,
        "annotations": {
            "what": f"{service} does not answer its probe.",
            "customers": "Orders wait.",
            "runbook_url": "https://runbooks.example.org/EndpointDown.md",
            "dashboard_path": "/d/gallery-api-health",
            "hold": "30s",
        },
        "startsAt": "2026-01-02T15:04:05Z",
        "endsAt": "2026-01-02T15:06:07Z",
    }


def in_common(each: list[dict[str, str]]) -> dict[str, str]:
    """What Alertmanager and Grafana find that all have, to the value."""
    first, *rest = each
    return {
        key: value for key, value in first.items() if all(one.get(key) == value for one in rest)
    }


def rendered(
    tmp_path: Path,
    name: str,
    alerts: list[dict[str, Any]],
    url: str | None,
    group: dict[str, str] = {"alertname": "EndpointDown", **PLACE},  # noqa: B006 - not changed
) -> str:
    (tmp_path / "gallery.tmpl").write_text(templates(url))
    data = {
        "status": "firing",
        "alerts": alerts,
        "groupLabels": group,
        "commonLabels": in_common([one["labels"] for one in alerts]),
        "commonAnnotations": in_common([one["annotations"] for one in alerts]),
        "externalURL": "https://grafana.example.org/",
        "receiver": "pager",
    }
    (tmp_path / "data.json").write_text(json.dumps(data))
    done = run(
        AMTOOL,
        "template",
        "render",
        f"--template.glob={tmp_path / '*.tmpl'}",
        f"--template.text={call(name)}",
        f"--template.data={tmp_path / 'data.json'}",
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.rstrip("\n")


def test_the_page_says_what_is_broken_since_when_and_what_customers_notice(
    tmp_path: Path,
) -> None:
    text = rendered(
        tmp_path, text_of("slack"), [alert("firing", "cartservice")], "https://g.example.org"
    )
    assert text.splitlines() == [
        "FIRING EndpointDown cartservice",
        "What: cartservice does not answer its probe.",
        "Fired: 2026-01-02 15:04:05 UTC, 30s after it began",
        "Customers: Orders wait.",
        "Runbook: https://runbooks.example.org/EndpointDown.md",
        "Dashboard: https://g.example.org/d/gallery-api-health",
        f"Labels: {SHOWN}",
    ]


def test_a_resolve_says_when(tmp_path: Path) -> None:
    text = rendered(
        tmp_path, text_of("slack"), [alert("resolved", "cartservice")], "https://g.example.org"
    )
    assert "RESOLVED EndpointDown cartservice" in text
    fired = "Fired: 2026-01-02 15:04:05 UTC, 30s after it began"
    assert f"{fired}; resolved: 2026-01-02 15:06:07 UTC" in text


@pytest.mark.parametrize(
    ("severity", "said"),
    [("page", "critical"), ("ticket", "warning"), ("info", "info"), ("", "critical")],
)
def test_pagerduty_hears_how_urgent_it_is(tmp_path: Path, severity: str, said: str) -> None:
    told = alert("firing", "cartservice")
    told["labels"]["severity"] = severity
    assert rendered(tmp_path, SEVERITY, [told], None) == said


def test_grafana_links_to_its_own_dashboards(tmp_path: Path) -> None:
    text = rendered(tmp_path, text_of("slack"), [alert("firing", "cartservice")], None)
    assert "Dashboard: https://grafana.example.org/d/gallery-api-health" in text


@pytest.mark.parametrize(
    ("services", "title"),
    [
        (["cartservice"], "FIRING EndpointDown cartservice in dev (gallery-dev)"),
        (["cartservice", "frontend"], "FIRING EndpointDown: 2 alerts in dev (gallery-dev)"),
    ],
)
def test_the_title_says_what_and_where(tmp_path: Path, services: list[str], title: str) -> None:
    alerts = [alert("firing", service) for service in services]
    assert rendered(tmp_path, TITLE, alerts, None) == title


def test_the_title_counts_what_fires_and_not_what_is_over(tmp_path: Path) -> None:
    alerts = [alert("firing", "cartservice"), alert("resolved", "frontend")]
    title = rendered(tmp_path, TITLE, alerts, None)
    assert title == "FIRING EndpointDown cartservice in dev (gallery-dev)"


def test_a_subject_is_one_that_sns_takes_whatever_names_a_stack_file_gives(tmp_path: Path) -> None:
    longest = alert("resolved", "productcatalogservice")
    longest["labels"]["host"] = f"{'h' * 40}-1000"
    name, place = max((one.name for one in ALERTS), key=len), {"environment": "staging"}
    subject = rendered(tmp_path, SUBJECT, [longest], None, {"alertname": name, **place})
    assert subject == f"RESOLVED {name} {'h' * 40}-1000 in staging"
    assert len(subject) < 100
