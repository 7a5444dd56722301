"""The Grafana resource types the program uses, with what a Grafana refuses of them.

What replaces a resource is what the provider's schema marks so (grafana/terraform-provider-grafana,
internal/resources/grafana).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from .kinds import Kind, Reference, table
from .values import Json, Properties, at, text_at

if TYPE_CHECKING:
    from .cloud import Cloud, Made

FOLDER = "grafana:oss/folder:Folder"
DASHBOARD = "grafana:oss/dashboard:Dashboard"
DATA_SOURCE = "grafana:oss/dataSource:DataSource"
CONTACT_POINT = "grafana:alerting/contactPoint:ContactPoint"
POLICY = "grafana:alerting/notificationPolicy:NotificationPolicy"
RULE_GROUP = "grafana:alerting/ruleGroup:RuleGroup"

# Grafana's scheduler ticks every ten seconds; an interval that is no multiple is refused.
TICK_SECONDS = 10


def _folder_exists(cloud: Cloud, made: Made) -> str | None:
    wanted = made.text("folderUid") or made.text("folder")
    uid = wanted.rpartition(":")[2]
    if not uid or cloud.find(made.scope, FOLDER, uid):
        return None
    return f"{made.kind.type} {made.name}: folder {uid} not found"


def _dashboard_is_new(cloud: Cloud, made: Made) -> str | None:
    document = cast("Json", json.loads(made.text("configJson")))
    uid = at(document, "uid")
    if not uid:
        return f"{made.name}: a dashboard without uid gets another one each time it is made"
    twins = [
        other.name
        for other in cloud.all(DASHBOARD, made.scope)
        if other.id != made.id and at(json.loads(other.text("configJson")), "uid") == uid
    ]
    return f"{made.name}: dashboard uid {uid} is taken by {twins[0]}" if twins else None


def _dashboard_uid(_cloud: Cloud, inputs: Properties) -> Properties:
    return {"uid": at(json.loads(text_at(inputs, "configJson")), "uid")}


def _rules(made: Made) -> list[Json]:
    rules = made.inputs.get("rules")
    return rules if isinstance(rules, list) else []


def _rules_are_sound(_cloud: Cloud, made: Made) -> str | None:
    interval = made.inputs.get("intervalSeconds")
    if not isinstance(interval, int) or interval <= 0 or interval % TICK_SECONDS:
        return f"{made.name}: interval {interval} s is no multiple of {TICK_SECONDS} s"
    for rule in _rules(made):
        datas = at(rule, "datas")
        refs = [at(data, "refId") for data in datas] if isinstance(datas, list) else []
        condition = at(rule, "condition")
        if condition not in refs and at(rule, "record") is None:
            return f"{made.name}: condition {condition} is none of {refs}"
    return None


def _rule_uids_are_new(cloud: Cloud, made: Made) -> str | None:
    others = {
        at(rule, "uid"): other.name
        for other in cloud.all(RULE_GROUP, made.scope)
        if other.id != made.id
        for rule in _rules(other)
    }
    for rule in _rules(made):
        uid = at(rule, "uid")
        if uid and uid in others:
            return f"{made.name}: rule uid {uid} is taken by group {others[uid]}"
    return None


def _rule_sources_exist(cloud: Cloud, made: Made) -> str | None:
    for rule in _rules(made):
        datas = at(rule, "datas")
        for data in datas if isinstance(datas, list) else []:
            uid = at(data, "datasourceUid")
            if uid not in ("__expr__", "-100") and not cloud.find(made.scope, DATA_SOURCE, uid):
                return f"{made.name}: data source {uid} not found"
    return None


def _receivers(policy: Json) -> Iterator[str]:
    if isinstance(policy, dict):
        receiver = policy.get("contactPoint")
        if isinstance(receiver, str):
            yield receiver
        nested = policy.get("policies")
        for child in nested if isinstance(nested, list) else []:
            yield from _receivers(child)


def _receivers_of(inputs: Properties) -> list[Json]:
    return list(dict.fromkeys(_receivers(inputs)))


GRAFANA_KINDS = table(
    Kind(
        type=FOLDER,
        id="1:{uid}",
        outputs={"url": "/dashboards/f/{uid}"},
        identity=("uid",),
        autonamed="uid",
        replaced_by=frozenset({"uid"}),
    ),
    Kind(
        type=DASHBOARD,
        id="1:{hex}",
        outputs={"dashboardId": "{number}", "version": 1, "url": "/d/{hex}"},
        derived=_dashboard_uid,
        derives=("uid",),
        refusals=(_folder_exists, _dashboard_is_new),
    ),
    Kind(
        type=DATA_SOURCE,
        id="1:{uid}",
        identity=("name",),
        autonamed="uid",
        replaced_by=frozenset({"uid"}),
    ),
    Kind(
        type=CONTACT_POINT,
        id="1:{name}",
        identity=("name",),
        autonamed="name",
        replaced_by=frozenset({"name", "disableProvenance"}),
    ),
    Kind(
        type=POLICY,
        id="1:policy",
        references=(
            Reference(path="contactPoint", type=CONTACT_POINT, holds=True, names=_receivers_of),
        ),
    ),
    Kind(
        type=RULE_GROUP,
        id="1:{folderUid}:{name}",
        identity=("folderUid", "name"),
        autonamed="name",
        replaced_by=frozenset({"name", "folderUid"}),
        refusals=(_folder_exists, _rules_are_sound, _rule_uids_are_new, _rule_sources_exist),
    ),
    Kind(
        type="grafana:alerting/messageTemplate:MessageTemplate",
        id="1:{name}",
        identity=("name",),
        autonamed="name",
        replaced_by=frozenset({"name", "disableProvenance"}),
    ),
    Kind(
        type="grafana:alerting/muteTiming:MuteTiming",
        id="1:{name}",
        identity=("name",),
        autonamed="name",
        replaced_by=frozenset({"name", "disableProvenance"}),
    ),
)
