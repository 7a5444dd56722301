"""Rendered trees: those of shipped stacks, changed or not, and small ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rehearsal.stand_in.documents import Document, write_json, write_yaml
from tests.unit.recordings import deployed

Edit = Callable[[Any], None]


def laid_out(stack: str, out: Path) -> Path:
    """The tree of a shipped stack."""
    for path, text in deployed(stack).items():
        file = out / "deployed" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return out


def edit(tree: Path, path: str, change: Edit) -> None:
    """Change one of a tree's JSON files."""
    file = tree / "deployed" / path
    document = json.loads(file.read_text())
    change(document)
    file.write_text(json.dumps(document))


def small(out: Path, rules: Sequence[Document], stack: str = "small") -> Path:
    """A tree of these rules, which AMP evaluates every minute.

    Pages go to `pager`, which wakes, and to `chat`; tickets to `pager` alone. What fires of one
    name is one message.
    """
    points = {
        "loud": [
            {"contact_point": "chat", "kind": "slack", "wakes": False},
            {"contact_point": "pager", "kind": "pagerduty", "wakes": True},
        ],
        "quiet": [{"contact_point": "pager", "kind": "pagerduty", "wakes": True}],
    }
    route = {
        "receiver": "quiet",
        "group_by": ["alertname"],
        "routes": [{"matchers": ['severity="page"'], "receiver": "loud"}],
    }
    kept = out / "deployed"
    resource: Document = {"type": "t", "name": "n", "inputs": {}, "options": {}, "secrets": []}
    write_json(kept / "resources.json", [{"urn": f"urn:pulumi:{stack}::p::t::n", **resource}])
    write_json(kept / "contact-points.json", {"alertmanager": points})
    write_json(kept / "times-to-page.json", [])
    write_json(kept / "objectives.json", [])
    write_yaml(
        kept / "collector" / "prometheus.yml",
        {"remote_write": [{"sigv4": {"region": "eu-west-1"}}]},
    )
    write_yaml(
        kept / "prometheus" / "alertmanager.yaml",
        {"alertmanager_config": json.dumps({"route": route})},
    )
    write_yaml(
        kept / "prometheus" / "rules" / "rules.yaml",
        {"groups": [{"name": "all", "interval": "1m", "rules": list(rules)}]},
    )
    return out


def alert(name: str, expr: str, severity: str = "page", **fields: str) -> Document:
    """A rule that alerts."""
    return {"alert": name, "expr": expr, "labels": {"severity": severity}, **fields}
