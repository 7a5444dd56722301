"""The steps that scripts are made of."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from rehearsal.drill.alert_notifications import key_of
from rehearsal.drill.expectations import Expectation
from rehearsal.drill.play import Breakage, Play
from rehearsal.drill.verdict import GRACE_SECONDS, Finding
from rehearsal.machine import loopback

# Starting a program again, or opening and closing a port.
ACTION_SECONDS = 5.0


@dataclass(frozen=True)
class Break:
    """Break something until the mend."""

    breakage: Breakage
    expectations: tuple[Expectation, ...] = ()
    at_most: float = ACTION_SECONDS

    def run(self, play: Play) -> None:
        """Break it."""
        play.break_(self.breakage)


@dataclass(frozen=True)
class Await:
    """Wait until all of these were delivered, or the time of the last of them has passed."""

    expectations: tuple[Expectation, ...]

    @property
    def at_most(self) -> float:
        """The longest bound."""
        return max(each.page_seconds for each in self.expectations) + GRACE_SECONDS

    def run(self, play: Play) -> None:
        """Wait."""
        awaited = play.expect(self.expectations)
        play.wait(lambda: play.delivered(awaited), play.mark + self.at_most)


@dataclass(frozen=True)
class Watch:
    """Look on for so many seconds: what comes is judged, and nothing must."""

    seconds: float
    what: str
    expectations: tuple[Expectation, ...] = ()

    @property
    def at_most(self) -> float:
        """All of it."""
        return self.seconds

    def run(self, play: Play) -> None:
        """Look on."""
        now = time.time()
        play.timeline.begin(now)
        play.timeline.line(now, f"{self.what} for {self.seconds:.0f} s")
        play.wait(lambda: False, now + self.seconds)


@dataclass(frozen=True)
class Silence:
    """Look on for so many seconds in which no message may list these alerts as firing.

    What elsewhere is a mere mention of an alert beside the end of another is found here too: a
    notifier that has forgotten whom it told says both in one message.
    """

    seconds: float
    about: tuple[Expectation, ...]
    expectations: tuple[Expectation, ...] = ()

    @property
    def at_most(self) -> float:
        """All of it."""
        return self.seconds

    def run(self, play: Play) -> None:
        """Look on."""
        since = play.mark
        Watch(self.seconds, "no page may come twice").run(play)
        for one in self.about:
            play.findings += [
                Finding(
                    alert=one.alert,
                    labels=one.labels,
                    contact_point=again.contact_point,
                    why=f"notified again {again.received_at - since:.1f} s after the restart",
                )
                for again in play.listed(one, since)
            ]


@dataclass(frozen=True)
class NothingFires:
    """Find what fires now untold: its message may lie in a group wait as the drill ends."""

    expectations: tuple[Expectation, ...] = ()
    at_most: float = 0.0

    def run(self, play: Play) -> None:
        """Look once."""
        play.wait(lambda: True, 0.0)
        told = {each.key for each in play.account().told}
        play.unexpected += [
            Finding(
                alert=alert.name,
                labels=dict(key_of(alert.labels)[1]),
                contact_point="the platform",
                why="fires, and nothing was broken",
            )
            for alert in play.observer.firing()
            if key_of(alert.labels) not in told
        ]


@dataclass(frozen=True)
class WatchUntil:
    """Look on until so many seconds have passed since something was last broken."""

    seconds: float
    what: str
    expectations: tuple[Expectation, ...] = ()

    @property
    def at_most(self) -> float:
        """All of it."""
        return self.seconds + GRACE_SECONDS

    def run(self, play: Play) -> None:
        """Look on."""
        play.timeline.line(time.time(), f"{self.what} until +{self.seconds:.0f} s")
        play.wait(lambda: False, play.mark + self.at_most)


@dataclass(frozen=True)
class Until:
    """Wait until something is so; it is missing where that takes longer than `at_most`."""

    done: Callable[[Play], bool]
    what: str
    at_most: float
    expectations: tuple[Expectation, ...] = ()

    def run(self, play: Play) -> None:
        """Wait."""
        if not play.wait(lambda: self.done(play), time.time() + self.at_most):
            why = f"not seen within {self.at_most:.0f} s"
            play.findings.append(
                Finding(alert=self.what, labels={}, contact_point="the platform", why=why)
            )


@dataclass(frozen=True)
class Mark:
    """Let bounds count from now on."""

    expectations: tuple[Expectation, ...] = ()
    at_most: float = 0.0

    def run(self, play: Play) -> None:
        """Do it."""
        play.mark = time.time()


@dataclass(frozen=True)
class AwaitRefusal:
    """Wait until so many deliveries were refused."""

    deliveries: int
    at_most: float
    expectations: tuple[Expectation, ...] = ()

    def run(self, play: Play) -> None:
        """Wait."""
        before = play.pager.refused()

        def refused(play: Play) -> bool:
            return play.pager.refused() - before >= self.deliveries

        Until(refused, "a refused delivery", self.at_most).run(play)


@dataclass(frozen=True)
class BreakBriefly:
    """Break something and mend it at once; one that `forgets` may tell once more what it told."""

    breakage: Breakage
    forgets: bool = False
    expectations: tuple[Expectation, ...] = ()
    at_most: float = ACTION_SECONDS * 2

    def run(self, play: Play) -> None:
        """Do it."""
        play.break_briefly(self.breakage, forgets=self.forgets)


@dataclass(frozen=True)
class MendOne:
    """Mend what was broken last."""

    expectations: tuple[Expectation, ...] = ()
    at_most: float = ACTION_SECONDS

    def run(self, play: Play) -> None:
        """Mend it; bounds count from here."""
        play.mend_last()
        play.mark = time.time()


@dataclass(frozen=True)
class Mend:
    """Mend everything, then wait until every contact point was told so and nothing fires."""

    expectations: tuple[Expectation, ...] = ()
    at_most: float = ACTION_SECONDS * 2

    def run(self, play: Play) -> None:
        """Mend and wait."""
        play.mend()
        mended_at = play.mended_at or time.time()
        while True:
            until = mended_at + _longest(play) + GRACE_SECONDS
            # An alert that was on its way when the mend came has its own time to be over.
            if play.wait(lambda: _over(play), min(until, time.time() + 1.0)):
                return
            if time.time() >= until:
                return


def _longest(play: Play) -> float:
    """How many seconds after the mend everything must be over."""
    told = [entry for entry in play.verdict().entries if entry.delivered_at is not None]
    bounds = [entry.resolve_bound_seconds for entry in told]
    known = [bound for bound in bounds if bound is not None]
    if known and len(known) == len(bounds):
        return max(known)
    # What was forbidden has no bound of its own, and what fired untold none either.
    return max([each.resolve_seconds or 0.0 for each in (*play.expectations, *play.may)] or [0.0])


def _over(play: Play) -> bool:
    """Whether everybody who was told was told that it is over, and nothing fires any more."""
    if play.observer.firing() or any(told.open for told in play.account().told):
        return False
    beats = play.running.promises.beats
    try:
        active = [
            labels
            for client in play.running.alertmanagers.values()
            for labels in client.alerts()
            if labels.get("alertname") not in beats
        ]
    except loopback.UnansweredError:
        return False
    return not active
