"""Judges what was told by what was expected: in time, each once, and nothing forbidden."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from rehearsal.drill.alert_notifications import AlertNotifications, Key, NotificationLog
from rehearsal.drill.expectations import Expectation, Expected

# Seconds beyond a bound, or short of a hold, within which it still counts as kept: clocks are
# read by several programs.
GRACE_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that is missing or should not have come, and in what way."""

    alert: str
    labels: Mapping[str, str]
    contact_point: str
    why: str

    def text(self) -> str:
        """One line for a person."""
        return f"{describe(self.alert, self.labels)} at {self.contact_point}: {self.why}"


@dataclass(frozen=True, kw_only=True)
class Times:
    """When the scenario broke and mended, in seconds since the epoch; None where it did not.

    `repeats_from` is when the sender of messages lost its memory: one that came before may come
    once again.
    """

    injected_at: float | None
    mended_at: float | None = None
    repeats_from: float | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One alert, label set and contact point. Times as in `Times`; `notifications` that fire."""

    alert: str
    labels: Mapping[str, str]
    contact_point: str
    expected: Expected
    fired_at: float | None = None
    delivered_at: float | None = None
    resolved_at: float | None = None
    seconds_to_delivery: float | None = None
    seconds_to_resolve: float | None = None
    bound_seconds: float | None = None
    resolve_bound_seconds: float | None = None
    notifications: int = 0


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What came of it. `faults` says in words all that is wrong, nothing where all is well."""

    entries: tuple[Entry, ...]
    missing: tuple[Finding, ...]
    unexpected: tuple[Finding, ...]
    faults: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether all came in time, each once, and nothing forbidden came."""
        return not self.faults


@dataclass
class _Judgement:
    """Findings as they are made."""

    times: Times
    fired: Mapping[Key, float]
    entries: list[Entry] = field(default_factory=list[Entry])
    missing: list[Finding] = field(default_factory=list[Finding])
    unexpected: list[Finding] = field(default_factory=list[Finding])
    faults: list[str] = field(default_factory=list[str])


def describe(alert: str, labels: Mapping[str, str]) -> str:
    """An alert by what it is about: its host, its group of hosts or its service."""
    names = ("host", "host_group", "service")
    return " ".join([alert, *[labels[name] for name in names if name in labels][:1]])


def judge(
    expectations: Iterable[Expectation],
    account: NotificationLog,
    fired: Mapping[Key, float],
    times: Times,
    pages_at_most: Mapping[str, int] | None = None,
    *,
    incidents_at_most: Mapping[str, int] | None = None,
) -> Verdict:
    """Judge a scenario. `fired` has the time at which the evaluator let an alert fire.

    `pages_at_most` limits how many messages with something new a contact point gets from one
    alert's name, `incidents_at_most` those before which nothing of that name was open there.
    """
    judgement = _Judgement(times, fired)
    open_musts = [(each, name) for each in expectations if each.expected is Expected.MUST
                  for name in sorted(each.contact_points)]  # fmt: skip
    allowed = [each for each in expectations if each.expected is Expected.MAY]
    for told in sorted(account.told, key=lambda one: one.firings[:1]):
        if not told.firings:
            continue
        claimed = next((must for must in open_musts if _meets(must[0], told, must[1])), None)
        if claimed is not None:
            open_musts.remove(claimed)
            _enter(judgement, told, claimed[0])
        elif (may := next((one for one in allowed if _meets(one, told)), None)) is not None:
            _enter(judgement, told, may)
        else:
            _forbid(judgement, told)
    for must, contact_point in open_musts:
        _miss(judgement, must, contact_point)
    for alarm in _alarms(account):
        _forbid(judgement, alarm)
    judgement.unexpected += _too_many("messages", account.pages, pages_at_most or {})
    judgement.unexpected += _too_many("incidents", account.incidents, incidents_at_most or {})
    found = (*judgement.missing, *judgement.unexpected)
    return Verdict(
        entries=tuple(judgement.entries),
        missing=tuple(judgement.missing),
        unexpected=tuple(judgement.unexpected),
        faults=(*(finding.text() for finding in found), *judgement.faults),
    )


def _meets(
    expectation: Expectation, told: AlertNotifications, contact_point: str | None = None
) -> bool:
    right = told.contact_point in expectation.contact_points
    if contact_point is not None:
        right = told.contact_point == contact_point
    return right and expectation.about(told.alert, told.labels)


def _alarms(account: NotificationLog) -> Iterable[AlertNotifications]:
    """Messages about no alert, which no scenario expects, by what they say and to whom."""
    said = dict[tuple[str, str], AlertNotifications]()
    for message in account.alarms:
        title, name = message.title, message.contact_point
        told = said.setdefault(
            (title, name), AlertNotifications(alert=title, labels={}, contact_point=name)
        )
        times = told.firings if message.status == "firing" else told.resolves
        times.append(message.received_at)
    return said.values()


def _enter(judgement: _Judgement, told: AlertNotifications, by: Expectation) -> None:
    times = judgement.times
    resolved_at = None if told.open or not told.resolves else told.resolves[-1]
    entry = Entry(
        alert=told.alert,
        labels=told.labels,
        contact_point=told.contact_point,
        expected=by.expected,
        fired_at=_fired(judgement, told),
        delivered_at=told.firings[0],
        resolved_at=resolved_at,
        seconds_to_delivery=_seconds(times.injected_at, told.firings[0]),
        seconds_to_resolve=_seconds(times.mended_at, resolved_at),
        bound_seconds=_bound(by, times),
        resolve_bound_seconds=by.resolve_seconds,
        notifications=len(told.firings),
    )
    judgement.entries.append(entry)
    what = f"{describe(told.alert, told.labels)} at {told.contact_point}"
    judgement.faults += [f"{what}: {fault}" for fault in _faults(told, by, entry, times)]


def _faults(told: AlertNotifications, by: Expectation, entry: Entry, times: Times) -> Iterator[str]:
    must = by.expected is Expected.MUST
    if must and told.firings[0] > by.due + GRACE_SECONDS:
        yield f"too late: {entry.seconds_to_delivery:.1f} s, bound {entry.bound_seconds:.1f} s"
    early = by.since - told.firings[0]
    if must and early > GRACE_SECONDS:
        yield f"delivered {early:.1f} s before its cause"
    fired_after = (entry.fired_at or told.firings[0]) - _origin(by, times)
    if must and fired_after < by.hold_seconds - GRACE_SECONDS:
        yield f"fired too early: {fired_after:.1f} s, hold {by.hold_seconds:.1f} s"
    for count, when in _counts(told, times):
        if count > 1:
            yield f"notified {count} times{when}; once is right"
    if must and any(times.mended_at is None or at < times.mended_at for at in told.resolves):
        yield "resolved while it was not over"
    if by.resolve_seconds is None or times.mended_at is None:
        return
    if entry.resolved_at is None:
        yield f"never resolved; bound {by.resolve_seconds:.1f} s"
    elif must and entry.resolved_at > times.mended_at + by.resolve_seconds + GRACE_SECONDS:
        yield (
            f"resolved too late: {entry.seconds_to_resolve:.1f} s, bound {by.resolve_seconds:.1f} s"
        )


def _counts(told: AlertNotifications, times: Times) -> tuple[tuple[int, str], ...]:
    """How often it was said to fire by each memory of its sender, and when that was."""
    count = len(told.firings)
    if times.repeats_from is None:
        return ((count, ""),)
    again = sum(at >= times.repeats_from for at in told.firings)
    return (
        (count - again, " before its notifier was restarted"),
        (again, " after its notifier was restarted"),
    )


def _fired(judgement: _Judgement, told: AlertNotifications) -> float | None:
    """When it fired: never after it was told, however late that was seen."""
    seen = judgement.fired.get(told.key, told.fired_at)
    return None if seen is None else min([seen, *told.firings[:1]])


def _forbid(judgement: _Judgement, told: AlertNotifications) -> None:
    times = judgement.times
    resolved_at = told.resolves[-1] if told.resolves else None
    delivered_at = told.firings[0] if told.firings else None
    after = _seconds(times.injected_at, delivered_at)
    judgement.entries.append(
        Entry(
            alert=told.alert,
            labels=told.labels,
            contact_point=told.contact_point,
            expected=Expected.FORBIDDEN,
            fired_at=_fired(judgement, told),
            delivered_at=delivered_at,
            resolved_at=resolved_at,
            seconds_to_delivery=after,
            seconds_to_resolve=_seconds(times.mended_at, resolved_at),
            notifications=len(told.firings),
        )
    )
    judgement.unexpected.append(
        Finding(
            alert=told.alert,
            labels=told.labels,
            contact_point=told.contact_point,
            why="forbidden" if after is None else f"forbidden, came after {after:.1f} s",
        )
    )


def _bound(expectation: Expectation, times: Times) -> float:
    """The seconds from the first fault within which it comes; a may has no time of its own."""
    origin = _origin(expectation, times)
    return (expectation.since or origin) - origin + expectation.page_seconds


def _origin(expectation: Expectation, times: Times) -> float:
    """When its seconds begin: with the first fault, or by themselves where nothing was broken."""
    return expectation.since if times.injected_at is None else times.injected_at


def _seconds(since: float | None, at: float | None) -> float | None:
    return None if since is None or at is None else at - since


def _miss(judgement: _Judgement, must: Expectation, contact_point: str) -> None:
    bound = _bound(must, judgement.times)
    judgement.entries.append(
        Entry(
            alert=must.alert,
            labels=must.labels,
            contact_point=contact_point,
            expected=must.expected,
            bound_seconds=bound,
            resolve_bound_seconds=must.resolve_seconds,
        )
    )
    judgement.missing.append(
        Finding(
            alert=must.alert,
            labels=must.labels,
            contact_point=contact_point,
            why=f"did not come within {bound:.1f} s",
        )
    )


def _too_many(
    what: str, counted: Mapping[tuple[str, str], int], at_most: Mapping[str, int]
) -> Iterator[Finding]:
    for (alert, contact_point), count in sorted(counted.items()):
        if count > at_most.get(alert, count):
            why = f"{count} {what}; {at_most[alert]} is right"
            yield Finding(alert=alert, labels={}, contact_point=contact_point, why=why)
