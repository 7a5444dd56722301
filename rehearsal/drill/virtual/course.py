"""What the collector would have scraped of the simulated proxies, hour after hour."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gallery.metrics import labels
from rehearsal.world.faults import Fault
from rehearsal.world.mesh import Labels, labels_of
from rehearsal.world.topology import Workload
from rehearsal.world.traffic import flows

# A proxy, and the labels of what it counts.
_Key = tuple[str, Labels]
# Counts are sums of fractions.
_EXACTLY = 1e-6


@dataclass(frozen=True, kw_only=True)
class Spell:
    """For so many seconds these services are broken so, with so many times the usual traffic."""

    seconds: float
    faults: Mapping[str, Fault] = field(default_factory=dict[str, Fault])
    traffic: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Counter:
    """Requests of one set of labels that a proxy has counted, one value at each scrape.

    None before the proxy had any to count.
    """

    labels: Mapping[str, str]
    values: tuple[int | None, ...]


def scraped(
    workloads: Mapping[str, Workload], namespace: str, spells: Iterable[Spell], scrape: float
) -> tuple[Counter, ...]:
    """The counters of requests of all proxies, scraped every so many seconds from 0 on."""
    counted, values = dict[_Key, float](), dict[_Key, list[int | None]]()
    begin, number = 0.0, 0
    for spell in spells:
        rates = _rates(workloads, namespace, spell)
        end = begin + spell.seconds
        until = math.ceil(end / scrape)
        for key in {**counted, **rates}:
            rate, base = rates.get(key, 0.0), counted.get(key, 0.0)
            # Whole requests only. What was not there yet had no value.
            values.setdefault(key, [None] * number).extend(
                math.floor(base + rate * (at * scrape - begin) + _EXACTLY)
                for at in range(number, until)
            )
            counted[key] = base + rate * spell.seconds
        begin, number = end, until
    return tuple(
        Counter(labels=_collected(proxy, known), values=tuple(each))
        for (proxy, known), each in values.items()
    )


def _rates(workloads: Mapping[str, Workload], namespace: str, spell: Spell) -> dict[_Key, float]:
    """How many requests of each kind a proxy counts a second."""
    found = dict[_Key, float]()
    for flow in flows(workloads, spell.faults, spell.traffic):
        if flow.callee.protocol != "tcp":
            key = flow.proxy, labels_of(flow, namespace)
            found[key] = found.get(key, 0.0) + flow.rate
    return found


def _collected(proxy: str, counted: Labels) -> dict[str, str]:
    """The labels that the collector gives a series of a proxy, but for those of the stack."""
    known = dict(counted)
    return {
        "job": labels.MESH,
        "instance": proxy,
        labels.SERVICE: known["destination_service_name"],
        **{
            name: known[name]
            for name in (
                "reporter",
                "source_workload",
                "response_code",
                "response_flags",
                "grpc_response_status",
            )
        },
    }
