"""Whom each workload asks over its own proxy, from the call graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gallery.plan.mesh import GATEWAY
from gallery.store.call_graph import Call
from gallery.store.services import ENTRANCE, LOAD_GENERATOR, Protocol, Service
from rehearsal.mesh.workloads import Workload
from rehearsal.world.topology import Upstream

# Customers, who come through a gateway, open pages and send forms.
_CUSTOMERS = (Call(ENTRANCE, variable="", methods=("GET", "POST")),)


def upstreams(
    workloads: Iterable[Workload], services: Sequence[Service]
) -> Mapping[str, tuple[Upstream, ...]]:
    """By a workload's name, whom it asks; nothing for one that asks nobody."""
    known = {each.name: each for each in services}
    calls = {
        **{each.name: each.calls for each in services},
        LOAD_GENERATOR.name: LOAD_GENERATOR.calls,
        GATEWAY: _CUSTOMERS,
    }
    return {
        each.caller: tuple(_upstream(each, call, known[call.callee]) for call in calls[each.caller])
        for each in workloads
        if calls.get(each.caller)
    }


def _upstream(caller: Workload, call: Call, callee: Service) -> Upstream:
    grpc = callee.protocol is Protocol.GRPC
    return Upstream(
        name=callee.name,
        protocol=callee.protocol,
        address=str(caller.outward(callee)),
        authority=callee.address,
        methods=tuple(callee.path(name) if grpc else name for name in call.methods),
        needed=call.without is None,
    )
