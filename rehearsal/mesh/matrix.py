"""Everybody asks every service for everything, and gets what the plan says and nothing else.

Callers ask as their workloads do: through their own proxy, by the callee's name. Who has no
certificate of the mesh goes to the callee's proxy itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gallery.plan.mesh import HEALTH, Allowed
from gallery.plan.model import Plan
from gallery.store.services import Protocol, Service
from rehearsal.machine.certificate import write_certificate
from rehearsal.mesh.asking import Outcome, Tls, bare, call, connect, request
from rehearsal.mesh.workloads import Workload

PLAIN, NO_CERTIFICATE, FOREIGN = "plain text", "no certificate", "a certificate of others"
# What no service has: whoever may ask for all of a service's methods may not ask for this.
_NO_METHOD = "NoSuchMethod"
_NO_VERB = "DELETE"
_AT_ONCE = 8


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A question to a service; `verb` and `path` are empty where it has neither."""

    callee: Service
    verb: str = ""
    path: str = ""

    def __str__(self) -> str:
        return f"{self.callee.name} {self.verb} {self.path}".strip()


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """A question that was not answered as the plan says. `got` says how it was."""

    caller: str
    ask: Ask
    wanted: Outcome
    got: str

    def __str__(self) -> str:
        return f"{self.caller} asks {self.ask}: {self.got}, and the plan says {self.wanted}"


@dataclass(frozen=True, kw_only=True)
class Found:
    """What came of it all: how many were asked, how many of those answered, in how many seconds."""

    asked: int
    answered: int
    seconds: float
    wrong: tuple[Wrong, ...]

    def lines(self) -> Iterator[str]:
        """It, as a person reads it."""
        refused = self.asked - self.answered
        yield (
            f"{self.asked} questions in {self.seconds:.1f} s: {self.answered} answered, "
            f"{refused} refused, {len(self.wrong)} not as the plan says"
        )
        yield from (f"  {each}" for each in self.wrong)


Answer = Callable[[], Awaitable[Outcome | str]]


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """Who may ask whom, and everybody who tries. `scratch` is a directory for a certificate."""

    plan: Plan
    workloads: Sequence[Workload]
    scratch: Path

    def play(self) -> Found:
        """Ask everything once."""
        began = time.monotonic()
        outcomes = asyncio.run(self._outcomes())
        wrong = [
            Wrong(caller=caller, ask=ask, wanted=wanted, got=str(got))
            for caller, ask, wanted, got in outcomes
            if got is not wanted
        ]
        return Found(
            asked=len(outcomes),
            answered=sum(got is Outcome.ANSWERED for *_, got in outcomes),
            seconds=time.monotonic() - began,
            wrong=tuple(wrong),
        )

    def ask(self, caller: str, ask: Ask) -> Outcome | str:
        """Ask one question as a workload."""
        (workload,) = [each for each in self.workloads if each.caller == caller]
        return asyncio.run(_answer(workload, ask))

    async def _outcomes(self) -> list[tuple[str, Ask, Outcome, Outcome | str]]:
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(
            caller: str, ask: Ask, wanted: Outcome, answer: Answer
        ) -> tuple[str, Ask, Outcome, Outcome | str]:
            async with gate:
                return caller, ask, wanted, await answer()

        return await asyncio.gather(*(one(*each) for each in self.questions()))

    def questions(self) -> Iterator[tuple[str, Ask, Outcome, Answer]]:
        """Who asks what, what the plan says to it, and how it is asked."""
        services = [each.service for each in self.plan.services]
        for workload in self.workloads:
            for ask in (ask for service in services for ask in asks(service)):
                wanted = _wanted(self.plan.allowed, workload.caller, ask)
                yield workload.caller, ask, wanted, _later(workload, ask)
        for workload in self.workloads:
            if workload.service and workload.inward:
                for name, tls in self._bare():
                    ask = Ask(callee=workload.service)
                    yield name, ask, Outcome.CUT, _at_once(workload, tls)

    def _bare(self) -> Iterator[tuple[str, Tls | None]]:
        """Those whom nobody in the mesh knows, and what each of them has of TLS."""
        certificate, key = self.scratch / "foreign.pem", self.scratch / "foreign.key"
        if not certificate.exists():
            write_certificate(["elsewhere.example.org"], certificate, key)
        yield PLAIN, None
        yield NO_CERTIFICATE, Tls()
        yield FOREIGN, Tls(certificate=certificate, key=key)


def asks(service: Service) -> Iterator[Ask]:
    """All that a service can be asked for, whether it is well, and something that it has not."""
    match service.protocol:
        case Protocol.HTTP:
            for verb in (*(method.name for method in service.methods), _NO_VERB):
                yield Ask(callee=service, verb=verb, path="/")
            yield Ask(callee=service, verb="GET", path=str(service.probe.path))
        case Protocol.GRPC:
            names = (*(method.name for method in service.methods), _NO_METHOD)
            for path in (*map(service.path, names), HEALTH):
                yield Ask(callee=service, verb="POST", path=path)
        case Protocol.TCP:
            yield Ask(callee=service)


def _wanted(allowed: Iterable[Allowed], caller: str, ask: Ask) -> Outcome:
    may = any(
        each.caller == caller
        and each.callee == ask.callee.name
        and ask.verb in (each.verbs or (ask.verb,))
        and ask.path in (each.paths or (ask.path,))
        for each in allowed
    )
    if may:
        return Outcome.ANSWERED
    # Without requests there is nothing to answer with.
    return Outcome.CUT if ask.callee.protocol is Protocol.TCP else Outcome.DENIED


def _later(workload: Workload, ask: Ask) -> Answer:
    return lambda: _answer(workload, ask)


async def _answer(workload: Workload, ask: Ask) -> Outcome | str:
    proxy = workload.outward(ask.callee)
    match ask.callee.protocol:
        case Protocol.HTTP:
            return await request(proxy, ask.callee.address, ask.verb, ask.path)
        case Protocol.GRPC:
            return await call(proxy, ask.callee.address, ask.path)
        case Protocol.TCP:
            return await connect(proxy)


def _at_once(workload: Workload, tls: Tls | None) -> Answer:
    assert workload.service is not None  # noqa: S101 - its caller has looked
    assert workload.inward is not None  # noqa: S101
    service, address = workload.service, workload.inward
    return lambda: bare(address, service.protocol, tls)
