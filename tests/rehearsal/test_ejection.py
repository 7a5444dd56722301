"""What the judge of `replica-failing` says of Envoys that ask a replica for too long."""

from __future__ import annotations

import re

import pytest

from rehearsal.mesh.ejection import Ejection, Look, Rule
from rehearsal.mesh.endpoints import Endpoint
from tests.unit.test_mesh_traffic import rendered

_WELL, _FAILING = "127.30.0.10", "127.30.0.11"
_RULE = Rule(errors_in_a_row=5, ejected_for=30.0)


def _asked(asked: int, errors: int = 0, *, ejected: bool = False) -> Endpoint:
    return Endpoint(asked=asked, errors=errors, ejected=ejected)


def _look(seconds: float, failing: Endpoint, well: Endpoint) -> Look:
    return Look(seconds=seconds, replicas={_WELL: well, _FAILING: failing})


_PASSED_BY = _asked(15, 5, ejected=True)
_BEFORE = _look(0.0, _asked(10), _asked(10))
_EJECTED = _look(5.0, _PASSED_BY, _asked(15))
_AFTER = _look(6.0, _PASSED_BY, _asked(17))
_LAST = _look(26.0, _PASSED_BY, _asked(57))


def _seen(*looks: Look) -> Ejection:
    return Ejection(
        who="gateway", failing=_FAILING, rule=_RULE, rate=2.0, budget=0.005, looks=list(looks)
    )


def test_a_replica_that_is_passed_by_in_time_is_as_it_should_be() -> None:
    seen = _seen(_BEFORE, _EJECTED, _AFTER, _LAST)
    assert not list(seen.complaints())
    assert list(seen.lines()) == [
        "gateway passes it by after 5.0 s and 5 errors, and then got 0 in 40 requests"
    ]


def test_errors_once_it_is_asked_again_are_no_fault_of_the_rule() -> None:
    again = _look(35.0, _asked(18, 8), _asked(75))
    assert not list(_seen(_BEFORE, _EJECTED, _AFTER, _LAST, again).complaints())


@pytest.mark.parametrize(
    ("looks", "words"),
    [
        ([_look(30.0, _asked(40, 30), _asked(40))], "still asks it after 30 s and 30 errors"),
        ([_look(16.0, _PASSED_BY, _asked(15)), _LAST], "after 16.0 s, and 15 s were to be enough"),
        (
            [_look(5.0, _asked(18, 8, ejected=True), _asked(15)), _AFTER, _LAST],
            "got 8 errors until it passed it by, and after 5 in a row it should",
        ),
        (
            [_EJECTED, _AFTER, _look(26.0, _asked(20, 5, ejected=True), _asked(57))],
            "asked it 5 times while it passed it by",
        ),
        (
            [_EJECTED, _AFTER, _look(26.0, _PASSED_BY, _asked(57, 1))],
            "got 1 errors in 40 requests while it passed it by, .* no more than 0.5%",
        ),
        ([_EJECTED], "asked nobody while it passed it by, which proves nothing"),
        (
            [_EJECTED, _look(6.0, _PASSED_BY, _asked(20, 5, ejected=True)), _LAST],
            "passes every replica by after 6.0 s",
        ),
    ],
    ids=["never", "late", "too many", "asked", "errors", "no requests", "everybody"],
)
def test_what_is_not_as_the_rule_says_is_said(looks: list[Look], words: str) -> None:
    said = "\n".join(_seen(_BEFORE, *looks).complaints())
    assert re.search(words, said)


def test_the_rule_is_that_of_the_rendered_object() -> None:
    found = rendered("dev", "DestinationRule")
    assert Rule.of({"spec": found["frontend"]}) == _RULE
    assert Rule.of({"spec": found["cartservice"]}) is None
