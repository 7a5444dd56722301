"""A rendered tree, read for a comparison."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from offline.errors import UserError
from rehearsal.diff.routes import receivers
from rehearsal.stand_in.documents import Document, read_json, read_yaml
from rehearsal.stand_in.grafana_routes import policy_tree
from rehearsal.stand_in.grafana_rules import prometheus_group
from rehearsal.stand_in.substitutions import Substitutions

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
    """An alert as it is evaluated.

    `told` are contact points by the owner who is told through them, `page_seconds` the longest
    bound of its scenarios, None where it has none.
    """

    name: str
    expr: str
    hold: str
    keep_firing: str
    severity: str
    told: Mapping[str, tuple[str, ...]]
    page_seconds: float | None

    @property
    def contact_points(self) -> frozenset[str]:
        """Whoever is told, for whichever owner."""
        return frozenset(name for names in self.told.values() for name in names)


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
    def objectives(self) -> Mapping[str, Document]:
        """Every objective by its name, as the stack's output has it."""
        return {each["objective"]: each for each in read_json(self._deployed / "objectives.json")}

    @cached_property
    def collector(self) -> Document:
        """How the collector is configured."""
        return read_yaml(self._deployed / "collector" / "prometheus.yml")

    @property
    def _deployed(self) -> Path:
        return self.directory / "deployed"

    @cached_property
    def _members(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """The contact points of each receiver, by who delivers to it."""
        receivers: Document = read_json(self._deployed / "contact-points.json")
        return {
            engine: {
                receiver: tuple(member["contact_point"] for member in members)
                for receiver, members in of_engine.items()
            }
            for engine, of_engine in receivers.items()
        }

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
        if not (directory / "policies.json").is_file():
            return
        members = self._members["grafana"]
        route = policy_tree(read_json(directory / "policies.json"), set(members))
        sources = {each["uid"] for each in read_json(directory / "datasources.json")}
        for file in sorted((directory / "rules").glob("*.json")):
            group = prometheus_group(read_json(file), sources, Substitutions())
            yield from (self._rule(rule, route, members) for rule in group["rules"])

    def _amp_rules(self) -> Iterator[Rule]:
        directory = self._deployed / "prometheus"
        config = read_yaml(directory / "alertmanager.yaml")["alertmanager_config"]
        route = yaml.safe_load(config)["route"]
        members = self._members["alertmanager"]
        for file in sorted((directory / "rules").glob("*.yaml")):
            for group in read_yaml(file)["groups"]:
                for rule in group["rules"]:
                    if "alert" in rule:
                        yield self._rule(rule, route, members)

    def _rule(
        self, rule: Document, route: Document, members: Mapping[str, tuple[str, ...]]
    ) -> Rule:
        labels = {"alertname": rule["alert"], **rule["labels"]}
        owners = [labels["owner"]] if "owner" in labels else _owners(rule["expr"])
        return Rule(
            name=rule["alert"],
            expr=rule["expr"],
            hold=rule.get("for", "0s"),
            keep_firing=rule.get("keep_firing_for", "0s"),
            severity=labels.get("severity", "none"),
            told={
                owner: tuple(
                    name
                    for receiver in receivers(route, {**labels, "owner": owner})
                    for name in members[receiver]
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
    _ = tree.rules, tree.objectives, tree.collector
    for urn, resource in tree.resources.items():
        if absent := _OF_A_RESOURCE - resource.keys():
            raise ValueError(f"{urn} has no {', '.join(sorted(absent))}")


def _owners(expr: str) -> list[str]:
    return sorted(set(_OWNER.findall(expr)))
