"""How long callers wait for an answer: worked out along the call graph, so that it adds up.

Whoever is asked may take all of its callees' time, one after another, and some of its own, before
its caller gives up. A caller that gives up first would leave its callees working for nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gallery.metrics.durations import Duration
from gallery.store.call_graph import Method
from gallery.store.services import ENTRANCE, Protocol, Service

# For an answer that asks nobody else. Such a service answers within milliseconds; a process that
# has just started takes several hundred of them for its first answer.
ANSWER = Duration.parse("1s")
# What a service takes for itself, beside what its callees take.
_OWN = Duration.parse("500ms")
# Load balancers of AWS end a request that has had no answer for so long, unless told otherwise.
LONGEST = Duration.parse("60s")


def patience(services: Iterable[Service]) -> dict[str, Duration]:
    """By service: how long whoever asks it waits. Raises ValueError for calls that lead back.

    What speaks neither HTTP nor gRPC is not waited for by a proxy, and has no entry.
    """
    known = {service.name: service for service in services}
    found = dict[str, Duration]()

    def of(name: str, asking: tuple[str, ...]) -> Duration:
        if name in asking:
            way = " -> ".join((*asking, name))
            raise ValueError(f"calls lead back: {way}; nobody would ever answer")
        if name not in found:
            service, inner = known[name], (*asking, name)
            waits = [
                of(call.callee, inner) * call.most(method)
                for call in service.calls
                for method in call.methods
            ]
            found[name] = sum(waits, _OWN) if waits else ANSWER
        return found[name]

    for service in known.values():
        if service.protocol is not Protocol.TCP:
            of(service.name, ())
    return found


def impatient(services: Iterable[Service]) -> Iterator[str]:
    """What does not add up: who in front of the entrance gives up before it may answer."""
    try:
        waits = patience(services)
    except ValueError as fault:
        yield str(fault)
        return
    if waits[ENTRANCE] > LONGEST:
        yield (
            f"{ENTRANCE} may take {waits[ENTRANCE]} for an answer, and load balancers wait "
            f"{LONGEST}: its callees, each as often as one request asks for it, take too long "
            "together; let a request ask less often"
        )


def tried_again(method: Method, service: Service) -> bool:
    """Whether a proxy asks a second time: where that is safe, and nobody stands behind.

    A service that asks others has its own callees asked again; both would multiply.
    """
    return method.repeatable and not any(call.methods for call in service.calls)
