"""The objectives of one stack: the catalogue's as the stack changes them, and its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from gallery.metrics.durations import Duration
from gallery.objectives.indicators import Availability, Indicator, Journey, Latency
from gallery.objectives.model import Agreement, Floors, Objective
from gallery.objectives.windows import WINDOW
from gallery.stack_file.errors import nearest
from gallery.stack_file.objectives import ObjectiveSection
from gallery.stack_file.sections import Settings
from gallery.store.roles import RELIABILITY

_KEY = "gallery:objectives"
_DAY = 86_400
_AS_IT_IS = ObjectiveSection()
_KINDS = "availability, latency or journey"


def objectives(
    catalogue: Iterable[Objective],
    sections: Mapping[str, ObjectiveSection],
    *,
    mesh: bool,
    door: bool,
) -> tuple[Objective, ...]:
    """What is promised in a stack with or without a mesh and a door: journeys first."""
    known = {one.name: one for one in catalogue}
    chosen = [
        _changed(one, section)
        for one in known.values()
        for section in (sections.get(one.name, _AS_IT_IS),)
        if section.enabled
    ]
    chosen += [_own(name, section) for name, section in sections.items() if name not in known]
    told = (one for one in chosen if one.indicator.told(mesh=mesh, door=door))
    return tuple(sorted(told, key=lambda one: not one.indicator.journey))


def refused_objectives(settings: Settings, catalogue: Iterable[Objective]) -> Iterator[str]:
    """What is wrong with the objectives of a stack file whose shapes and names are right."""
    known = {one.name: one for one in catalogue}
    mesh, door = settings.mesh is not None, settings.door is not None
    for name, section in settings.objectives.items():
        here = f"{_KEY}.{name}"
        target = known[name].target if name in known and not section.target else section.target
        yield from _refused_agreement(here, section, target)
        if name in known:
            yield from _refused_change(here, section)
            if not known[name].indicator.told(mesh=mesh, door=door):
                yield f"{here} would do nothing: this stack has no such objective; remove it"
        else:
            yield from _refused_own(here, name, section, known)
            if section.about and not mesh:
                yield f"{here} counts requests, and without a mesh nobody does; remove it"
    yield from _unkept(settings, known, mesh=mesh, door=door)


def _unkept(
    settings: Settings, known: Mapping[str, Objective], *, mesh: bool, door: bool
) -> Iterator[str]:
    """A window of which a workspace of the stack's own has forgotten the beginning."""
    changed = {name: each for name, each in settings.objectives.items() if name in known}
    promised = objectives(known.values(), changed, mesh=mesh, door=door)
    # Others may lack what they are about, but not this.
    own = (each.window for name, each in settings.objectives.items() if name not in known)
    windows = [*(one.window for one in promised), *map(_over, own)]
    days = int(max((window.seconds for window in windows), default=0) // _DAY)
    kept = settings.prometheus.retention
    if settings.prometheus.existing is None and kept < days:
        yield (
            f"gallery:prometheus.retention is {kept}d, and budgets are counted over {days}d; keep "
            f"{days}d or more, count them over less ({_KEY}.<name>.window), or switch every "
            f"objective off under {_KEY}"
        )


def _refused_agreement(here: str, section: ObjectiveSection, target: float | None) -> Iterator[str]:
    agreed = section.agreement
    if agreed and target is not None and agreed.target >= target:
        yield (
            f"{here}.agreement.target is {agreed.target * 100:g}%, and the objective's is "
            f"{target * 100:g}%: nobody would be told before the agreement is missed; agree on "
            "less, or aim for more"
        )


def _refused_change(here: str, section: ObjectiveSection) -> Iterator[str]:
    own = [*section.about, *(["promise"] if section.promise else [])]
    if own:
        yield (
            f"{here} has {' and '.join(own)}, but an objective of the catalogue keeps its own; "
            "remove that, or give yours another name"
        )


def _refused_own(
    here: str, name: str, section: ObjectiveSection, known: Mapping[str, Objective]
) -> Iterator[str]:
    if not section.about:
        yield (
            f'{here}: "{name}" is not an objective of the catalogue; {nearest(name, known)}. One '
            f"of your own needs what it is about: {_KINDS}"
        )
        return
    missing = [key for key in ("promise", "target") if getattr(section, key) is None]
    if missing:
        yield f"{here} is an objective of your own and needs {' and '.join(missing)}"
    if not section.enabled:
        yield f"{here} is an objective of your own that is switched off; remove it"


def _changed(one: Objective, section: ObjectiveSection) -> Objective:
    return replace(
        one,
        target=one.target if section.target is None else section.target,
        window=_over(section.window, one.window),
        floors=_floors(one.floors, section),
        owner=section.owner or one.owner,
        agreement=_agreement(section) or one.agreement,
    )


def _over(days: int | None, usual: Duration = WINDOW) -> Duration:
    return usual if days is None else Duration.of(seconds=days * _DAY)


def _agreement(section: ObjectiveSection) -> Agreement | None:
    agreed = section.agreement
    return Agreement(target=agreed.target, owed=agreed.owed) if agreed else None


def _own(name: str, section: ObjectiveSection) -> Objective:
    # Without these two the stack was refused before.
    promise, target = section.promise or "", section.target or 0.0
    return Objective(
        name=name,
        promise=promise,
        indicator=_indicator(section),
        target=target,
        window=_over(section.window),
        floors=_floors(Floors(), section),
        owner=section.owner or RELIABILITY.name,
        agreement=_agreement(section),
    )


def _indicator(section: ObjectiveSection) -> Indicator:
    if section.latency:
        milliseconds = section.latency.within.milliseconds
        return Latency(service=section.latency.service, milliseconds=milliseconds)
    if section.availability:
        return Availability(service=section.availability)
    return Journey(services=tuple(section.journey or ()))


def _floors(usual: Floors, section: ObjectiveSection) -> Floors:
    failures, requests = section.least_failures, section.least_requests
    return Floors(
        failures=usual.failures if failures is None else failures,
        requests=usual.requests if requests is None else requests,
    )
