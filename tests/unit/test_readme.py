"""The timeline in README is what a drill printed that passed, and how it gets there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gallery.metrics.timings import FailureMode
from gallery.store.services import SERVICES
from offline.errors import UserError
from rehearsal.drill.scenarios import SCENARIOS
from rehearsal.machine.lines import LOG_COLUMNS, wrapped
from rehearsal.readme import BEGIN, COMMAND, END, SERVICE, rewrite, timeline, with_timeline
from tests.unit import pages
from tests.unit.stack_files import bounds_of_endpoint_down, planned

README = pages.README.read_text()
# What goes on from the line before: of what happened, or of what is quoted.
_FURTHER = re.compile(r" {11}(?: \|   )?(?P<words>[^\s|].*)")


def told() -> list[str]:
    """The timeline's lines as they were before they were wrapped."""
    whole = list[str]()
    for line in timeline(README):
        if further := _FURTHER.fullmatch(line):
            whole[-1] += f" {further['words']}"
        else:
            whole.append(line)
    return whole


def test_the_timeline_is_as_wide_as_a_log() -> None:
    command, *lines = timeline(README)
    assert command == f"$ {COMMAND}"
    assert lines == wrapped("\n".join(told()[1:]))
    addresses = [line for line in lines if line.partition("|   ")[2].startswith("https://")]
    assert {line for line in lines if len(line) > LOG_COLUMNS} <= {*addresses}


def test_the_timeline_is_that_of_a_drill_which_passed() -> None:
    lines = timeline(README)
    scenario = next(each for each in SCENARIOS if each.name == "endpoint-down")
    assert lines[0] == f"$ {COMMAND}"
    assert lines[1] == f"{scenario.name}: {scenario.summary}"
    assert lines[2].startswith("stack dev; at most ")
    assert re.fullmatch(r"endpoint-down passed in (\d+ min )?\d+ s", lines[-1])


def test_the_timeline_tells_an_outage_from_its_beginning_to_its_end() -> None:
    events = [
        (float(match[1]), match[2])
        for line in told()
        if (match := re.fullmatch(r"\+ *(\d+\.\d) s  (.+)", line))
    ]
    story = (
        f"{SERVICE} refuses connections",
        f"the probe of {SERVICE} fails",
        f"EndpointDown {SERVICE} is pending",
        rf"EndpointDown {SERVICE} fires, pending for 30 s",
        r"a page is delivered to .*pager \(pagerduty\).*",
        f"{SERVICE} accepts connections again",
        f"the probe of {SERVICE} succeeds again",
        r"a resolve is delivered to .*pager \(pagerduty\).*",
    )
    times = [next(at for at, text in events if re.fullmatch(each, text)) for each in story]
    assert times[0] == 0.0
    assert times == sorted(times)
    hold = next(each.hold.seconds for each in planned().alerts if each.name == "EndpointDown")
    assert times[3] - times[2] >= hold - 0.1


def test_the_timeline_quotes_the_page_as_the_stack_writes_it() -> None:
    quoted = [line.partition("| ")[2] for line in told() if line.startswith("      ")]
    service = next(each for each in SERVICES if each.name == SERVICE)
    alert = next(each for each in planned().alerts if each.name == "EndpointDown")
    assert quoted[0] == f"FIRING EndpointDown {SERVICE}"
    assert f"Customers: {service.impact.sentence()}" in quoted
    assert f"Runbook: {alert.annotations['runbook_url']}" in quoted


def test_the_timeline_measures_against_the_bounds_that_hold() -> None:
    lines = timeline(README)
    rows = lines[lines.index(f"EndpointDown {SERVICE}") + 1 : -1]
    alert = next(each for each in planned().alerts if each.name == "EndpointDown")
    told = planned().points[alert.owner][alert.severity]
    assert {row.split()[0] for row in rows} == set(told)
    for row in rows:
        numbers = [float(each) for each in re.findall(r"(\d+\.\d) s", row)]
        delivered, page, resolved, resolve = numbers
        assert (page, resolve) == bounds_of_endpoint_down(planned())[FailureMode.REFUSED]
        assert 0 < delivered <= page
        assert 0 < resolved <= resolve


def test_a_drill_that_failed_leaves_readme_as_it_was(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"a\n{BEGIN}\nold\n{END}\nb\n")

    def play(write: object) -> bool:
        assert callable(write)
        write("new")
        return False

    assert not rewrite(readme, play)
    assert "old" in readme.read_text()


def test_what_was_printed_stands_between_the_markers(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"a\n{BEGIN}\nold\n{END}\nb\n")

    def play(write: object) -> bool:
        assert callable(write)
        write("+   0.0 s  it breaks ")
        return True

    assert rewrite(readme, play)
    text = readme.read_text()
    assert timeline(text) == (f"$ {COMMAND}", "+   0.0 s  it breaks")
    assert text.startswith("a\n")
    assert text.endswith("b\n")
    assert "old" not in text


def test_a_readme_without_markers_is_said_to_have_none() -> None:
    with pytest.raises(UserError, match="no place between"):
        with_timeline("a", ["b"])
