"""The heartbeat's alarm sounds when beats stop, at the time its own numbers say."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from offline.errors import UserError
from rehearsal.heartbeat import Alarm, AlarmState, Change, evaluate, parse

_BEATS, _TELLS = (f"arn:aws:sns:eu-west-1:1:{name}" for name in ("beats", "people"))
_TOPICS = {_BEATS: "beats", _TELLS: "people"}
_INPUTS: dict[str, Any] = {
    "comparisonOperator": "LessThanThreshold",
    "evaluationPeriods": 2,
    "datapointsToAlarm": 2,
    "threshold": 1,
    "treatMissingData": "breaching",
    "alarmActions": [_TELLS],
    "insufficientDataActions": [_TELLS],
    "okActions": [_TELLS],
    "metricQueries": [
        {
            "id": "heard",
            "metric": {
                "metricName": "NumberOfMessagesPublished",
                "dimensions": {"TopicName": "beats"},
                "period": 300,
                "stat": "Sum",
            },
        },
        {"id": "filled", "expression": "FILL(heard, 0)", "returnData": True},
    ],
}
_MINUTE = 60.0


def _alarm() -> Alarm:
    return parse("silent", _INPUTS, _TOPICS)


def _beats(start: float, end: float) -> list[float]:
    return [start + number * _MINUTE for number in range(int((end - start) / _MINUTE))]


def test_what_is_rendered_is_what_is_evaluated() -> None:
    alarm = _alarm()
    assert (alarm.topic, alarm.actions, alarm.ok_actions) == ("beats", ("people",), ("people",))
    assert alarm.range_seconds == 600


def test_a_steady_beat_is_never_an_alarm() -> None:
    assert evaluate(_alarm(), _beats(0, 7200), 600, 7200) == []


def test_an_alarm_comes_ten_minutes_after_the_last_beat_and_goes_with_the_next() -> None:
    last = 3000.0 - _MINUTE
    beats = [*_beats(0, 3000), *_beats(5010, 7200)]
    alarm, relief = evaluate(_alarm(), beats, 600, 7200)
    assert alarm.state is AlarmState.ALARM
    assert last + 600 < alarm.at <= last + 600 + _MINUTE
    assert relief == Change(5040.0, AlarmState.OK)


def test_one_silent_period_is_not_enough() -> None:
    beats = [*_beats(0, 3000), *_beats(3000 + 420, 7200)]
    assert evaluate(_alarm(), beats, 600, 7200) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"treatMissingData": "missing"}, "missing data must be breaching"),
        ({"insufficientDataActions": []}, "the same ones when data is insufficient"),
        ({"alarmActions": [], "insufficientDataActions": []}, "must have actions"),
        ({"comparisonOperator": "GreaterThanThreshold"}, "LessThanThreshold"),
        ({"alarmActions": ["arn:x"], "insufficientDataActions": ["arn:x"]}, "'arn:x' is not a"),
    ],
)
def test_an_alarm_that_would_stay_silent_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        parse("silent", _INPUTS | change, _TOPICS)


@pytest.mark.parametrize(
    ("query", "change", "reason"),
    [
        (1, {"expression": "heard"}, r"FILL\(<beats>, 0\)"),
        (1, {"expression": "FILL(other, 0)"}, "NumberOfMessagesPublished"),
        (1, {"returnData": False}, "exactly one"),
        (0, {"returnData": True}, "exactly one"),
    ],
)
def test_a_formula_that_would_stay_silent_is_refused(
    query: int, change: dict[str, Any], reason: str
) -> None:
    inputs = deepcopy(_INPUTS)
    inputs["metricQueries"][query] |= change
    with pytest.raises(UserError, match=reason):
        parse("silent", inputs, _TOPICS)


def test_only_published_messages_are_beats() -> None:
    inputs = deepcopy(_INPUTS)
    inputs["metricQueries"][0]["metric"]["metricName"] = "NumberOfNotificationsDelivered"
    with pytest.raises(UserError, match="NumberOfMessagesPublished"):
        parse("silent", inputs, _TOPICS)
