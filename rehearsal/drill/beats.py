"""Steps about heartbeats: hear them, miss them, and foresee the alarm that their silence raises."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gallery.alerts.guards import COLLECTOR_FRESH
from gallery.plan.routing import BEAT_INTERVAL
from rehearsal.drill.alert_notifications import AlertNotifications
from rehearsal.drill.expectations import Expectation, Expected
from rehearsal.drill.play import Play
from rehearsal.drill.running import Running
from rehearsal.heartbeat import STEP_SECONDS, Alarm, AlarmState, evaluate
from rehearsal.pager.inbox import PagerConfig

# An evaluation, and a message on its way.
_SLACK_SECONDS = 2.0


def beat_seconds(running: Running) -> float:
    """The longest time until a heartbeat is heard, from the moment all that it shows is well.

    A recording, its evaluation, and the pause after the beat before.
    """
    timings = running.plan.timings
    return (
        timings.scrape + timings.remote_write_deadline + timings.evaluate_amp * 2 + BEAT_INTERVAL
    ).seconds + _SLACK_SECONDS


@dataclass(frozen=True)
class HearBeats:
    """Wait until these contact points have heard a heartbeat in the drill, or since the mend.

    With `before`, one in so many seconds before that will do.
    """

    contact_points: tuple[str, ...]
    at_most: float
    before: float = 0.0
    expectations: tuple[Expectation, ...] = ()

    def run(self, play: Play) -> None:
        """Wait."""
        since = (play.mended_at or play.began) - self.before
        until = time.time() + self.at_most

        def silent() -> list[str]:
            return [name for name in self.contact_points if not play.beats(name, since)]

        play.wait(lambda: not silent(), until)
        heard = {name: play.beats(name, since)[:1] for name in self.contact_points}
        for at, name in sorted((at, name) for name, beats in heard.items() for at in beats):
            play.timeline.line(at, f"a heartbeat arrives at {name}")
        # Beats are no part of the account: one that was heard is no page that must come once.
        if unheard := frozenset(silent()):
            play.expectations.append(
                Expectation(
                    expected=Expected.MUST,
                    alert="heartbeat",
                    labels={},
                    contact_points=unheard,
                    page_seconds=until - since,
                    resolve_seconds=None,
                    since=since,
                )
            )


@dataclass(frozen=True)
class MissBeats:
    """Wait until a heartbeat has stopped, and foresee when its alarm will tell somebody.

    The alarm takes a quarter of an hour; it is evaluated on the beats that were heard and on
    the silence that has begun.
    """

    contact_point: str
    alarm: Alarm
    tells: frozenset[str]
    stops_within: float

    @property
    def expectations(self) -> tuple[Expectation, ...]:
        """The alarm's message, by its name."""
        return (
            Expectation(
                expected=Expected.MUST,
                alert=self.alarm.name,
                labels={},
                contact_points=self.tells,
                page_seconds=self.stops_within + self.alarm.range_seconds + STEP_SECONDS,
                resolve_seconds=None,
            ),
        )

    @property
    def at_most(self) -> float:
        """Until the last beat, and the pause after which a next one would have come."""
        return self.stops_within + BEAT_INTERVAL.seconds + _SLACK_SECONDS

    def run(self, play: Play) -> None:
        """Wait, then work the alarm out."""
        began = play.injected_at or play.mark
        expected = self.expectations
        play.expectations += [replace(each, since=began) for each in expected]
        pause = BEAT_INTERVAL.seconds + _SLACK_SECONDS

        def silent() -> bool:
            heard = [began, *play.beats(self.contact_point, began)]
            return time.time() - max(heard) > pause and not self._beats_on(play)

        if not play.wait(silent, began + self.at_most):
            return
        # Where none was ever heard, the silence began with the fault at the latest.
        beats = play.beats(self.contact_point) or [began]
        at = alarm_after(self.alarm, beats)
        if at is None:
            return
        play.timeline.line(max(beats), f"{self.contact_point} received its last heartbeat")
        play.timeline.line(
            at, f"(foreseen) {self.alarm.name} is in ALARM and tells {', '.join(self.tells)}"
        )
        play.foreseen += [
            AlertNotifications(
                alert=self.alarm.name, labels={}, contact_point=name, firings=[at], fired_at=at
            )
            for name in sorted(self.tells)
        ]

    def _beats_on(self, play: Play) -> bool:
        names = {
            name for name, point in play.running.promises.beats.items()
            if point == self.contact_point
        }  # fmt: skip
        return any(alert.name in names for alert in play.observer.active.values())


def alarm_after(alarm: Alarm, beats: Sequence[float]) -> float | None:
    """When the alarm sounds if no beat follows these; None where it never would.

    None too where it would have sounded before the last beat: an alarm that sounds all the time
    is no alarm. The past before the first beat counts as steady.
    """
    interval = BEAT_INTERVAL.seconds
    past = [beats[0] - number * interval for number in
            range(int(alarm.range_seconds // interval) + 1, 0, -1)]  # fmt: skip
    steady = sorted([*past, *beats])
    end = beats[-1] + alarm.range_seconds + alarm.period_seconds + STEP_SECONDS
    changes = evaluate(alarm, steady, beats[0], end)
    alarms = [change.at for change in changes if change.state is AlarmState.ALARM]
    return alarms[0] if alarms and alarms[0] > beats[-1] else None


def miss_beats(running: Running, contact_point: str) -> MissBeats:
    """The step for the heartbeat at this contact point, with the alarm that the stack has on it."""
    pager_config = PagerConfig.read(running.stand_in / "pager.json")
    alarm = next(
        each for each in pager_config.alarms if pager_config.topics[each.topic] == contact_point
    )
    timings = running.plan.timings
    newest = COLLECTOR_FRESH + timings.scrape.seconds + timings.remote_write_deadline.seconds
    return MissBeats(
        contact_point=contact_point,
        alarm=alarm,
        tells=frozenset(pager_config.topics[action] for action in alarm.actions),
        # An evaluation until it is over, and a beat just before.
        stops_within=newest + timings.evaluate_amp.seconds + _SLACK_SECONDS,
    )
