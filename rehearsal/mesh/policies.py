"""Policies of the mesh that is up, broken on purpose."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from gallery.plan.mesh import Mesh
from offline.errors import UserError
from rehearsal.cluster import declared
from rehearsal.cluster.api import RefusedError, UnansweredError
from rehearsal.cluster.judge import administered
from rehearsal.stand_in.documents import Document

POLICY = "AuthorizationPolicy"


@dataclass(frozen=True, kw_only=True)
class Policies:
    """Who may ask whom, as the cluster of a rehearsal's state directory has it."""

    mesh: Mesh
    state: Path

    def leave_out(self, caller: str, callee: str) -> None:
        """Let a service's policy lack one of its callers. Raises UserError."""
        self._apply(without_caller(self.mesh, self._declared(callee), caller))

    def restore(self, callee: str) -> None:
        """Let it be as the stack declares it. Raises UserError."""
        self._apply(self._declared(callee))

    def _declared(self, callee: str) -> Document:
        return declared.read(self.state / "deployed").manifest(POLICY, callee)

    def _apply(self, policy: Document) -> None:
        try:
            administered(self.state).apply(policy)
        except (RefusedError, UnansweredError) as why:
            raise UserError(f"the cluster's API does not take a policy: {why}") from None


def without_caller(mesh: Mesh, policy: Document, caller: str) -> Document:
    """A policy that lacks one of its callers."""
    principal = mesh.principal_of(caller)
    changed = deepcopy(policy)
    changed["spec"]["rules"] = [
        rule
        for rule in policy["spec"]["rules"]
        if principal not in rule["from"][0]["source"]["principals"]
    ]
    return changed
