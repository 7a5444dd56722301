"""A mesh that the stack installs, one step after the other."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from gallery.plan.model import Plan
from gallery.render.installation import Chart, Object, Space, Step, installation

# A first start pulls images onto every node.
_WITHIN_SECONDS = 600


@dataclass(frozen=True, kw_only=True)
class InstalledMeshArgs:
    """The plan, which may have no mesh to be installed: then nothing is made."""

    plan: Plan


class InstalledMesh(pulumi.ComponentResource):
    """The control plane and what it needs. `steps` are what stands upon it has to wait for."""

    steps: tuple[pulumi.Resource, ...]

    def __init__(
        self, name: str, args: InstalledMeshArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("gallery:components:InstalledMesh", name, None, opts)
        made = list[pulumi.Resource]()
        for step in installation(args.plan):
            # What is deleted before it has nobody left who depends on it.
            after = pulumi.ResourceOptions(parent=self, depends_on=list(made))
            made.append(_made(name, step, after))
        self.steps = tuple(made)
        self.register_outputs({})


def _made(name: str, step: Step, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    match step:
        case Space():
            return k8s.core.v1.Namespace(
                f"{name}-{step.name}",
                metadata={"name": step.name, "labels": dict(step.labels)}
                if step.labels
                else {"name": step.name},
                opts=opts,
            )
        case Chart():
            return k8s.helm.v3.Release(
                f"{name}-{step.release}",
                # A name of its own would leave what the chart keeps to another release.
                name=step.release,
                chart=step.chart,
                version=step.version,
                namespace=step.namespace,
                repository_opts={"repo": step.repository},
                values=dict(step.values),
                # What does not come up is taken back, and the next run begins anew.
                atomic=True,
                timeout=_WITHIN_SECONDS,
                opts=opts,
            )
        case Object():
            metadata: k8s.meta.v1.ObjectMetaArgsDict = {"name": step.name}
            if step.namespace is not None:
                metadata["namespace"] = step.namespace
            if step.annotations:
                metadata["annotations"] = dict(step.annotations)
            return k8s.apiextensions.CustomResource(
                f"{name}-{step.kind}-{step.name}",
                api_version=step.api_version,
                kind=step.kind,
                metadata=metadata,
                spec=dict(step.spec),
                opts=opts,
            )
