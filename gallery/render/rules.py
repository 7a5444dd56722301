"""Rules as Prometheus reads them: AMP's rule files, and the shape every proof starts from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from gallery.alerts.door import SHOP_DOOR_DOWN
from gallery.alerts.endpoints import ENDPOINT_DOWN
from gallery.contact_points.model import Engine
from gallery.metrics import labels
from gallery.metrics.recordings import (
    AllowedCalls,
    ExpectedHosts,
    RecordingGroup,
    StackSeries,
    recording_groups,
)
from gallery.objectives.excuses import Paged
from gallery.objectives.needs import needs
from gallery.objectives.recordings import Recorded, objective_groups
from gallery.plan.alerts import PlannedAlert
from gallery.plan.model import Plan
from gallery.render.documents import yaml_text
from gallery.store.companions import COLLECTOR_REPLICAS, PROBER
from gallery.store.roles import Severity

# What a default workspace of AMP takes (its service quota "Rules per rule group").
RULES_IN_A_GROUP = 20
RECORDING = "gallery-recording"
ALERTS = "gallery-alerts"
# The pages about what does not answer, the probes they read, and whether they bridge a good answer.
_OUTAGES = ((ENDPOINT_DOWN, labels.PROBE, False), (SHOP_DOOR_DOWN, labels.DOOR, True))


def alerting_rule(planned: PlannedAlert) -> dict[str, Any]:
    """One alerting rule."""
    rule: dict[str, Any] = {
        "alert": planned.name,
        "expr": planned.expr,
        "for": str(planned.hold),
        "labels": planned.labels,
        "annotations": dict(planned.annotations),
    }
    if planned.alert.keep_firing.milliseconds:
        rule["keep_firing_for"] = str(planned.alert.keep_firing)
    return rule


def recorded(plan: Plan) -> tuple[RecordingGroup, ...]:
    """The recording rules of a stack."""
    sizes = Counter((host.group, host.service) for host in plan.hosts)
    # How many pods of a service run is its autoscaler's, so one is enough; the collector has two
    # so that one may be lost, and nobody else would miss it.
    proxies = {planned.service.name: 1 for planned in plan.services if plan.mesh}
    stack = StackSeries(environment=plan.environment, cluster=plan.cluster_name)
    every = recording_groups(
        stack,
        evaluate=plan.timings.evaluate_amp,
        probes=(*(probe.service for probe in plan.probes), labels.GRAFANA_SERVICE),
        targets=proxies | {labels.COLLECTOR_SERVICE: COLLECTOR_REPLICAS},
        hosts=(
            ExpectedHosts(group=group, service=service, count=count)
            for (group, service), count in sizes.items()
        ),
        calls=tuple(_calls(plan)),
    )
    return (*every, *objective_groups(_of_objectives(plan, stack)))


def _of_objectives(plan: Plan, stack: StackSeries) -> Recorded:
    return Recorded(
        stack=stack,
        timings=plan.timings,
        objectives=plan.objectives,
        needs=needs(planned.service for planned in plan.services),
        paged=paged(plan.alerts),
    )


def paged(alerts: Iterable[PlannedAlert]) -> tuple[Paged, ...]:
    """The outages that excuse a budget: those a page of this stack is about, as it holds them."""
    return tuple(
        Paged(job=job, hold=planned.hold, bridged=bridged)
        for planned in alerts
        if planned.severity is Severity.PAGE
        for alert, job, bridged in _OUTAGES
        if planned.alert is alert
    )


def _calls(plan: Plan) -> Iterator[AllowedCalls]:
    """Every way of the call graph, but the prober's: EndpointDown tells where it is refused."""
    for each in plan.allowed:
        if each.caller != PROBER.name:
            yield AllowedCalls(
                caller=each.caller, principal=f"spiffe://{each.principal}", service=each.callee
            )


def _group(group: RecordingGroup) -> dict[str, Any]:
    return {
        "name": group.name,
        "interval": str(group.interval),
        "rules": [
            {"record": rule.record, "expr": rule.expr, "labels": dict(rule.labels)}
            for rule in group.rules
        ],
    }


def by_subject(alerts: tuple[PlannedAlert, ...]) -> dict[str, tuple[PlannedAlert, ...]]:
    """Alerts in groups by their subject, both engines alike, no group larger than AMP takes it.

    Where a subject has more alerts the groups after the first are numbered from 2. No alert
    reads another, so it does not matter which group is evaluated first.
    """
    groups = dict[str, tuple[PlannedAlert, ...]]()
    for subject in dict.fromkeys(planned.alert.subject for planned in alerts):
        members = tuple(one for one in alerts if one.alert.subject is subject)
        for number, start in enumerate(range(0, len(members), RULES_IN_A_GROUP), start=1):
            name = f"gallery-{subject}" if number == 1 else f"gallery-{subject}-{number}"
            groups[name] = members[start : start + RULES_IN_A_GROUP]
    return groups


def amp_rule_files(plan: Plan) -> dict[str, str]:
    """The rule files of AMP's ruler by the name of their namespace."""
    files = {RECORDING: yaml_text({"groups": [_group(group) for group in recorded(plan)]})}
    alerts = plan.evaluated_by(Engine.ALERTMANAGER)
    groups = [
        {
            "name": name,
            "interval": str(plan.timings.evaluate_amp),
            "rules": [alerting_rule(alert) for alert in members],
        }
        for name, members in by_subject(alerts).items()
    ]
    if groups:
        files[ALERTS] = yaml_text({"groups": groups})
    return files
