"""What services can be asked, and who asks whom for what: the edges of the store's call graph.

The graph itself stands with the services (`gallery/store/services.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Method:
    """What a service can be asked for: an HTTP method, or the last part of a gRPC path.

    `repeatable`: asked twice, it has done what it does when asked once.
    """

    name: str
    repeatable: bool


def once(*names: str) -> tuple[Method, ...]:
    """Methods that do their work anew each time: a second card is charged, a second mail sent."""
    return tuple(Method(name=name, repeatable=False) for name in names)


def repeatable(*names: str) -> tuple[Method, ...]:
    """Methods that may be asked again where no answer came."""
    return tuple(Method(name=name, repeatable=True) for name in names)


@dataclass(frozen=True)
class Call:
    """One workload asks another.

    `variable` is the environment variable that holds the callee's `host:port`, `methods` what it
    asks for: none where the callee has none, since it speaks a protocol of its own. `often` is how
    often one request asks for a method at most, where that is more than once. `without` is what
    the caller does when the callee is gone; where it is None, its own answer is an error.
    """

    callee: str
    _: KW_ONLY
    variable: str
    methods: tuple[str, ...] = ()
    often: Mapping[str, int] = field(default_factory=dict[str, int])
    without: str | None = None

    def most(self, method: str) -> int:
        """How often one request of the caller asks for it at most, one after another."""
        return self.often.get(method, 1)


class Caller(Protocol):
    """A workload that asks others."""

    @property
    def name(self) -> str:
        """Its name in the cluster."""
        ...

    @property
    def calls(self) -> tuple[Call, ...]:
        """Whom it asks for what."""
        ...


class Callee(Protocol):
    """A workload that can be asked."""

    @property
    def name(self) -> str:
        """Its name in the cluster."""
        ...

    @property
    def methods(self) -> tuple[Method, ...]:
        """What it can be asked for."""
        ...


def impossible_calls(callers: Iterable[Caller], callees: Iterable[Callee]) -> Iterator[str]:
    """What nobody could answer, each by the names of those concerned."""
    known = {callee.name: callee for callee in callees}
    for caller in callers:
        seen = set[str]()
        for call in caller.calls:
            if call.callee in seen:
                yield f"{caller.name} calls {call.callee} twice; name all methods in one call"
            seen.add(call.callee)
            if call.callee in known:
                yield from _unanswered(caller.name, call, known[call.callee])
            else:
                yield (
                    f"{caller.name} calls {call.callee}, and there is no such service; "
                    f"there are {', '.join(known)}"
                )


def _unanswered(caller: str, call: Call, callee: Callee) -> Iterator[str]:
    offered = [method.name for method in callee.methods]
    if offered and not call.methods:
        yield f"{caller} calls {callee.name} for nothing; name some of {', '.join(offered)}"
    for name in dict.fromkeys((*call.methods, *call.often)):
        if name not in offered:
            has = f"it has {', '.join(offered)}" if offered else "it has no methods"
            yield f"{caller} calls {callee.name} for {name}; {has}"
