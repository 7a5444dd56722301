"""The part of the stack file about what customers are promised."""

from __future__ import annotations

from bisect import bisect
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from gallery.metrics.durations import Duration
from gallery.metrics.edges import EDGES
from gallery.objectives.windows import PAGE, WINDOW
from gallery.stack_file.quantities import Days, Distinct, Length, Share, listed, one_of
from gallery.stack_file.roles import RoleName
from gallery.stack_file.section import Section
from gallery.store.services import ENTRANCE, SERVICES, Protocol

_COUNTED = tuple(each.name for each in SERVICES if each.protocol is not Protocol.TCP)
_STEPS = tuple(
    call.callee
    for each in SERVICES
    if each.name == ENTRANCE
    for call in each.calls
    if call.without is None
)
CountedService = Annotated[
    str, one_of("a service whose requests a mesh counts", _COUNTED), listed(_COUNTED)
]
_Step = Annotated[
    str, one_of(f"a service that {ENTRANCE} cannot do without", _STEPS), listed(_STEPS)
]


def _leaves_something(target: float) -> float:
    if target >= 1:
        raise ValueError(
            "100% leaves nothing that may fail, and no budget: write less, for example 99.5%"
        )
    # Where everything fails a budget goes 1 / budget times as fast as it may.
    if 1 - target >= 1 / PAGE[0].factor:
        raise ValueError(
            f"{target * 100:g}% is so little that nothing could be told in time, however much "
            "fails; write more than 93.1%"
        )
    return target


def _edge(within: Duration) -> Duration:
    if within.milliseconds not in EDGES:
        above = bisect(EDGES, within.milliseconds)
        near = EDGES[max(0, above - 1) : above + 1]
        choices = " or ".join(str(Duration.of(seconds=edge / 1000)) for edge in near if edge >= 1)
        raise ValueError(
            f"{within} is no edge of the histogram in which proxies count, so nobody knows how "
            f"many requests take longer; write {choices}"
        )
    return within


# Below a week one bad evening is the whole budget; a rule on AMP reads 30 days at most.
_LEAST_DAYS, _MOST_DAYS = 7, int(WINDOW.seconds // 86_400)


def _counted(days: int) -> int:
    if not _LEAST_DAYS <= days <= _MOST_DAYS:
        raise ValueError(
            f"a budget is counted over {_LEAST_DAYS} to {_MOST_DAYS} days, not over {days}d: fewer "
            "are spent by one bad evening, and more can no rule of a workspace read; write for "
            "example 28d"
        )
    return days


class AgreementSection(Section):
    """What was agreed with somebody about an objective: less than it, and what is owed."""

    target: Annotated[Share, AfterValidator(_leaves_something)]
    owed: Annotated[str, Field(pattern=r"^\S.*\.$", max_length=200)]


class LatencyOf(Section):
    """How long the requests to a service may take that it answers."""

    service: CountedService
    within: Annotated[Length, AfterValidator(_edge)]


class ObjectiveSection(Section):
    """What a stack changes of an objective, or one of its own.

    One of its own has a `promise`, a `target`, and what it is about: `availability`, `latency` or
    `journey`. Switching one of the catalogue off needs a reason.
    """

    enabled: bool = True
    reason: str | None = None
    target: Annotated[Share, AfterValidator(_leaves_something)] | None = None
    window: Annotated[Days, AfterValidator(_counted)] | None = None
    owner: RoleName | None = None
    agreement: AgreementSection | None = None
    least_failures: Annotated[int, Field(ge=1)] | None = None
    least_requests: Annotated[int, Field(ge=0)] | None = None
    promise: Annotated[str, Field(pattern=r"^\S.*\.$", max_length=200)] | None = None
    availability: CountedService | None = None
    latency: LatencyOf | None = None
    journey: Annotated[list[_Step], Field(min_length=1), Distinct] | None = None

    @property
    def about(self) -> tuple[str, ...]:
        """The keys that say what it is about, of those that are given."""
        kinds = ("availability", "latency", "journey")
        return tuple(kind for kind in kinds if getattr(self, kind) is not None)

    @model_validator(mode="after")
    def _sound(self) -> ObjectiveSection:
        if not self.enabled and not self.reason:
            raise ValueError("an objective that is switched off needs a reason: say why")
        if len(self.about) > 1:
            raise ValueError(
                f"it has {' and '.join(self.about)}; an objective is about one of them: remove "
                "the others, or make an objective of each"
            )
        return self
