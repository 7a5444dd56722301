"""What a drill reports: JSON for programs, a table for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rehearsal.drill.verdict import Entry, Finding, Verdict, describe
from rehearsal.machine.lines import table
from rehearsal.machine.screen import duration

# Longer than a probe waits for its answer: what is late then may be well.
_BUSY_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Report:
    """A played scenario. Times in seconds since the epoch, None for what it did not do.

    `pause_seconds` is the longest that this machine kept the drill from looking.
    """

    scenario: str
    stack: str
    injected_at: float | None
    mended_at: float | None
    seconds: float
    pause_seconds: float
    verdict: Verdict

    def document(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return {
            "scenario": self.scenario,
            "stack": self.stack,
            "injected_at": self.injected_at,
            "mended_at": self.mended_at,
            "ok": self.verdict.ok,
            "alerts": [_entry(entry) for entry in self.verdict.entries],
            "missing": [_finding(finding) for finding in self.verdict.missing],
            "unexpected": [_finding(finding) for finding in self.verdict.unexpected],
        }

    def lines(self) -> list[str]:
        """The summary: bound against measured, then all that is wrong."""
        result = "passed" if self.verdict.ok else "FAILED"
        return [
            "",
            *_times(self.verdict.entries),
            *(f"wrong: {fault}" for fault in self.verdict.faults),
            *self._excuses(),
            f"{self.scenario} {result} in {duration(self.seconds)}",
        ]

    def _excuses(self) -> list[str]:
        """What else than the stack may have made it fail."""
        if self.verdict.ok or self.pause_seconds < _BUSY_SECONDS:
            return []
        busy = f"{self.pause_seconds:.1f} s passed between two looks of the drill"
        return [f"note: this machine is busy: {busy}; play it again when less runs here"]


def unjudged(scenario: str, stack: str, why: str, *, ok: bool | None) -> dict[str, Any]:
    """The JSON of a scenario that came to no verdict; `ok` is None where it cannot be played."""
    return {
        "scenario": scenario,
        "stack": stack,
        "injected_at": None,
        "mended_at": None,
        "ok": ok,
        "why": why,
        "alerts": [],
        "missing": [],
        "unexpected": [],
    }


def _times(entries: Sequence[Entry]) -> list[str]:
    """Each alert, and below it who was told of it when."""
    head = ("contact point", "", "delivered after", "bound", "resolved after", "bound", "times")
    lines, last = table((head, *map(_row, entries))), ""
    told = lines[:1] if entries else []
    for entry, line in zip(entries, lines[1:], strict=True):
        alert = describe(entry.alert, entry.labels)
        told += [line] if alert == last else [alert, line]
        last = alert
    return told


def _entry(entry: Entry) -> dict[str, Any]:
    document = asdict(entry)
    return {**document, "labels": dict(entry.labels), "expected": str(entry.expected)}


def _finding(finding: Finding) -> dict[str, Any]:
    return {**asdict(finding), "labels": dict(finding.labels)}


def _row(entry: Entry) -> tuple[str, ...]:
    return (
        f"  {entry.contact_point}",
        str(entry.expected),
        _seconds(entry.seconds_to_delivery, "never" if entry.delivered_at is None else "-"),
        _seconds(entry.bound_seconds),
        _seconds(entry.seconds_to_resolve, "-" if entry.resolve_bound_seconds is None else "never"),
        _seconds(entry.resolve_bound_seconds),
        str(entry.notifications),
    )


def _seconds(value: float | None, absent: str = "-") -> str:
    return absent if value is None else f"{value:.1f} s"
