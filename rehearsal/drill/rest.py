"""Waiting until an alert tells anew of what it told of a moment ago."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from gallery.alerts.bridges import APART
from gallery.alerts.model import Alert
from rehearsal.drill.alert_notifications import ALERTNAME
from rehearsal.drill.running import Running
from rehearsal.drill.script import Step
from rehearsal.drill.steps import Watch
from rehearsal.pager.client import PagerClient

# What a condition needs to be seen as over, beyond the last evaluation at which it fired.
_SEEN_SECONDS = 30.0


def rested(running: Running, alert: Alert, label: str, values: Iterable[str]) -> tuple[Step, ...]:
    """Look on until ten minutes have passed since this was last told of one of these things.

    Nobody is paged for one thing twice in that time: a drill would wait for a page in vain. Not
    for what fires until ten minutes were well: no drill ends before that, and none begins.
    """
    things = set(values)
    last = _last_told if running.grafana_itself else _last_fired
    lasted = [(thing, at) for thing, at in last(running, alert, label) if thing in things]
    until = max((at for _, at in lasted), default=0.0) + APART.seconds + _SEEN_SECONDS
    left = until - time.time()
    if left <= 0:
        return ()
    named = ", ".join(sorted({thing for thing, _ in lasted}))
    what = f"{alert.name} told of {named} within the last {APART} and tells once in that time"
    return (Watch(left, f"{what}; waiting"),)


def _last_fired(running: Running, alert: Alert, label: str) -> Iterator[tuple[str, float]]:
    """What the alert fired about, and until when, as those remember it that evaluate it."""
    fired = f'timestamp(ALERTS{{alertname="{alert.name}",alertstate="firing"}})'
    asked = f"max by ({label}) (max_over_time({fired}[{APART}:5s]))"
    for evaluator in running.evaluators:
        for sample in evaluator.query(asked):
            yield sample.labels.get(label, ""), sample.value


def _last_told(_running: Running, alert: Alert, label: str) -> Iterator[tuple[str, float]]:
    """What somebody was told of, and when: Grafana itself cannot be asked for what fired before.

    The last time is that of the resolve, a little after it fired last.
    """
    for notification in PagerClient().notifications(time.time() - APART.seconds):
        for told in notification.alerts:
            if told.labels.get(ALERTNAME) == alert.name:
                yield told.labels.get(label, ""), notification.received_at
