"""What a change touches that can be played or drawn: alerts by name, dashboards by uid."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from rehearsal.diff.tree import Rule, Tree
from rehearsal.stand_in.documents import Document

_DASHBOARD = "grafana:oss/dashboard:Dashboard"


def rules(base: Tree, head: Tree) -> tuple[str, ...]:
    """Alerts of the head that are new, or evaluated otherwise or told within another time."""
    before = {name: _untold(rule) for name, rule in base.rules.items()}
    return tuple(name for name, rule in head.rules.items() if _untold(rule) != before.get(name))


def routes(base: Tree, head: Tree) -> tuple[str, ...]:
    """Alerts of the head that are new, or told to others."""
    before = {name: rule.told for name, rule in base.rules.items()}
    return tuple(name for name, rule in head.rules.items() if rule.told != before.get(name))


def dashboards(base: Tree, head: Tree) -> tuple[str, ...]:
    """Dashboards that are there before and after, and are drawn otherwise."""
    before, now = dict(_dashboards(base)), dict(_dashboards(head))
    return tuple(sorted(uid for uid, one in now.items() if uid in before and before[uid] != one))


def _untold(rule: Rule) -> Rule:
    return replace(rule, told={})


def _dashboards(tree: Tree) -> Iterator[tuple[str, Document]]:
    for resource in tree.resources.values():
        if resource["type"] == _DASHBOARD:
            model = json.loads(resource["inputs"]["configJson"])
            yield model["uid"], model
