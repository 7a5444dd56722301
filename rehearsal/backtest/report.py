"""What a person reads of a comparison, in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

from gallery.metrics.durations import Duration
from rehearsal.backtest.comparison import Compared, Comparison, Side
from rehearsal.backtest.data import Gap
from rehearsal.backtest.figures import by_hour, figures, lasted, moment
from rehearsal.backtest.past import Firing, Period
from rehearsal.backtest.told import Told
from rehearsal.diff.markdown import code, codes, folded, listed, table
from rehearsal.drill.alert_notifications import ALERTNAME

# So many firings of one rule, and so many gaps, are told one by one.
_FEW = 20
_FEW_GAPS = 5


def markdown(comparison: Comparison) -> str:
    """The report: all alerts at a glance, then each."""
    period = comparison.period
    blocks = [
        f"## What rules of stack {code(comparison.stack)} would have told",
        (
            f"From {_minute(period.begin)} to {_minute(period.end)} UTC, on the data of "
            f"{code(comparison.source)}."
        ),
    ]
    if comparison.alerts:
        blocks.append(_overview(comparison))
        blocks += filter(None, (_alert(one, period) for one in comparison.alerts))
    else:
        blocks.append("No rule is new, changed or removed.")
    return "\n\n".join(blocks) + "\n"


def _overview(comparison: Comparison) -> str:
    period = comparison.period
    # Without a tree to compare with there is no before.
    times = ("before", "now") if any(one.before for one in comparison.alerts) else ("now",)
    says: tuple[tuple[str, Callable[[Side], str]], ...] = (
        ("fired", lambda side: _fired(side, period)),
        ("woken", _woken),
    )
    return table(
        ("alert", "", *(f"{what} {time}" for what, _ in says for time in times)),
        (
            (
                code(one.name),
                one.what,
                *(_cell(one.sides.get(time), say) for _, say in says for time in times),
            )
            for one in comparison.alerts
        ),
    )


def _alert(one: Compared, period: Period) -> str:
    blocks = [f"### {code(one.name)}, {one.what}"]
    shown = one.sides
    if any(side.judged.firings for side in shown.values()):
        rows = (
            (name, *(_cell(side, say) for side in shown.values())) for name, say in _rows(period)
        )
        blocks.append(table(("", *shown), rows))
    if notes := [*_notes(shown, period)]:
        blocks.append(listed(notes))
    for title, side in shown.items():
        if side.judged.firings:
            blocks.append(folded(title, "each firing", _firings(side.judged.firings, period)))
    # Of what never fired, and is known all the time, the first table says all.
    return "\n\n".join(blocks) if len(blocks) > 1 else ""


def _rows(period: Period) -> tuple[tuple[str, Callable[[Side], str]], ...]:
    return (
        ("fired", lambda side: _fired(side, period)),
        ("in all", lambda side: _length(figures(side.judged.firings, period).seconds)),
        ("longest", lambda side: _length(figures(side.judged.firings, period).longest_seconds)),
        ("began at (UTC)", lambda side: _hours(figures(side.judged.firings, period).hours)),
        ("told", _told),
        ("woken", _woken_when),
    )


def _cell(side: Side | None, say: Callable[[Side], str]) -> str:
    if side is None:
        return ""
    return "not known" if side.judged.why_not else say(side)


def _fired(side: Side, period: Period) -> str:
    found = figures(side.judged.firings, period)
    more = f", and {found.before} from before" if found.before else ""
    return f"{_often(found.began)}{more}"


def _woken(side: Side) -> str:
    return ", ".join(map(_times, _wakers(side))) or "nobody"


def _told(side: Side) -> str:
    return ", ".join(_times(one) for one in side.told if one.times) or "nobody"


def _woken_when(side: Side) -> str:
    words = (f"{_times(one)} ({_hours(by_hour(one.times))})" for one in _wakers(side))
    return ", ".join(words) or "nobody"


def _wakers(side: Side) -> Sequence[Told]:
    return [one for one in side.told if one.wakes and one.times]


def _times(one: Told) -> str:
    return f"{code(one.contact_point)} {_often(len(one.times))}"


def _often(count: int) -> str:
    return {0: "never", 1: "once"}.get(count, f"{count} times")


def _hours(hours: Mapping[int, int]) -> str:
    return ", ".join(f"{hour:02d} h: {count}" for hour, count in hours.items()) or "never"


def _notes(shown: Mapping[str, Side], period: Period) -> Iterator[str]:
    """What was not known, the same of both sides once."""
    said = [(note, title) for title, side in shown.items() for note in _of_a_side(side, period)]
    for note, group in groupby(sorted(said), key=lambda one: one[0]):
        titles = [title for _, title in group]
        yield note if len(titles) == len(shown) else f"{' and '.join(titles)}: {note}"


def _of_a_side(side: Side, period: Period) -> Iterator[str]:
    judged = side.judged
    if judged.why_not:
        yield f"**not judged**: {judged.why_not}"
        return
    if judged.data.gaps:
        yield _covered(judged.data.gaps, period)
    if judged.data.without:
        yield f"there is no sample of {codes(judged.data.without)}, without which it can fire"
    if judged.recorded:
        yield (
            f"recorded for this from the same data: {codes(judged.recorded)}. Where such a series "
            "ends it is read for up to five minutes more than in a Prometheus"
        )


def _covered(gaps: Sequence[Gap], period: Period) -> str:
    """From when to when there were data, and for how long in between there were none."""
    within = [gap for gap in gaps if period.begin < gap.begin and gap.end < period.end]
    begin = next((gap.end for gap in gaps if gap.begin == period.begin), period.begin)
    end = next((gap.begin for gap in gaps if gap.end == period.end), period.end)
    said = f"data from {_minute(begin)} to {_minute(end)}"
    if within:
        seconds = sum(gap.end - gap.begin for gap in within) / 1000
        few = ", ".join(f"{_minute(gap.begin)} to {_minute(gap.end)}" for gap in within[:_FEW_GAPS])
        more = f" and {len(within) - _FEW_GAPS} more" if len(within) > _FEW_GAPS else ""
        said += f", but for {_length(seconds)} ({few}{more})"
    return f"{said}; **of the rest nothing is known**"


def _firings(firings: Sequence[Firing], period: Period) -> str:
    """One by one, with the labels in which they differ."""
    common = set(firings[0].labels.items()).intersection(*(one.labels.items() for one in firings))
    rows = [
        (
            _second(one.span.begin),
            _length(lasted(one, period)) + ("" if one.span.end is not None else ", and goes on"),
            codes(
                (
                    f"{name}={value}"
                    for name, value in sorted(one.labels.items())
                    if name != ALERTNAME and (len(firings) == 1 or (name, value) not in common)
                ),
                nothing="",
            ),
        )
        for one in firings[:_FEW]
    ]
    more = len(firings) - _FEW
    shown = table(("from (UTC)", "for", ""), rows)
    return shown if more <= 0 else f"{shown}\n\n{more} more: `--json FILE` has all of them."


def _length(seconds: float) -> str:
    return str(Duration.of(seconds=round(seconds)))


def _minute(at: int) -> str:
    return f"{moment(at):%Y-%m-%d %H:%M}"


def _second(at: int) -> str:
    return f"{moment(at):%Y-%m-%d %H:%M:%S}"
