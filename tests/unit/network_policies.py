"""Judges connections by NetworkPolicies, as Kubernetes documents them.

A pod that a policy selects for a direction may do in it what one of those policies opens, and
nothing else. A connection needs leave at both ends; what is no pod asks for none at its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any

Policy = Mapping[str, Any]


@dataclass(frozen=True)
class End:
    """A pod, by its namespace and labels, or an address beyond the cluster."""

    name: str
    namespace: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    address: str = "198.51.100.1"


def pod(app: str, namespace: str = "gallery", **labels: str) -> End:
    """A pod of a workload. Its address is none that a policy could mean."""
    return End(app, namespace, tuple(sorted({"app": app, **labels}.items())), "10.0.0.1")


def connects(
    policies: Iterable[Policy], source: End, target: End, port: int, protocol: str = "TCP"
) -> bool:
    """Whether `source` may open a connection to this port of `target`."""
    policies, asked = tuple(policies), {"port": port, "protocol": protocol}
    return _lets(policies, "Egress", (source, target), asked) and _lets(
        policies, "Ingress", (target, source), asked
    )


def _lets(
    policies: Iterable[Policy], way: str, ends: tuple[End, End], asked: Mapping[str, object]
) -> bool:
    mine, other = ends
    chosen = [
        policy
        for policy in policies
        if way in policy["spec"]["policyTypes"]
        and policy["metadata"]["namespace"] == mine.namespace
        and _selects(policy["spec"]["podSelector"], dict(mine.labels))
    ]
    return not chosen or any(
        asked in (rule.get("ports") or [asked]) and _peer(rule, way, other, str(mine.namespace))
        for policy in chosen
        for rule in policy["spec"].get(way.lower(), ())
    )


def _peer(rule: Mapping[str, Any], way: str, other: End, namespace: str) -> bool:
    peers = rule.get("from" if way == "Ingress" else "to")
    return not peers or any(_is(peer, other, namespace) for peer in peers)


def _is(peer: Mapping[str, Any], other: End, namespace: str) -> bool:
    if "ipBlock" in peer:
        return IPv4Address(other.address) in IPv4Network(peer["ipBlock"]["cidr"])
    if other.namespace is None:
        return False
    named = {"kubernetes.io/metadata.name": other.namespace}
    there = peer.get("namespaceSelector")
    within = other.namespace == namespace if there is None else _selects(there, named)
    return within and _selects(peer.get("podSelector", {}), dict(other.labels))


def _selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    assert set(selector) <= {"matchLabels"}, f"this judge knows no {sorted(selector)}"
    return selector.get("matchLabels", {}).items() <= labels.items()
