"""What panels show of what their queries found."""

from __future__ import annotations

import pytest

from gallery.alerts.panels import API_HEALTH, HOSTS
from gallery.dashboards.palette import BAD, GOOD, UNKNOWN
from rehearsal.machine.queries import ActiveAlert
from rehearsal.wall import charts, fragments
from rehearsal.wall.asking import Mark
from rehearsal.wall.axis import axis
from rehearsal.wall.grafana.model.graphs import LineCustom, StateTimeline, TimeSeries
from rehearsal.wall.grafana.model.panels import AlertList, Stat
from rehearsal.wall.grafana.model.tables import Table
from rehearsal.wall.grafana.palette import Theme
from rehearsal.wall.grafana.read import field_named
from rehearsal.wall.views.alerts import listed
from rehearsal.wall.views.cells import cells
from rehearsal.wall.views.lanes import lanes
from rehearsal.wall.views.lines import lines
from rehearsal.wall.views.tiles import tiles
from tests.wall.boards import OVER, asked, panel, series

DARK = Theme(dark=True)


def test_a_tile_has_the_word_and_the_colour_of_its_state() -> None:
    found = panel(API_HEALTH, "Every endpoint now")
    assert isinstance(found, Stat)
    up, down = series(1.0, service="frontend"), series(0.0, service="cartservice")
    shown = tiles(found, [asked(found.targets[0], up, down)], DARK, "from=now-5m")
    assert [(one.name, one.text, one.color) for one in shown] == [
        ("frontend", "UP", GOOD),
        ("cartservice", "DOWN", BAD),
    ]
    assert shown[1].links[0].url == "/d/gallery-api-health?var-service=cartservice&from=now-5m"


def test_a_tile_without_a_series_says_so_on_the_colour_of_what_nobody_knows() -> None:
    found = panel(API_HEALTH, "Endpoints not probed")
    assert isinstance(found, Stat)
    [shown] = tiles(found, [asked(found.targets[0])], DARK)
    assert (shown.text, shown.color) == ("NOT KNOWN", UNKNOWN)


def test_a_lane_has_a_segment_for_each_state_and_none_for_a_gap() -> None:
    found = panel(API_HEALTH, "Every endpoint over time")
    assert isinstance(found, StateTimeline)
    states = series(1.0, 1.0, 0.0, 0.0, None, None, 1.0, start=10.0, service="frontend")
    [lane] = lanes(found, [asked(found.targets[0], states)], DARK)
    assert [(one.start, one.end, one.text, one.color) for one in lane.segments] == [
        (10.0, 20.0, "UP", GOOD),
        (20.0, 30.0, "DOWN", BAD),
        # What was last heard a while ago is not known to last.
        (40.0, 45.0, "UP", GOOD),
    ]
    still = series(*[1.0] * 12, start=5.0, service="frontend")
    [lane] = lanes(found, [asked(found.targets[0], still)], DARK)
    assert [(one.start, one.end) for one in lane.segments] == [(5.0, 60.0)]


def test_a_line_is_broken_where_samples_are_missing() -> None:
    found = panel(API_HEALTH, "Time a probe takes")
    assert isinstance(found, TimeSeries)
    probe = series(0.002, 0.004, None, None, 0.003, service="frontend")
    shown = lines(found, [asked(found.targets[0], probe)], DARK)
    [line] = shown.lines
    assert [value for _, value in line.samples] == [0.002, 0.004, None, 0.003]
    assert line.legend == ("3 ms", "4 ms")
    assert line.texts[0] == "2 ms"


def test_without_series_a_graph_says_why() -> None:
    found = panel(API_HEALTH, "Requests to each service")
    assert isinstance(found, TimeSeries)
    shown = lines(found, [asked(found.targets[0])], DARK)
    assert "no traffic" in fragments.legend(shown)


def test_the_band_between_two_lines_is_filled() -> None:
    found = panel(HOSTS, "Bytes in")
    assert isinstance(found, TimeSeries)
    values = {"now": 20e3, "usual": 20e3, "0.2 times usual": 4e3, "5 times usual": 100e3}
    by_legend = {query.legend_format: query for query in found.targets}
    view = lines(
        found,
        [asked(by_legend[name], series(value, value)) for name, value in values.items()],
        DARK,
    )
    options = charts.chart(view, OVER, [Mark(start=5, end=5, text="x", color=BAD)], DARK)
    bands = [one for one in options["series"] if one["type"] == "custom"]
    assert [one["name"] for one in bands] == ["0.2 times usual to 5 times usual"]
    assert bands[0]["data"] == [[0, 4e3, 100e3, 5000, 4e3, 100e3]]
    assert [one["xAxis"] for one in options["series"][-1]["markLine"]["data"]] == [5000]


@pytest.mark.parametrize(
    ("title", "edges"), [("Processor time in use", [0.9]), ("Requests to each service", [])]
)
def test_limits_are_lines_across_a_graph(title: str, edges: list[float]) -> None:
    uid = HOSTS if title.startswith("Processor") else API_HEALTH
    found = panel(uid, title)
    assert isinstance(found, TimeSeries)
    view = lines(found, [asked(found.targets[0], series(0.5, 0.6, host="a", service="a"))], DARK)
    options = charts.chart(view, OVER, [], DARK)
    marked = options["series"][-1]["markLine"]["data"]
    assert [one["yAxis"] for one in marked] == edges


def test_unusual_traffic_lies_on_coloured_ground() -> None:
    found = panel(HOSTS, "Traffic in, against what is usual")
    assert isinstance(found, TimeSeries)
    view = lines(found, [asked(found.targets[0], series(1.0, 1.0, host="a"))], DARK)
    areas = charts.chart(view, OVER, [], DARK)["series"][-1]["markArea"]["data"]
    assert [(low["yAxis"], high["yAxis"]) for low, high in areas] == [(0.0625, 0.2), (5, 16.0)]


def test_an_axis_tells_one_tick_from_the_next() -> None:
    for uid, title in ((HOSTS, "What is measured"), (HOSTS, "Disk left"), (HOSTS, "Bytes in")):
        found = panel(uid, title)
        assert isinstance(found, TimeSeries)
        settings = field_named(found.field_config, LineCustom, "")
        for values in ([0.0], [11.0, 12.0], [0.0, 1.0], [20e3, 20.1e3], [0.31, 0.34]):
            shown = axis(values, settings)
            assert len(set(shown.texts)) == len(shown.texts), (title, values, shown.texts)
            assert shown.low <= min(values)
            assert settings.max is not None or max(values) <= shown.high


def test_a_logarithmic_axis_has_the_decimals_of_its_field() -> None:
    found = panel(HOSTS, "Traffic in, against what is usual")
    assert isinstance(found, TimeSeries)
    shown = axis([0.2, 20.0], field_named(found.field_config, LineCustom, ""))
    assert (shown.texts[0], shown.texts[-1]) == ("0.06  x", "32.00  x")


def test_a_logarithmic_axis_cannot_begin_at_zero() -> None:
    found = panel(HOSTS, "Traffic in, against what is usual")
    assert isinstance(found, TimeSeries)
    settings = field_named(found.field_config, LineCustom, "").model_copy(update={"min": 0})
    with pytest.raises(ValueError, match="a logarithmic scale cannot begin at 0"):
        axis([0.2, 20.0], settings)


def test_a_table_joins_its_queries_and_shows_the_worst_first() -> None:
    found = panel(HOSTS, "Every host now")
    assert isinstance(found, Table)
    states = [series(1.0, host="a"), series(0.0, host="b"), series(1.0, host="c")]
    processor = [series(0.95, host="c"), series(0.04, host="a")]
    titles = {transformed: name for name, transformed in _renamed(found).items()}
    ids = {query.ref_id: query for query in found.targets}
    shown = cells(
        found,
        [
            asked(
                query,
                *(
                    states
                    if f"Value #{ref}" == titles["State"]
                    else processor
                    if f"Value #{ref}" == titles["Processor"]
                    else []
                ),
            )
            for ref, query in ids.items()
        ],
        DARK,
    )
    headings = [column.heading for column in shown.columns]
    assert headings[:2] == ["State", "Host"]
    at = headings.index("Processor")
    rows = [(row[0].text, row[0].ground, row[1].text, row[at].text) for row in shown.rows]
    assert rows == [
        ("DOWN", BAD, "b", "-"),
        ("UP", GOOD, "a", "4%"),
        ("UP", GOOD, "c", "95%"),
    ]
    assert [row[at].bar for row in shown.rows] == [None, 0.04, 0.95]


def _renamed(found: Table) -> dict[str, str]:
    [renamed] = [
        one.options.rename_by_name for one in found.transformations if one.id == "organize"
    ]
    return renamed


def _alert(name: str, state: str, since: float, **labels: str) -> ActiveAlert:
    stack = {"environment": "dev", "cluster": "gallery-dev", "severity": "page"}
    return ActiveAlert(
        name=name, state=state, labels={"alertname": name, **stack, **labels}, active_at=since
    )


def test_alerts_are_listed_gravest_first_and_others_are_not() -> None:
    found = panel(API_HEALTH, "Alerts")
    assert isinstance(found, AlertList)
    active = [
        _alert("A", "pending", 1.0),
        _alert("B", "firing", 3.0),
        _alert("Watchdog", "firing", 0.0, severity="info"),
        _alert("Other", "firing", 0.0, environment="prod"),
    ]
    assert [one.name for one in listed(found.options, active)] == ["B", "A"]


def test_a_selector_that_cannot_be_read_is_an_error() -> None:
    found = panel(API_HEALTH, "Alerts")
    assert isinstance(found, AlertList)
    options = found.options.model_copy(update={"alert_instance_label_filter": "{a==b}"})
    with pytest.raises(ValueError, match="not a selector of labels"):
        listed(options, [])
