"""A step that plays hours of traffic in virtual time, by the rules that the stack's programs read.

What fires is judged, and whom the plan's routes tell; no message is sent.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gallery.alerts.objectives import OBJECTIVE_BURNING_FAST, OBJECTIVE_BURNING_SLOWLY
from gallery.metrics import labels
from gallery.metrics.durations import Duration
from gallery.store.roles import Severity
from rehearsal.drill.alert_notifications import ALERTNAME
from rehearsal.drill.expectations import Expectation
from rehearsal.drill.play import Play
from rehearsal.drill.running import NotPlayableError, Running
from rehearsal.drill.verdict import Finding, describe
from rehearsal.drill.virtual.course import Spell, scraped
from rehearsal.drill.virtual.judge import Fired, Judge, input_series
from rehearsal.machine import tools
from rehearsal.stand_in.documents import Document, read_yaml
from rehearsal.world.topology import Topology

# What budgets are recorded as, and told by.
_RECORDED = "gallery:objective"
_ALERTS = {OBJECTIVE_BURNING_FAST.name, OBJECTIVE_BURNING_SLOWLY.name}
_PLACE = "virtual time"


@dataclass(frozen=True)
class VirtualTime:
    """Plays spells of traffic one after another.

    Each of `tickets` must fire within its `page_seconds` from the beginning of the last spell, and
    not before that spell; tickets about the others of `may` can come too. Any page is forbidden.
    """

    what: str
    spells: tuple[Spell, ...]
    tickets: tuple[Expectation, ...] = ()
    may: tuple[Expectation, ...] = ()
    # Of its own, in virtual time: none is delivered.
    expectations: tuple[Expectation, ...] = ()
    # For a day and a half of sixteen objectives, beside other programs.
    at_most: float = 600.0

    def run(self, play: Play) -> None:
        """Play them, and judge what fired."""
        play.timeline.line(time.time(), f"{self.what}, in virtual time")
        broken = sum(spell.seconds for spell in self.spells[:-1])
        fired = _fired(play.running, self.spells)
        for one in fired:
            to = play.running.plan.deliver({ALERTNAME: one.alert, **one.labels})
            play.timeline.line(
                time.time(),
                f"after {_duration(one.at - broken)}: {_about(one)} fires, "
                f"a {one.labels[labels.SEVERITY]} to {' and '.join(sorted(to))}",
            )
        if not fired:
            play.timeline.line(time.time(), "nothing fires, and nobody is told of anything")
        play.findings += self._missing(fired, broken)
        play.unexpected += self._forbidden(fired, broken)

    def _missing(self, fired: tuple[Fired, ...], broken: float) -> Iterator[Finding]:
        for must in self.tickets:
            times = [one.at - broken for one in fired if must.about(one.alert, one.labels)]
            if not times or times[0] > must.page_seconds:
                came = f"fired after {_duration(times[0])}" if times else "did not fire"
                yield Finding(
                    alert=must.alert,
                    labels=must.labels,
                    contact_point=_PLACE,
                    why=f"{came}; bound {_duration(must.page_seconds)}",
                )

    def _forbidden(self, fired: tuple[Fired, ...], broken: float) -> Iterator[Finding]:
        allowed = (*self.tickets, *self.may)
        for one in fired:
            page = one.labels.get(labels.SEVERITY) == Severity.PAGE
            known = any(each.about(one.alert, one.labels) for each in allowed)
            if page or not known or one.at < broken:
                yield Finding(
                    alert=one.alert,
                    labels=one.labels,
                    contact_point=_PLACE,
                    why=f"forbidden, fired after {_duration(one.at - broken)}",
                )


def _fired(running: Running, spells: tuple[Spell, ...]) -> tuple[Fired, ...]:
    topology = Topology.read(running.stand_in / "world.json")
    timings, plan = running.plan.timings, running.plan
    judge = Judge(
        promtool=tools.provide([tools.PROMTOOL])[tools.PROMTOOL],
        groups=tuple(_groups(running)),
        scrape=timings.scrape,
        evaluate=timings.evaluate_amp,
    )
    counters = scraped(
        {workload.name: workload for workload in topology.workloads},
        topology.namespace,
        spells,
        timings.scrape.seconds,
    )
    stack = {labels.ENVIRONMENT: plan.environment, labels.CLUSTER: plan.cluster_name}
    series = input_series(counters, stack)
    return judge.fired(series, Duration.of(seconds=sum(spell.seconds for spell in spells)))


def _groups(running: Running) -> Iterator[Document]:
    """The rules on budgets as the programs of the rehearsal read them, recordings first."""
    every = str(running.plan.timings.evaluate_amp)
    known = [group for path in _rule_files(running) for group in read_yaml(path)["groups"]]
    for number, group in enumerate(known):
        # What a whole window is summed up from is recorded less often, and no alert reads it.
        if rules := [
            rule
            for rule in group["rules"]
            if rule.get("record", "").startswith(_RECORDED) and group["interval"] == every
        ]:
            yield {"name": f"recorded-{number}", "rules": rules}
    for number, group in enumerate(known):
        if rules := [
            {key: value for key, value in rule.items() if key != "annotations"}
            for rule in group["rules"]
            if rule.get("alert") in _ALERTS
        ]:
            yield {"name": f"told-{number}", "rules": rules}


def _rule_files(running: Running) -> Iterator[Path]:
    if running.grafana_itself:
        raise NotPlayableError(
            f"stack {running.stack} is up with Grafana itself, whose rules promtool does not read; "
            "start it without `--grafana`"
        )
    for program in ("amp", "grafana"):
        yield from sorted((running.stand_in / program / "rules").glob("*.yaml"))


def _about(one: Fired) -> str:
    return f"{describe(one.alert, one.labels)} ({one.labels.get(labels.OBJECTIVE, '')})"


def _duration(seconds: float) -> str:
    return str(Duration.of(seconds=round(seconds)))
