"""What a program reads of a comparison, as a JSON document. Times are of ISO 8601, in UTC."""

from __future__ import annotations

from collections.abc import Mapping

from rehearsal.backtest.comparison import Comparison, Side
from rehearsal.backtest.figures import by_hour, figures, lasted, moment
from rehearsal.backtest.past import Firing, Period
from rehearsal.backtest.told import Told
from rehearsal.stand_in.documents import Document


def document(comparison: Comparison) -> Document:
    """All of it, each firing too. A side that is not there, or is not known, is null."""
    period = comparison.period
    return {
        "stack": comparison.stack,
        "source": comparison.source,
        "from": _time(period.begin),
        "to": _time(period.end),
        "alerts": [
            {
                "alert": one.name,
                "change": one.what,
                "before": None if one.before is None else _side(one.before, period),
                "now": None if one.now is None else _side(one.now, period),
            }
            for one in comparison.alerts
        ],
    }


def _side(side: Side, period: Period) -> Document:
    known = side.judged.why_not is None
    found = figures(side.judged.firings, period)
    return {
        "why_not": side.judged.why_not,
        "fired": found.began if known else None,
        "fired_before": found.before if known else None,
        "seconds": found.seconds if known else None,
        "longest_seconds": found.longest_seconds if known else None,
        "hours": _hours(found.hours) if known else None,
        "told": [_told(one) for one in side.told] if known else None,
        "firings": [_firing(one, period) for one in side.judged.firings] if known else None,
        "gaps": [{"from": _time(gap.begin), "to": _time(gap.end)} for gap in side.judged.data.gaps],
        "without_samples_of": list(side.judged.data.without),
        "recorded": list(side.judged.recorded),
    }


def _told(one: Told) -> Document:
    return {
        "contact_point": one.contact_point,
        "wakes": one.wakes,
        "times": [_time(at) for at in one.times],
        "hours": _hours(by_hour(one.times)),
    }


def _firing(one: Firing, period: Period) -> Document:
    return {
        "labels": dict(one.labels),
        "from": _time(one.span.begin),
        "to": None if one.span.end is None else _time(one.span.end),
        "seconds": lasted(one, period),
    }


def _hours(hours: Mapping[int, int]) -> Document:
    return {f"{hour:02d}": count for hour, count in hours.items()}


def _time(at: int) -> str:
    return moment(at).isoformat()
