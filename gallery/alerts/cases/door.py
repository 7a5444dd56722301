"""The cases of the alerts of `gallery.alerts.door`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gallery.alerts.cases.model import Case, Cases, Series, gone
from gallery.alerts.cases.outages import (
    Spells,
    long_and_again,
    outages,
    probe_hangs,
    refused,
    two_outages,
)
from gallery.alerts.cases.probing import hanging, long_before, refusing, unanswered_cases
from gallery.alerts.cases.stories import (
    CALM,
    STEP,
    Spell,
    Story,
    gauge,
    lasting,
    next_look,
    passing,
    short_of,
    silent,
)
from gallery.alerts.cases.subjects import canary_labels, probe_labels, whole
from gallery.alerts.degraded import TOLERANCE, WINDOW
from gallery.alerts.door import (
    CERTIFIED,
    DAY,
    ROUND,
    SHOP_DOOR_CERTIFICATE_EXPIRING,
    SHOP_DOOR_DEGRADED,
    SHOP_DOOR_DOWN,
)
from gallery.alerts.model import Labels, Scope
from gallery.metrics import labels
from gallery.metrics.durations import MINUTE, minus
from gallery.store.services import ENTRANCE


def _door(scope: Scope) -> dict[str, str]:
    return probe_labels(scope, labels.DOOR_SERVICE, labels.DOOR)


def _down_cases(scope: Scope) -> tuple[Case, ...]:
    return (
        *unanswered_cases(scope, _door(scope), onset=next_look(scope)),
        _with_the_frontend(scope, "the frontend refuses too", refusing),
        _with_the_frontend(scope, "the frontend hangs too", hanging),
        _still_closed(scope),
        _shut_already(scope),
        _comes_and_goes(scope),
    )


def _with_the_frontend(
    scope: Scope, name: str, failing_so: Callable[..., tuple[Series, ...]]
) -> Case:
    """Both fail, the door a moment earlier, for longer than it is known which was first."""
    length, early = MINUTE * 65 + scope.hold.ceil_to(STEP), min(STEP, short_of(scope.hold))
    return Case(
        name=name,
        series=(
            *failing_so(_door(scope), (False, CALM), (True, early + length)),
            *failing_so(probe_labels(scope, ENTRANCE), (False, CALM + early), (True, length)),
            *refusing(canary_labels(scope), (False, CALM + early + length)),
        ),
        until=CALM + early + length,
    )


def _still_closed(scope: Scope) -> Case:
    """The frontend is well again and the door is not: its hold begins then."""
    both, hold = MINUTE * 5, scope.hold.ceil_to(STEP)
    after = hold + MINUTE
    return Case(
        name="stays closed when the frontend is well again",
        series=(
            *refusing(_door(scope), (True, both + after)),
            *refusing(probe_labels(scope, ENTRANCE), (True, both), (False, after)),
            *refusing(canary_labels(scope), (False, both + after)),
        ),
        fires_at=both + hold,
        fires=(_door(scope),),
    )


def _shut_already(scope: Scope) -> Case:
    """A frontend that fails behind a shut door neither ends the page nor begins a second."""
    # Longer than a last answer is remembered elsewhere.
    shut, blip, step = long_before(scope), MINUTE * 7, MINUTE
    return Case(
        name="was shut before the frontend failed",
        series=(
            *refusing(_door(scope), (False, step), (True, shut + blip)),
            *refusing(probe_labels(scope, ENTRANCE), (False, step + shut), (True, blip)),
            *refusing(canary_labels(scope), (False, step + shut + blip)),
            # Another service went with the door: it is not what is asked about.
            *refusing(probe_labels(scope, "cartservice"), (False, step), (True, shut + blip)),
        ),
        fires_at=minus(step + shut + blip, STEP),
        fires=(_door(scope),),
    )


def _comes_and_goes(scope: Scope) -> Case:
    """A frontend that fails now and then does not hide a door that is shut all the time."""
    rounds = scope.hold.ceil_to(MINUTE).milliseconds // MINUTE.milliseconds + 7
    now_and_then = ((True, STEP), (False, STEP * 5)) * rounds
    return Case(
        name="is shut while the frontend comes and goes",
        series=(
            *refusing(_door(scope), (True, MINUTE * rounds)),
            *refusing(probe_labels(scope, ENTRANCE), *now_and_then),
            *refusing(canary_labels(scope), (False, MINUTE * rounds)),
        ),
        # At a moment at which the frontend fails.
        fires_at=MINUTE * (rounds - 1),
        fires=(_door(scope),),
    )


_WELL: Spells = ((1, WINDOW * 3),)


def _hangs(
    scope: Scope,
    name: str,
    spells: Spells,
    *fires: Labels,
    frontend: Spells = _WELL,
    canary: Spells = _WELL,
) -> Case:
    return outages(
        scope,
        _door(scope),
        name,
        spells,
        *fires,
        canary=canary,
        probing=probe_hangs,
        others=probe_hangs(probe_labels(scope, ENTRANCE), (*frontend, (1, WINDOW))),
    )


def _degraded_cases(scope: Scope) -> tuple[Case, ...]:
    door, step = _door(scope), scope.timings.scrape
    failing = 1 - 0.75 * scope.threshold
    enough = two_outages(scope, failing)
    sparing = two_outages(scope, 1 - (scope.threshold + min(2 * scope.threshold, 1)) / 2)
    more = two_outages(scope, failing, int(TOLERANCE) + 1)
    # Long enough for the share of the half that is dead.
    rounds = MINUTE.milliseconds * 5 // step.milliseconds
    half = ((1, WINDOW), *((0, step), (1, step)) * rounds)

    def case(
        name: str, spells: Spells, *fires: Labels, frontend: Spells = _WELL, canary: Spells = _WELL
    ) -> Case:
        others = refused(probe_labels(scope, ENTRANCE), (*frontend, (1, WINDOW)))
        return outages(scope, door, name, spells, *fires, canary=canary, others=others)

    return (
        case("one of its two addresses is dead", half, door),
        case("comes back for the second time", enough, door),
        case("fails again after it was shut for long", long_and_again(scope), door),
        _hangs(scope, "hangs for the second time", enough, door),
        _hangs(scope, "hangs as the frontend does", enough, frontend=enough),
        _hangs(scope, "cannot be probed as the prober dies", enough, canary=enough),
        case("fails twice, but not for long enough", sparing),
        case("was shut once, for long", ((1, WINDOW), (0, MINUTE * 5))),
        case("fails as the frontend does", enough, frontend=enough),
        case("fails more than the frontend", more, door, frontend=enough),
        case("fails as the prober does", enough, canary=enough),
        case("fails more than the prober", more, door, canary=enough),
    )


def _expiring_cases(scope: Scope) -> tuple[Case, ...]:
    days = scope.threshold * DAY
    shop = scope.at(service=labels.DOOR_SERVICE)

    def expires(
        *spells: Spell, ill: float, well: float, of: str = labels.DOOR
    ) -> tuple[Series, ...]:
        """Where the host that is asked redirects, each of both shows another certificate."""
        metric = "probe_ssl_earliest_cert_expiry"
        calm = ((False, whole(spells)),)
        return tuple(
            gauge(
                metric,
                probe_labels(scope, labels.DOOR_SERVICE, job),
                spells if job == of else calm,
                well=well * days,
                ill=ill * days,
            )
            for job in CERTIFIED
        )

    def soon(*spells: Spell) -> tuple[Series, ...]:
        return expires(*spells, ill=0.75, well=6)

    def soon_where_asked(*spells: Spell) -> tuple[Series, ...]:
        return expires(*spells, ill=0.75, well=6, of=labels.DOOR_CERTIFICATE)

    def later(*spells: Spell) -> tuple[Series, ...]:
        return expires(*spells, ill=1.5, well=6)

    def one_of_two(*spells: Spell) -> tuple[Series, ...]:
        """Each probe meets another; which of them is old is seen every second minute."""
        well, ill = spells
        turns = ((False, MINUTE), (True, MINUTE)) * (ill[1].milliseconds // MINUTE.milliseconds)
        return soon(well, (True, MINUTE), *turns)

    def and_unseen(story: Story) -> Story:
        def seen(*spells: Spell) -> tuple[Series, ...]:
            unseen = gone(minus(whole(spells), MINUTE * 2))
            series = story((True, MINUTE * 2))
            return tuple(replace(each, phases=(*each.phases, unseen)) for each in series)

        return seen

    long = ROUND + scope.hold.ceil_to(MINUTE) + MINUTE * 6

    return (
        lasting(scope, "one of two is old", one_of_two, shop, step=MINUTE),
        lasting(scope, "is not renewed", soon, shop, step=MINUTE),
        lasting(scope, "of the host that redirects is old", soon_where_asked, shop, step=MINUTE),
        lasting(scope, "is not seen again", and_unseen(soon), shop, step=MINUTE),
        # What was met counts for a while.
        passing(
            scope,
            "is renewed before the hold ends",
            soon,
            spell=minus(short_of(scope.hold, MINUTE), ROUND),
            step=MINUTE,
        ),
        silent(scope, "has some weeks yet", later, step=MINUTE),
        Case(
            name="has some weeks yet, and is not seen again",
            series=and_unseen(later)((True, long)),
            until=long,
            interval=MINUTE,
        ),
    )


CASES: Cases = {
    SHOP_DOOR_DOWN: _down_cases,
    SHOP_DOOR_DEGRADED: _degraded_cases,
    SHOP_DOOR_CERTIFICATE_EXPIRING: _expiring_cases,
}
