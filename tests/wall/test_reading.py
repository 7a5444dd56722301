"""What the wall reads of a dashboard: all of ours, and of others nothing that it cannot draw."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from gallery.alerts.panels import API_HEALTH, HOSTS
from gallery.contact_points.model import Engine
from gallery.dashboards import dashboards
from gallery.plan.resolve import resolve
from gallery.stack_file.parse import parse
from rehearsal.wall.grafana.model.graphs import LineCustom, TimeSeries
from rehearsal.wall.grafana.read import DashboardError, field_named, read
from rehearsal.wall.grafana.units import format_of
from tests.unit.stack_files import STACKS, planned, with_value
from tests.wall.boards import Document, board, document, panel


@pytest.mark.parametrize(
    ("stack", "uid"), [(stack, uid) for stack in STACKS for uid in dashboards(planned(stack))]
)
def test_every_panel_of_every_dashboard_can_be_drawn(stack: str, uid: str) -> None:
    read_one = board(uid, stack)
    assert len(list(read_one.panels())) > 10
    assert [(one.title, one.why) for one in read_one.undrawable()] == []


@pytest.mark.parametrize("stack", STACKS)
def test_the_unit_of_every_value_is_known(stack: str) -> None:
    """It is looked at only where there is a value."""
    text = json.dumps(dashboards(planned(stack)))
    units = set(re.findall(r'"unit": "([^"]+)"', text))
    units |= set(re.findall(r'"id": "unit", "value": "([^"]+)"', text))
    assert {"percentunit", "h"} <= units
    for unit in units:
        assert format_of(unit)(1.0, None)


def test_what_other_stacks_have_can_be_drawn() -> None:
    many = resolve(parse(with_value("hosts.0.count", 20)))
    without_grafana = replace(planned(), engine=Engine.ALERTMANAGER)
    for plan in (many, without_grafana):
        for found in dashboards(plan).values():
            assert [(one.title, one.why) for one in read(found).undrawable()] == []


def _first(found: Document, kind: str) -> Document:
    return next(one for one in found["panels"] if one["type"] == kind)


def _put(place: Document, path: str, value: object) -> None:
    *way, last = path.split(".")
    for key in way:
        place = place[key]
    place[last] = value


_CHANGES: list[tuple[str, str, object, str]] = [
    ("stat", "type", "piechart", 'panels of type: "piechart" is not drawn here'),
    ("stat", "options.graphMode", "area", "stat.options.graphMode: 'area' is not drawn here"),
    ("stat", "options.text", {"size": 9}, "stat.options.text: this option is not drawn here"),
    ("timeseries", "fieldConfig.defaults.custom.drawStyle", "bars", "drawStyle: 'bars' is not"),
    ("timeseries", "fieldConfig.defaults.custom.spanNulls", True, "spanNulls: True is not"),
    ("timeseries", "fieldConfig.defaults.custom.stacking", {}, "custom.stacking: this option"),
    ("timeseries", "options.legend.calcs", ["mean"], "calcs.0: 'mean' is not drawn here"),
    ("state-timeline", "options.mergeValues", False, "mergeValues: False is not drawn here"),
    (
        "table",
        "transformations",
        [{"id": "reduce", "options": {}}],
        '0: "reduce" is not drawn here',
    ),
    ("alertlist", "options.datasource", "Loki", "datasource: 'Loki' is not drawn here"),
    ("alertlist", "options.sortOrder", 1, "sortOrder: 1 is not drawn here"),
    ("text", "options.mode", "html", "text.options.mode: 'html' is not drawn here"),
]


@pytest.mark.parametrize(("kind", "path", "value", "says"), _CHANGES)
def test_what_cannot_be_drawn_is_named_and_spoils_no_other_panel(
    kind: str, path: str, value: object, says: str
) -> None:
    found = document(API_HEALTH)
    changed = _first(found, kind)
    _put(changed, path, value)
    [undrawable] = read(found).undrawable()
    assert undrawable.title == changed["title"]
    assert any(says in why for why in undrawable.why), undrawable.why


def test_an_override_that_cannot_be_drawn_is_named() -> None:
    found = document(HOSTS)
    changed = _first(found, "timeseries")
    other: dict[str, Any] = {"id": "custom.axisPlacement", "value": "right"}
    matcher = {"id": "byName", "options": "never seen"}
    changed["fieldConfig"]["overrides"].append({"matcher": matcher, "properties": [other]})
    [undrawable] = read(found).undrawable()
    assert undrawable.why == ("custom.axisPlacement: this option is not drawn here",)


def test_a_frame_that_cannot_be_drawn_is_an_error() -> None:
    with pytest.raises(DashboardError, match=r"timezone: 'utc' is not drawn here"):
        read({**document(API_HEALTH), "timezone": "utc"})


def test_overrides_change_the_field_that_they_name_and_no_other() -> None:
    found = panel(HOSTS, "Bytes in")
    assert isinstance(found, TimeSeries)
    usual = field_named(found.field_config, LineCustom, "now")
    band = field_named(found.field_config, LineCustom, "5 times usual")
    assert (usual.custom.fill_below_to, band.custom.fill_below_to) == (None, "0.2 times usual")
    assert band.color.mode == "fixed"
