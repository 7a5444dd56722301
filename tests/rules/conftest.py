"""Proofs are run once, many at a time, and only those of the alerts that are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from pathlib import Path

import pytest

from gallery.plan.alerts import PlannedAlert
from gallery.render.proof import ProvenRule, proven
from rehearsal.machine import tools
from tests.rules.doubled import proofs_of_doubled
from tests.rules.flapping import proofs_of_flapping, proofs_of_second_outages
from tests.rules.functions import swapped
from tests.rules.gaps import proofs_with_gaps
from tests.rules.once import judged_once
from tests.rules.promtool import Proof, Verdict, alert_proof, quick_verdicts, verdicts
from tests.rules.variants import Effective, chance, drawn, loosened, mutated
from tests.unit.programs import program
from tests.unit.stack_files import STACKS

# The verdict on each variant of an alert.
VerdictsOf = Callable[[Effective], Mapping[str, Verdict]]
# What all of them would take for too long.
_SHARE_OF_DOUBLED, _SHARE_OF_SWAPPED = 0.25, 0.1
_Proofs = Callable[[PlannedAlert], Iterable[tuple[str, Proof]]]
_Variant = tuple[str, str]
_Run = Callable[[Path, Path, Mapping[_Variant, Proof]], Mapping[_Variant, Verdict]]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of what is judged in several stacks leave one for each alert, unless all was asked for."""
    if config.getoption("--every-proof"):
        return
    left_out = [item for item in items if _is_judged_elsewhere(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _is_judged_elsewhere(item: pytest.Item) -> bool:
    if not isinstance(item, pytest.Function) or "in_one_stack" not in item.keywords:
        return False
    [alert] = (each for each in item.callspec.params.values() if isinstance(each, Effective))
    return not drawn(alert, *STACKS)


@pytest.fixture(scope="session")
def promtool() -> Path:
    """Where promtool is; skips where the machine neither has it nor can fetch it."""
    return Path(program(tools.PROMTOOL))


@pytest.fixture(scope="session")
def on_planned(request: pytest.FixtureRequest) -> VerdictsOf:
    """The verdicts on a stack's rules as they are planned."""
    return _judged(request, _of(lambda planned: [("as planned", proven(planned))]))


@pytest.fixture(scope="session")
def on_loosened(request: pytest.FixtureRequest) -> VerdictsOf:
    """The verdicts on a stack's rules with other thresholds and holds."""
    return _judged(request, _of(loosened), quick_verdicts)


@pytest.fixture(scope="session")
def on_mutated(request: pytest.FixtureRequest) -> VerdictsOf:
    """The verdicts on a stack's rules with one clause or one number changed."""
    return _judged(request, _of(mutated), quick_verdicts)


@pytest.fixture(scope="session")
def on_swapped(request: pytest.FixtureRequest) -> VerdictsOf:
    """The verdicts on a stack's rules with a function, aggregation, modifier or matcher changed."""
    return _judged(request, _of(swapped), quick_verdicts, share=_SHARE_OF_SWAPPED)


@pytest.fixture(scope="session")
def on_gaps(request: pytest.FixtureRequest) -> VerdictsOf:
    """The verdicts on a stack's rules where what they tell of is seen with gaps."""
    return _judged(request, proofs_with_gaps)


@pytest.fixture(scope="session")
def on_flapping(request: pytest.FixtureRequest) -> VerdictsOf:
    """The verdicts on a stack's rules where what they tell of comes and goes."""
    return _judged(request, proofs_of_flapping)


@pytest.fixture(scope="session")
def on_doubled(request: pytest.FixtureRequest) -> VerdictsOf:
    """The verdicts on a stack's rules where each series is there twice."""
    return _judged(request, proofs_of_doubled, share=_SHARE_OF_DOUBLED)


@pytest.fixture(scope="session")
def on_second_outages(request: pytest.FixtureRequest) -> VerdictsOf:
    """The verdicts on a stack's pages where a thing fails again soon after it was well."""
    return _judged(request, proofs_of_second_outages)


def _of(variants: Callable[[PlannedAlert], Iterable[tuple[str, ProvenRule]]]) -> _Proofs:
    return lambda planned: ((name, alert_proof(rule)) for name, rule in variants(planned))


def _judged(
    request: pytest.FixtureRequest,
    proofs_of: _Proofs,
    run: _Run = verdicts,
    *,
    share: float = 1,
) -> VerdictsOf:
    """Judges, at the first question, the proofs of every alert that tests were chosen for.

    Of them a share, the same each time, unless every one was asked for; of those that say the
    same in several stacks one.
    """
    promtool = Path(program(tools.PROMTOOL))
    place = request.getfixturevalue("tmp_path_factory")
    every = request.config.getoption("--every-proof")
    chosen = {
        str(alert): alert
        for item in request.session.items
        if isinstance(item, pytest.Function) and request.fixturename in item.fixturenames
        for alert in item.callspec.params.values()
        if isinstance(alert, Effective)
    }

    @cache
    def judged() -> dict[str, dict[str, Verdict]]:
        proofs = {
            (name, variant): proof
            for name, alert in chosen.items()
            for variant, proof in proofs_of(alert.planned)
            if every or chance(name, variant) < share
        }
        found = {name: dict[str, Verdict]() for name in chosen}
        scopes = {one: chosen[one[0]].planned.scope for one in proofs}
        once = partial(run, promtool, place.mktemp("proofs"))
        for (name, variant), verdict in judged_once(once, proofs, scopes).items():
            found[name][variant] = verdict
        return found

    return lambda alert: judged()[str(alert)]
