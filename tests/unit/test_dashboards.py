"""The dashboards: laid out without a fault, and moved by the plan alone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from gallery.alerts.panels import API_HEALTH, HOSTS, MESH, OBJECTIVES, SHIFT
from gallery.contact_points.model import Engine
from gallery.dashboards import dashboards, queries
from gallery.dashboards.names import DATA_SOURCE_NAME, DATA_SOURCE_UID, FOLDER_UID
from gallery.dashboards.palette import UNKNOWN
from gallery.metrics import names
from gallery.plan.catalogue import STORE
from gallery.plan.model import Plan
from gallery.plan.resolve import resolve
from gallery.stack_file.parse import parse
from gallery.store.services import Impact
from tests.unit.stack_files import STACKS, planned, values, with_value, without_mesh

Document = dict[str, Any]

# Units of Grafana's grid that a screen of 1080 lines shows below the navigation.
_FIRST_SCREEN = 24
_COLUMNS = 24
_WITHOUT_QUERY = {"text", "alertlist", "row"}
_BOARDS = [
    (stack, uid) for stack in STACKS for uid in dashboards(planned(stack))
]  # fmt: skip


def _document(stack: str, uid: str) -> Document:
    return dashboards(planned(stack))[uid]


def _titled(document: Document, title: str) -> Document:
    [panel] = [panel for panel in document["panels"] if panel["title"] == title]
    return panel


def _titles(document: Document) -> list[str]:
    return [panel["title"] for panel in document["panels"]]


def _overridden(alert: str, **override: object) -> Plan:
    config = values()
    config["gallery:alerting"]["overrides"] = {alert: override}
    return resolve(parse(config))


def _without(*keys: str) -> Plan:
    config = {key: value for key, value in values().items() if key not in keys}
    return resolve(parse(config))


def _steps(panel: Document) -> list[float | None]:
    return [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]


def _texts(panel: Document, heading: str) -> dict[str, str]:
    """What a column of a table puts in the place of each value."""
    for override in panel["fieldConfig"]["overrides"]:
        if override["matcher"]["options"] == heading:
            for each in override["properties"]:
                if each["id"] == "mappings":
                    [mapping] = each["value"]
                    return {key: of["text"] for key, of in mapping["options"].items()}
    raise AssertionError(heading)


@pytest.mark.parametrize(("stack", "uid"), _BOARDS)
def test_every_panel_has_an_id_a_title_and_a_description_of_its_own(stack: str, uid: str) -> None:
    panels = _document(stack, uid)["panels"]
    for key in ("id", "title"):
        assert len({panel[key] for panel in panels if panel["type"] != "row"}) == len(
            [panel for panel in panels if panel["type"] != "row"]
        )
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel["description"] for panel in panels if panel["type"] != "row")


@pytest.mark.parametrize(("stack", "uid"), _BOARDS)
def test_panels_fill_the_grid_and_never_overlap(stack: str, uid: str) -> None:
    cells = [cell for panel in _document(stack, uid)["panels"] for cell in _cells(panel)]
    lines = max(line for line, _ in cells) + 1
    assert len(cells) == len(set(cells)) == lines * _COLUMNS


def _cells(panel: Document) -> Iterator[tuple[int, int]]:
    place = panel["gridPos"]
    for line in range(place["y"], place["y"] + place["h"]):
        for column in range(place["x"], place["x"] + place["w"]):
            yield line, column


@pytest.mark.parametrize(("stack", "uid"), _BOARDS)
def test_every_query_names_the_data_source_and_every_value_has_a_unit(stack: str, uid: str) -> None:
    source = {"type": "grafana-amazonprometheus-datasource", "uid": DATA_SOURCE_UID}
    asking = [
        panel for panel in _document(stack, uid)["panels"] if panel["type"] not in _WITHOUT_QUERY
    ]
    assert asking
    for panel in asking:
        defaults = panel["fieldConfig"]["defaults"]
        assert panel["datasource"] == source
        assert panel["targets"]
        assert all(target["datasource"] == source for target in panel["targets"])
        assert all(target["expr"] for target in panel["targets"])
        assert defaults["unit"]
        assert defaults["noValue"], panel["title"]


@pytest.mark.parametrize(("stack", "uid"), _BOARDS)
def test_no_tile_or_table_shows_the_last_value_of_what_has_vanished(stack: str, uid: str) -> None:
    for panel in _document(stack, uid)["panels"]:
        if panel["type"] in {"stat", "table"}:
            assert all(target["instant"] and not target["range"] for target in panel["targets"])


@pytest.mark.parametrize(("stack", "uid"), _BOARDS)
def test_a_state_is_a_word_as_well_as_a_colour(stack: str, uid: str) -> None:
    found = [
        meaning
        for panel in _document(stack, uid)["panels"]
        for mapping in panel.get("fieldConfig", {}).get("defaults", {}).get("mappings", ())
        for meaning in (
            mapping["options"].values()
            if mapping["type"] == "value"
            else [mapping["options"]["result"]]
        )
    ]
    assert found
    assert all(meaning["text"] and meaning["color"] for meaning in found)


@pytest.mark.parametrize(("stack", "uid"), _BOARDS)
def test_a_tile_without_a_value_never_looks_well(stack: str, uid: str) -> None:
    tiles = [panel for panel in _document(stack, uid)["panels"] if panel["type"] == "stat"]
    assert tiles
    for panel in tiles:
        defaults = panel["fieldConfig"]["defaults"]
        unknown = [
            mapping["options"]["result"]["color"]
            for mapping in defaults["mappings"]
            if mapping["type"] == "special" and mapping["options"]["match"] == "null+nan"
        ]
        # Without words for no value it has the colour of the first step.
        first = defaults["thresholds"]["steps"][0]["color"]
        assert (unknown or [first]) == [UNKNOWN], panel["title"]


@pytest.mark.parametrize(("stack", "uid"), _BOARDS)
def test_a_dashboard_refreshes_itself_and_leads_to_the_others(stack: str, uid: str) -> None:
    document = _document(stack, uid)
    assert document["refresh"] == ("1m" if uid in {SHIFT, OBJECTIVES} else "10s")
    assert document["timezone"] == "browser"
    assert document["time"]["to"] == "now"
    links = [link["url"] for link in document["links"]]
    boards = {url.removeprefix("/d/") for url in links if url.startswith("/d/")}
    assert boards == {API_HEALTH, OBJECTIVES, HOSTS, MESH, SHIFT} - {uid}
    assert planned(stack).runbooks in [link["url"] for link in document["links"]]


@pytest.mark.parametrize(("stack", "uid"), _BOARDS)
def test_no_link_hides_in_a_menu(stack: str, uid: str) -> None:
    assert "inControlsMenu" not in json.dumps(_document(stack, uid))


@pytest.mark.parametrize(("stack", "uid"), _BOARDS)
def test_no_variable_is_left_in_a_query_that_is_to_be_run(stack: str, uid: str) -> None:
    found = queries(_document(stack, uid))
    assert found
    # What label_replace captures looks like a variable.
    assert not [expr for _, expr in found if "$" in expr.replace('"$1"', "")]


def test_the_first_screen_tells_what_is_broken_and_what_that_means() -> None:
    document = _document("dev", API_HEALTH)
    shown = [
        panel["type"]
        for panel in document["panels"]
        if panel["gridPos"]["y"] + panel["gridPos"]["h"] <= _FIRST_SCREEN
    ]
    assert {"stat", "state-timeline", "alertlist", "table"} <= set(shown)


def test_traffic_in_and_out_come_first_on_the_hosts_dashboard() -> None:
    into, out, *_ = _document("dev", HOSTS)["panels"]
    assert names.RECEIVE_RATE in into["targets"][0]["expr"]
    assert names.TRANSMIT_RATE in out["targets"][0]["expr"]


@pytest.mark.parametrize("stack", STACKS)
def test_every_service_is_there_with_what_its_outage_means(stack: str) -> None:
    plan = planned(stack)
    document = _document(stack, API_HEALTH)
    [variable] = document["templating"]["list"]
    table = _titled(document, "What each outage means to customers")
    for each in plan.services:
        name, impact = each.service.name, each.service.impact
        assert name in [option["value"] for option in variable["options"]]
        assert _texts(table, "What stops")[name] == impact.disruption
        assert _texts(table, "Data out of reach")[name] == (impact.data_unavailable or "-")
        assert _texts(table, "Transactions that wait")[name] == (impact.delayed_transactions or "-")
        assert _texts(table, "What customers see")[name] == impact.user_experience


def test_a_service_added_to_the_catalogue_appears_by_itself() -> None:
    wishes = replace(
        STORE.services[1],
        name="wishlistservice",
        impact=Impact(disruption="No wishes.", user_experience="Sorrow."),
    )
    catalogue = replace(STORE, services=(*STORE.services, wishes))
    document = dashboards(resolve(parse(values()), catalogue))[API_HEALTH]
    table = _titled(document, "What each outage means to customers")
    assert _texts(table, "What stops")["wishlistservice"] == "No wishes."
    for title in ("Every endpoint now", "Endpoints down", "Requests to each service"):
        assert "wishlistservice" in dict(queries(document))[title]


@pytest.mark.parametrize("stack", STACKS)
def test_every_alert_with_a_dashboard_has_a_panel_there_that_leads_to_its_runbook(
    stack: str,
) -> None:
    plan = planned(stack)
    boards = dashboards(plan)
    pointing = [(each, each.alert.panel) for each in plan.alerts if each.alert.panel]
    assert pointing
    for each, named in pointing:
        panels = boards[named.dashboard]["panels"]
        [panel] = [panel for panel in panels if panel["id"] == named.id]
        assert each.annotations["runbook_url"] in [link["url"] for link in panel["links"]]


@pytest.mark.parametrize("stack", STACKS)
def test_every_alert_stands_in_a_table_with_those_whom_it_calls(stack: str) -> None:
    plan = planned(stack)
    boards = dashboards(plan)
    for each in plan.alerts:
        if each.alert.panel is None:
            continue
        board = boards[each.alert.panel.dashboard]
        content = _titled(board, "Alerts and whom they call")["options"]["content"]
        lines = [line for line in content.splitlines() if f"/{each.name}.md" in line]
        for owner in each.owners:
            told = ", ".join(sorted(plan.deliver(each.labels_for(owner))))
            assert [line for line in lines if f"| {told} |" in line]


def test_an_override_moves_the_line_on_the_panel() -> None:
    document = dashboards(_overridden("EndpointSlow", threshold=750))[API_HEALTH]
    assert _steps(_titled(document, "Wait of the slowest in twenty requests (p95)")) == [None, 750]


def test_an_override_moves_the_band_of_usual_traffic() -> None:
    document = dashboards(_overridden("HostTrafficHigh", threshold=7))[HOSTS]
    assert _steps(_titled(document, "Traffic in, against what is usual")) == [None, 0.2, 7]
    exprs = [target["expr"] for target in _titled(document, "Bytes in")["targets"]]
    assert [expr for expr in exprs if expr.startswith("7 * ")]
    assert not [expr for expr in exprs if expr.startswith("5 * ")]
    assert " > 7" in dict(queries(document))["Hosts with unusual traffic"]


def test_an_alert_that_is_off_draws_no_line() -> None:
    off = _overridden("HostTrafficHigh", enabled=False, reason="a backup host")
    document = dashboards(off)[HOSTS]
    assert _steps(_titled(document, "Traffic in, against what is usual")) == [None, 0.2]
    assert " > 5" not in dict(queries(document))["Hosts with unusual traffic"]


def test_the_tables_colour_for_traffic_says_what_the_tile_counts() -> None:
    document = _document("dev", HOSTS)
    [tile] = _titled(document, "Hosts with unusual traffic")["targets"]
    table = _titled(document, "Every host now")
    columns = [
        target["refId"] for target in table["targets"] if f"sum ({target['expr']})" == tile["expr"]
    ]
    [arranged] = [each for each in table["transformations"] if each["id"] == "organize"]
    assert [arranged["options"]["renameByName"][f"Value #{ref}"] for ref in columns] == ["Traffic"]
    assert _texts(table, "Traffic") == {"0": "usual", "1": "UNUSUAL"}
    for heading in ("Times usual in", "Times usual out"):
        assert not _coloured(table, heading)


def _coloured(panel: Document, heading: str) -> bool:
    [override] = [
        each for each in panel["fieldConfig"]["overrides"] if each["matcher"]["options"] == heading
    ]
    [cell] = [each for each in override["properties"] if each["id"] == "custom.cellOptions"]
    return cell["value"]["type"] == "color-background"


def test_the_band_is_shaded_between_its_edges() -> None:
    panel = _titled(_document("dev", HOSTS), "Bytes in")
    styles = {
        override["matcher"]["options"]: {
            each["id"]: each["value"] for each in override["properties"]
        }
        for override in panel["fieldConfig"]["overrides"]
    }
    legends = {target["legendFormat"] for target in panel["targets"]}
    assert set(styles) == legends
    assert styles["5 times usual"]["custom.fillBelowTo"] == "0.2 times usual"


def test_a_stack_without_hosts_has_no_dashboard_of_hosts_and_no_link_to_one() -> None:
    boards = dashboards(_without("gallery:hosts"))
    assert set(boards) == {API_HEALTH, OBJECTIVES, MESH, SHIFT}
    assert HOSTS not in json.dumps(boards)


def test_a_stack_without_a_mesh_has_no_dashboard_of_one_and_no_link_to_it() -> None:
    boards = dashboards(resolve(parse(without_mesh())))
    assert set(boards) == {API_HEALTH, OBJECTIVES, HOSTS, SHIFT}
    assert MESH not in json.dumps(boards)


def test_a_stack_without_a_door_shows_none() -> None:
    with_door = "\n".join(_titles(_document("dev", API_HEALTH)))
    without = "\n".join(_titles(dashboards(_without("gallery:door"))[API_HEALTH]))
    assert "public address" in with_door
    assert "public address" not in without


def test_with_many_hosts_one_is_shown_in_detail_at_first() -> None:
    many = resolve(parse(with_value("hosts.0.count", 100)))
    variables = dashboards(many)[HOSTS]["templating"]["list"]
    assert _chosen(variables, "host") == ["orders-db-1"]
    assert _chosen(_document("dev", HOSTS)["templating"]["list"], "host") == ["$__all"]


def _chosen(variables: list[Document], name: str) -> list[str]:
    [variable] = [each for each in variables if each["name"] == name]
    return variable["current"]["value"]


@pytest.mark.parametrize(("stack", "uid"), _BOARDS)
def test_the_alert_list_shows_this_stack_alone_and_no_heartbeat(stack: str, uid: str) -> None:
    plan = planned(stack)
    options = _alert_list(_document(stack, uid))
    wanted = f'environment="{plan.environment}",cluster="{plan.cluster_name}",severity!="info"'
    assert wanted in options["alertInstanceLabelFilter"]
    assert options["stateFilter"]["firing"]
    assert not options["stateFilter"]["normal"]
    if plan.engine is Engine.GRAFANA:
        assert options["folder"]["uid"] == FOLDER_UID
        assert options["datasource"] == "-- Grafana --"


def test_the_alert_list_asks_whoever_evaluates() -> None:
    plan = replace(planned(), engine=Engine.ALERTMANAGER)
    options = _alert_list(dashboards(plan)[API_HEALTH])
    assert options["datasource"] == DATA_SOURCE_NAME
    assert "folder" not in options


def _alert_list(document: Document) -> Mapping[str, Any]:
    [panel] = [panel for panel in document["panels"] if panel["type"] == "alertlist"]
    return panel["options"]


@pytest.mark.parametrize("stack", STACKS)
def test_two_processes_write_the_same_bytes(stack: str) -> None:
    program = (
        "import json; from gallery.dashboards import dashboards;"
        "from tests.unit.stack_files import planned;"
        f"print(json.dumps(dashboards(planned({stack!r}))))"
    )

    def written(seed: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    assert written("1") == written("2")


def test_no_two_services_are_drawn_alike_and_each_is_drawn_alike_everywhere() -> None:
    document = _document("dev", API_HEALTH)
    graphs = ("Requests to each service", "Requests that fail", "Time a probe takes")
    drawn = [_titled(document, title)["fieldConfig"]["overrides"] for title in graphs]
    assert drawn[0] == drawn[1] == drawn[2]
    looks = {json.dumps(override["properties"]) for override in drawn[0]}
    assert len(looks) == len(planned().services)
