"""The dashboard of the EC2 hosts: first whether their traffic is what it usually is."""

from __future__ import annotations

from collections.abc import Iterator

from grafana_foundation_sdk.models import dashboard as model

from gallery.alerts.panels import HOSTS
from gallery.dashboards import host_faults, host_panels, host_table, host_traffic
from gallery.dashboards.frame import choice, found, framed, outages
from gallery.dashboards.grid import Band, Heading, side_by_side
from gallery.dashboards.on_call import on_call
from gallery.dashboards.panels import Query
from gallery.dashboards.sources import CHOSEN_GROUPS, Source, source
from gallery.dashboards.texts import alert_list
from gallery.metrics import labels, promql
from gallery.plan.model import Plan

# With more hosts the details of one are shown at first.
_FEW = 6
_GROUPS = promql.one_of(labels.HOST_GROUP, (CHOSEN_GROUPS,))
_ONE = f'{labels.HOST}=~"$host"'


def hosts(plan: Plan) -> model.Dashboard:
    """Whether the hosts are there, and behave as they usually do."""
    every = source(plan, _GROUPS)
    up = every.job("up", labels.NODE)
    return framed(
        plan,
        uid=HOSTS,
        title="Gallery: hosts",
        description=(
            "Whether the hosts' network traffic is what it usually is, whether they are all "
            "there, and whether processors, memory and disks suffice."
        ),
        shown="24h",
        parts=_parts(plan, every, source(plan, _GROUPS, _ONE)),
        variables=(
            choice(
                "host_group",
                "Group",
                "Which groups of hosts the panels show.",
                dict.fromkeys(host.group for host in plan.hosts),
            ),
            found(
                labels.HOST,
                "Host in detail",
                "Which hosts have a row of their own at the end.",
                up,
                plan.hosts[0].name if len(plan.hosts) > _FEW else None,
            ),
        ),
        annotations=(
            outages(
                every,
                "Hosts down",
                Query(
                    expr=f"{host_panels.answers(every)} == bool 0",
                    legend="{{host}} does not answer",
                ),
            ),
        ),
    )


def _parts(plan: Plan, every: Source, one: Source) -> Iterator[Band | Heading]:
    into, out = host_traffic.against_usual(plan, every)
    alerts = alert_list(plan, "Alerts on hosts", f"{labels.HOST_GROUP}=~{promql.quoted('.+')}")
    yield Band(height=9, panels=((9, into), (9, out), (6, alerts)))
    yield side_by_side(4, *host_panels.tiles(plan, every))
    yield side_by_side(8, host_table.table_of_hosts(plan, every))
    yield Heading(title="Every host")
    yield side_by_side(8, host_panels.over_time(every))
    yield side_by_side(9, *host_panels.resources(plan, every))
    yield side_by_side(8, *host_faults.of_disks(plan, every))
    yield side_by_side(8, *host_faults.of_kernel(plan, every))
    yield side_by_side(8, *host_faults.of_units(plan, every))
    yield Heading(title="$host in detail", repeat="host")
    yield side_by_side(9, *host_traffic.in_detail(plan, one))
    yield side_by_side(8, *host_panels.in_detail(one))
    yield Heading(title="Who is called")
    yield on_call(plan, HOSTS)
