"""Whether a replica that does not work is passed by, as its DestinationRule says.

Judged is what the Envoys of those counted through whom customers ask: each of them finds by itself,
by the answers that it gets, that a replica does not work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from rehearsal.mesh.endpoints import Endpoint
from rehearsal.stand_in.documents import Document

# Whoever has not passed it by until then never will.
UNTIL_EJECTED_SECONDS = 30.0
# Whoever has asked already when the last error comes in gets one more.
_UNDER_WAY = 2
# What a busy machine takes beside the time that requests take to come, in seconds.
_MARGIN_SECONDS = 5.0
# Which replica a request goes to is chance: so much longer than on average a row of errors takes.
_BY_CHANCE = 2.0


@dataclass(frozen=True, kw_only=True)
class Rule:
    """When a replica is passed by: after so many errors in a row, for so many seconds at least."""

    errors_in_a_row: int
    ejected_for: float

    @classmethod
    def of(cls, destination: Document) -> Self | None:
        """That of a DestinationRule; None where it passes nobody by."""
        found = destination["spec"]["trafficPolicy"].get("outlierDetection")
        if not found:
            return None
        return cls(
            errors_in_a_row=int(found["consecutiveGatewayErrors"]),
            ejected_for=float(str(found["baseEjectionTime"]).removesuffix("s")),
        )

    def within(self, replicas: int, rate: float) -> float:
        """By when whoever asks `rate` times a second must pass one by, in seconds."""
        return self.errors_in_a_row * replicas / rate * _BY_CHANCE + _MARGIN_SECONDS

    @property
    def most_errors(self) -> int:
        """How many errors whoever asks gets of a replica until it is passed by."""
        return self.errors_in_a_row + _UNDER_WAY


@dataclass(frozen=True, kw_only=True)
class Look:
    """What an Envoy knew of a service's replicas, so many seconds after one began to fail."""

    seconds: float
    replicas: Mapping[str, Endpoint]

    @property
    def asked(self) -> int:
        """Requests to all of them."""
        return sum(each.asked for each in self.replicas.values())

    @property
    def errors(self) -> int:
        """Of these, those that ended in an error."""
        return sum(each.errors for each in self.replicas.values())


@dataclass(frozen=True, kw_only=True)
class Ejection:
    """What one Envoy, that of `who`, made of a replica that fails at the address `failing`.

    The first of its `looks` is from when that began. `budget` is the share of requests that may
    fail by what customers are promised, `rate` how many requests a second it passes on.
    """

    who: str
    failing: str
    rule: Rule
    rate: float
    budget: float
    looks: list[Look] = field(default_factory=list[Look])

    @property
    def ejected(self) -> Look | None:
        """The first look at which the replica was passed by."""
        return next((each for each in self.looks if each.replicas[self.failing].ejected), None)

    @property
    def within(self) -> float:
        """By when that must be so, in seconds."""
        return self.rule.within(len(self.looks[0].replicas), self.rate)

    def lines(self) -> Iterator[str]:
        """What was seen, as a person reads it."""
        if (found := self.ejected) is None:
            return
        asked, errors = self._passing()
        yield (
            f"{self.who} passes it by after {found.seconds:.1f} s and "
            f"{found.errors - self.looks[0].errors} errors, and then got {errors} in "
            f"{asked} requests"
        )

    def complaints(self) -> Iterator[str]:
        """What is not as the rule says."""
        yield from self._left()
        if (found := self.ejected) is None:
            last = self.looks[-1]
            errors = last.errors - self.looks[0].errors
            yield f"{self.who} still asks it after {last.seconds:.0f} s and {errors} errors"
            return
        if found.seconds > self.within:
            yield (
                f"{self.who} passes it by after {found.seconds:.1f} s, and {self.within:.0f} s "
                "were to be enough"
            )
        errors = found.errors - self.looks[0].errors
        if errors > self.rule.most_errors:
            yield (
                f"{self.who} got {errors} errors until it passed it by, and after "
                f"{self.rule.errors_in_a_row} in a row it should"
            )
        yield from self._afterwards()

    def _left(self) -> Iterator[str]:
        alone = [each for each in self.looks if all(one.ejected for one in each.replicas.values())]
        if alone:
            yield f"{self.who} passes every replica by after {alone[0].seconds:.1f} s"

    def _afterwards(self) -> Iterator[str]:
        seen = self._while_ejected()
        again = seen[-1].replicas[self.failing].asked - seen[0].replicas[self.failing].asked
        if again > _UNDER_WAY:
            yield f"{self.who} asked it {again} times while it passed it by"
        asked, errors = self._passing()
        if not asked:
            yield f"{self.who} asked nobody while it passed it by, which proves nothing"
        elif errors > self.budget * asked:
            yield (
                f"{self.who} got {errors} errors in {asked} requests while it passed it by, and "
                f"customers are promised no more than {self.budget:.1%}"
            )

    def _passing(self) -> tuple[int, int]:
        """Requests and errors while the replica was passed by, but for what was under way."""
        seen = self._while_ejected()[1:]
        if not seen:
            return 0, 0
        return seen[-1].asked - seen[0].asked, seen[-1].errors - seen[0].errors

    def _while_ejected(self) -> Sequence[Look]:
        """The looks from the first ejection on, until the replica is asked again."""
        found = list[Look]()
        for each in self.looks:
            if each.replicas[self.failing].ejected:
                found.append(each)
            elif found:
                break
        return found


@dataclass(frozen=True, kw_only=True)
class Watched:
    """All Envoys through which customers ask; `look` gives what they know, by who they are."""

    look: Callable[[], Mapping[str, Mapping[str, Endpoint]]]
    ejections: Sequence[Ejection]

    def ejected(self, seconds: float) -> bool:
        """Look, so long after the replica began to fail; whether all have passed it by."""
        known = self.look()
        for each in self.ejections:
            each.looks.append(Look(seconds=seconds, replicas=known[each.who]))
        return all(each.ejected for each in self.ejections)

    def lines(self) -> Iterator[str]:
        """What was seen, as a person reads it."""
        for each in self.ejections:
            yield from each.lines()

    def complaints(self) -> Iterator[str]:
        """What is not as the rule says."""
        for each in self.ejections:
            yield from each.complaints()
