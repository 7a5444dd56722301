"""What a dashboard reads: the series of one stack, and the numbers its alerts compare with."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gallery.alerts.model import Alert
from gallery.metrics import labels, promql
from gallery.plan.alerts import PlannedAlert
from gallery.plan.model import Plan

# A rate's window in a graph: what Grafana finds wide enough for the width of a point.
RATE_INTERVAL = "$__rate_interval"
# The groups of hosts that were chosen on the dashboard, as a regular expression.
CHOSEN_GROUPS = "$host_group"


@dataclass(frozen=True, kw_only=True)
class Source:
    """The series of a stack, narrowed by `matchers`; `step` is how often one has a sample.

    The place is written into every query, as the rules have it: what a panel shows can be
    carried to Explore or held against a rule without a thought to what was selected.
    """

    environment: str
    cluster: str
    step: str
    matchers: tuple[str, ...] = ()

    def series(self, metric: str, *matchers: str, window: str = "") -> str:
        """A selector within the stack."""
        place = (
            promql.equals(labels.ENVIRONMENT, self.environment),
            promql.equals(labels.CLUSTER, self.cluster),
        )
        return promql.selector(metric, (*place, *matchers, *self.matchers), window)

    def job(self, metric: str, *jobs: str, where: tuple[str, ...] = (), window: str = "") -> str:
        """A selector of the series that these scrape jobs bring, narrowed by `where`."""
        first, *others = jobs
        chosen = promql.one_of("job", jobs) if others else promql.equals("job", first)
        return self.series(metric, chosen, *where, window=window)


def source(plan: Plan, *matchers: str) -> Source:
    """The series of this stack."""
    return Source(
        environment=plan.environment,
        cluster=plan.cluster_name,
        step=str(plan.timings.scrape),
        matchers=matchers,
    )


def effective(plan: Plan, alert: Alert) -> PlannedAlert | None:
    """The alert as this stack has it; None where the stack has switched it off."""
    return next((planned for planned in plan.alerts if planned.name == alert.name), None)


def threshold(plan: Plan, alert: Alert) -> float | None:
    """What the alert of this stack compares with, in the alert's unit; None where it is off."""
    planned = effective(plan, alert)
    return planned.scope.threshold if planned else None


def condition(plan: Plan, alert: Alert, host_group: str) -> str | None:
    """When the alert of this stack counts, for hosts of these groups; None where it is off.

    `host_group` is a regular expression, and may be a variable of the dashboard.
    """
    planned = effective(plan, alert)
    return alert.expr(replace(planned.scope, chosen_groups=host_group)) if planned else None
