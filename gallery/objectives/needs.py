"""Whom a service cannot do without: while one of them is down, its own requests fail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gallery.store.services import Service


def needs(services: Iterable[Service]) -> Mapping[str, tuple[str, ...]]:
    """By its name each service, and those whose outage is its own: itself first."""
    callees = {
        service.name: tuple(call.callee for call in service.calls if call.without is None)
        for service in services
    }

    def reached(name: str, known: tuple[str, ...]) -> tuple[str, ...]:
        for callee in callees[name]:
            if callee not in known:
                known = reached(callee, (*known, callee))
        return known

    return {name: reached(name, (name,)) for name in callees}
