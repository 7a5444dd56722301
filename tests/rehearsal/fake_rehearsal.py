"""A rehearsal that is played by nobody: what its programs would say, and fixtures for it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from rehearsal.drill import runner
from rehearsal.drill.expectations import Expectation, Expected
from rehearsal.drill.play import Breakage, Play
from rehearsal.drill.report import Report
from rehearsal.drill.running import Running, promised
from rehearsal.drill.scenarios import SCENARIOS
from rehearsal.drill.script import Script, Step, Target
from rehearsal.drill.timeline import Timeline
from rehearsal.machine.processes.supervisor import Supervisor
from rehearsal.machine.queries import ActiveAlert, AlertmanagerClient, PrometheusClient
from rehearsal.pager.client import PagerClient
from rehearsal.pager.notifications import Notification, NotifiedAlert
from rehearsal.world.client import WorldClient
from rehearsal.world.procfs import REST_BYTES_PER_SECOND
from tests.unit.stack_files import planned

USUAL = {"receive": REST_BYTES_PER_SECOND, "transmit": REST_BYTES_PER_SECOND}
MUST = Expectation(
    expected=Expected.MUST,
    alert="EndpointDown",
    labels={"service": "cartservice"},
    contact_points=frozenset({"pager"}),
    page_seconds=0.6,
    resolve_seconds=0.6,
)


@dataclass
class FakeRehearsal:
    """What the programs of a rehearsal would say; `mended` lists what was undone."""

    log: list[Notification] = field(default_factory=list[Notification])
    told_when_broken: bool = True
    told_when_mended: bool = True
    fires: bool = False
    fires_from: float = math.inf
    mended: list[str] = field(default_factory=list[str])

    def tell(
        self,
        status: str,
        to: str = "pager",
        name: str = "EndpointDown",
        over: str = "",
        after: float = 0.0,
    ) -> None:
        """One alert in a message, so many seconds from now; with `over` another's end beside it."""
        labels = {"alertname": name, "service": "cartservice", "severity": "page"}
        other = NotifiedAlert(status="resolved", labels={**labels, "service": over})
        self.log.append(
            Notification(
                received_at=time.time() + after,
                contact_point=to,
                kind="pagerduty",
                receiver=to,
                status=status,
                title=f"{status} {name}",
                text=f"{status} {name}\nWhat: it does not answer.",
                alerts=(NotifiedAlert(status=status, labels=labels), *([other] if over else [])),
            )
        )

    def breakage(self, name: str = "cartservice") -> Breakage:
        def do() -> None:
            if self.told_when_broken:
                self.tell("firing")

        def undo() -> None:
            self.mended.append(name)
            if self.told_when_mended:
                self.tell("resolved")

        return Breakage(what=f"{name} breaks", do=do, mended=f"{name} mends", undo=undo)

    def calm(self) -> Breakage:
        """Something breaks that nobody is told of."""
        self.told_when_broken = self.told_when_mended = False
        return self.breakage()


def always(value: object) -> Callable[..., object]:
    """Something that answers the same whatever it is asked."""

    def answer(*_: object) -> object:
        return value

    return answer


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeRehearsal:
    made = FakeRehearsal()

    def notifications(_self: PagerClient, since: float = 0.0) -> list[Notification]:
        told = [each for each in made.log if since <= each.received_at <= time.time()]
        return sorted(told, key=lambda each: each.received_at)

    def alerts(_self: object) -> list[ActiveAlert]:
        labels = {"alertname": "EndpointDown", "service": "cartservice"}
        alert = ActiveAlert(name="EndpointDown", state="firing", labels=labels, active_at=0.0)
        return [alert] if made.fires or time.time() >= made.fires_from else []

    monkeypatch.setattr(PagerClient, "notifications", notifications)
    monkeypatch.setattr(PrometheusClient, "alerts", alerts)
    monkeypatch.setattr(PrometheusClient, "rules", always([]))
    monkeypatch.setattr(PrometheusClient, "query", always([]))
    monkeypatch.setattr(AlertmanagerClient, "alerts", always([]))
    monkeypatch.setattr(PagerClient, "refusing", always([]))
    monkeypatch.setattr(WorldClient, "faults", always({"cartservice": None}))
    monkeypatch.setattr(WorldClient, "hosts", always({"orders-db-1": USUAL}))
    return made


@pytest.fixture
def running(tmp_path: Path) -> Running:
    return Running(stack="dev", promises=promised(planned()), supervisor=Supervisor(tmp_path))


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def play(running: Running, fake: FakeRehearsal, lines: list[str]) -> Play:
    assert fake is not None
    return Play(running, Timeline(lines.append))


def played(running: Running, lines: list[str], *steps: Step) -> Report:
    def written(_running: Running, _target: Target) -> Script:
        return Script(steps=steps)

    scenario = replace(SCENARIOS[0], name="test", write=written)
    return runner.run_scenario(running, scenario, Target(), lines.append)
