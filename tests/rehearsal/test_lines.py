"""Lines break between words, below the beginning of what they go on with."""

from __future__ import annotations

import pytest

from rehearsal.machine.lines import table, wrapped


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("short", ["short"]),
        ("", [""]),
        ("two\nlines", ["two", "lines"]),
        (
            "+  53.8 s  a page is delivered to chat",
            ["+  53.8 s  a page is", "           delivered to", "           chat"],
        ),
        (
            "   | Customers: no cart can be bought",
            ["   | Customers: no cart", "   |   can be bought"],
        ),
        (
            "   | Runbook: https://example.org/a/long-way/to.md",
            ["   | Runbook:", "   |   https://example.org/a/long-way/to.md"],
        ),
        ("wrong: EndpointDown did not come", ["wrong: EndpointDown did", "  not come"]),
    ],
    ids=["short", "empty", "two", "timed", "quoted", "an address", "any other"],
)
def test_a_text_is_as_wide_as_it_may_be(text: str, lines: list[str]) -> None:
    assert wrapped(text, 24) == lines


def test_a_table_breaks_its_last_cells_alone() -> None:
    rows = [("quiet", "30 s", "nothing is broken"), ("host-down", "", "a host is off")]
    assert table(rows) == ["quiet      30 s  nothing is broken", "host-down        a host is off"]
    assert table(rows, 27) == [
        "quiet      30 s  nothing is",
        "                 broken",
        "host-down        a host is",
        "                 off",
    ]


def test_a_table_of_nothing_has_no_lines() -> None:
    assert table([]) == []
