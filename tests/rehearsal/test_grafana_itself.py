"""`up --grafana`: what Grafana is started with and asked for, shown by a program of its name."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gallery.alerts.endpoints import ENDPOINT_DOWN
from offline import stack_file
from offline.errors import UserError
from rehearsal.__main__ import main
from rehearsal.drill import rest
from rehearsal.drill.running import NotPlayableError, Running
from rehearsal.drill.scenarios import SCENARIOS
from rehearsal.drill.script import Target
from rehearsal.machine import grafana, platform
from rehearsal.machine.addresses import AMP, GRAFANA, Address
from rehearsal.machine.processes import journal
from rehearsal.machine.processes.identity import Identity
from rehearsal.machine.processes.journal import Child, Entry, Journal
from rehearsal.machine.processes.supervisor import Supervisor
from rehearsal.machine.programs import (
    EVALUATOR_NAME,
    GRAFANA_ALERTMANAGER_NAME,
    Programs,
)
from rehearsal.machine.tools import ROOT, Tool
from rehearsal.pager.contact_points.kinds import KINDS
from rehearsal.stand_in.provisioning import TREE
from rehearsal.world.topology import Page, Topology
from tests.rehearsal.fake_rehearsal import FakeRehearsal

# Grafana lists what is well among its alerts, and puts a reason behind a state.
_STATES = {
    "Alerting (Error)": "firing",
    "Recovering": "firing",
    "Pending": "pending",
    "Normal": None,
    "Normal (MissingSeries)": None,
    "NoData": None,
}
_ALERTS = [
    {"labels": {"alertname": state}, "state": state, "activeAt": "2026-11-27T03:00:00.5Z"}
    for state in _STATES
]
_RULE = {"name": "EndpointDown", "lastEvaluation": "2026-11-27T03:00:00Z"}
_ANSWERS = {
    "/api/health": {"database": "ok"},
    "/api/prometheus/grafana/api/v1/alerts": {"data": {"alerts": _ALERTS}},
    "/api/prometheus/grafana/api/v1/rules": {
        "data": {"groups": [{"name": "endpoint", "interval": 10, "rules": [_RULE]}]}
    },
    "/api/alertmanager/grafana/api/v2/silences": [],
    "/api/alertmanager/grafana/api/v2/alerts?active=true": [{"labels": {"alertname": "Told"}}],
}
_PROGRAM = """\
#!{python}
import json, os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
if sys.argv[1:] == ["--version"]:
    print("grafana version {version}")
    sys.exit()
with open("asked.json", "w") as file:
    json.dump({{"arguments": sys.argv[1:], "environment": dict(os.environ)}}, file)
answers = json.loads({answers!r})
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path in answers else 404)
        self.end_headers()
        self.wfile.write(json.dumps(answers.get(self.path)).encode())
settings = dict(each[4:].split("=", 1) for each in sys.argv if each.startswith("cfg:"))
place = settings["server.http_addr"], int(settings["server.http_port"])
HTTPServer(place, Handler).serve_forever()
"""


def _install(home: Path, monkeypatch: pytest.MonkeyPatch, version: str = "12.4.0") -> Path:
    """An unpacked Grafana with its bin on PATH."""
    program = home / "bin" / "grafana"
    program.parent.mkdir(parents=True)
    answers = json.dumps(_ANSWERS)
    program.write_text(_PROGRAM.format(python=sys.executable, version=version, answers=answers))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    return program


def _own_files(home: Path) -> None:
    (home / "conf").mkdir()
    (home / "conf" / "defaults.ini").touch()


def test_without_it_the_cure_is_named_and_nothing_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="needs the program grafana on PATH, version 12 or later"):
        platform.up("dev", lambda _line: None, tmp_path / "state", grafana=True)
    assert Supervisor(tmp_path / "state").journal() is None


@pytest.mark.parametrize("itself", [True, False], ids=["itself", "stand-ins"])
def test_a_stack_that_is_up_the_other_way_is_not_taken_for_this_one(
    tmp_path: Path, *, itself: bool
) -> None:
    if not itself:
        (tmp_path / "stand-in" / TREE).mkdir(parents=True)
    child = Child(name="x", command=("x",), directory="/", listens=(AMP,), ready="tcp://")
    entries = (Entry(child, Identity.of(os.getpid())),)
    digest = stack_file.read(ROOT, "dev").digest()
    journal.write(tmp_path / "state.json", Journal("dev", digest, entries, healthy=True))
    how = "without" if itself else "with"
    with pytest.raises(UserError, match=f"stack dev is up {how} Grafana itself; stop it with"):
        platform.up("dev", lambda _line: None, tmp_path, grafana=itself)
    assert platform.up("dev", lambda _line: None, tmp_path, grafana=not itself)


def test_one_that_would_call_pagerduty_itself_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path, monkeypatch, version="11.6.3")
    _own_files(tmp_path)
    with pytest.raises(UserError, match="is of version 11; --grafana needs 12 or later"):
        grafana.installation()


def test_one_without_its_own_files_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path, monkeypatch)
    monkeypatch.setattr(grafana, "_PACKAGED", tmp_path / "elsewhere")
    with pytest.raises(UserError, match=r"neither of .* has conf/defaults\.ini"):
        grafana.installation()


def test_a_package_keeps_its_files_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrapper = _install(tmp_path / "usr", monkeypatch)
    packaged = tmp_path / "share"
    packaged.mkdir()
    _own_files(packaged)
    monkeypatch.setattr(grafana, "_PACKAGED", packaged)
    assert grafana.installation() == grafana.Installation(program=wrapper, home=packaged)
    (packaged / "bin").mkdir()
    (packaged / "bin" / "grafana").touch()
    assert grafana.installation().program == packaged / "bin" / "grafana"


def test_it_is_started_apart_from_the_world_and_asked_in_its_own_place(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    supervisor: Supervisor,
    free: Callable[[], Address],
) -> None:
    place = free()
    monkeypatch.setattr(grafana, "GRAFANA", place)
    monkeypatch.setenv("GF_DATABASE_URL", "mysql://elsewhere")
    home, stand_in = tmp_path / "home", tmp_path / "stand-in"
    _install(home, monkeypatch)
    _own_files(home)
    (stand_in / TREE).mkdir(parents=True)
    child = grafana.child(
        grafana.installation(), tmp_path, stand_in, tmp_path / "data", "https://grafana.example/"
    )
    supervisor.launch([child])
    asked = json.loads((tmp_path / "asked.json").read_text())
    first, home_path, *settings = asked["arguments"]
    assert (first, home_path) == ("server", f"--homepath={home}")
    assert {
        f"cfg:server.http_addr={place.host}",
        f"cfg:server.http_port={place.port}",
        "cfg:server.root_url=https://grafana.example/",
        f"cfg:paths.data={tmp_path / 'data'}",
        f"cfg:paths.provisioning={stand_in / TREE / 'provisioning'}",
        "cfg:auth.anonymous.enabled=true",
        "cfg:auth.anonymous.org_role=Viewer",
        "cfg:auth.basic.enabled=false",
        "cfg:analytics.reporting_enabled=false",
        "cfg:analytics.check_for_updates=false",
        "cfg:analytics.check_for_plugin_updates=false",
        "cfg:plugins.preinstall_disabled=true",
        "cfg:security.disable_gravatar=true",
    } <= set(settings)
    environment = asked["environment"]
    assert not [name for name in environment if name.startswith(("GF_", "AWS_"))]
    # What Grafana puts in the place of a variable in an annotation is that variable.
    assert [environment[name] for name in ("labels", "values")] == ["$labels", "$values"]

    evaluator, notifier = grafana.evaluator(stand_in), grafana.notifier(stand_in)
    assert {alert.name: alert.state for alert in evaluator.alerts()} == {
        name: state for name, state in _STATES.items() if state
    }
    (rule,) = evaluator.rules()
    assert (rule.name, rule.error, rule.interval_seconds) == ("EndpointDown", "", 10)
    assert rule.evaluated_at > 0
    assert notifier.alerts() == [{"alertname": "Told"}]
    assert notifier.silences() == []


@pytest.mark.parametrize("itself", [True, False], ids=["itself", "stand-ins"])
def test_it_is_there_instead_of_both_stand_ins(
    tmp_path: Path, tools: Mapping[Tool, Path], *, itself: bool
) -> None:
    stand_in = tmp_path / "stand-in"
    (stand_in / (TREE if itself else "grafana")).mkdir(parents=True)
    installed = grafana.Installation(program=tmp_path / "grafana", home=tmp_path)
    programs = Programs(state=tmp_path, tools=tools, grafana=installed if itself else None)
    page = Page(listens=str(GRAFANA), host="grafana.example", asks=None)
    topology = Topology(control=str(AMP), namespace="x", workloads=(), hosts=(), page=page)
    children = {child.name: child for child in programs.children(topology, [])}
    stand_ins = {EVALUATOR_NAME, GRAFANA_ALERTMANAGER_NAME}
    assert (grafana.NAME in children) is itself
    assert set(children) & stand_ins == (set() if itself else stand_ins)
    shown = platform.addresses(tmp_path)
    assert (shown.get("Grafana") == GRAFANA) is itself
    if itself:
        assert "cfg:server.root_url=https://grafana.example/" in children[grafana.NAME].command


def test_the_option_reaches_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[bool]()

    def up(_stack: str, _progress: object, *, grafana: bool, cluster: bool, mesh: bool) -> None:
        assert not cluster
        assert not mesh
        asked.append(grafana)

    monkeypatch.setattr(platform, "up", up)
    assert main(["up", "--stack", "dev", "--grafana"]) == 0
    assert main(["up", "--stack", "dev"]) == 0
    assert asked == [True, False]


@pytest.mark.parametrize("name", ["evaluator-restart", "alertmanager-restart", "contact-points"])
def test_what_is_about_two_programs_is_not_played_on_one(running: Running, name: str) -> None:
    (running.stand_in / TREE).mkdir(parents=True)
    (scenario,) = (each for each in SCENARIOS if each.name == name)
    with pytest.raises(NotPlayableError, match="Grafana itself is up, and"):
        scenario.write(running, Target(service="cartservice"))


def test_what_was_told_of_lately_is_left_to_rest(running: Running, fake: FakeRehearsal) -> None:
    (running.stand_in / TREE).mkdir(parents=True)
    fake.tell("firing", after=-200.0)
    fake.tell("resolved", after=-100.0)
    (watch,) = rest.rested(running, ENDPOINT_DOWN, "service", ("cartservice",))
    assert "EndpointDown told of cartservice" in str(watch)
    assert rest.rested(running, ENDPOINT_DOWN, "service", ("frontend",)) == ()


def test_the_pager_reads_the_card_that_grafana_sends_to_teams() -> None:
    """As grafana/alerting `receivers/teams/v1/teams.go` makes it."""
    body = [
        {"type": "TextBlock", "text": "FIRING EndpointDown", "size": "large", "wrap": True},
        {"type": "TextBlock", "text": "What: it does not answer.", "wrap": True},
        {"type": "ActionSet", "actions": [{"type": "Action.OpenUrl", "title": "View URL"}]},
    ]
    content = {"body": body, "type": "AdaptiveCard", "version": "1.4"}
    card = {"attachments": [{"content": content}], "summary": "FIRING", "type": "message"}
    message = KINDS["teams"].read(json.dumps(card).encode())
    assert (message.title, message.text) == ("FIRING EndpointDown", "What: it does not answer.")


def test_what_takes_longer_than_most_to_start_is_given_its_time(
    supervisor: Supervisor, free: Callable[[], Address]
) -> None:
    place = free()
    slow = Child(
        name="slow",
        command=(sys.executable, "-c", "import time; time.sleep(60)"),
        directory="/",
        listens=(place,),
        ready=f"tcp://{place}",
        ready_within_seconds=0.2,
    )
    began = time.monotonic()
    with pytest.raises(UserError, match="not ready within 0 s: slow"):
        supervisor.launch([slow])
    assert time.monotonic() - began < 20
    more = grafana.child(
        grafana.Installation(program=Path("x"), home=Path("x")), Path(), Path(), Path(), None
    )
    assert more.ready_within_seconds > 60


def test_drills_ask_grafana_itself(running: Running) -> None:
    assert [one.address for one in running.evaluators] != [AMP, GRAFANA]
    (running.stand_in / TREE).mkdir(parents=True)
    assert [one.address for one in running.evaluators] == [AMP, GRAFANA]
    assert GRAFANA in {one.address for one in running.alertmanagers.values()}
