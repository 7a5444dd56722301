from __future__ import annotations

from typing import Any

import pytest

from gallery.alerts.model import Delivery
from gallery.contact_points.kinds import BY_REQUEST, KINDS
from gallery.contact_points.model import Engine
from gallery.metrics.timings import FailureMode
from gallery.plan.resolve import resolve
from gallery.plan.routing import DATASOURCE_ALERTS, Matcher
from gallery.render.grafana import policies
from gallery.stack_file.parse import parse
from gallery.store.roles import Severity
from tests.unit.stack_files import STACKS, errors, planned, values, with_value

# Who hears of Grafana's own alerts, and how the impact of the frontend begins.
BROKEN = (Matcher(label="alertname", value=DATASOURCE_ALERTS, regex=True),)
CLOSED = "The shop is closed: no page loads."

SILENT_ROLE = {"ticket": ["chat"]}


def page_and_resolve(scenario: FailureMode) -> tuple[float, float]:
    found = next(
        bound
        for bound in planned("dev").bounds
        if bound.alert == "gallery-endpoint-down"
        and bound.scenario is scenario
        and bound.assumptions.startswith("rehearsal")
    )
    return found.page.seconds, found.resolve.seconds


def test_endpoint_down_is_paged_within_a_minute_and_resolved_within_half() -> None:
    # 5 + 1 + 1 + 10 + 30 + 11 where the port refuses; the probe's 2 s more where it hangs.
    assert page_and_resolve(FailureMode.REFUSED) == (58, 27)
    assert page_and_resolve(FailureMode.HANGING) == (60, 29)


def test_an_override_reaches_the_rule_and_its_time_to_page() -> None:
    plan = resolve(parse(with_value("alerting.overrides.EndpointDown", {"hold": "1m"})))
    rule = next(alert for alert in plan.alerts if alert.name == "EndpointDown")
    bound = next(bound for bound in plan.bounds if bound.alert == rule.uid)
    assert rule.hold.seconds == 60
    assert bound.page.seconds == 88


def test_an_alert_that_is_off_is_not_planned() -> None:
    config = with_value(
        "alerting.overrides.HostMemoryLow", {"enabled": False, "reason": "a cache fills it"}
    )
    names = {alert.name for alert in resolve(parse(config)).alerts}
    assert "HostMemoryLow" not in names
    assert "HostDown" in names


def test_an_alert_that_would_reach_nobody_is_refused_by_name() -> None:
    found = errors(with_value("alerting.roles.incident-response", SILENT_ROLE))
    assert any(
        error.startswith("EndpointDown")
        and "would reach nobody: role incident-response has no contact point" in error
        for error in found
    )


def test_a_production_page_that_wakes_nobody_is_refused() -> None:
    found = errors(with_value("alerting.roles.incident-response", {"page": ["chat"]}, stack="prod"))
    [asleep] = [error for error in found if "would page role incident-response" in error]
    assert asleep.startswith("EndpointDown")
    assert "none of chat wakes a person" in asleep


def test_one_cause_is_told_once_for_all_its_alerts() -> None:
    config = values("prod")
    roles = config["gallery:alerting"]["roles"]
    config["gallery:alerting"]["roles"] = {role: ["chat"] for role in roles}
    asleep = [error for error in errors(config) if "would page role" in error]
    owners = [error.partition("would page role ")[2].split()[0] for error in asleep]
    assert len(owners) == len(set(owners))
    assert any(" and " in error.partition(" would page")[0] for error in asleep)


def paging_by(point: dict[str, Any], stack: str = "prod") -> dict[str, Any]:
    """A stack in which one contact point alone hears what it pages about."""
    config = with_value("alerting.contact_points", {"night": point}, stack)
    alerting = config["gallery:alerting"]
    alerting["roles"] = {role: ["night"] for role in alerting["roles"]}
    return config


def test_a_topic_that_nobody_is_subscribed_to_wakes_nobody_in_production() -> None:
    (found,) = errors(paging_by({"kind": "sns", "wakes": True}))
    assert 'contact point "night" says wakes: true, but nobody is subscribed' in found
    assert "give it addresses, or the topic_arn" in found


@pytest.mark.parametrize(
    ("stack", "more"),
    [
        ("prod", {"addresses": ["night@example.org"]}),
        ("prod", {"topic_arn": "arn:aws:sns:eu-west-1:123456789012:night"}),
        ("dev", {}),
    ],
)
def test_a_topic_may_wake_where_somebody_listens_or_nobody_sleeps(
    stack: str, more: dict[str, Any]
) -> None:
    assert resolve(parse(paging_by({"kind": "sns", "wakes": True, **more}, stack))).alerts


@pytest.mark.parametrize(
    ("point", "first"),
    [
        ({"kind": "pagerduty", "secret": "pagerduty-key"}, '"again" and "pager"'),
        ({"kind": "sns", "addresses": ["sre@example.org"]}, '"again" and "mail"'),
    ],
)
def test_two_contact_points_that_lead_to_one_place_are_refused(
    point: dict[str, Any], first: str
) -> None:
    config = with_value("alerting.contact_points.again", point)
    alerting = config["gallery:alerting"]
    alerting["contact_points"]["mail"] = {"kind": "sns", "addresses": ["sre@example.org"]}
    alerting["contact_points"]["silent"] = {"kind": "sns"}
    alerting["roles"]["reliability"] = [*alerting["contact_points"]]
    (found,) = errors(config)
    assert f"contact points {first} lead to the same place" in found


def test_contact_points_that_lead_elsewhere_are_two() -> None:
    config = with_value("alerting.contact_points.silent", {"kind": "sns"})
    alerting = config["gallery:alerting"]
    alerting["contact_points"]["quiet"] = {"kind": "sns"}
    alerting["contact_points"]["again"] = {"kind": "pagerduty", "secret": "another-key"}
    alerting["roles"]["reliability"] = [*alerting["contact_points"]]
    assert resolve(parse(config)).contact_points


def test_outside_production_a_page_may_go_to_chat_alone() -> None:
    config = with_value("alerting.roles.incident-response", {"page": ["chat"]})
    assert resolve(parse(config)).alerts


@pytest.mark.parametrize(
    ("key", "word"),
    [("gallery:door", "gallery:door is missing"), ("alerting", "independent_path is missing")],
)
def test_production_watches_its_door_and_its_watchers(key: str, word: str) -> None:
    config = values("prod")
    if key == "alerting":
        del config["gallery:alerting"]["independent_path"]
    else:
        del config[key]
    assert any(word in error for error in errors(config))


def test_without_a_door_there_are_no_door_alerts() -> None:
    config = values()
    del config["gallery:door"]
    names = {alert.name for alert in resolve(parse(config)).alerts}
    assert not [name for name in names if name.startswith("ShopDoor")]


@pytest.mark.parametrize("stack", STACKS)
def test_every_rule_carries_the_way_to_its_owner(stack: str) -> None:
    plan = planned(stack)
    for alert in plan.alerts:
        assert alert.labels["environment"] == plan.environment
        assert alert.labels["cluster"] == plan.cluster_name
        assert alert.labels["severity"] == alert.severity
        # What the rule says wins over what its series say.
        assert alert.labels.get("owner") == (None if len(alert.owners) > 1 else alert.owner)


def alertmanager_stack() -> dict[str, Any]:
    config = values()
    alerting = config["gallery:alerting"]
    alerting["engine"] = "alertmanager"
    alerting["contact_points"]["chat"] = {"kind": "sns", "addresses": ["sre@example.org"]}
    del config["gallery:monitoring"]["evaluate"]
    config["gallery:monitoring"]["group_wait"] = "61s"
    return config


def test_amp_evaluates_and_routes_everything_where_it_is_the_engine() -> None:
    plan = resolve(parse(alertmanager_stack()))
    assert plan.grafana_routes is None
    assert not plan.evaluated_by(Engine.GRAFANA)
    assert {alert.scope.evaluate.seconds for alert in plan.alerts} == {60}
    names = {alert.name for alert in plan.alerts}
    # Grafana shows there, and is watched; it neither evaluates nor delivers.
    assert "GrafanaUnreachable" in names
    assert not names & {"GrafanaHeartbeat", "DatasourceCanary"}


def test_grafanas_interval_is_refused_where_amp_is_the_engine() -> None:
    config = alertmanager_stack()
    config["gallery:monitoring"]["evaluate"] = "10s"
    (found,) = errors(config)
    assert "gallery:monitoring.evaluate is 10s" in found
    assert "evaluate_amp" in found


def test_amp_cannot_deliver_to_slack() -> None:
    config = alertmanager_stack()
    slack = {"kind": "slack", "channel": "#alerts", "secret": "slack-webhook"}
    config["gallery:alerting"]["contact_points"]["chat"] = slack
    (found,) = errors(config)
    assert "gallery:alerting.contact_points.chat is of kind slack, which engine" in found
    assert "it can: pagerduty, sns" in found


# A contact point of each kind by name, with what it cannot do without.
_GIVEN: dict[str, Any] = {"channel": "#alerts", "addresses": ["sre@example.org"]}
OUR: dict[str, dict[str, Any]] = {
    f"our-{name}": {"kind": name}
    | {key: _GIVEN.get(key, f"{name}-{key}") for key in sorted(kind.required)}
    for name, kind in KINDS.items()
}


def with_every_kind() -> dict[str, Any]:
    """A stack whose workspace has all integrations, and a role that is told by each of them."""
    config = with_value("grafana.integrations", list(BY_REQUEST))
    config["gallery:alerting"]["contact_points"] |= OUR
    config["gallery:alerting"]["roles"]["reliability"] = [*OUR]
    return config


def test_grafana_delivers_to_what_its_workspace_says_it_has() -> None:
    tree = resolve(parse(with_every_kind())).grafana_routes
    assert tree
    assert tuple(sorted(OUR)) in tree.receivers.values()


def grafanas_answer(policy: dict[str, Any], labels: dict[str, str]) -> str:
    """Grafana's own walk: the first child whose matchers all hold, else the root's receiver."""
    for child in policy["policies"]:
        if all(holds(matcher, labels) for matcher in child["matchers"]):
            return child["contact_point"]
    return policy["contact_point"]


def holds(matcher: dict[str, str], labels: dict[str, str]) -> bool:
    got = labels.get(matcher["label"], "")
    allowed = matcher["value"].split("|") if matcher["match"] == "=~" else [matcher["value"]]
    return got in allowed


@pytest.mark.parametrize("stack", STACKS)
def test_grafanas_policies_deliver_what_the_model_says(stack: str) -> None:
    plan = planned(stack)
    tree = plan.grafana_routes
    assert tree is not None
    document = policies(plan, {name: name for name in tree.receivers})
    strangers = [{"alertname": "DatasourceError", "severity": "page"}, {"alertname": "Unknown"}]
    rules = [
        {"alertname": alert.name, **alert.labels_for(owner)}
        for alert in plan.evaluated_by(Engine.GRAFANA)
        for owner in alert.owners
    ]
    assert rules
    for labels in (*rules, *strangers):
        receiver = grafanas_answer(document, labels)
        assert frozenset(tree.receivers[receiver]) == plan.deliver(labels), labels


@pytest.mark.parametrize("stack", STACKS)
def test_heartbeats_reach_their_topic_and_nothing_else_does(stack: str) -> None:
    plan = planned(stack)
    for alert in plan.alerts:
        told = plan.deliver({"alertname": alert.name, **alert.labels_for(alert.owner)})
        beats = {"heartbeat", "grafana-heartbeat"}
        if alert.alert.delivery in (Delivery.HEARTBEAT, Delivery.GRAFANA_HEARTBEAT):
            assert told == {str(alert.alert.delivery)}
        else:
            assert not told & beats


def test_a_page_is_grouped_so_that_a_dead_store_is_one_page() -> None:
    tree = planned().grafana_routes
    assert tree is not None
    for route in tree.every:
        assert set(route.group_by) == {"alertname", "environment", "cluster"}


def test_a_role_with_one_list_is_told_of_everything_by_it() -> None:
    points = planned().points["reliability"]
    assert points == dict.fromkeys(Severity, ("chat",))


def test_an_alert_on_hosts_is_one_rule_that_reaches_each_groups_owner() -> None:
    [rule] = [alert for alert in planned("prod").alerts if alert.name == "HostDown"]
    owners = {group: rule.owner_of(group) for group in rule.scope.host_groups}
    assert owners == {"orders-db": "infrastructure", "catalogue-search": "reliability"}
    assert rule.uid == "gallery-host-down"


def test_an_override_of_the_owner_holds_for_the_hosts_of_every_group() -> None:
    override = {"HostDown": {"owner": "monitoring"}}
    plan = resolve(parse(with_value("alerting.overrides", override, "prod")))
    [rule] = [alert for alert in plan.alerts if alert.name == "HostDown"]
    assert rule.owners == ("monitoring",)
    assert rule.labels["owner"] == "monitoring"
    assert "label_replace" not in rule.expr


def test_an_owner_of_hosts_who_has_no_contact_point_is_refused_by_name() -> None:
    config = values("prod")
    config["gallery:alerting"]["roles"]["reliability"] = {"ticket": ["board"]}
    [found] = [error for error in errors(config) if "role reliability" in error]
    assert found.startswith("ObjectiveBurningFast, HostDown")
    assert found.endswith(
        " would reach nobody: role reliability has no contact point for severity page; add one "
        "under gallery:alerting.roles.reliability"
    )


def test_a_page_tells_an_outage_from_what_may_become_one() -> None:
    customers = {alert.name: alert.annotations["customers"] for alert in planned().alerts}
    may = "Should {{ $labels.service }} fail: "
    assert f'if eq $labels.service "frontend" }}}}{CLOSED}' in customers["EndpointDown"]
    assert f'if eq $labels.service "frontend" }}}}{may}{CLOSED}' in customers["EndpointSlow"]
    # The door is the frontend's; a watcher that is not probed hides others' outages.
    assert f'if eq $labels.service "door" }}}}{may}{CLOSED}' in customers["EndpointProbeMissing"]
    assert customers["EndpointProbeMissing"].endswith("may go unseen or be reported late.{{ end }}")
    assert "unseen" in customers["CollectorDown"]
    for service in ("cartservice", "redis-cart"):
        assert f'eq $labels.service "{service}"' in customers["HostDown"]


@pytest.mark.parametrize(
    ("path", "value", "alert"),
    [
        ("alerting.overrides.CollectorBlind", {"hold": "6m"}, "CollectorBlind"),
        ("alerting.overrides.CollectorDown", {"hold": "4m"}, "CollectorDown"),
        ("monitoring", {"evaluate": "2m", "group_wait": "2m"}, "CollectorDown"),
        ("monitoring.group_interval", "5m", "CollectorBlind"),
    ],
)
def test_blindness_must_be_told_before_an_outage_is_forgotten(
    path: str, value: object, alert: str
) -> None:
    found = [error for error in errors(with_value(path, value)) if error.startswith(alert)]
    assert len(found) == 1
    assert "is forgotten after 5m and would look mended first" in found[0]
    assert "hold" in found[0]
    assert "group_interval" in found[0]


def test_a_query_of_grafanas_must_fail_for_a_minute_before_anybody_is_told() -> None:
    tree = planned().grafana_routes
    assert tree
    waits = {route.group_wait.seconds for route in tree.every if route.matchers == BROKEN}
    assert waits == {60}
    # And so says the bound: no hold of its own in an older Grafana, both in a newer one.
    (bound,) = (
        bound
        for bound in planned().bounds
        if bound.alert == "gallery-datasource-canary" and bound.assumptions.startswith("rehearsal")
    )
    assert bound.page.seconds >= 120


def with_releases_channel(secret: str, channel: str) -> dict[str, Any]:
    """A stack with a second Slack contact point, told of what reliability is told."""
    releases = {"kind": "slack", "secret": secret, "channel": channel}
    config = with_value("alerting.contact_points.releases", releases)
    config["gallery:alerting"]["roles"]["reliability"] = ["releases"]
    return config


def test_one_slack_webhook_is_not_given_to_two_channels() -> None:
    (found,) = errors(with_releases_channel("slack-webhook", "#gallery-releases"))
    assert 'one webhook (secret "slack-webhook")' in found
    assert '"chat" for #gallery-alerts and "releases" for #gallery-releases' in found
    assert "make a webhook for each channel" in found


@pytest.mark.parametrize(
    ("secret", "channel"),
    [("releases-webhook", "#gallery-releases"), ("slack-webhook", "#gallery-alerts")],
)
def test_a_slack_channel_may_have_a_webhook_of_its_own(secret: str, channel: str) -> None:
    assert resolve(parse(with_releases_channel(secret, channel))).alerts
