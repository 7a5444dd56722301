"""The list of field reports names what exists, and says of each report what became of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest

from gallery.plan.resolve import resolve
from gallery.render.proof import proven
from gallery.stack_file.parse import parse
from offline.render import PROJECT
from tests.unit.pages import DOCS, section
from tests.unit.stack_files import values

FIELD_REPORTS = DOCS / "field-reports.md"
KINDS = ("Alerting", "Deployment")
# A kind with fewer rows than this was not searched for.
LEAST = 20
LINK = re.compile(
    r"\[([\w.-]+/[\w.-]+#\d+)\]\(https://github\.com/([\w.-]+/[\w.-]+)/issues/(\d+)\)"
)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
CASE = re.compile(r'`(\w+)`, case "([^"]+)"')


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the list; its text is a test's id."""

    kind: str
    reports: str
    fault: str
    state: str
    held: str

    def __str__(self) -> str:
        return self.reports.partition("]")[0].removeprefix("[")


def rows() -> Iterator[Row]:
    for kind in KINDS:
        for line in section(FIELD_REPORTS, kind).splitlines():
            if line.startswith("| ["):
                cells = [cell.strip() for cell in line.strip("|").split(" | ")]
                reports, fault, state, held = (*cells, *[""] * (4 - len(cells)))
                yield Row(kind=kind, reports=reports, fault=fault, state=state, held=held)


_EACH = pytest.mark.parametrize("row", tuple(rows()), ids=str)


@cache
def named_in(path: str) -> frozenset[str]:
    """The names of the tests in a file of the repository."""
    tree = ast.parse((PROJECT / path).read_text())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@cache
def cases() -> frozenset[tuple[str, str]]:
    """Each alert of production with the names of its cases."""
    plan = resolve(parse(values("prod")))
    return frozenset(
        (alert.name, case.name) for alert in plan.alerts for case in proven(alert).cases
    )


@_EACH
def test_a_field_report_is_linked_to(row: Row) -> None:
    assert row.fault
    for part in row.reports.split(", "):
        link = LINK.fullmatch(part)
        assert link, part
        assert link[1] == f"{link[2]}#{link[3]}"


@_EACH
def test_a_field_report_says_what_became_of_it(row: Row) -> None:
    state, _, reason = row.state.partition(":")
    assert state.split("**")[1] in {"mended", "not suffered", "open"}
    # What is open says why; what is not is held by something that can fail.
    assert reason.strip() if "open" in state else row.held


@_EACH
def test_what_holds_a_field_report_exists(row: Row) -> None:
    named_tests, named_cases = TEST.findall(row.held), CASE.findall(row.held)
    assert not [(path, name) for path, name in named_tests if name not in named_in(path)]
    assert set(named_cases) <= cases()
    # Nothing else stands there.
    rest = CASE.sub("", TEST.sub("", row.held))
    assert not rest.strip(", "), rest


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_its_reports_and_none_stands_twice(kind: str) -> None:
    assert sum(row.kind == kind for row in rows()) >= LEAST
    links = LINK.findall(FIELD_REPORTS.read_text())
    assert len({name for name, _, _ in links}) == len(links)
