"""What expressions read, how far back, and what they cannot do without."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery.metrics.durations import Duration
from rehearsal.backtest.expressions import can_give, reads
from rehearsal.backtest.recordings import behind, changed, in_order
from rehearsal.diff.tree import Recording, read
from tests.rehearsal.trees import alert, laid_out, small


@pytest.mark.parametrize(
    ("expr", "read_back"),
    [
        ("x > 0", {"x": "5m"}),
        ('rate(x{a="b"}[10m]) or y offset 1h', {"x": "15m", "y": "1h5m"}),
        ("max_over_time(rate(x[5m])[1h:1m] offset 2h)", {"x": "3h10m"}),
        ("max_over_time((x - y)[1h:1m]) > x", {"x": "1h5m", "y": "1h5m"}),
        ("x offset -10m", {"x": "5m"}),
        ('vector(1) and {job="node"}', {}),
    ],
)
def test_an_expression_reads_so_far_back(expr: str, read_back: dict[str, str]) -> None:
    assert {name: str(back) for name, back in reads(expr).items()} == read_back


@pytest.mark.parametrize(
    ("expr", "needed"),
    [
        ("x > 0", {"x"}),
        ("x > y", {"x", "y"}),
        ("x and on(a) y", {"x", "y"}),
        ("x unless y", {"x"}),
        ("x or y", set[str]()),
        ("(x or y) and z", {"z"}),
        ("sum by (a) (rate(x[5m])) / -(y)", {"x", "y"}),
        ("max_over_time((x unless y)[5m:1m])", {"x"}),
        ("absent(x) and y", {"y"}),
        ("absent_over_time(x[5m])", set[str]()),
        ("y > scalar(x)", {"y"}),
        ("vector(time() - 3600) > 0", set[str]()),
        ('{__name__=~"x|y"} > 0', set[str]()),
    ],
)
def test_an_expression_gives_nothing_without_what_it_needs(expr: str, needed: set[str]) -> None:
    assert can_give(expr, frozenset())
    assert {name for name in ("x", "y", "z") if not can_give(expr, frozenset({name}))} == needed


def test_either_of_two_is_enough() -> None:
    assert not can_give("x or y", frozenset({"x", "y"}))


def _recording(name: str, expr: str) -> tuple[Recording, ...]:
    return (Recording(name=name, expr=expr, interval="1m", labels={}),)


_RECORDINGS = {
    "r:a": _recording("r:a", "rate(x[5m])"),
    "r:b": _recording("r:b", "max_over_time(r:a[1h])"),
    "r:c": _recording("r:c", "r:b + r:a"),
    "r:d": _recording("r:d", "y"),
}


def test_what_is_read_is_recorded_before_what_reads_it() -> None:
    assert in_order(_RECORDINGS, _RECORDINGS) == (
        frozenset({"r:a", "r:d"}), frozenset({"r:b"}), frozenset({"r:c"}),
    )  # fmt: skip
    # What is there already is no reason to wait.
    assert in_order(("r:c", "r:d"), _RECORDINGS) == (frozenset({"r:c", "r:d"}),)


def test_what_is_recorded_is_needed_as_far_back_as_rules_read_it(tmp_path: Path) -> None:
    rule = alert("Any", "r:b offset 1d > 0", **{"for": "2m", "keep_firing_for": "3m"})
    [planned] = read(small(tmp_path, [rule])).rules.values()
    assert behind([planned], _RECORDINGS) == {
        "r:b": Duration.parse("1d10m"), "r:a": Duration.parse("1d1h15m"),
    }  # fmt: skip


def test_what_is_read_from_a_changed_recording_has_changed(tmp_path: Path) -> None:
    base = laid_out("prod", tmp_path / "base")
    head = laid_out("prod", tmp_path / "head")
    rules = head / "deployed" / "prometheus" / "rules" / "gallery-prod-gallery-recording.yaml"
    text = rules.read_text()
    assert not changed(read(base), read(head))
    rules.write_text(text.replace("record: gallery:objective_budget", "record: gallery:other"))
    found = changed(read(base), read(head))
    # What is new, what is no more, and what reads it.
    assert {"gallery:other", "gallery:objective_budget", "gallery:objective_burn:3d"} <= found
    assert "gallery:host_receive_bytes:rate5m" not in found
