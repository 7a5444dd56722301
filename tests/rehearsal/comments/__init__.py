"""Changes of `prod`, and the comment on each: `NAME.md`, written by `make comments`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from offline.render import PROJECT, render
from rehearsal.diff.comment import comment
from rehearsal.diff.tree import Tree, read
from tests.unit.stack_files import values, with_value, without_mesh

KEPT = Path(__file__).parent
STACK = "prod"


def _set(path: str, value: object) -> Callable[[], dict[str, Any]]:
    return lambda: with_value(path, value, STACK)


def _role(name: str, **points: list[str]) -> Callable[[], dict[str, Any]]:
    return _set(f"alerting.roles.{name}", points)


def _override(alert: str, **parameters: object) -> Callable[[], dict[str, Any]]:
    return _set("alerting.overrides", {alert: parameters})


def _renamed() -> dict[str, Any]:
    config = values(STACK)
    alerting = config["gallery:alerting"]
    alerting["contact_points"]["sre-pager"] = alerting["contact_points"].pop("pager")
    for points in alerting["roles"].values():
        for severity, names in points.items():
            points[severity] = ["sre-pager" if name == "pager" else name for name in names]
    return config


def _fewer_hosts() -> dict[str, Any]:
    config = values(STACK)
    del config["gallery:hosts"][0]
    return config


CHANGES: dict[str, Callable[[], dict[str, Any]]] = {
    "a-role-hears-elsewhere": _role(
        "incident-response", page=["pager", "releases"], ticket=["chat", "board"]
    ),
    "a-contact-point-has-another-name": _renamed,
    "a-secret-has-another-name": _set(
        "alerting.contact_points.pager", {"kind": "pagerduty", "secret": "other-key"}
    ),
    "the-independent-path-has-another-address": _set(
        "alerting.independent_path.emails", ["night@example.org"]
    ),
    "an-alert-waits-longer": _override("EndpointDown", hold="1m"),
    "an-alert-has-another-threshold": _override("EndpointSlow", threshold=1000),
    "an-alert-has-another-owner": _override("EndpointDown", owner="reliability"),
    "an-alert-is-a-page": _override("ShopDoorDegraded", severity="page"),
    "an-alert-is-switched-off": _override(
        "HostDiskFilling", enabled=False, reason="disks grow by themselves"
    ),
    "an-objective-promises-more": _set(
        "objectives",
        {
            "check-out": {
                "target": "99.9%",
                "window": "28d",
                "owner": "incident-response",
                "agreement": {"target": "99%", "owed": "A tenth of the month's fee is paid back."},
            }
        },
    ),
    "hosts-have-another-owner": _set("hosts.1.owner", "infrastructure"),
    "one-more-host": _set("hosts.1.count", 4),
    "hosts-with-data-go": _fewer_hosts,
    "data-is-kept-for-less-time": _set("prometheus.retention", "90d"),
    "production-is-staging": _set("environment", "staging"),
    "more-replicas": _set("store.replicas.frontend", 6),
    "another-gateway": _set("door.gateway.namespace", "edge"),
    "the-shop-has-another-address": _set("door.domain", "store.example.org"),
    "the-mesh-trusts-another-domain": _set("mesh.existing.trust_domain", "gallery.example"),
    "no-mesh": lambda: without_mesh(STACK),
    "scraped-less-often": _set("monitoring.scrape", "30s"),
}


def rendered(config: dict[str, Any], out: Path) -> None:
    """Fill a directory with the tree of a configuration, as `render --out` does."""
    project = out / "project"
    (project / "stacks").mkdir(parents=True)
    (project / "__main__.py").symlink_to(PROJECT / "__main__.py")
    file = project / "stacks" / f"Pulumi.{STACK}.yaml"
    file.write_text(yaml.safe_dump({"config": config}))
    render(STACK, out, project)


@cache
def _before() -> tempfile.TemporaryDirectory[str]:
    """The tree of the shipped stack; it goes as the program ends."""
    scratch = tempfile.TemporaryDirectory()
    rendered(values(STACK), Path(scratch.name))
    return scratch


@contextmanager
def sides(name: str) -> Generator[tuple[Tree, Tree]]:
    """The trees before and after a change."""
    with tempfile.TemporaryDirectory() as scratch:
        head = Path(scratch)
        rendered(CHANGES[name](), head)
        yield read(Path(_before().name)), read(head)


@cache
def written(name: str) -> str:
    """The comment on a change."""
    with sides(name) as (base, head):
        return comment(base, head)


def main() -> None:
    """Write all of them anew."""
    for name in CHANGES:
        (KEPT / f"{name}.md").write_text(written(name))
