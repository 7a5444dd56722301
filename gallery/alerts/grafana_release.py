"""Which Grafana the rendered dashboards, rules and policies are for."""

from __future__ import annotations

OLDEST = 12


def recent(version: str) -> str:
    """The version, where this stack's content can be shown. Raises ValueError."""
    if int(version.partition(".")[0]) < OLDEST:
        raise ValueError(
            f"Grafana {version} is too old for the stack's dashboards and rules; "
            f"{OLDEST} or later is needed"
        )
    return version
