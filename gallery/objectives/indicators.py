"""What objectives are about: kinds of indicators, each of which knows how its events are counted.

An indicator counts events and how many of them failed, a second, as one series of the stack. What
is recorded of that is the same for every kind: `gallery/objectives/recordings.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from gallery.metrics import edges, labels, promql
from gallery.metrics.durations import Duration
from gallery.metrics.faults import answered_by, faults_of
from gallery.metrics.recordings import StackSeries
from gallery.objectives import probes
from gallery.objectives.requests import Requests, requests_to
from gallery.store.services import ENTRANCE

_COUNTER = "istio_requests_total"
_BUCKETS = "istio_request_duration_milliseconds_bucket"


@dataclass(frozen=True, kw_only=True)
class Look:
    """Of which stack events are counted, how often that is scraped, and over which window."""

    stack: StackSeries
    scrape: Duration
    window: Duration

    def rates(self, metric: str, chosen: Iterable[tuple[str, ...]]) -> str:
        """What sets of matchers choose together, a second. No series is chosen by two of them."""
        each = (
            f"rate({self.stack.series(metric, *matchers, window=str(self.window))})"
            for matchers in chosen
        )
        return f"sum {promql.BY_STACK} ({' or '.join(each)})"


class Indicator(Protocol):
    """A kind of event, and when one is good."""

    @property
    def service(self) -> str:
        """The service whose customers notice: that of the series, and of what is told of them."""
        ...

    @property
    def requests(self) -> tuple[Requests, ...]:
        """The requests that are its events; none where no proxy counts them."""
        ...

    @property
    def needed(self) -> tuple[str, ...]:
        """The services whose outage is an outage of this, each with all that it needs itself."""
        ...

    @property
    def journey(self) -> bool:
        """Whether it is what customers come for, and not a part of it."""
        ...

    @property
    def good(self) -> str:
        """Which events are good, in words."""
        ...

    def told(self, *, mesh: bool, door: bool) -> bool:
        """Whether a stack with these, or without, counts such events."""
        ...

    def events(self, look: Look) -> str:
        """How many there are, a second: PromQL, one series by environment and cluster."""
        ...

    def failures(self, look: Look) -> str:
        """How many of them are not good; no series where it is certain that all are."""
        ...


@dataclass(frozen=True, kw_only=True)
class Availability:
    """Requests to a service that it answers without a fault of its own."""

    service: str

    @property
    def requests(self) -> tuple[Requests, ...]:
        """Those that one side's proxies count."""
        return (requests_to(self.service),)

    @property
    def needed(self) -> tuple[str, ...]:
        """The service itself."""
        return (self.service,)

    @property
    def journey(self) -> bool:
        """A part of what customers come for."""
        return False

    @property
    def good(self) -> str:
        """Which requests are good."""
        return f"requests to {self.service} that are answered"

    def told(self, *, mesh: bool, door: bool) -> bool:
        """Of requests a mesh alone tells."""
        del door
        return mesh

    def events(self, look: Look) -> str:
        """Requests of customers."""
        return look.rates(_COUNTER, (each.matchers for each in self.requests))

    def failures(self, look: Look) -> str:
        """Those that failed by a server's fault."""
        return look.rates(_COUNTER, _failed(self.requests))


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Requests to a service that it answers within so many milliseconds.

    Those that failed do not count: an error is often fast. `milliseconds` is one of
    `gallery.metrics.edges.EDGES`: how many took longer is known at those alone.
    """

    service: str
    milliseconds: float

    def __post_init__(self) -> None:
        """Raises ValueError for what is no edge."""
        edges.within(self.milliseconds)

    @property
    def requests(self) -> tuple[Requests, ...]:
        """Those that one side's proxies count."""
        return (requests_to(self.service),)

    @property
    def needed(self) -> tuple[str, ...]:
        """The service itself."""
        return (self.service,)

    @property
    def journey(self) -> bool:
        """A part of what customers come for."""
        return False

    @property
    def good(self) -> str:
        """Which requests are good."""
        return f"requests to {self.service} that are answered within {self.milliseconds:g} ms"

    def told(self, *, mesh: bool, door: bool) -> bool:
        """Of requests a mesh alone tells."""
        del door
        return mesh

    def events(self, look: Look) -> str:
        """Requests of customers that were answered."""
        return self._counted(look, edges.ALL)

    def failures(self, look: Look) -> str:
        """Those that took longer. Where nothing is known of the edge, all did."""
        every, fast = (self._counted(look, each) for each in (edges.ALL, self._fast))
        return f"clamp_min({every} - ({fast} or 0 * {every}), 0)"

    @property
    def _fast(self) -> str:
        return edges.within(self.milliseconds)

    def _counted(self, look: Look, edge: str) -> str:
        answered = answered_by(self.service)
        return look.rates(_BUCKETS, ((*each.matchers, *answered, edge) for each in self.requests))


@dataclass(frozen=True, kw_only=True)
class Journey:
    """What customers do by way of the entrance: its requests to the services that this takes.

    What is asked of each is summed up, so that each request weighs the same: an answer of one of
    them holds the failures of those it needs, and a product of shares would count them twice.
    `services` are called by the entrance, which has no answer without theirs; customers notice
    the outage of the first.
    """

    services: tuple[str, ...]

    @property
    def service(self) -> str:
        """The one that it is about."""
        return self.services[0]

    @property
    def requests(self) -> tuple[Requests, ...]:
        """The entrance's to each of them."""
        return tuple(requests_to(service, caller=ENTRANCE) for service in self.services)

    @property
    def needed(self) -> tuple[str, ...]:
        """Each of them."""
        return self.services

    @property
    def journey(self) -> bool:
        """What customers come for."""
        return True

    @property
    def good(self) -> str:
        """Which requests are good."""
        return f"requests of {ENTRANCE} to {' and '.join(self.services)} that are answered"

    def told(self, *, mesh: bool, door: bool) -> bool:
        """Of requests a mesh alone tells."""
        del door
        return mesh

    def events(self, look: Look) -> str:
        """Requests to any of them."""
        return look.rates(_COUNTER, (each.matchers for each in self.requests))

    def failures(self, look: Look) -> str:
        """Those that failed by a server's fault."""
        return look.rates(_COUNTER, _failed(self.requests))


@dataclass(frozen=True, kw_only=True)
class Door:
    """Probes of the shop's public address that are answered.

    None of them counts while the prober does not even answer itself.
    """

    service: str = labels.DOOR_SERVICE
    requests: tuple[Requests, ...] = ()
    needed: tuple[str, ...] = (labels.DOOR_SERVICE, ENTRANCE)

    @property
    def journey(self) -> bool:
        """The way in to what customers come for."""
        return False

    @property
    def good(self) -> str:
        """Which probes are good."""
        return "probes of the shop's public address that are answered"

    def told(self, *, mesh: bool, door: bool) -> bool:
        """The prober asks it, where there is one."""
        del mesh
        return door

    def events(self, look: Look) -> str:
        """Probes."""
        return self._counted(look, probes.answers(look.stack, labels.DOOR))

    def failures(self, look: Look) -> str:
        """Those without a good answer."""
        return self._counted(look, f"{probes.answers(look.stack, labels.DOOR)} == 0")

    def _counted(self, look: Look, looked_at: str) -> str:
        """The looks, one at each scrape, at which this had a value."""
        seen = f"({looked_at}) unless {promql.ON_STACK} ({probes.blind(look.stack)})"
        within = probes.within(look.window)
        count = f"count_over_time(({seen})[{within}:{look.scrape}])"
        return f"sum {promql.BY_STACK} ({count}) / {look.window.seconds:g}"


def _failed(requests: Iterable[Requests]) -> Iterator[tuple[str, ...]]:
    for each in requests:
        for fault in faults_of(each.service):
            yield (*each.matchers, *fault)
