"""Sees what the platform's own programs say of a drill: probes, and alerts on their way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gallery.metrics import labels
from rehearsal.drill.alert_notifications import Key, key_of
from rehearsal.drill.running import Running
from rehearsal.drill.timeline import Event, EventKind
from rehearsal.drill.verdict import describe
from rehearsal.machine import loopback
from rehearsal.machine.queries import ActiveAlert, PrometheusClient

PENDING, FIRING = "pending", "firing"
_OF = f'{{job=~"{labels.PROBE}|{labels.CANARY}|{labels.DOOR}"}}'
# A probe that hangs leaves a failed scrape and no answer.
_ANSWERS = f"probe_success{_OF} or up{_OF}"
_ANSWERED_AT = f"timestamp(probe_success{_OF}) or timestamp(up{_OF})"


@dataclass
class Observer:
    """Compares what is with what was at the last look.

    `fired` has the time at which each alert fired; `active` what is pending or firing. Of what
    is only pending, those alerts are told that the drill `concerns`.
    """

    running: Running
    concerns: Callable[[ActiveAlert], bool] = lambda _: True
    fired: dict[Key, float] = field(default_factory=dict[Key, float], init=False)
    active: dict[Key, ActiveAlert] = field(default_factory=dict[Key, ActiveAlert], init=False)
    _answers: dict[str, bool] = field(default_factory=dict[str, bool], init=False)

    def look(self, now: float) -> list[Event]:
        """What has changed since the last look. A program that is away says nothing."""
        return [*self._probes(now), *self._alerts(now)]

    def firing(self) -> list[ActiveAlert]:
        """What fires now, heartbeats aside."""
        beats = self.running.promises.beats
        return [
            alert
            for alert in self.active.values()
            if alert.state == FIRING and alert.name not in beats
        ]

    def _probes(self, now: float) -> Iterator[Event]:
        amp = self.running.evaluators[0]
        try:
            answers = {sample.labels["service"]: sample.value == 1 for sample in
                       amp.query(_ANSWERS)}  # fmt: skip
            changed = {name for name, well in answers.items()
                       if self._answers.get(name, well) != well}  # fmt: skip
            times = _times(amp) if changed else {}
        except loopback.UnansweredError:
            return
        self._answers.update(answers)
        for name in sorted(changed):
            verb = "succeeds again" if answers[name] else "fails"
            kind = EventKind.ANSWERING if answers[name] else EventKind.FAILING
            yield Event(times.get(name, now), f"the probe of {name} {verb}", kind=kind)

    def _alerts(self, now: float) -> Iterator[Event]:
        seen, away = dict[Key, ActiveAlert](), False
        for program in self.running.evaluators:
            try:
                found = program.alerts()
                newly = _newly_firing(found, self.active)
                turns = _evaluations(program) if newly else {}
            except loopback.UnansweredError:
                away = True
                continue
            seen |= {key_of(alert.labels): alert for alert in found}
            for alert in newly:
                self.fired[key_of(alert.labels)] = min(now, turns.get(alert.name, now))
        if away:
            # What an absent program held is not over because it cannot be asked.
            seen = {**self.active, **seen}
        before, self.active = self.active, seen
        yield from self._changes(before, now)

    def _changes(self, before: Mapping[Key, ActiveAlert], now: float) -> Iterator[Event]:
        for key, alert in self.active.items():
            if alert.name in self.running.promises.beats:
                continue
            what = describe(alert.name, alert.labels)
            known = before.get(key)
            if alert.state == PENDING and known is None and self.concerns(alert):
                yield Event(alert.active_at, f"{what} is pending", kind=EventKind.PENDING)
            if alert.state == FIRING and (known is None or known.state == PENDING):
                at = self.fired[key]
                waited = at - alert.active_at
                pending = f", pending for {waited:.0f} s" if waited >= 1 else ""
                yield Event(at, f"{what} fires{pending}", kind=EventKind.FIRING)
        for key, alert in before.items():
            over = key not in self.active and alert.name not in self.running.promises.beats
            if over and (alert.state == FIRING or self.concerns(alert)):
                verb = "stops firing" if alert.state == FIRING else "is no longer pending"
                what = describe(alert.name, alert.labels)
                yield Event(now, f"{what} {verb}", kind=EventKind.OVER)


def _newly_firing(
    found: Iterable[ActiveAlert], before: Mapping[Key, ActiveAlert]
) -> list[ActiveAlert]:
    def fired_before(alert: ActiveAlert) -> bool:
        known = before.get(key_of(alert.labels))
        return known is not None and known.state == FIRING

    return [alert for alert in found if alert.state == FIRING and not fired_before(alert)]


def _evaluations(program: PrometheusClient) -> dict[str, float]:
    """When each alert's rule was last evaluated."""
    turns = dict[str, float]()
    for rule in program.rules():
        turns[rule.name] = max(rule.evaluated_at, turns.get(rule.name, 0.0))
    return turns


def _times(amp: PrometheusClient) -> dict[str, float]:
    samples = amp.query(_ANSWERED_AT)
    return {sample.labels["service"]: sample.value for sample in samples}
