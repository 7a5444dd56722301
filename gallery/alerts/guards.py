"""Conditions that keep blindness from looking like an outage, and an outage from looking mended.

Grafana has no inhibition, so suppression is written into the expressions, alike for both engines.
"""

from __future__ import annotations

from gallery.alerts.bridges import mostly
from gallery.alerts.model import Scope
from gallery.metrics import labels, promql
from gallery.metrics.durations import MINUTE, Duration
from gallery.metrics.names import COLLECTOR_EXPECTED

# Seconds: the age of the collector's own newest sample at which it no longer counts as alive.
COLLECTOR_FRESH = 90
# Scrapes by which an endpoint may fail before the canary, and still fail with the prober: one
# for probes of different phase, and one for what has not been written yet.
SAME_MOMENT = 2.5
_ORDER_KNOWN = "1h"
# Without an answer, after which a host's other alerts are silent. HostDown holds as long.
_SILENT = MINUTE * 2
NODE = promql.equals("job", labels.NODE)


def collector_age(scope: Scope) -> str:
    """Seconds since the newest sample that any replica of the collector took of itself."""
    return f"time() - max {promql.BY_STACK} (timestamp({scope.job('up', labels.COLLECTOR)}))"


def collector_alive(scope: Scope) -> str:
    """True for a place whose collector writes. A dead one's last values stay for five minutes."""
    return f"{collector_age(scope)} < {COLLECTOR_FRESH}"


def late(scope: Scope) -> Duration:
    """By how much a recording may be older than another one of the same plan."""
    return Duration(scope.timings.evaluate_amp.milliseconds * 3 // 2)


def still_planned(scope: Scope, constant: str) -> str:
    """The series of a constant, without those that are recorded no more while others still are.

    What a rule recorded can be read for five minutes after the plan has changed and the rule was
    removed (prometheus/prometheus#5195).
    """
    newest = f"max {promql.BY_STACK} (timestamp({scope.series(COLLECTOR_EXPECTED)}))"
    return (
        f"({constant} unless timestamp({constant}) < {promql.ON_STACK} group_left ()"
        f" ({newest} - {late(scope).seconds:g}))"
    )


def blind(scope: Scope) -> str:
    """True for a place where neither a service nor the prober's own canary answers.

    A prober that cannot be scraped itself is blind too.
    """
    return f"{sight(scope)} == 0"


def sight(scope: Scope) -> str:
    """Whether anything that is probed answers, the prober's own canary among it."""
    jobs = (labels.PROBE, labels.CANARY)
    answers = f"{scope.job('probe_success', *jobs)} or {scope.job('up', *jobs)}"
    return f"max {promql.BY_STACK} ({answers})"


def failing(scope: Scope, job: str, *matchers: str) -> str:
    """Targets of a probe job whose last probe failed, whoever is to blame.

    A failed probe survives the prober's death for five minutes and ends with the first good
    one. A probe that does not come back in time is a scrape that fails: the blackbox exporter's
    gRPC prober ignores its timeout (prometheus/blackbox_exporter#1557).
    """
    of = (promql.equals("job", job), *matchers)
    known = scope.series("probe_success", *of, window=promql.LAST_KNOWN)
    return f"last_over_time({known}) == 0 or {scope.series('up', *of)} == 0"


def mostly_failing(scope: Scope, job: str, *matchers: str) -> str:
    """The same, but a single good answer among bad ones ends nothing."""
    return mostly(scope, failing(scope, job, *matchers))


def unanswered(scope: Scope, job: str, *, bridged: bool = False) -> str:
    """Targets of a probe job that last were seen not to answer, for no fault of the prober.

    While nothing at all answers, canary included, a target that answered for as long as the
    canary did tells of the prober; one that was down before stays down, so that a blind prober
    resolves nothing.
    """
    alike = (
        f"({_last_answer(scope, job)}) >= {promql.ON_STACK} group_left ()"
        f" (max {promql.BY_STACK} ({_last_answer(scope, labels.CANARY)}) - {_moment(scope)})"
    )
    return (
        f"({mostly_failing(scope, job) if bridged else failing(scope, job)})"
        f" unless {promql.ON_SERVICE} ({alike} and {promql.ON_STACK} {blind(scope)})"
    )


def no_later(scope: Scope, entrance: str, *, than: str) -> str:
    """Of the services of this matcher, what answered no later than the target of a job did.

    Which of the two went first is known for an hour.
    """
    one = _last_answer(scope, labels.PROBE, entrance, within=_ORDER_KNOWN)
    other = _last_answer(scope, than, within=_ORDER_KNOWN)
    return (
        f"({one}) <= {promql.ON_STACK} group_left ()"
        f" (max {promql.BY_STACK} ({other}) + {_moment(scope)})"
    )


def _moment(scope: Scope) -> str:
    """The seconds within which two targets fail together."""
    return f"{SAME_MOMENT * scope.timings.scrape.seconds:g}"


def _last_answer(scope: Scope, job: str, *matchers: str, within: str = promql.LAST_KNOWN) -> str:
    """When each target of a job last answered, 0 where that was before this window."""
    of = (promql.equals("job", job), *matchers)
    good = f"timestamp({scope.series('probe_success', *of)} == 1)"
    steps = f"{good}[{within}:{scope.timings.scrape}]"
    return f"max_over_time({steps}) or 0 * {scope.series('up', *of)}"


def host_up(scope: Scope) -> str:
    """Whether the exporter of each host can be scraped.

    While an instance is replaced two carry its host's labels, and one that answers is enough.
    """
    return f"max {promql.BY_HOST} ({scope.of_hosts('up', NODE)})"


def unless_host_down(scope: Scope) -> str:
    """What ends the expression of every other alert on a host: HostDown says it all.

    Only a host that has not answered for two minutes is silent, or each missed scrape would end
    its alerts and begin their holds anew.
    """
    long = max(_SILENT, scope.timings.window)
    answers = scope.of_hosts("up", NODE, window=str(long))
    return f" unless {promql.ON_HOST} max {promql.BY_HOST} (max_over_time({answers})) == 0"
