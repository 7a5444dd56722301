"""The CloudWatch alarm on a heartbeat topic, evaluated here over the beats that were delivered.

An alarm looks at its last periods once a minute, each period a window that slides with the
clock (CloudWatch user guide, "Alarm evaluation"). The rehearsal evaluates the alarm as it was
rendered: `FILL(beats, 0)` on the sum of NumberOfMessagesPublished, compared with a threshold.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from offline.errors import UserError

STEP_SECONDS = 60.0
_FILL = re.compile(r"FILL\(\s*(\w+)\s*,\s*0\s*\)")


class AlarmState(StrEnum):
    """CloudWatch's states, but for INSUFFICIENT_DATA: what is filled is never insufficient."""

    OK = "OK"
    ALARM = "ALARM"


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """An alarm that sounds when beats are missing.

    `topic` is the name of the topic whose messages are the beats; `actions` are the names of
    the topics that are told of ALARM and INSUFFICIENT_DATA, `ok_actions` of those told of OK.
    """

    name: str
    topic: str
    actions: tuple[str, ...]
    ok_actions: tuple[str, ...]
    period_seconds: float
    evaluation_periods: int
    datapoints_to_alarm: int
    threshold: float

    @property
    def range_seconds(self) -> float:
        """How far back an evaluation looks."""
        return self.period_seconds * self.evaluation_periods


@dataclass(frozen=True)
class Change:
    """A new state and the evaluation that brought it, in seconds since the epoch."""

    at: float
    state: AlarmState


def state_at(alarm: Alarm, beats: Sequence[float], now: float) -> AlarmState:
    """The state that an evaluation at `now` finds; `beats` are ascending times.

    Periods without a beat count 0, for the alarm fills them.
    """
    breaching = 0
    for number in range(alarm.evaluation_periods):
        end = now - number * alarm.period_seconds
        first = bisect_left(beats, end - alarm.period_seconds)
        breaching += bisect_left(beats, end) - first < alarm.threshold
    return AlarmState.ALARM if breaching >= alarm.datapoints_to_alarm else AlarmState.OK


def evaluate(alarm: Alarm, beats: Sequence[float], start: float, end: float) -> list[Change]:
    """Every change of state between two times, evaluated once a minute.

    The alarm is taken to have been in OK at `start`; `start` should lie a whole evaluation
    range after the first beat.
    """
    changes = list[Change]()
    state = AlarmState.OK
    now = start
    while now <= end:
        found = state_at(alarm, beats, now)
        if found is not state:
            changes.append(Change(now, found))
            state = found
        now += STEP_SECONDS
    return changes


def parse(name: str, inputs: Mapping[str, Any], topics: Mapping[str, str]) -> Alarm:
    """The alarm that a rendered `aws:cloudwatch/metricAlarm:MetricAlarm` describes.

    `topics` maps what an action may say (the topic's ARN) to the topic's name. Raises
    UserError for any shape but a filled sum of published messages below a threshold, for
    an alarm of another shape may stay silent when the beat stops.
    """
    queries = {query["id"]: query for query in inputs.get("metricQueries", ())}
    results = [query for query in queries.values() if query.get("returnData")]
    if len(results) != 1:
        raise _unfit(name, "exactly one of its metric queries must return data")
    filled = _FILL.fullmatch(str(results[0].get("expression", "")).strip())
    if filled is None:
        raise _unfit(name, "its expression must be FILL(<beats>, 0), or silence is no data")
    metric = queries.get(filled.group(1), {}).get("metric", {})
    if (metric.get("metricName"), metric.get("stat")) != ("NumberOfMessagesPublished", "Sum"):
        raise _unfit(name, "its metric must be the Sum of NumberOfMessagesPublished")
    if inputs.get("comparisonOperator") != "LessThanThreshold":
        raise _unfit(name, "its comparison must be LessThanThreshold")
    if inputs.get("treatMissingData") != "breaching":
        raise _unfit(name, "missing data must be breaching")
    actions = set(inputs.get("alarmActions", ()))
    if not actions or actions != set(inputs.get("insufficientDataActions", ())):
        raise _unfit(name, "it must have actions, and the same ones when data is insufficient")
    relieved = set(inputs.get("okActions", ()))
    unknown = sorted((actions | relieved) - set(topics))
    if unknown:
        raise _unfit(name, f"its action {unknown[0]!r} is not a topic of this stack")
    return Alarm(
        name=name,
        topic=metric["dimensions"]["TopicName"],
        actions=tuple(sorted(topics[action] for action in actions)),
        ok_actions=tuple(sorted(topics[action] for action in relieved)),
        period_seconds=float(metric["period"]),
        evaluation_periods=int(inputs["evaluationPeriods"]),
        datapoints_to_alarm=int(inputs.get("datapointsToAlarm", inputs["evaluationPeriods"])),
        threshold=float(inputs["threshold"]),
    )


def _unfit(name: str, reason: str) -> UserError:
    return UserError(f"the alarm {name} would not notice that its heartbeat stopped: {reason}")
