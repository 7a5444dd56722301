"""The cases of the alerts of `gallery.alerts.traffic`."""

from __future__ import annotations

from gallery.alerts.cases.model import Case, Cases, Phase, Series, flat, unwritten
from gallery.alerts.cases.stories import Spell, Story, gauge, lasting, passing, silent, valued
from gallery.alerts.cases.subjects import host_labels, node_labels, whole
from gallery.alerts.model import Scope
from gallery.alerts.traffic import HOST_TRAFFIC_HIGH, HOST_TRAFFIC_LOW, LITTLE, MUCH
from gallery.metrics.durations import MINUTE, Duration, minus
from gallery.metrics.names import RECEIVE_RATE, RECEIVE_USUAL, TRANSMIT_RATE, TRANSMIT_USUAL
from gallery.metrics.recordings import USUAL_EVERY


def _recorded_seldom(metric: str, host: dict[str, str], value: float, length: Duration) -> Series:
    phases = list[Phase]()
    for _ in range(length.milliseconds // USUAL_EVERY.milliseconds + 1):
        phases += [flat(value, MINUTE), unwritten(minus(USUAL_EVERY, MINUTE))]
    return Series(metric=metric, labels=host, phases=tuple(phases))


# Which way the traffic leaves its band; the other way keeps to it.
_RECEIVE, _TRANSMIT = 0, 1


def _story(scope: Scope, way: int, factor: float, *, usual: float = MUCH, up: int = 1) -> Story:
    """A host whose traffic one way is so many times the usual, in bytes a second."""
    host = host_labels(scope)

    def story(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        factors = (factor if each == way else 1 for each in (_RECEIVE, _TRANSMIT))
        rates = zip((RECEIVE_RATE, TRANSMIT_RATE), factors, strict=True)
        bands = (RECEIVE_USUAL, TRANSMIT_USUAL)
        return (
            *(gauge(rate, host, spells, well=usual, ill=times * usual) for rate, times in rates),
            *(_recorded_seldom(band, host, usual, length) for band in bands),
            valued("up", node_labels(scope), (up, length)),
        )

    return story


def _of_a_new_host(story: Story) -> Story:
    """The same before what is usual is known."""

    def new(*spells: Spell) -> tuple[Series, ...]:
        bands = (RECEIVE_USUAL, TRANSMIT_USUAL)
        return tuple(series for series in story(*spells) if series.metric not in bands)

    return new


def _fires(scope: Scope, name: str, story: Story) -> Case:
    return lasting(scope, name, story, host_labels(scope), step=MINUTE)


def _silent(scope: Scope, name: str, story: Story) -> Case:
    return silent(scope, name, story, step=MINUTE)


def _high_cases(scope: Scope) -> tuple[Case, ...]:
    flood, rise = 1.5 * scope.threshold, 0.75 * scope.threshold

    def just(share: float) -> float:
        """The usual traffic at which a flood exceeds it by this share of what counts as much."""
        return share * MUCH / (flood - 1)

    def both(way: int, verb: str) -> tuple[Case, ...]:
        return (
            _fires(scope, f"{verb} a flood", _story(scope, way, flood, usual=just(1.5))),
            _silent(scope, f"{verb} more on a good day", _story(scope, way, rise)),
            _silent(
                scope,
                f"{verb} much for one who hardly speaks",
                _story(scope, way, flood, usual=just(0.75)),
            ),
        )

    return (
        *both(_RECEIVE, "receives"),
        *both(_TRANSMIT, "sends"),
        passing(scope, "receives a flood for a while", _story(scope, _RECEIVE, flood), step=MINUTE),
        _silent(scope, "is new", _of_a_new_host(_story(scope, _RECEIVE, flood))),
        _silent(scope, "is down, which says it all", _story(scope, _RECEIVE, flood, up=0)),
    )


def _low_cases(scope: Scope) -> tuple[Case, ...]:
    drought, lull = 0.75 * scope.threshold, 1.5 * scope.threshold

    def both(way: int, verb: str) -> tuple[Case, ...]:
        def usually(share: float) -> Story:
            return _story(scope, way, drought, usual=share * LITTLE)

        return (
            _fires(scope, f"{verb} hardly anything", usually(1.5)),
            _silent(scope, f"{verb} less in a quiet night", _story(scope, way, lull)),
            _silent(scope, f"{verb} nothing, as it nearly always does", usually(0.75)),
        )

    return (
        *both(_RECEIVE, "receives"),
        *both(_TRANSMIT, "sends"),
        passing(scope, "pauses", _story(scope, _RECEIVE, drought), step=MINUTE),
        _silent(scope, "is new", _of_a_new_host(_story(scope, _RECEIVE, drought))),
        _silent(scope, "is down, which says it all", _story(scope, _RECEIVE, drought, up=0)),
    )


CASES: Cases = {
    HOST_TRAFFIC_HIGH: _high_cases,
    HOST_TRAFFIC_LOW: _low_cases,
}
