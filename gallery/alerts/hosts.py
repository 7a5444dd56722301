"""Alerts on the EC2 hosts, through their node_exporter."""

from __future__ import annotations

from dataclasses import replace

from gallery.alerts.guards import collector_alive, host_down, unless_host_down
from gallery.alerts.model import (
    Alert,
    Case,
    Labels,
    Scope,
    Series,
    Subject,
    at_once,
    flat,
    gone,
    leaves_discovery,
    scrape_times_out,
    unwritten,
)
from gallery.alerts.panels import HOSTS
from gallery.alerts.stories import (
    CALM,
    MINUTE,
    STEP,
    Spell,
    Story,
    counter,
    gauge,
    lasting,
    minus,
    passing,
    present,
    short_of,
    silent,
    valued,
)
from gallery.alerts.subjects import (
    collector_dies,
    collector_well,
    group_labels,
    host_labels,
    node_labels,
    whole,
)
from gallery.metrics import labels, promql
from gallery.metrics.durations import Duration
from gallery.metrics.names import HOSTS_EXPECTED
from gallery.metrics.timings import FailureMode
from gallery.store.roles import INFRASTRUCTURE, Severity

NODE = promql.equals("job", labels.NODE)
_BY_GROUP = promql.by((*labels.COMMON, labels.HOST_GROUP))


def _down(scope: Scope) -> str:
    """Hosts that do not answer, and those that long had not when they left EC2's discovery.

    A dead host that is switched off is gone, not well: its page lasts until HostMissing has come.
    One that answered until it was switched off is HostMissing's alone.
    """

    def newest(value: int) -> str:
        """When each host last was up, or down, as far as its page must look back."""
        steps = f"{_looks_back(scope)}:{scope.timings.scrape}"
        then = f"timestamp({scope.of_hosts('up', NODE)} == {value})[{steps}]"
        return f"max {promql.BY_HOST} (max_over_time({then}))"

    last = f"last_over_time({scope.of_hosts('up', NODE, window=promql.LAST_KNOWN)})"
    return (
        f"{host_down(scope)} or max {promql.BY_HOST} ({last}) == 0"
        f" and {newest(0)} - ({newest(1)} or 0 * {newest(0)}) > {_long(scope).seconds:g}"
    )


def _long(scope: Scope) -> Duration:
    """Nearly the hold, but longer than a host that ends well fails until discovery knows of it."""
    scrape = scope.timings.scrape
    return max(minus(scope.hold, scrape * 2), scope.timings.discovery + scrape * 3)


def _looks_back(scope: Scope) -> Duration:
    return Duration.parse(promql.LAST_KNOWN) + scope.hold


def _down_cases(scope: Scope) -> tuple[Case, ...]:
    host, successor = node_labels(scope), node_labels(scope) | {"instance": "i-2"}

    def silent_exporter(*spells: Spell) -> tuple[Series, ...]:
        return (
            gauge("up", host, spells, well=1, ill=0),
            valued("up", node_labels(scope, 2), (1, whole(spells))),
        )

    def well(*spells: Spell) -> tuple[Series, ...]:
        return (valued("up", host, (1, whole(spells))),)

    def both_are_there(old: int, new: int) -> Story:
        def story(*spells: Spell) -> tuple[Series, ...]:
            length = whole(spells)
            return valued("up", host, (old, length)), valued("up", successor, (new, length))

        return story

    return (
        lasting(scope, "its exporter does not answer", silent_exporter, host_labels(scope)),
        passing(scope, "restarts within the hold", silent_exporter),
        silent(scope, "answers", well),
        _switched_off(
            scope,
            "is switched off while it is down",
            max(scope.hold, _long(scope) + scope.timings.scrape * 3).ceil_to(STEP),
            host_labels(scope),
        ),
        _switched_off(
            scope,
            "is switched off after a long time",
            _looks_back(scope).ceil_to(STEP) + MINUTE,
            host_labels(scope),
        ),
        _switched_off(
            scope,
            "hardly failed before it was switched off",
            min(Duration.of(seconds=_long(scope).seconds * 0.75), short_of(scope.hold)).ceil_to(
                STEP
            ),
        ),
        _switched_off_again(scope),
        _silent_in_place_of_another(scope),
        silent(scope, "its successor answers already", both_are_there(0, 1)),
        silent(scope, "answers until its successor does", both_are_there(1, 0)),
    )


def _switched_off(scope: Scope, name: str, down: Duration, *fires: Labels) -> Case:
    """It leaves discovery when it was down for so long; after four minutes HostMissing came."""
    away = MINUTE * 4
    up = valued("up", node_labels(scope), (1, CALM), (0, down))
    return Case(
        name=name,
        series=(replace(up, phases=(*up.phases, gone(away + scope.hold))),),
        fires_at=CALM + down + away if fires else None,
        fires=fires,
        until=CALM + down + away + scope.hold,
    )


def _switched_off_again(scope: Scope) -> Case:
    """It was down for a while and came back, and a minute later it is switched off."""
    down, away = short_of(scope.hold), MINUTE * 6 + scope.hold
    step = min(STEP * 2, down)
    up = valued("up", node_labels(scope), (1, CALM), (0, down), (1, MINUTE), (0, step))
    return Case(
        name="had been down before, and answered until it was switched off",
        series=(replace(up, phases=(*up.phases, gone(away))),),
        until=CALM + down + MINUTE + step + away,
    )


def _silent_in_place_of_another(scope: Scope) -> Case:
    """The last one answered until it went, and its successor never does."""
    hold = scope.hold.ceil_to(STEP) + MINUTE
    first, second = node_labels(scope), node_labels(scope) | {"instance": "i-2"}
    before = Series(metric="up", labels=first, phases=(flat(1, CALM), gone(hold)))
    after = Series(metric="up", labels=second, phases=(unwritten(CALM), flat(0, hold)))
    return Case(
        name="does not answer in the place of one that did",
        series=(before, after),
        fires_at=CALM + scope.hold.ceil_to(STEP),
        fires=(host_labels(scope),),
    )


HOST_DOWN = Alert(
    name="HostDown",
    subject=Subject.HOST,
    expr=_down,
    hold=Duration.of(seconds=120),
    severity=Severity.PAGE,
    owner=INFRASTRUCTURE.name,
    summary="A host does not answer.",
    what="Host {{ $labels.host }} of group {{ $labels.host_group }} does not answer.",
    dashboard=HOSTS,
    onset={FailureMode.REFUSED: at_once, FailureMode.HANGING: scrape_times_out},
    cases=_down_cases,
)


def _missing(scope: Scope) -> str:
    expected = scope.of_hosts(HOSTS_EXPECTED)
    found = f"max {promql.BY_HOST} ({scope.of_hosts('up', NODE)})"
    counted = f"count {_BY_GROUP} ({found})"
    return (
        f"{expected} - ({counted} or 0 * {expected}) > 0"
        f" and {promql.ON_STACK} ({collector_alive(scope)})"
    )


def _missing_cases(scope: Scope) -> tuple[Case, ...]:
    def expected(length: Duration, count: int) -> Series:
        return valued(HOSTS_EXPECTED, group_labels(scope), (count, length))

    def second_is_gone(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        return (
            expected(length, 2),
            valued("up", node_labels(scope), (1, length)),
            present("up", node_labels(scope, 2), spells, away=gone),
            collector_well(scope, length),
        )

    def only_one_is_gone(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        return (
            expected(length, 1),
            present("up", node_labels(scope), spells, away=gone),
            collector_well(scope, length),
        )

    def replaced_one_of_two(*spells: Spell) -> tuple[Series, ...]:
        """While one is replaced its successor stands beside it, and in nobody else's place."""
        length = whole(spells)
        return (
            expected(length, 2),
            valued("up", node_labels(scope), (1, length)),
            valued("up", node_labels(scope) | {"instance": "i-2"}, (1, length)),
            present("up", node_labels(scope, 2), spells, away=gone),
            collector_well(scope, length),
        )

    def down_but_known(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        return (
            expected(length, 1),
            valued("up", node_labels(scope), (0, length)),
            collector_well(scope, length),
        )

    return (
        lasting(scope, "one of two has left", second_is_gone, group_labels(scope)),
        lasting(scope, "the only one has left", only_one_is_gone, group_labels(scope)),
        lasting(scope, "one is there twice", replaced_one_of_two, group_labels(scope)),
        passing(scope, "is replaced within the hold", second_is_gone),
        silent(scope, "is down, but not gone", down_but_known),
        collector_dies(scope, lambda length: (expected(length, 1),), node_labels(scope)),
    )


HOST_MISSING = Alert(
    name="HostMissing",
    subject=Subject.HOST,
    expr=_missing,
    hold=Duration.of(seconds=120),
    severity=Severity.PAGE,
    owner=INFRASTRUCTURE.name,
    summary="Fewer hosts are there than planned.",
    what="Of the hosts of group {{ $labels.host_group }} {{ $value }} cannot be found in EC2.",
    dashboard=HOSTS,
    onset={FailureMode.GONE: leaves_discovery},
    clearing=leaves_discovery,
    recorded=True,
    cases=_missing_cases,
)


def _memory(scope: Scope) -> str:
    available = scope.of_hosts("node_memory_MemAvailable_bytes", NODE)
    total = scope.of_hosts("node_memory_MemTotal_bytes", NODE)
    return f"{available} / {total} < {scope.threshold:g}{unless_host_down(scope)}"


def _memory_cases(scope: Scope) -> tuple[Case, ...]:
    total = 2e9

    def left(*spells: Spell, ill: float, up: int = 1) -> tuple[Series, ...]:
        host, length = node_labels(scope), whole(spells)
        share = {"well": 4 * scope.threshold * total, "ill": ill * scope.threshold * total}
        return (
            gauge("node_memory_MemAvailable_bytes", host, spells, **share),
            valued("node_memory_MemTotal_bytes", host, (total, length)),
            valued("up", host, (up, length)),
        )

    def little(*spells: Spell) -> tuple[Series, ...]:
        return left(*spells, ill=0.75)

    def enough(*spells: Spell) -> tuple[Series, ...]:
        return left(*spells, ill=1.5)

    def little_on_a_dead_host(*spells: Spell) -> tuple[Series, ...]:
        return left(*spells, ill=0.75, up=0)

    return (
        lasting(scope, "stays short of memory", little, node_labels(scope), step=MINUTE),
        passing(scope, "is short of memory for a while", little, step=MINUTE),
        silent(scope, "has just enough", enough, step=MINUTE),
        silent(scope, "is down, which says it all", little_on_a_dead_host, step=MINUTE),
    )


HOST_MEMORY_LOW = Alert(
    name="HostMemoryLow",
    subject=Subject.HOST,
    expr=_memory,
    hold=MINUTE * 10,
    severity=Severity.TICKET,
    owner=INFRASTRUCTURE.name,
    threshold=0.1,
    unit="share of memory that is available",
    summary="A host has little memory left.",
    what="Host {{ $labels.host }} has {{ $value | humanizePercentage }} of its memory left.",
    dashboard=HOSTS,
    onset={FailureMode.CHANGED: at_once},
    cases=_memory_cases,
)


def _saturated(scope: Scope) -> str:
    idle = scope.of_hosts(
        "node_cpu_seconds_total",
        NODE,
        promql.equals("mode", "idle"),
        window=str(scope.timings.window),
    )
    return f"1 - avg {promql.BY_HOST} (rate({idle})) > {scope.threshold:g}{unless_host_down(scope)}"


def _saturated_cases(scope: Scope) -> tuple[Case, ...]:
    below = 0.75 * scope.threshold
    above = (scope.threshold + min(2 * scope.threshold, 1)) / 2

    def used(*spells: Spell, ill: float, up: int = 1) -> tuple[Series, ...]:
        host = node_labels(scope)
        idle = tuple((1 - (ill if bad else below), length) for bad, length in spells)
        cpus = (host | {"cpu": cpu, "mode": "idle"} for cpu in ("0", "1"))
        return (
            *(counter("node_cpu_seconds_total", cpu, *idle) for cpu in cpus),
            valued("up", host, (up, whole(spells))),
        )

    def saturated(*spells: Spell) -> tuple[Series, ...]:
        return used(*spells, ill=above)

    def busy(*spells: Spell) -> tuple[Series, ...]:
        return used(*spells, ill=below)

    def saturated_when_it_died(*spells: Spell) -> tuple[Series, ...]:
        return used(*spells, ill=above, up=0)

    return (
        lasting(
            scope,
            "computes without a pause",
            saturated,
            host_labels(scope),
            onset=scope.timings.window.ceil_to(STEP),
        ),
        passing(scope, "computes for a while", saturated),
        silent(scope, "is well used", busy),
        silent(scope, "is down, which says it all", saturated_when_it_died),
    )


HOST_CPU_SATURATED = Alert(
    name="HostCPUSaturated",
    subject=Subject.HOST,
    expr=_saturated,
    hold=MINUTE * 15,
    severity=Severity.TICKET,
    owner=INFRASTRUCTURE.name,
    threshold=0.9,
    unit="share of processor time in use",
    summary="A host has no processor time left.",
    what="Host {{ $labels.host }} uses {{ $value | humanizePercentage }} of its processors.",
    dashboard=HOSTS,
    onset={FailureMode.CHANGED: lambda timings: timings.window},
    clearing=lambda timings: timings.window,
    cases=_saturated_cases,
)
