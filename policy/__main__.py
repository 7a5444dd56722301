"""The pack as the Pulumi engine runs it: `pulumi preview --policy-pack policy`.

Rules see what the engine knows: during a preview some values are known later, and are then judged
by `pulumi up`. A violation in the preview that `up` begins with stops it before anything is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    PolicyResource,
    ReportViolation,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError
from rules import ON_ENGINE
from rules.model import LATER, Deployment, Resource, Rule


def _known(value: object) -> Any:  # noqa: ANN401 - whatever a provider takes
    """A value without the proxies that refuse to be read where something is known later."""
    if isinstance(value, Mapping):
        return {key: _read(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_read(value, position) for position in range(len(value))]
    return value


def _read(of: Any, key: object) -> Any:  # noqa: ANN401
    try:
        return _known(of[key])
    except UnknownValueError:
        return LATER


def _resource(one: PolicyResource) -> Resource:
    inputs = _known(one.props)
    return Resource(
        type=one.resource_type,
        name=one.name,
        inputs=inputs,
        urn=one.urn,
        protect=one.opts.protect,
    )


def _judge(rule: Rule, args: StackValidationArgs, report: ReportViolation) -> None:
    deployment = Deployment(resources=[_resource(one) for one in args.resources])
    for violation in rule.judge(deployment):
        report(f"{violation.resource.name} {violation.why}", violation.resource.urn)


PolicyPack(
    name="gallery",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[
        StackValidationPolicy(
            name=rule.name, description=rule.reason, validate=partial(_judge, rule)
        )
        for rule in ON_ENGINE
    ],
)
