"""How often a stack looks, and at which intervals nothing works."""

from __future__ import annotations

from collections.abc import Iterator

from gallery.alerts.guards import COLLECTOR_FRESH
from gallery.contact_points.model import Engine
from gallery.metrics.durations import Duration
from gallery.metrics.promql import LAST_KNOWN
from gallery.metrics.recordings import STALE_EVALUATIONS
from gallery.metrics.timings import Timings
from gallery.stack_file.sections import Settings

_TENTH = Duration.parse("100ms")
_SECOND = Duration.parse("1s")
_TEN_SECONDS = Duration.parse("10s")
_AMP_MINIMUM = Duration.parse("30s")
# A sample is forgotten after five minutes: what is evaluated more seldom comes and goes, and
# what was down looks mended.
FORGOTTEN = Duration.parse(LAST_KNOWN)
# Slack takes one message a second from an incoming webhook, and a bad hour changes ten groups.
_SHORTEST_NEWS = _TEN_SECONDS
# A living collector must have written well before it counts as dead.
_LONGEST_SILENCE = Duration.of(seconds=COLLECTOR_FRESH * 2 / 3)


def timings_of(settings: Settings) -> Timings:
    """The intervals that hold, with those that the stack file leaves out."""
    given = settings.monitoring
    evaluate = given.evaluate or _TEN_SECONDS
    return Timings(
        scrape=given.scrape,
        probe_timeout=given.probe_timeout,
        remote_write_deadline=given.remote_write_deadline,
        evaluate=(evaluate if settings.alerting.engine is Engine.GRAFANA else given.evaluate_amp),
        evaluate_amp=given.evaluate_amp,
        group_wait=given.group_wait,
        group_interval=given.group_interval,
    )


def impossible(settings: Settings) -> Iterator[str]:
    """What is wrong with the stack's intervals, each with its cure."""
    for error in (*_evaluations(settings), *_samples(settings), *_groups(settings)):
        yield f"gallery:monitoring.{error}"


def _evaluations(settings: Settings) -> Iterator[str]:
    given, engine = settings.monitoring, settings.alerting.engine
    if engine is Engine.ALERTMANAGER and given.evaluate is not None:
        yield (
            f"evaluate is {given.evaluate}, but with engine alertmanager AMP's ruler "
            "evaluates every rule; remove it and set evaluate_amp"
        )
    if given.evaluate and (
        not given.evaluate.milliseconds or given.evaluate.milliseconds % _TEN_SECONDS.milliseconds
    ):
        yield f"evaluate is {given.evaluate}; Grafana evaluates in multiples of 10s"
    if given.evaluate_amp < _AMP_MINIMUM:
        yield f"evaluate_amp is {given.evaluate_amp}; AMP's ruler needs 30s or more"
    if given.evaluate is not None and not given.evaluate < FORGOTTEN:
        yield (
            f"evaluate is {given.evaluate}; it must be shorter than {FORGOTTEN}, after which a "
            "sample is forgotten"
        )
    if not given.evaluate_amp * STALE_EVALUATIONS < FORGOTTEN:
        yield (
            f"evaluate_amp is {given.evaluate_amp}; {STALE_EVALUATIONS} evaluations must be "
            f"shorter than {FORGOTTEN}, after which a sample is forgotten: a recording that stops "
            "would be forgotten before it counts as stale"
        )


def _samples(settings: Settings) -> Iterator[str]:
    given = settings.monitoring
    if given.scrape < _SECOND:
        yield f"scrape is {given.scrape}; the collector needs 1s or more"
    elif given.probe_timeout.milliseconds > given.scrape.milliseconds - 500:
        yield (
            f"probe_timeout is {given.probe_timeout}; it must leave half a second of "
            f"scrape ({given.scrape})"
        )
    for key, length in (
        ("probe_timeout", given.probe_timeout),
        ("remote_write_deadline", given.remote_write_deadline),
    ):
        if length < _TENTH:
            yield f"{key} is {length}; it must be {_TENTH} or more, or nothing arrives in time"
    if given.scrape + given.remote_write_deadline > _LONGEST_SILENCE:
        yield (
            f"scrape is {given.scrape} and remote_write_deadline {given.remote_write_deadline}; "
            f"together they must not exceed {_LONGEST_SILENCE}, or a living collector counts as "
            "dead"
        )


def _groups(settings: Settings) -> Iterator[str]:
    given, evaluate = settings.monitoring, timings_of(settings).evaluate
    if given.group_wait < evaluate:
        yield (
            f"group_wait is {given.group_wait}; it must not be shorter than one evaluation "
            f"({evaluate}), or one outage becomes two pages"
        )
    if given.group_interval < _SHORTEST_NEWS:
        yield (
            f"group_interval is {given.group_interval}; it must be {_SHORTEST_NEWS} or more: each "
            "group of alerts is told that often while it changes, and what receives takes about "
            "one message a second for the whole stack"
        )
