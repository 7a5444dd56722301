"""What a stack asks of AMP stays within the quotas of a workspace that nobody has raised.

Source: AWS Service Quotas, service `aps`, the defaults; all of them can be raised but the sizes
of the two documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import cycle
from typing import Any

import pytest
import yaml

from gallery.contact_points.model import Engine
from gallery.metrics.collected import COLLECTED
from gallery.plan.model import Plan
from gallery.plan.resolve import resolve
from gallery.render.alertmanager import Addresses, definition
from gallery.render.rules import amp_rule_files, by_subject
from gallery.stack_file.parse import parse
from gallery.store.roles import ROLE_NAMES
from tests.unit.stack_files import STACKS, planned, values

_DEFAULTS = {
    "rules in a group": 20,
    "rules": 2_000,
    "groups": 100,
    "namespaces": 10,
    "bytes of a rule file": 1_000_000,
    "bytes of the alert manager definition": 1_000_000,
    "nodes of the routing tree": 100,
    "labels of a series": 70,
}
LARGEST = "as large as can be thought of"
# Settings bound neither the groups of hosts nor the contact points: a hundred times what `prod`
# has, each name as long as it may be.
_HOST_GROUPS = 500
_CONTACT_POINTS = 100
_LONGEST_NAME = 40


def _largest() -> Plan:
    """Many groups of hosts for five owners, and AMP evaluates and tells everything."""
    config = values("prod")
    config["gallery:monitoring"].pop("evaluate")
    config["gallery:monitoring"]["group_wait"] = "60s"
    host = config["gallery:hosts"][0]
    config["gallery:hosts"] = [
        host | {"name": f"{number:04}".rjust(_LONGEST_NAME, "g"), "owner": owner}
        for number, owner in zip(range(_HOST_GROUPS), cycle(ROLE_NAMES), strict=False)
    ]
    alerting = config["gallery:alerting"]
    points = {f"point-{number}": {"kind": "sns"} for number in range(_CONTACT_POINTS)}
    alerting["engine"] = "alertmanager"
    alerting["contact_points"] = {
        "pager": {"kind": "pagerduty", "secret": "pagerduty-key"},
        **points,
    }
    alerting["roles"] = {role: ["pager", *points] for role in ROLE_NAMES}
    return resolve(parse(config))


@cache
def _plan(stack: str) -> Plan:
    return _largest() if stack == LARGEST else planned(stack)


def _needed(plan: Plan) -> Mapping[str, int]:
    files = amp_rule_files(plan)
    groups: list[dict[str, Any]] = [
        group for text in files.values() for group in yaml.safe_load(text)["groups"]
    ]
    points = [point.name for point in plan.contact_points]
    topics = dict.fromkeys([*points, "heartbeat", "independent-path"], f"arn:{'a' * 300}")
    addresses = Addresses(topics=topics, secrets=topics, grafana_url="https://grafana")
    routes = yaml.safe_load(definition(plan, addresses))
    tree = yaml.safe_load(routes["alertmanager_config"])["route"]
    return {
        "rules in a group": max(len(group["rules"]) for group in groups),
        "rules": sum(len(group["rules"]) for group in groups),
        "groups": len(groups),
        "namespaces": len(files),
        "bytes of a rule file": max(len(text.encode()) for text in files.values()),
        "bytes of the alert manager definition": len(definition(plan, addresses).encode()),
        "nodes of the routing tree": 1 + len(tree["routes"]),
        "labels of a series": max(len(of) for jobs in COLLECTED.values() for of in jobs.values()),
    }


@pytest.mark.parametrize("stack", [*STACKS, LARGEST])
def test_a_stack_fits_into_a_workspace_with_default_quotas(stack: str) -> None:
    needed = _needed(_plan(stack))
    assert {name: need for name, need in needed.items() if need > _DEFAULTS[name]} == {}


def test_a_subject_with_more_alerts_than_a_group_takes_has_several() -> None:
    plan = planned()
    many = tuple(one for one in plan.alerts if one.alert.subject == "host") * 6
    groups = by_subject(many)
    numbered = (f"gallery-host-{number}" for number in range(2, len(groups) + 1))
    assert [*groups] == ["gallery-host", *numbered]
    assert len(groups) > 1
    assert max(map(len, groups.values())) <= _DEFAULTS["rules in a group"]
    assert tuple(one for members in groups.values() for one in members) == many


def test_the_largest_stack_leaves_all_rules_to_amp() -> None:
    plan = _plan(LARGEST)
    assert plan.engine is Engine.ALERTMANAGER
    assert {alert.engine for alert in plan.alerts} == {Engine.ALERTMANAGER}
