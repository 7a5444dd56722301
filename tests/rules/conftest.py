"""Proofs are run once for a whole stack, many at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import pytest

from gallery.plan.alerts import PlannedAlert
from gallery.render.proof import ProvenRule, proven
from rehearsal.machine import tools
from tests.rules.promtool import Verdict, alert_proof, verdicts
from tests.rules.variants import loosened, mutated, plan
from tests.unit.programs import program

# For each rule's uid the verdict on each of its variants.
Verdicts = dict[str, dict[str, Verdict]]
VerdictsOf = Callable[[str], Verdicts]
_Variants = Callable[[PlannedAlert], Iterable[tuple[str, ProvenRule]]]


@pytest.fixture(scope="session")
def promtool() -> Path:
    """Where promtool is; skips where the machine neither has it nor can fetch it."""
    return Path(program(tools.PROMTOOL))


@pytest.fixture(scope="session")
def on_planned(promtool: Path, tmp_path_factory: pytest.TempPathFactory) -> VerdictsOf:
    """The verdicts on a stack's rules as they are planned."""
    return _judged(promtool, tmp_path_factory, lambda planned: [("as planned", proven(planned))])


@pytest.fixture(scope="session")
def on_loosened(promtool: Path, tmp_path_factory: pytest.TempPathFactory) -> VerdictsOf:
    """The verdicts on a stack's rules with other thresholds and holds."""
    return _judged(promtool, tmp_path_factory, loosened)


@pytest.fixture(scope="session")
def on_mutated(promtool: Path, tmp_path_factory: pytest.TempPathFactory) -> VerdictsOf:
    """The verdicts on a stack's rules with one clause or one number changed."""
    return _judged(promtool, tmp_path_factory, mutated)


def _judged(promtool: Path, factory: pytest.TempPathFactory, variants: _Variants) -> VerdictsOf:
    @cache
    def of(stack: str) -> Verdicts:
        proofs = {
            (planned.uid, name): alert_proof(rule)
            for planned in plan(stack).alerts
            for name, rule in variants(planned)
        }
        judged = Verdicts()
        for (uid, name), verdict in verdicts(promtool, factory.mktemp(stack), proofs).items():
            judged.setdefault(uid, {})[name] = verdict
        return judged

    return of
