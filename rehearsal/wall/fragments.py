"""Views as HTML: what is drawn without a graph. Everything that is put in is escaped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from rehearsal.drill.journal import PlayedDrill
from rehearsal.machine.queries import Silence
from rehearsal.machine.screen import duration
from rehearsal.pager.notifications import Notification
from rehearsal.wall.asking import Mark
from rehearsal.wall.grafana.intervals import Interval
from rehearsal.wall.grafana.model.part import Link
from rehearsal.wall.grafana.variables import Choice
from rehearsal.wall.views.alerts import ListedAlert
from rehearsal.wall.views.cells import Cells
from rehearsal.wall.views.lanes import Lane
from rehearsal.wall.views.lines import Lines
from rehearsal.wall.views.tiles import Tile

# Times are written below lanes at so many places.
_TIMES = 5


def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))


def _minute(at: float) -> str:
    return time.strftime("%H:%M", time.localtime(at))


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    made.filters["clock"] = _clock
    made.filters["minute"] = _minute
    made.filters["lasted"] = duration
    return made


_ENVIRONMENT = _environment()


def _rendered(template: str, **values: object) -> str:
    return _ENVIRONMENT.get_template(f"{template}.html").render(**values)


def header(
    *,
    title: str,
    description: str,
    boards: Iterable[tuple[str, str, bool]],
    ranges: Iterable[tuple[str, str, bool]],
    theme: tuple[str, str],
    choices: Iterable[Choice],
    hidden: Mapping[str, str],
) -> str:
    """The top of a page: other dashboards and times as (text, address, whether it is shown)."""
    return _rendered(
        "header",
        title=title,
        description=description,
        boards=[*boards],
        ranges=[*ranges],
        theme=theme,
        choices=[*choices],
        hidden=hidden,
    )


def heading(title: str) -> str:
    """What stands over the panels of a row."""
    return _rendered("heading", title=title)


def head(key: str, title: str, description: str, links: Iterable[Link]) -> str:
    """A panel's title, and what is said of it."""
    return _rendered("head", key=key, title=title, description=description, links=[*links])


def tiles(shown: Sequence[Tile]) -> str:
    """A stat panel."""
    return _rendered("tiles", tiles=shown)


def lanes(shown: Sequence[Lane], over: Interval, marks: Iterable[Mark]) -> str:
    """A state timeline."""
    times = [over.start + over.range * number / _TIMES for number in range(1, _TIMES)]
    return _rendered("lanes", lanes=shown, marks=[*marks], times=times, share=_share_of(over))


def cells(shown: Cells) -> str:
    """A table."""
    return _rendered("cells", cells=shown)


def legend(shown: Lines) -> str:
    """What stands beside a graph; where nothing is drawn, why."""
    return _rendered("legend", lines=shown)


def alerts(shown: Sequence[ListedAlert], now: float) -> str:
    """An alert list."""
    return _rendered("alerts", alerts=shown, now=now)


def undrawable(why: Iterable[str]) -> str:
    """What stands in the place of a panel that cannot be drawn."""
    return _rendered("undrawable", why=[*why])


def told(notifications: Sequence[Notification], heartbeats: Mapping[str, float]) -> str:
    """Who was told what, newest first, each as its receiver would show it."""
    return _rendered("told", told=[*reversed(notifications)], heartbeats=heartbeats)


def silenced(silences: Iterable[Silence]) -> str:
    """What is not delivered, and why."""
    return _rendered("silenced", silences=[*silences])


def drill(played: PlayedDrill | None, now: float) -> str:
    """A drill as far as it has been played."""
    # It counts from what happened first, as its timeline does.
    zero = played.events[0].at if played and played.events else 0.0
    return _rendered("drill", drill=played, now=now, zero=zero)


def play(
    scenarios: Iterable[tuple[str, str]],
    services: Iterable[str],
    hosts: Iterable[str],
    playing: str | None,
    refusal: str,
) -> str:
    """The form that begins a drill, or ends the one that is played."""
    return _rendered(
        "play",
        scenarios=[*scenarios],
        services=[*services],
        hosts=[*hosts],
        playing=playing,
        refusal=refusal,
    )


def _share_of(over: Interval) -> Callable[[float], float]:
    """Where a time lies, in percent of the interval."""

    def share(at: float) -> float:
        return round(100 * min(1.0, max(0.0, (at - over.start) / over.range)), 3)

    return share
