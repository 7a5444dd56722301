"""What promtool is asked about the times at which an alert fired."""

from __future__ import annotations

from typing import Any

from gallery.metrics import promql
from gallery.metrics.durations import Duration


def labelled(alert: str) -> str:
    """The selector of what fires of an alert."""
    matchers = (promql.equals("alertname", alert), promql.equals("alertstate", "firing"))
    return promql.selector("ALERTS", matchers)


def fired(firing: str, since: Duration, until: Duration, look: Duration) -> str:
    """The things of which it fired at every look from one time to another."""
    looks = (until.milliseconds - since.milliseconds) // look.milliseconds + 1
    # Half a look more: whether a range holds its left edge differs between versions.
    window = Duration(until.milliseconds - since.milliseconds + look.milliseconds // 2)
    return f"count_over_time({firing}[{window}]) == {looks}"


def began(firing: str, until: Duration, look: Duration) -> str:
    """How often it began to fire for each thing."""
    return f"count_over_time(({firing} unless {firing} offset {look})[{until}:{look}])"


def count(expr: str, at: Duration, value: int, *, counted: bool = False) -> dict[str, Any]:
    """A test that an expression has so many results, or is `counted` already and says so many."""
    asked = expr if counted else f"count ({expr})"
    samples = [{"labels": "{}", "value": value}] if value else []
    return {"expr": asked, "eval_time": str(at), "exp_samples": samples}


def began_most(firing: str, within: Duration, until: Duration, look: Duration) -> str:
    """How often it began at most within so long, for each thing."""
    begins = f"{firing} unless {firing} offset {look}"
    # Ranges that hold their left edge would count two that are just so far apart.
    window = Duration(within.milliseconds - look.milliseconds // 2)
    return f"max_over_time(count_over_time(({begins})[{window}:{look}])[{until}:{look}])"
