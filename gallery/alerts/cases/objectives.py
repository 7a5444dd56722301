"""The cases of the alerts of `gallery.alerts.objectives`.

Of what is recorded; `tests/rules/test_objective_recordings.py` shows that it is recorded truly.
"""

from __future__ import annotations

from collections.abc import Mapping

from gallery.alerts.cases.model import Case, Cases, Phase, Series, flat, unwritten
from gallery.alerts.cases.stories import Spell, Story, gauge, lasting, passing, silent, valued
from gallery.alerts.cases.subjects import whole
from gallery.alerts.model import Scope
from gallery.alerts.objectives import OBJECTIVE_BURNING_FAST, OBJECTIVE_BURNING_SLOWLY
from gallery.metrics.durations import MINUTE, Duration, minus
from gallery.metrics.names import OBJECTIVE_BURN, OBJECTIVE_FAILED, OBJECTIVE_UNANSWERED
from gallery.objectives.windows import PAGE, TICKET, Pair

_SERVICE, _OBJECTIVE = "paymentservice", "paymentservice-availability"
# Another objective of the same service.
_OTHER = "paymentservice-latency"
# Times the factor of a pair: enough to be told, nearly enough, and what is usual.
_ILL, _NEARLY, _WELL = 1.5, 0.75, 0.1
_ENOUGH = 20.0


def _story(
    scope: Scope,
    pairs: tuple[Pair, ...],
    burning: Pair,
    *,
    long: float = _ILL,
    short: float = _ILL,
    enough: bool = True,
) -> Story:
    """An objective whose budget goes so many times a pair's factor; over the others as usual."""
    of = _at(scope)
    ill: Mapping[str, float] = {
        burning.long: long * burning.factor,
        burning.short: short * burning.factor,
    }

    def story(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        windows = {window: pair for pair in pairs for window in (pair.long, pair.short)}
        usual = {window: _WELL * pair.factor for window, pair in windows.items()}
        burns = (
            gauge(OBJECTIVE_BURN[window], of, spells, well=well, ill=ill.get(window, well))
            for window, well in usual.items()
        )
        counted = (pair.long for pair in pairs if enough or pair is not burning)
        failed = (valued(OBJECTIVE_FAILED[long], of, (_ENOUGH, length)) for long in counted)
        return (*burns, *failed)

    return story


def _each(scope: Scope, pairs: tuple[Pair, ...], pair: Pair) -> tuple[Case, ...]:
    """What one of the pairs tells, and what it does not."""

    def told(long: float = _ILL, short: float = _ILL) -> Story:
        return _story(scope, pairs, pair, long=long, short=short)

    of = _at(scope)
    name = f"burns over {pair.long} and {pair.short}"
    return (
        lasting(scope, name, told(), of, step=MINUTE),
        passing(scope, f"{name} for a moment", told(), step=MINUTE),
        silent(scope, f"nearly {name}", told(long=_NEARLY), step=MINUTE),
        silent(scope, f"{name}, and less by now", told(short=_NEARLY), step=MINUTE),
        silent(
            scope,
            f"{name} with few that failed",
            _story(scope, pairs, pair, enough=False),
            step=MINUTE,
        ),
    )


def _excused(scope: Scope, story: Story, of: str) -> Story:
    """The same, while what an objective needs is paged as an endpoint."""

    def excused(*spells: Spell) -> tuple[Series, ...]:
        return *story(*spells), _paged(scope, of, flat(1, whole(spells)))

    return excused


def _paged(scope: Scope, objective: str, *phases: Phase) -> Series:
    return Series(metric=OBJECTIVE_UNANSWERED, labels=_at(scope, objective), phases=phases)


def _at(scope: Scope, objective: str = _OBJECTIVE) -> dict[str, str]:
    return scope.at(service=_SERVICE, objective=objective)


def _beside_a_page(scope: Scope, pair: Pair) -> tuple[Case, ...]:
    """What burns while an endpoint is down, and after."""
    story, of, short = (
        _story(scope, PAGE, pair),
        _at(scope),
        Duration.parse(pair.short),
    )
    name, look, down = f"burns over {pair.long}", MINUTE, MINUTE * 2
    # It burns all the time. The last look at which it was down is one before it came back, and a
    # range may hold its left edge.
    fires = down + short + scope.hold.ceil_to(look)
    paged = _paged(scope, _OBJECTIVE, flat(1, down), unwritten(minus(fires, down)))
    burning = (*story((True, fires + look)), paged)
    return (
        silent(
            scope,
            f"{name} as its endpoint is down",
            _excused(scope, story, _OBJECTIVE),
            step=look,
        ),
        Case(
            name=f"{name} still when its endpoint has been back for {short}",
            series=burning,
            fires_at=fires,
            fires=(of,),
            interval=look,
        ),
        Case(
            name=f"{name}, and its endpoint has not been back for {short}",
            series=burning,
            until=minus(fires, look * 2),
            interval=look,
        ),
        lasting(
            scope,
            f"{name} as what another objective needs is down",
            _excused(scope, story, _OTHER),
            of,
            step=look,
        ),
    )


def _fast_cases(scope: Scope) -> tuple[Case, ...]:
    return (
        *(case for pair in PAGE for case in _each(scope, PAGE, pair)),
        *(case for pair in PAGE for case in _beside_a_page(scope, pair)),
    )


def _slow_cases(scope: Scope) -> tuple[Case, ...]:
    return tuple(case for pair in TICKET for case in _each(scope, TICKET, pair))


CASES: Cases = {
    OBJECTIVE_BURNING_FAST: _fast_cases,
    OBJECTIVE_BURNING_SLOWLY: _slow_cases,
}
