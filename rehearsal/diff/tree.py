"""A rendered tree, read for a comparison."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from offline.errors import UserError
from rehearsal.diff.routes import Group, groups, receivers
from rehearsal.stand_in.documents import Document, read_json, read_yaml
from rehearsal.stand_in.grafana_routes import policy_tree
from rehearsal.stand_in.grafana_rules import prometheus_group
from rehearsal.stand_in.substitutions import Substitutions

# Who evaluates and delivers.
AMP, GRAFANA = "alertmanager", "grafana"
# AMP's, of a group that says none.
_UNSAID_INTERVAL = "1m"
# The bounds of what is deployed, beside which stand those of the rehearsal.
_DEPLOYED = "managed"
# How the expression of a rule gives a series its owner (ADR 0014).
_OWNER = re.compile(r'"owner", "([^"]+)"')
# What a comparison reads of each resource.
_OF_A_RESOURCE = {"urn", "type", "name", "inputs", "options", "secrets"}
_NEEDED = ("resources.json", "contact-points.json", "times-to-page.json", "objectives.json")
_STACK = re.compile(r"^urn:pulumi:([^:]+)::")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """An alert as it is evaluated, every `interval`, by `engine`: `grafana` or `alertmanager`.

    `labels` are those that it adds, `told` contact points by the owner who is told through them,
    `page_seconds` the longest bound of its scenarios, None where it has none.
    """

    name: str
    engine: str
    expr: str
    interval: str
    hold: str
    keep_firing: str
    severity: str
    labels: Mapping[str, str]
    told: Mapping[str, tuple[str, ...]]
    page_seconds: float | None

    @property
    def contact_points(self) -> frozenset[str]:
        """Whoever is told, for whichever owner."""
        return frozenset(name for names in self.told.values() for name in names)


@dataclass(frozen=True, kw_only=True)
class Recording:
    """A rule that writes what its expression gives, every `interval`, with `labels` added."""

    name: str
    expr: str
    interval: str
    labels: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A contact point that hears of an alert, whether it wakes a person, and in which message."""

    contact_point: str
    wakes: bool
    group: Group


@dataclass(frozen=True, kw_only=True)
class _Routing:
    """Who delivers: the route tree, and the members of each receiver."""

    route: Document
    members: Mapping[str, Sequence[Document]]


@dataclass(frozen=True, kw_only=True)
class Tree:
    """What `render` wrote to `directory`."""

    directory: Path

    @cached_property
    def resources(self) -> Mapping[str, Document]:
        """Every resource by its URN, as the engine would be given it."""
        return {each["urn"]: each for each in read_json(self._deployed / "resources.json")}

    @cached_property
    def stack(self) -> str:
        """The name of the stack."""
        found = _STACK.match(next(iter(self.resources), ""))
        if found is None:
            raise UserError(f"{self.directory} has no resource; render it anew")
        return found[1]

    @cached_property
    def rules(self) -> Mapping[str, Rule]:
        """Every alert by its name, whoever evaluates it."""
        found = [*self._grafana_rules(), *self._amp_rules()]
        return {rule.name: rule for rule in sorted(found, key=lambda rule: rule.name)}

    @cached_property
    def recordings(self) -> Mapping[str, tuple[Recording, ...]]:
        """What is recorded, by the name of its series."""
        found = dict[str, tuple[Recording, ...]]()
        for group, rule in self._amp():
            if "record" in rule:
                one = Recording(
                    name=rule["record"],
                    expr=rule["expr"],
                    interval=_interval(group),
                    labels=rule.get("labels", {}),
                )
                found[one.name] = (*found.get(one.name, ()), one)
        return found

    def heard(self, rule: Rule, labels: Mapping[str, str]) -> tuple[Heard, ...]:
        """Who is told of that rule's alert of these labels, `alertname` and all.

        Raises UserError for a tree from before it said who is woken.
        """
        routing = self._routing[rule.engine]
        return tuple(
            Heard(contact_point=member["contact_point"], wakes=self._wakes(member), group=group)
            for group in groups(routing.route, labels)
            for member in routing.members[group.receiver]
        )

    @cached_property
    def objectives(self) -> Mapping[str, Document]:
        """Every objective by its name, as the stack's output has it."""
        return {each["objective"]: each for each in read_json(self._deployed / "objectives.json")}

    @cached_property
    def collector(self) -> Document:
        """How the collector is configured."""
        return read_yaml(self._deployed / "collector" / "prometheus.yml")

    @cached_property
    def region(self) -> str:
        """The AWS region of the workspace that the collector writes to."""
        return self.collector["remote_write"][0]["sigv4"]["region"]

    def _wakes(self, member: Document) -> bool:
        if "wakes" not in member:
            raise UserError(
                f"{self.directory} does not say whether {member['contact_point']} wakes anybody: "
                "an older version rendered it; render it with this one"
            )
        return member["wakes"]

    @property
    def _deployed(self) -> Path:
        return self.directory / "deployed"

    @cached_property
    def _routing(self) -> Mapping[str, _Routing]:
        """By who delivers."""
        members: Document = read_json(self._deployed / "contact-points.json")
        config = read_yaml(self._deployed / "prometheus" / "alertmanager.yaml")
        route = yaml.safe_load(config["alertmanager_config"])["route"]
        found = {AMP: _Routing(route=route, members=members[AMP])}
        policies = self._deployed / "grafana" / "policies.json"
        if policies.is_file():
            known = members[GRAFANA]
            route = policy_tree(read_json(policies), set(known))
            found[GRAFANA] = _Routing(route=route, members=known)
        return found

    @cached_property
    def _bounds(self) -> Mapping[str, float]:
        """The longest time to page, seconds, by the alert's name."""
        longest = dict[str, float]()
        for row in read_json(self._deployed / "times-to-page.json"):
            if row["assumptions"].startswith(_DEPLOYED):
                longest[row["alert"]] = max(longest.get(row["alert"], 0.0), row["page_seconds"])
        return longest

    def _grafana_rules(self) -> Iterator[Rule]:
        directory = self._deployed / "grafana"
        if GRAFANA not in self._routing:
            return
        sources = {each["uid"] for each in read_json(directory / "datasources.json")}
        for file in sorted((directory / "rules").glob("*.json")):
            group = prometheus_group(read_json(file), sources, Substitutions())
            yield from (self._rule(rule, group, GRAFANA) for rule in group["rules"])

    def _amp_rules(self) -> Iterator[Rule]:
        for group, rule in self._amp():
            if "alert" in rule:
                yield self._rule(rule, group, AMP)

    def _amp(self) -> Iterator[tuple[Document, Document]]:
        """Every rule that AMP evaluates, with its group."""
        for file in sorted((self._deployed / "prometheus" / "rules").glob("*.yaml")):
            for group in read_yaml(file)["groups"]:
                for rule in group["rules"]:
                    yield group, rule

    def _rule(self, rule: Document, group: Document, engine: str) -> Rule:
        routing = self._routing[engine]
        labels = {"alertname": rule["alert"], **rule["labels"]}
        owners = [labels["owner"]] if "owner" in labels else _owners(rule["expr"])
        return Rule(
            name=rule["alert"],
            engine=engine,
            expr=rule["expr"],
            interval=_interval(group),
            hold=rule.get("for", "0s"),
            keep_firing=rule.get("keep_firing_for", "0s"),
            severity=labels.get("severity", "none"),
            labels=rule["labels"],
            told={
                owner: tuple(
                    member["contact_point"]
                    for receiver in receivers(routing.route, {**labels, "owner": owner})
                    for member in routing.members[receiver]
                )
                for owner in owners
            },
            page_seconds=self._bounds.get(rule["alert"]),
        )


def read(directory: Path) -> Tree:
    """The tree in a directory that `render --out` filled. Raises UserError."""
    for needed in _NEEDED:
        if not (directory / "deployed" / needed).is_file():
            raise UserError(
                f"{directory} is no rendered tree (deployed/{needed} is missing); make one with "
                "`python -m rehearsal render --stack NAME --out DIR`, of the same version of this "
                "repository as the other"
            )
    tree = Tree(directory=directory)
    try:
        _read_through(tree)
    except (AttributeError, KeyError, OSError, TypeError, ValueError, yaml.YAMLError) as error:
        raise UserError(
            f"{directory} has another form than this version of the repository renders "
            f"({type(error).__name__}: {error}); render both trees with one version, or see what "
            "differs by `diff -r BASE/deployed HEAD/deployed`"
        ) from None
    return tree


def _read_through(tree: Tree) -> None:
    """Meet whatever a comparison would stumble over. Raises what reading raises."""
    _ = tree.rules, tree.recordings, tree.objectives, tree.collector
    for urn, resource in tree.resources.items():
        if absent := _OF_A_RESOURCE - resource.keys():
            raise ValueError(f"{urn} has no {', '.join(sorted(absent))}")


def _interval(group: Document) -> str:
    return group.get("interval", _UNSAID_INTERVAL)


def _owners(expr: str) -> list[str]:
    return sorted(set(_OWNER.findall(expr)))
