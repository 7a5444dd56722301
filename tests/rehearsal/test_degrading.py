"""What the judge of `callee-slow` says of callers that wait too long or do not as they should."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pytest

from offline.render import render
from rehearsal.mesh import degrading
from rehearsal.mesh.asking import Outcome
from rehearsal.mesh.degrading import Answered, Degrading
from rehearsal.mesh.matrix import Ask, Matrix
from rehearsal.mesh.workloads import workloads
from rehearsal.stand_in.pods import Cluster
from tests.unit.stack_files import planned

_UNAVAILABLE = "UNAVAILABLE upstream request timeout"
_FINE = Answered(outcome=Outcome.ANSWERED, seconds=0.1)
_GIVEN_UP = Answered(outcome=_UNAVAILABLE, seconds=1.0)
_FAILED = Answered(outcome="INTERNAL", seconds=1.1)


@dataclass(frozen=True, kw_only=True)
class _Told(Matrix):
    """Gives each callee's answer, and lets so much time pass."""

    answers: Mapping[str, Answered] = field(default_factory=dict[str, Answered])
    clock: list[float] = field(default_factory=lambda: [0.0])

    def ask(self, caller: str, ask: Ask) -> Outcome | str:
        assert caller != "prober"
        answer = self.answers.get(ask.callee.name, _FINE)
        self.clock[0] += answer.seconds
        return answer.outcome


Complaints = Callable[[str, Mapping[str, Answered]], str]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> _Told:
    plan, scratch = planned("dev"), tmp_path_factory.mktemp("told")
    cluster = Cluster.read(render("dev", scratch))
    return _Told(plan=plan, workloads=workloads(plan, cluster), scratch=scratch)


@pytest.fixture
def complaints(told: _Told, monkeypatch: pytest.MonkeyPatch) -> Complaints:
    """A function that says what is wrong while a service is slow and these answer so."""
    monkeypatch.setattr(degrading.time, "monotonic", lambda: told.clock[0])

    def found(slow: str, answers: Mapping[str, Answered]) -> str:
        judge = Degrading(matrix=replace(told, answers=answers), slow=slow)
        return "\n".join(judge.complaints())

    return found


def test_callers_that_fail_in_time_for_what_they_need_are_as_planned(
    complaints: Complaints,
) -> None:
    answers = {"paymentservice": _GIVEN_UP, "checkoutservice": _FAILED}
    assert complaints("paymentservice", answers) == ""


def test_callers_that_answer_without_what_is_optional_are_as_planned(
    complaints: Complaints,
) -> None:
    assert complaints("adservice", {"adservice": _GIVEN_UP}) == ""


@pytest.mark.parametrize(
    ("slow", "answers", "said"),
    [
        (
            "paymentservice",
            {"paymentservice": Answered(outcome=Outcome.ANSWERED, seconds=3.0),
             "checkoutservice": _FAILED},
            "checkoutservice asks paymentservice for Charge: answered after 3.0 s",
        ),
        (
            "paymentservice",
            {"paymentservice": Answered(outcome=_UNAVAILABLE, seconds=1.6),
             "checkoutservice": _FAILED},
            "given up after 1.6 s, and the plan says 1s",
        ),
        (
            "paymentservice",
            {"paymentservice": _GIVEN_UP},
            "checkoutservice answers as if paymentservice did",
        ),
        (
            "paymentservice",
            {"paymentservice": _GIVEN_UP,
             "checkoutservice": Answered(outcome="INTERNAL", seconds=30.0)},
            "frontend waits 30.0 s for checkoutservice, and the plan says",
        ),
        (
            "adservice",
            {"adservice": _GIVEN_UP, "frontend": Answered(outcome="HTTP 500", seconds=1.0)},
            "frontend fails without adservice, and the catalogue: shows no advertisement",
        ),
    ],
)  # fmt: skip
def test_what_is_not_as_planned_is_said(
    complaints: Complaints, slow: str, answers: Mapping[str, Answered], said: str
) -> None:
    assert said in complaints(slow, answers)
