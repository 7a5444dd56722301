"""What becomes of data: at rest, and when its resource is deleted by mistake."""

from __future__ import annotations

from collections.abc import Iterator

from .model import Deployment, Resource, Rule, Violation

_INSTANCE = "aws:ec2/instance:Instance"
# Type, and what must be said of its encryption.
_KEYS = {
    _INSTANCE: ("rootBlockDevice.encrypted",),
    "aws:ebs/volume:Volume": ("encrypted",),
    "aws:sns/topic:Topic": ("kmsMasterKeyId",),
    "aws:cloudwatch/logGroup:LogGroup": ("kmsKeyId",),
    "aws:amp/workspace:Workspace": ("kmsKeyArn",),
}
_MORE_DISKS = "ebsBlockDevices[]"
_HOLD_DATA = {
    "aws:amp/workspace:Workspace",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:ebs/volume:Volume",
    "aws:grafana/workspace:Workspace",
    "aws:kms/key:Key",
    "kubernetes:core/v1:Namespace",
    "kubernetes:core/v1:PersistentVolumeClaim",
}


def _unencrypted(deployment: Deployment) -> Iterator[Violation]:
    for resource in deployment.resources:
        for path in _KEYS.get(resource.type, ()):
            if resource.at(path) in ([], [False], [""]):
                yield Violation(resource=resource, why=f"keeps data in the clear; set {path}")
        if resource.type == _INSTANCE:
            for disk in resource.at(_MORE_DISKS):
                if not disk.get("encrypted"):
                    yield Violation(
                        resource=resource, why="has a disk in the clear; set its `encrypted`"
                    )


def _unprotected(deployment: Deployment) -> Iterator[Violation]:
    if not deployment.production:
        return
    for resource in deployment.resources:
        if _holds_data(resource) and not resource.protect:
            yield Violation(
                resource=resource,
                why="holds what cannot be made again; give it the resource option protect",
            )


def _holds_data(resource: Resource) -> bool:
    kept = resource.at("rootBlockDevice.deleteOnTermination") == [False]
    return resource.type in _HOLD_DATA or (resource.type == _INSTANCE and kept)


ENCRYPTED = Rule(
    name="encrypted-at-rest",
    reason="A disk or a copy of it in wrong hands says nothing.",
    judge=_unencrypted,
)
PROTECTED = Rule(
    name="protected-in-production",
    reason="A change that reads harmless may replace a resource, and with it what it holds.",
    judge=_unprotected,
)
