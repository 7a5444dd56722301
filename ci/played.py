"""What was played on both sides of a change, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ci.fenced import fenced
from ci.rehearsed import Report

_HEAD = ("drill", "alert", "told", "delivered before", "now", "resolved before", "now",
         "messages before", "now")  # fmt: skip
# So many stand in the comment.
_ROWS = 40
# The labels by which a reader knows what an alert is about.
_NAMING = ("service", "host", "objective")
# What is told of: the alert, its labels, and the contact point.
_Key = tuple[str, str, str]


@dataclass(kw_only=True)
class Played:
    """Drills of one stack, each with its report before and now, or why there is none.

    `touched` are the alerts that they are played for.
    `late` are drills for which there was no time, with the seconds they take at most, `unplayed`
    alerts of which no drill is, `pictures` the uids of dashboards that were drawn on both sides.
    `not_up` says of each side, `before` and `now`, why it did not come up; empty where it did.
    """

    stack: str
    touched: frozenset[str]
    late: list[tuple[str, float]]
    unplayed: tuple[str, ...]
    not_up: Mapping[str, str]
    drills: list[tuple[str, Report | str, Report | str]] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """What went wrong now, one line for each drill."""
        if why := self.not_up["now"]:
            return [f"stack {self.stack} does not come up: {why}"]
        return [
            f"{scenario} on stack {self.stack}: {why}"
            for scenario, _, now in self.drills
            if (why := _fault(now))
        ]


def written(played: Played) -> str:
    """A section of the comment."""
    return "\n\n".join(_blocks(played)) + "\n"


def _blocks(played: Played) -> Iterator[str]:
    yield f"## Played on stack `{played.stack}`"
    for side, why in played.not_up.items():
        if why:
            yield f"**It does not come up {side}:**\n\n{fenced(why)}"
    yield from (f"**{_sentence(scenario, before, now)}**" for scenario, before, now in played.drills
                if _fault(now))  # fmt: skip
    rows = [row for drill in played.drills for row in _rows(played.touched, *drill)]
    if rows:
        yield _table(rows[:_ROWS])
    if (more := len(rows) - _ROWS) > 0:
        yield f"And {more} more; `python -m rehearsal drill` tells all of them."
    yield from _left_out(played)


def _sentence(scenario: str, before: Report | str, now: Report | str) -> str:
    if isinstance(before, str):
        was = "was not played before"
    else:
        was = "failed before too" if _fault(before) else "passed before"
    return f"`{scenario}` fails: {_fault(now)} (it {was})"


def _fault(report: Report | str) -> str:
    """Why a drill did not pass; empty where it did."""
    if isinstance(report, str):
        return report.splitlines()[-1]
    if report["ok"]:
        return ""
    found: list[dict[str, Any]] = [*report["missing"], *report["unexpected"]]
    words = [f"{each['alert']} at {each['contact_point']}: {each['why']}" for each in found]
    return "; ".join(words) or report.get("why") or "it says no more"


def _rows(
    touched: frozenset[str], scenario: str, before: Report | str, now: Report | str
) -> Iterator[tuple[str, ...]]:
    """One for each touched alert that must come on either side, by who is told."""
    was, is_ = _told(before), _told(now)
    for key in sorted(was.keys() | is_.keys()):
        alert, labels, contact_point = key
        if alert not in touched:
            continue
        old, new = was.get(key), is_.get(key)
        yield (
            f"`{scenario}`",
            f"`{alert}`{f' {labels}' if labels else ''}",
            f"`{contact_point}`",
            *(_seconds(side, "seconds_to_delivery") for side in (old, new)),
            *(_seconds(side, "seconds_to_resolve") for side in (old, new)),
            *("" if side is None else str(side["notifications"]) for side in (old, new)),
        )


def _told(report: Report | str) -> dict[_Key, dict[str, Any]]:
    if isinstance(report, str):
        return {}
    return {
        (
            each["alert"],
            " ".join(each["labels"][name] for name in _NAMING if name in each["labels"]),
            each["contact_point"],
        ): each
        for each in report["alerts"]
        if each["expected"] == "must"
    }


def _seconds(entry: dict[str, Any] | None, name: str) -> str:
    if entry is None:
        return ""
    return "never" if entry[name] is None else f"{entry[name]:.0f} s"


def _left_out(played: Played) -> Iterator[str]:
    lines = list[str]()
    if played.pictures:
        names = ", ".join(f"`{uid}`" for uid in played.pictures)
        lines.append(f"- Pictures of {names}, before and now, are among the files of this run.")
    for scenario, seconds in played.late:
        lines.append(
            f"- There was no time for `{scenario}`, which takes up to {seconds / 60:.0f} min: "
            f"`python -m rehearsal drill {scenario}`."
        )
    if played.unplayed:
        names = ", ".join(f"`{name}`" for name in played.unplayed)
        lines.append(f"- No drill here plays {names}; their cases are judged by `make test`.")
    if lines:
        yield "\n".join(lines)


def _table(rows: list[tuple[str, ...]]) -> str:
    lines = [_HEAD, ("---",) * len(_HEAD), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
