"""A drill under way: what is broken and must be mended, what was expected, what came."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from offline.errors import UserError
from rehearsal.drill.alert_notifications import (
    AlertNotifications,
    NotificationLog,
    account,
    key_of,
    listed,
)
from rehearsal.drill.deliveries import deliveries
from rehearsal.drill.expectations import Expectation
from rehearsal.drill.observer import Observer
from rehearsal.drill.running import Running
from rehearsal.drill.timeline import EventKind, Timeline
from rehearsal.drill.verdict import Entry, Finding, Times, Verdict, judge
from rehearsal.machine import loopback
from rehearsal.machine.interruption import uninterrupted
from rehearsal.machine.queries import ActiveAlert
from rehearsal.pager.client import PagerClient
from rehearsal.pager.notifications import Notification

POLL_SECONDS = 0.25


@dataclass(frozen=True, kw_only=True)
class Breakage:
    """Something to break, and how it is mended; both with a line for the timeline.

    `programs` names those that do not run meanwhile.
    """

    what: str
    do: Callable[[], None]
    mended: str
    undo: Callable[[], None]
    programs: tuple[str, ...] = ()


@dataclass
class Play:
    """One drill. Its clock is that of this machine, in seconds since the epoch.

    `mark` is when something was last broken or restarted: bounds count from there. `findings` and
    `unexpected` are what steps themselves miss, and what they find too much. `pause_seconds` is
    the longest time between two looks, of which a busy machine makes more than the poll's.
    """

    running: Running
    timeline: Timeline
    may: tuple[Expectation, ...] = ()
    concerns: Callable[[ActiveAlert], bool] = lambda _: True
    pages_at_most: dict[str, int] = field(default_factory=dict[str, int])
    incidents_at_most: dict[str, int] = field(default_factory=dict[str, int])
    pager: PagerClient = field(default_factory=PagerClient)
    injected_at: float | None = field(default=None, init=False)
    mended_at: float | None = field(default=None, init=False)
    mark: float = field(default=0.0, init=False)
    pause_seconds: float = field(default=0.0, init=False)
    expectations: list[Expectation] = field(default_factory=list[Expectation], init=False)
    findings: list[Finding] = field(default_factory=list[Finding], init=False)
    unexpected: list[Finding] = field(default_factory=list[Finding], init=False)
    # What is worked out instead of waited for, as an alarm over a quarter of an hour.
    foreseen: list[AlertNotifications] = field(default_factory=list[AlertNotifications], init=False)
    _broken: list[Breakage] = field(default_factory=list[Breakage], init=False)
    _notifications: list[Notification] = field(default_factory=list[Notification], init=False)
    _repeats_from: float | None = field(default=None, init=False)
    _heard: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.began = time.time()
        self.observer = Observer(self.running, self.concerns)

    def inject(self) -> None:
        """Count from now on, if not yet."""
        self.mark = time.time()
        if self.injected_at is None:
            self.injected_at = self.mark
            self.timeline.begin(self.mark)

    def break_(self, breakage: Breakage) -> None:
        """Break something; it is mended at the latest when the drill ends, however it ends."""
        self.inject()
        self._broken.append(breakage)
        breakage.do()
        self.timeline.line(self.mark, breakage.what, EventKind.BROKEN)

    def break_briefly(self, breakage: Breakage, *, forgets: bool = False) -> None:
        """Break something and mend it at once; with `forgets` its memory ends in between."""
        before = time.time()
        self._broken.append(breakage)
        breakage.do()
        if forgets:
            # What it still said as it was broken, it knew.
            self._repeats_from = time.time()
        breakage.undo()
        self._broken.remove(breakage)
        self.mark = time.time()
        what = f"{breakage.what} (for {self.mark - before:.1f} s)"
        self.timeline.line(before, what, EventKind.BROKEN)

    def mend(self) -> None:
        """Mend everything, last broken first; resolves count from the last of them."""
        while self._broken:
            self.mended_at = self.mend_last()

    def mend_last(self) -> float:
        """Mend what was broken last; the time at which that began."""
        at = time.time()
        self._broken[-1].undo()
        self.timeline.line(at, self._broken.pop().mended, EventKind.MENDED)
        return at

    def mend_whatever_happens(self) -> None:
        """Mend after an interruption or a fault, uninterrupted, one failure not barring another.

        Raises, once all that can be mended is, what the timeline's writer raises.
        """
        with uninterrupted(), ExitStack() as last_broken_first:
            for breakage in self._broken:
                last_broken_first.callback(self._undo, breakage)
            self._broken.clear()

    def _undo(self, breakage: Breakage) -> None:
        try:
            breakage.undo()
        except (UserError, loopback.UnansweredError, loopback.HttpStatusError) as why:
            self.timeline.line(time.time(), f"could not be mended: {breakage.what}: {why}")
        else:
            self.timeline.line(time.time(), breakage.mended, EventKind.MENDED)

    def expect(self, expectations: Iterable[Expectation]) -> list[Expectation]:
        """From now on expect these, counted from the mark."""
        added = [replace(expectation, since=self.mark) for expectation in expectations]
        self.expectations += added
        return added

    def wait(self, done: Callable[[], bool], until: float) -> bool:
        """Watch until `done`, or until that time; whether it was done."""
        looked = time.monotonic()
        while True:
            self._observe()
            if done():
                return True
            if time.time() >= until:
                return False
            time.sleep(POLL_SECONDS)
            before, looked = looked, time.monotonic()
            self.pause_seconds = max(self.pause_seconds, looked - before)

    def beats(self, contact_point: str, since: float = 0.0) -> list[float]:
        """When a heartbeat was heard there, at that time or later, ascending."""
        return [
            notification.received_at
            for notification in self.pager.notifications(since)
            if notification.contact_point == contact_point and self._is_beat(notification)
        ]

    def account(self) -> NotificationLog:
        """What was told so far, heartbeats aside."""
        read = account(self._notifications)
        return replace(read, told=(*read.told, *self.foreseen))

    def listed(self, expectation: Expectation, since: float) -> list[Notification]:
        """The messages since then that list an expected alert as firing, beside others too."""
        heard = (each for each in self._notifications if each.received_at >= since)
        return listed(heard, expectation.about)

    def verdict(self) -> Verdict:
        """The judgement as of now."""
        times = Times(
            injected_at=self.injected_at,
            mended_at=self.mended_at,
            repeats_from=self._repeats_from,
        )
        expected = (*self.expectations, *self.may)
        fired = self.observer.fired
        verdict = judge(
            expected,
            self.account(),
            fired,
            times,
            self.pages_at_most,
            incidents_at_most=self.incidents_at_most,
        )
        found = (*self.findings, *self.unexpected)
        return replace(
            verdict,
            missing=(*verdict.missing, *self.findings),
            unexpected=(*verdict.unexpected, *self.unexpected),
            faults=(*(finding.text() for finding in found), *verdict.faults),
        )

    def entries(self, expectation: Expectation) -> list[Entry]:
        """What came of an expectation so far."""
        return [
            entry
            for entry in self.verdict().entries
            if entry.delivered_at is not None and expectation.about(entry.alert, entry.labels)
        ]

    def delivered(self, expectations: Iterable[Expectation]) -> bool:
        """Whether all of them came everywhere."""
        return all(
            expectation.contact_points
            <= {entry.contact_point for entry in self.entries(expectation)}
            for expectation in expectations
        )

    def _observe(self) -> None:
        now = time.time()
        try:
            heard = self.pager.notifications(self.began)
            events = self.observer.look(now)
        except loopback.UnansweredError as why:
            raise self._died() or UserError(f"a program does not answer: {why}") from None
        fresh, self._heard = heard[self._heard :], len(heard)
        news = [notification for notification in fresh if not self._is_beat(notification)]
        self._notifications += news
        self.timeline.tell([*events, *deliveries(news)])
        died = self._died()
        if died is not None:
            raise died

    def _is_beat(self, notification: Notification) -> bool:
        beats = self.running.promises.beats
        return len(notification.alerts) > 0 and all(
            beats.get(key_of(alert.labels)[0]) == notification.contact_point
            for alert in notification.alerts
        )

    def _died(self) -> UserError | None:
        """The fault of a program that no drill stopped, if there is one."""
        excused = {name for breakage in self._broken for name in breakage.programs}
        for name in self.running.stopped():
            if name not in excused:
                tail = self.running.supervisor.tail(name)
                return UserError(
                    f"{name} died during the drill; the end of its log "
                    f"({self.running.supervisor.log(name)}):\n{tail}"
                )
        return None
