"""What the programs that read a stack's documents say of them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from gallery.plan.model import Plan
from rehearsal.bench.stack_files import rendered
from rehearsal.machine import tools

# Discovery that Debian's promtool cannot look at without a cluster or an account.
_CLOUD_DISCOVERY = ("ec2_sd_configs", "kubernetes_sd_configs")


def refused_by_programs(plan: Plan) -> Iterator[str]:
    """What promtool and amtool refuse of a plan's documents, in their words."""
    found = tools.provide((tools.PROMTOOL, tools.AMTOOL))
    promtool, amtool = str(found[tools.PROMTOOL]), str(found[tools.AMTOOL])
    documents = rendered(plan)
    with TemporaryDirectory() as directory:
        place = Path(directory)
        for name, text in documents.items():
            if name.startswith("rules/"):
                path = _written(place / "rules.yml", text)
                yield from _said([promtool, "check", "rules", path])
        path = _written(place / "prometheus.yml", _without_clouds(documents["collector"]))
        yield from _said([promtool, "check", "config", "--syntax-only", "--agent", path])
        wrapped = yaml.safe_load(documents["alertmanager"])
        for name, text in wrapped["template_files"].items():
            _ = _written(place / name, text)
        path = _written(place / "alertmanager.yml", _without_secrets(wrapped))
        yield from _said([amtool, "check-config", path])


def _written(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def _said(command: list[str]) -> Iterator[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        yield f"{' '.join(command[:3])}: {done.stdout}{done.stderr}"


def _without_clouds(text: str) -> str:
    document: dict[str, Any] = yaml.safe_load(text)
    for job in document["scrape_configs"]:
        for key in _CLOUD_DISCOVERY:
            job.pop(key, None)
    return yaml.safe_dump(document)


def _without_secrets(wrapped: dict[str, Any]) -> str:
    """Alertmanager's own configuration; where AMP reads a key from Secrets Manager, a key."""
    document: dict[str, Any] = yaml.safe_load(wrapped["alertmanager_config"])
    for receiver in document["receivers"]:
        for entry in receiver.get("pagerduty_configs", []):
            entry["routing_key"] = "key"
    return yaml.safe_dump(document)
