"""Proofs are run once, many at a time, and only those of the alerts that are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path

import pytest

from gallery.plan.alerts import PlannedAlert
from gallery.render.proof import ProvenRule, proven
from rehearsal.machine import tools
from tests.rules.promtool import Verdict, alert_proof, verdicts
from tests.rules.variants import Effective, loosened, mutated
from tests.unit.programs import program

# The verdict on each variant of an alert.
VerdictsOf = Callable[[Effective], Mapping[str, Verdict]]
_Variants = Callable[[PlannedAlert], Iterable[tuple[str, ProvenRule]]]


@pytest.fixture(scope="session")
def promtool() -> Path:
    """Where promtool is; skips where the machine neither has it nor can fetch it."""
    return Path(program(tools.PROMTOOL))


@pytest.fixture(scope="session")
def on_planned(request: pytest.FixtureRequest) -> VerdictsOf:
    """The verdicts on a stack's rules as they are planned."""
    return _judged(request, lambda planned: [("as planned", proven(planned))])


@pytest.fixture(scope="session")
def on_loosened(request: pytest.FixtureRequest) -> VerdictsOf:
    """The verdicts on a stack's rules with other thresholds and holds."""
    return _judged(request, loosened)


@pytest.fixture(scope="session")
def on_mutated(request: pytest.FixtureRequest) -> VerdictsOf:
    """The verdicts on a stack's rules with one clause or one number changed."""
    return _judged(request, mutated)


def _judged(request: pytest.FixtureRequest, variants: _Variants) -> VerdictsOf:
    """Judges, at the first question, every variant of every alert that tests were chosen for."""
    promtool = Path(program(tools.PROMTOOL))
    place = request.getfixturevalue("tmp_path_factory")
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
            (name, variant): alert_proof(rule)
            for name, alert in chosen.items()
            for variant, rule in variants(alert.planned)
        }
        found = {name: dict[str, Verdict]() for name in chosen}
        for (name, variant), verdict in verdicts(promtool, place.mktemp("proofs"), proofs).items():
            found[name][variant] = verdict
        return found

    return lambda alert: judged()[str(alert)]
