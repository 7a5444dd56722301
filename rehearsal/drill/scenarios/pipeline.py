"""Outages of what watches the store."""

from __future__ import annotations

import time

from gallery.alerts import pipeline
from gallery.contact_points.model import HEARTBEAT
from gallery.metrics import labels
from gallery.metrics.timings import FailureMode as Onset
from rehearsal.drill.beats import HearBeats, beat_seconds, miss_beats
from rehearsal.drill.breakages import (
    collector_killed,
    prober_killed,
    remote_write_blocked,
    service_broken,
)
from rehearsal.drill.play import Breakage, Play
from rehearsal.drill.running import Running
from rehearsal.drill.scenarios.endpoints import down, outage, service_of
from rehearsal.drill.script import Scenario, Script, Step, Target
from rehearsal.drill.steps import Await, Break, Mend, Until

# The share of a silence's scrapes that must be there once the backlog has arrived.
_COMPLETE = 0.9
# A queue that was about to grow first waits for what it cannot send, for a minute (Prometheus'
# --storage.remote.flush-deadline).
_BACKLOG_SECONDS = 150.0
# Seconds at the edges of the silence that do not count.
_EDGE_SECONDS = 15.0


def _prober_down(running: Running, target: Target) -> Script:
    service, promises = service_of(target), running.promises
    page = down(promises, service)
    blind = promises.must(pipeline.COLLECTOR_BLIND, Onset.REFUSED)
    return outage(
        running,
        (service,),
        Break(service_broken(service)),
        Await((page,)),
        Break(prober_killed(running)),
        # A resolve for the service before the mend is a false one, and is judged as that.
        Await((blind,)),
        Mend(),
    )


def _silence(running: Running, breakage: Breakage, onset: Onset, *after: Step) -> Script:
    """Nothing arrives any more: a page, and the heartbeat's watcher."""
    promises = running.promises
    return Script(
        steps=(
            Break(breakage),
            Await((promises.must(pipeline.COLLECTOR_DOWN, onset),)),
            miss_beats(running, HEARTBEAT),
            Mend(),
            *after,
            HearBeats((HEARTBEAT,), beat_seconds(running)),
        ),
    )


def _collector_down(running: Running, _target: Target) -> Script:
    return _silence(running, collector_killed(running), Onset.REFUSED)


def _remote_write_blocked(running: Running, _target: Target) -> Script:
    arrived = Until(_backlog_arrived, "the backlog of samples", _BACKLOG_SECONDS)
    return _silence(running, remote_write_blocked(), Onset.GONE, arrived)


def _backlog_arrived(play: Play) -> bool:
    """Whether AMP now has what was scraped while nothing could be written."""
    began, ended = play.injected_at or 0.0, play.mended_at or time.time()
    seconds = ended - began - 2 * _EDGE_SECONDS
    wanted = seconds / play.running.plan.timings.scrape.seconds * _COMPLETE
    asked = f'count_over_time(up{{job="{labels.COLLECTOR}"}}[{seconds:.0f}s])'
    counts = play.running.evaluators[0].query(asked, ended - _EDGE_SECONDS)
    if not counts or min(sample.value for sample in counts) < wanted:
        return False
    play.timeline.line(
        time.time(),
        f"the backlog has arrived: {min(sample.value for sample in counts):.0f} samples of each "
        f"series for the {seconds:.0f} s of silence",
    )
    return True


PROBER_DOWN = Scenario(
    name="prober-down",
    summary="the prober dies while a service is down: CollectorBlind, and no false resolve",
    write=_prober_down,
    service="adservice",
)
COLLECTOR_DOWN = Scenario(
    name="collector-down",
    summary="both collectors die: a page, and the heartbeat's alarm goes off",
    write=_collector_down,
)
REMOTE_WRITE_BLOCKED = Scenario(
    name="remote-write-blocked",
    summary="nothing reaches AMP: the same, and the backlog arrives afterwards",
    write=_remote_write_blocked,
)
