"""Outages of the EC2 hosts."""

from __future__ import annotations

import time
from dataclasses import dataclass

from gallery.alerts import hosts, traffic
from gallery.metrics import labels
from gallery.metrics.timings import FailureMode as Onset
from gallery.plan.model import PlannedHost
from rehearsal.drill.breakages import host_stopped, host_terminated, traffic_changed
from rehearsal.drill.expectations import Expectation
from rehearsal.drill.play import Play
from rehearsal.drill.rest import rested
from rehearsal.drill.running import NotPlayableError, Running
from rehearsal.drill.script import Scenario, Script, Target
from rehearsal.drill.steps import Await, Break, Mend
from rehearsal.drill.verdict import GRACE_SECONDS
from rehearsal.world.procfs import REST_BYTES_PER_SECOND

# How many times the traffic that counts as a flood; a greater one takes no longer to be seen
# and longer to leave the window.
_FLOOD = 4


def _host(target: Target) -> PlannedHost:
    if target.host is None:
        raise NotPlayableError("this stack has no hosts")
    return target.host


def _down(running: Running, target: Target) -> Script:
    host = _host(target)
    page = running.promises.must(hosts.HOST_DOWN, Onset.REFUSED, host, host=host.name)
    waits = rested(running, hosts.HOST_DOWN, labels.HOST, (host.name,))
    return Script(
        steps=(*waits, Break(host_stopped(running, host.name)), Await((page,)), Mend()),
    )


@dataclass(frozen=True)
class _Flap:
    """A host that answers one scrape in seven, until somebody is told or should have been."""

    host: str
    interval: float
    ticket: Expectation

    @property
    def expectations(self) -> tuple[Expectation, ...]:
        return (self.ticket,)

    @property
    def at_most(self) -> float:
        return self.ticket.page_seconds + GRACE_SECONDS

    def run(self, play: Play) -> None:
        """Miss six scrapes and answer one, again and again."""

        def told() -> bool:
            return play.delivered((self.ticket,))

        until = 0.0
        while not until or (not told() and time.time() < until):
            play.break_(host_stopped(play.running, self.host))
            if not until:
                play.expect((self.ticket,))
                until = play.mark + self.at_most
            play.wait(told, min(time.time() + 6 * self.interval, until))
            play.mend()
            play.wait(told, min(time.time() + self.interval, until))


def _flapping(running: Running, target: Target) -> Script:
    host, promises = _host(target), running.promises
    ticket = promises.must(hosts.HOST_DEGRADED, Onset.CHANGED, host, host=host.name)
    waits = rested(running, hosts.HOST_DOWN, labels.HOST, (host.name,))
    scrape = running.plan.timings.scrape.seconds
    return Script(
        steps=(*waits, _Flap(host.name, scrape, ticket), Mend()),
        # A host that hardly ever answers is down, and is told of once.
        may=promises.may(hosts.HOST_DOWN, Onset.REFUSED, host=host.name),
        pages_at_most={hosts.HOST_DOWN.name: 1},
    )


def _terminated(running: Running, target: Target) -> Script:
    host = _host(target)
    page = running.promises.must(hosts.HOST_MISSING, Onset.GONE, host, host_group=host.group)
    return Script(
        steps=(Break(host_terminated(running, host.name)), Await((page,)), Mend()),
        # Between its end and the next discovery it looks as if it were down.
        may=running.promises.may(hosts.HOST_DOWN, Onset.REFUSED, host, host=host.name),
    )


def _traffic(running: Running, target: Target) -> Script:
    flooded = _host(target)
    others = [host for host in running.plan.hosts if host.name != flooded.name]
    if not others:
        raise NotPlayableError("this scenario needs two hosts")
    silent, promises = others[0], running.promises
    high = promises.must(traffic.HOST_TRAFFIC_HIGH, Onset.CHANGED, flooded, host=flooded.name)
    low = promises.must(traffic.HOST_TRAFFIC_LOW, Onset.CHANGED, silent, host=silent.name)
    times = promises.planned(traffic.HOST_TRAFFIC_HIGH).scope.threshold * _FLOOD
    return Script(
        steps=(
            Break(traffic_changed(flooded.name, times * REST_BYTES_PER_SECOND)),
            Break(traffic_changed(silent.name, 0.0)),
            Await((high, low)),
            Mend(),
        ),
    )


HOST_DOWN = Scenario(
    name="host-down",
    summary="a host is switched off: one page",
    write=_down,
    on_host=True,
)
HOST_FLAPPING = Scenario(
    name="host-flapping",
    summary="a host answers one scrape in seven: a ticket, and no page again and again",
    write=_flapping,
    on_host=True,
)
HOST_TERMINATED = Scenario(
    name="host-terminated",
    summary="a host is terminated and leaves EC2's discovery: one page",
    write=_terminated,
    on_host=True,
)
HOST_TRAFFIC = Scenario(
    name="host-traffic",
    summary="a flood on one host and silence on another, at the same time",
    write=_traffic,
    on_host=True,
)
