"""The cases of the alerts of `gallery.alerts.rollouts`."""

from __future__ import annotations

from gallery.alerts.cases.model import Case, Cases, Series, gone
from gallery.alerts.cases.stories import (
    Spell,
    lasting,
    next_look,
    passing,
    present,
    silent,
    valued,
)
from gallery.alerts.cases.subjects import collector_dies, mesh_labels, whole
from gallery.alerts.model import Scope
from gallery.alerts.rollouts import PODS_NOT_READY
from gallery.metrics import labels
from gallery.metrics.durations import MINUTE, minus


def _not_ready_cases(scope: Scope) -> tuple[Case, ...]:
    cart = scope.at(service="cartservice")
    first, second = (
        mesh_labels(scope, "cartservice", pod) | {"job": labels.UNREADY} for pod in ("1", "2")
    )

    def listed(of: dict[str, str], spells: tuple[Spell, ...], up: float) -> Series:
        ready = tuple((not bad, length) for bad, length in spells)
        return present("up", of, ready, away=gone, value=up)

    def refuses(*spells: Spell) -> tuple[Series, ...]:
        return (listed(first, spells, 0),)

    def proxy_answers(*spells: Spell) -> tuple[Series, ...]:
        return (listed(first, spells, 1),)

    def one_after_the_other(*spells: Spell) -> tuple[Series, ...]:
        """Every two minutes another pod of the same service."""
        turns = [*_turns(spells)]
        others = tuple((bad and number % 2 == 0, length) for number, (bad, length) in turns)
        these = tuple((bad and number % 2 == 1, length) for number, (bad, length) in turns)
        return (
            listed(first, others, 0),
            listed(second, these, 0),
        )

    def every_pod_is_ready(*spells: Spell) -> tuple[Series, ...]:
        return (valued("up", mesh_labels(scope, "cartservice"), (1, whole(spells))),)

    onset = next_look(scope)
    return (
        lasting(scope, "a new pod never becomes ready", refuses, cart, onset=onset),
        lasting(scope, "its proxy answers, and it is not ready", proxy_answers, cart, onset=onset),
        lasting(scope, "one pod after the other fails", one_after_the_other, cart, onset=onset),
        passing(scope, "a rollout takes its time", refuses),
        silent(scope, "every pod is ready", every_pod_is_ready),
        collector_dies(scope, lambda _: (), first),
    )


def _turns(spells: tuple[Spell, ...]) -> list[tuple[int, Spell]]:
    """The spells in pieces of two minutes at most, numbered."""
    pieces = list[Spell]()
    for bad, length in spells:
        left = length
        while left > MINUTE * 2:
            pieces.append((bad, MINUTE * 2))
            left = minus(left, MINUTE * 2)
        pieces.append((bad, left))
    return [*enumerate(pieces)]


CASES: Cases = {PODS_NOT_READY: _not_ready_cases}
