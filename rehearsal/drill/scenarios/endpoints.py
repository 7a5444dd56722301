"""Outages of the store's services."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from gallery.alerts import endpoints
from gallery.alerts.door import SHOP_DOOR_DEGRADED, SHOP_DOOR_DOWN
from gallery.metrics import labels
from gallery.metrics.timings import FailureMode as Onset
from gallery.store.services import ENTRANCE, Protocol
from rehearsal.drill.breakages import service_broken, services_broken
from rehearsal.drill.call_graph import consequences
from rehearsal.drill.expectations import Expectation
from rehearsal.drill.play import Play
from rehearsal.drill.rest import rested
from rehearsal.drill.running import NotPlayableError, Promises, Running, probe
from rehearsal.drill.script import Scenario, Script, Step, Target
from rehearsal.drill.steps import Await, Break, Mend, WatchUntil
from rehearsal.drill.verdict import GRACE_SECONDS
from rehearsal.world.faults import HALF, HANG, REFUSE, Fault, slow

_REDIS = "redis-cart"
# A second outage within it makes an endpoint degraded.
_DEGRADED_WINDOW = "10m"
_ONSETS = {REFUSE: Onset.REFUSED, HANG: Onset.HANGING}


def service_of(target: Target) -> str:
    """The service that a scenario concerns."""
    if target.service is None:
        raise NotPlayableError("this scenario needs a service")
    return target.service


def down(promises: Promises, service: str, fault: Fault = REFUSE) -> Expectation:
    """The page for a service that does not answer."""
    return promises.must(endpoints.ENDPOINT_DOWN, _ONSETS[fault], service=service)


def recently_down(running: Running, services: Iterable[str]) -> tuple[tuple[Expectation, ...], str]:
    """What may come since these were down a moment ago, and a note on that, or nothing."""
    wanted = set(services)
    amp = running.evaluators[0]
    changed = f'changes(probe_success{{job="probe"}}[{_DEGRADED_WINDOW}]) > 0'
    again = sorted(wanted & {sample.labels["service"] for sample in amp.query(changed)})
    if not again:
        return (), ""
    may = (
        expectation
        for name in again
        for expectation in running.promises.may(
            endpoints.ENDPOINT_DEGRADED, Onset.CHANGED, service=name
        )
    )
    return tuple(may), (
        f"{', '.join(again)} was down within the last {_DEGRADED_WINDOW}: EndpointDegraded may "
        "come too, and takes that long to be over"
    )


def outage(running: Running, services: tuple[str, ...], *steps: Step) -> Script:
    """Steps during which these services are down, and what may come of it."""
    again, note = recently_down(running, services)
    waits = rested(running, endpoints.ENDPOINT_DOWN, labels.SERVICE, services)
    return Script(
        steps=(*waits, *steps),
        may=(*consequences(running.promises, services), *again),
        notes=(note,) if note else (),
    )


def _past_the_door(running: Running, broken: Iterable[str], fault: Fault) -> tuple[Step, ...]:
    """Where the frontend is broken, look on until a page about the shop's door would have come.

    The frontend's own page says it: one about the door would be a second for the same people.
    """
    if ENTRANCE not in broken:
        return ()
    doors = running.promises.may(SHOP_DOOR_DOWN, _ONSETS[fault], service=labels.DOOR_SERVICE)
    return tuple(
        WatchUntil(each.page_seconds, "no page about the public address may follow")
        for each in doors
    )


def _one_down(running: Running, target: Target, fault: Fault = REFUSE) -> Script:
    service = service_of(target)
    page = down(running.promises, service, fault)
    broken = Break(service_broken(service, fault))
    after = _past_the_door(running, (service,), fault)
    return outage(running, (service,), broken, Await((page,)), *after, Mend())


def _hangs(running: Running, target: Target) -> Script:
    return _one_down(running, target, HANG)


def second_service(running: Running, first: str, preferred: str) -> str:
    """Another service than the first: the preferred one, where it is not the first itself."""
    names = [planned.service.name for planned in running.plan.services]
    return next(name for name in (preferred, *names) if name != first)


def _two_down(running: Running, target: Target) -> Script:
    first = service_of(target)
    both = (first, second_service(running, first, "emailservice"))
    pages = tuple(down(running.promises, service) for service in both)
    broken = Break(services_broken(both))
    after = _past_the_door(running, both, REFUSE)
    return outage(running, both, broken, Await(pages), *after, Mend())


def _store_down(running: Running, _target: Target) -> Script:
    everything = tuple(planned.service.name for planned in running.plan.services)
    pages = tuple(down(running.promises, service) for service in everything)
    broken = Break(services_broken(everything))
    after = _past_the_door(running, everything, REFUSE)
    script = outage(running, everything, broken, Await(pages), *after, Mend())
    return Script(
        steps=script.steps,
        may=script.may,
        pages_at_most={endpoints.ENDPOINT_DOWN.name: 1},
        notes=script.notes,
    )


def _redis_down(running: Running, _target: Target) -> Script:
    if all(planned.service.name != _REDIS for planned in running.plan.services):
        raise NotPlayableError(f"stack {running.stack} runs no {_REDIS}")
    return _one_down(running, Target(service=_REDIS))


def _door_half_dead(running: Running, _target: Target) -> Script:
    promises = running.promises
    ticket = promises.must(SHOP_DOOR_DEGRADED, Onset.CHANGED, service=labels.DOOR_SERVICE)
    return Script(
        steps=(
            Break(service_broken(labels.DOOR_SERVICE, HALF)),
            Await((ticket,)),
            Mend(),
        ),
        # By chance every probe of a minute meets the dead address.
        may=promises.may(SHOP_DOOR_DOWN, Onset.REFUSED, service=labels.DOOR_SERVICE),
        pages_at_most={SHOP_DOOR_DOWN.name: 1},
    )


def protocol(running: Running, service: str) -> Protocol:
    """What a service speaks."""
    services = (planned.service for planned in running.plan.services)
    return next(each.protocol for each in services if each.name == service)


def _slow(running: Running, target: Target) -> Script:
    service, promises = service_of(target), running.promises
    if protocol(running, service) is Protocol.TCP:
        raise NotPlayableError(
            f"{service} speaks {Protocol.TCP}, and the mesh times the requests of "
            f"{Protocol.HTTP} and {Protocol.GRPC} alone"
        )
    ticket = promises.must(endpoints.ENDPOINT_SLOW, Onset.CHANGED, service=service)
    probe_timeout = running.plan.timings.probe_timeout.milliseconds
    limit = promises.planned(endpoints.ENDPOINT_SLOW).scope.threshold
    if limit >= probe_timeout:
        raise NotPlayableError(
            f"an answer slower than {limit:g} ms is no answer at all to a probe that waits "
            f"{probe_timeout} ms"
        )
    # Above what is slow and below what is down.
    late = slow(round((limit + probe_timeout) / 2))
    return Script(
        steps=(Break(service_broken(service, late)), Await((ticket,)), Mend()),
        may=consequences(promises, (service,)),
    )


@dataclass(frozen=True)
class _Flap:
    """A service that is down again and again, each time for almost as long as the hold.

    `scrapes` is how many scrapes of each outage fail, `interval` their seconds apart;
    `noticed` is how many seconds after a good scrape every evaluation has seen it.
    """

    service: str
    scrapes: int
    interval: float
    noticed: float
    ticket: Expectation

    @property
    def expectations(self) -> tuple[Expectation, ...]:
        return (self.ticket,)

    @property
    def at_most(self) -> float:
        return self.ticket.page_seconds + GRACE_SECONDS

    def run(self, play: Play) -> None:
        """Be down and up again until somebody is told, or should have been."""

        def told() -> bool:
            return play.delivered((self.ticket,))

        play.break_(service_broken(self.service))
        play.expect((self.ticket,))
        until = play.mark + self.at_most
        while True:
            failed = self._await(play, 0, until)
            last = failed + (self.scrapes - 0.5) * self.interval
            play.wait(lambda: False, min(last, until))
            play.mend()
            well = self._await(play, 1, until)
            play.wait(told, min(well + self.noticed, until))
            if self._fires(play):
                # Nothing is left to be provoked.
                play.wait(told, until)
            if told() or time.time() >= until:
                return
            play.break_(service_broken(self.service))

    def _fires(self, play: Play) -> bool:
        firing = play.observer.firing()
        return any(self.ticket.about(alert.name, alert.labels) for alert in firing)

    def _await(self, play: Play, value: int, until: float) -> float:
        """When the probe was first seen with this value."""
        amp = play.running.evaluators[0]
        asked = f"timestamp({probe(self.service)} == {value})"
        play.wait(lambda: bool(amp.query(asked)), until)
        found = amp.query(asked)
        return found[0].value if found else time.time()


def _flapping(running: Running, target: Target) -> Script:
    service, promises = service_of(target), running.promises
    hold = promises.planned(endpoints.ENDPOINT_DOWN).hold.seconds
    scrape = running.plan.timings.scrape.seconds
    # What a failing scrape says stands until the next one.
    scrapes = int((hold - 1.0) // scrape)
    if scrapes < 1:
        raise NotPlayableError(
            f"the hold of EndpointDown is {hold:g} s and a scrape comes every {scrape:g} s: "
            "a single failure pages, and there is no edge to flap at"
        )
    ticket = promises.must(endpoints.ENDPOINT_DEGRADED, Onset.CHANGED, service=service)
    timings = running.plan.timings
    flap = _Flap(
        service=service,
        scrapes=scrapes,
        interval=scrape,
        noticed=(timings.evaluate + timings.remote_write_deadline).seconds + GRACE_SECONDS,
        ticket=ticket,
    )
    return Script(
        steps=(flap, Mend()),
        may=consequences(promises, (service,)),
    )


ENDPOINT_DOWN = Scenario(
    name="endpoint-down",
    summary="a service refuses connections: one page, and one resolve",
    write=_one_down,
    service="cartservice",
)
ENDPOINT_HANGS = Scenario(
    name="endpoint-hangs",
    summary="a service accepts connections and never answers",
    write=_hangs,
    service="currencyservice",
)
TWO_ENDPOINTS_DOWN = Scenario(
    name="two-endpoints-down",
    summary="two services refuse connections at once",
    write=_two_down,
    service="adservice",
)
ENDPOINT_SLOW = Scenario(
    name="endpoint-slow",
    summary="a service answers its customers late, but answers: a ticket",
    write=_slow,
    service="paymentservice",
)
ENDPOINT_FLAPPING = Scenario(
    name="endpoint-flapping",
    summary="a service is down for less than the hold (`for`), again and again: no page, a ticket",
    write=_flapping,
    service="shippingservice",
)
DOOR_HALF_DEAD = Scenario(
    name="door-half-dead",
    summary="one of two addresses of the shop's door is dead, and half the probes fail: a ticket",
    write=_door_half_dead,
)
STORE_DOWN = Scenario(
    name="store-down",
    summary="everything refuses connections at once: one page and not ten",
    write=_store_down,
)
REDIS_DOWN = Scenario(
    name="redis-down",
    summary="the cart's Redis is down behind a healthy cart",
    write=_redis_down,
)
