"""Waiting until an alert tells anew of what it told of a moment ago."""

from __future__ import annotations

import time
from collections.abc import Iterable

from gallery.alerts.bridges import APART
from gallery.alerts.model import Alert
from rehearsal.drill.running import Running
from rehearsal.drill.script import Step
from rehearsal.drill.steps import Watch

# What a condition needs to be seen as over, beyond the last evaluation at which it fired.
_SEEN_SECONDS = 30.0


def rested(running: Running, alert: Alert, label: str, values: Iterable[str]) -> tuple[Step, ...]:
    """Look on until ten minutes have passed since this was last told of one of these things.

    Nobody is paged for one thing twice in that time: a drill would wait for a page in vain. Not
    for what fires until ten minutes were well: no drill ends before that, and none begins.
    """
    fired = f'timestamp(ALERTS{{alertname="{alert.name}",alertstate="firing"}})'
    asked = f"max by ({label}) (max_over_time({fired}[{APART}:5s]))"
    things = set(values)
    lasted = [
        sample
        for evaluator in running.evaluators
        for sample in evaluator.query(asked)
        if sample.labels.get(label) in things
    ]
    until = max((sample.value for sample in lasted), default=0.0) + APART.seconds + _SEEN_SECONDS
    left = until - time.time()
    if left <= 0:
        return ()
    named = ", ".join(sorted({sample.labels[label] for sample in lasted}))
    what = f"{alert.name} told of {named} within the last {APART} and tells once in that time"
    return (Watch(left, f"{what}; waiting"),)
