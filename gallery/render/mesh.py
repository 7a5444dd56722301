"""The mesh's own objects: who is believed, and who may ask whom for what.

Ports that a proxy does not capture are none of theirs: its own (15020, 15021, 15090), by which it
is scraped and the kubelet's probes come in, and those that a pod keeps out by annotation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gallery.plan.mesh import Allowed
from gallery.store.services import APP

_SECURITY = "security.istio.io/v1"
NETWORKING = "networking.istio.io/v1"


@dataclass(frozen=True, kw_only=True)
class MeshObject:
    """An object of the mesh's API in the store's namespace. `app` is the workload it is about."""

    api_version: str
    kind: str
    name: str
    app: str | None
    spec: dict[str, object]


def mesh_objects(allowed: Iterable[Allowed]) -> tuple[MeshObject, ...]:
    """Mutual TLS everywhere, nothing is allowed, and then what is, by callee."""
    by_callee = dict[str, list[Allowed]]()
    for each in allowed:
        by_callee.setdefault(each.callee, []).append(each)
    return (
        MeshObject(
            api_version=_SECURITY,
            kind="PeerAuthentication",
            # The one of a whole namespace.
            name="default",
            app=None,
            spec={"mtls": {"mode": "STRICT"}},
        ),
        # Without a rule nothing matches, and what nothing matches is denied.
        _policy("deny-by-default", None, {}),
        *(
            _policy(
                callee,
                callee,
                {
                    "action": "ALLOW",
                    "rules": [_rule(each) for each in group],
                    "selector": {"matchLabels": {APP: callee}},
                },
            )
            for callee, group in by_callee.items()
        ),
    )


def _policy(name: str, app: str | None, spec: dict[str, object]) -> MeshObject:
    return MeshObject(
        api_version=_SECURITY, kind="AuthorizationPolicy", name=name, app=app, spec=spec
    )


def _rule(allowed: Allowed) -> dict[str, object]:
    operation: dict[str, object] = {"ports": [str(allowed.port)]}
    if allowed.verbs:
        operation["methods"] = list(allowed.verbs)
    if allowed.paths:
        operation["paths"] = list(allowed.paths)
    return {
        "from": [{"source": {"principals": [allowed.principal]}}],
        "to": [{"operation": operation}],
    }
