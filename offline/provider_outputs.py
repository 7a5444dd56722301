"""What each resource type and data source of the program answers with, off the cloud.

A type's outputs are its inputs, its id, and what is declared here. Every other text output reads
`<output of type is undeclared>`, which the monitor finds wherever it ends up.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping
from functools import cache
from itertools import product
from typing import Any, cast

from gallery.render.iam import partition

# What is declared below is written for this region; `_moved` takes it to the provider's own.
REGION = "eu-west-1"
ACCOUNT = "123456789012"

Inputs = Mapping[str, Any]
Outputs = dict[str, Any]


def _arn(service: str, resource: str, *, region: str = REGION) -> str:
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"


def _named(service: str, prefix: str, key: str = "name", region: str = REGION):  # noqa: ANN202
    def outputs(name: str, inputs: Inputs) -> Outputs:
        own = str(inputs.get(key, name))
        return {"arn": _arn(service, f"{prefix}{own}", region=region)}

    return outputs


def _workspace(name: str, _: Inputs) -> Outputs:
    ws = f"ws-00000000-{name}"
    return {
        "arn": _arn("aps", f"workspace/{ws}"),
        "prometheusEndpoint": (f"https://aps-workspaces.{REGION}.amazonaws.com/workspaces/{ws}/"),
    }


def _grafana(name: str, _: Inputs) -> Outputs:
    return {
        "arn": _arn("grafana", f"/workspaces/g-{name}"),
        "endpoint": f"g-{name}.grafana-workspace.{REGION}.amazonaws.com",
    }


def _dashboard(_: str, inputs: Inputs) -> Outputs:
    uid = json.loads(inputs["configJson"])["uid"]
    return {"uid": uid, "url": f"/d/{uid}"}


def _object(name: str, inputs: Inputs) -> Outputs:
    metadata = {"name": name, **inputs.get("metadata", {})}
    return {"metadata": metadata}


DECLARED: dict[str, Callable[[str, Inputs], Outputs]] = {
    "aws:amp/workspace:Workspace": _workspace,
    "aws:grafana/workspace:Workspace": _grafana,
    "aws:grafana/workspaceServiceAccount:WorkspaceServiceAccount": lambda name, _: {
        "serviceAccountId": f"sa-{name}"
    },
    "aws:grafana/workspaceServiceAccountToken:WorkspaceServiceAccountToken": lambda _, __: {
        "key": "secret:grafana-token",
        "expiresAt": "2026-01-31T00:00:00Z",
    },
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": lambda _, inputs: {
        "arn": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{inputs['url'].removeprefix('https://')}"
    },
    "aws:s3/bucket:Bucket": lambda name, inputs: {
        "arn": f"arn:aws:s3:::{inputs.get('bucket', name)}"
    },
    "aws:iam/role:Role": lambda name, inputs: {
        **_named("iam", "role/", region="")(name, inputs),
        "name": inputs.get("name", name),
    },
    "aws:iam/instanceProfile:InstanceProfile": lambda name, inputs: {
        **_named("iam", "instance-profile/", region="")(name, inputs),
        "name": inputs.get("name", name),
    },
    "aws:iam/policy:Policy": _named("iam", "policy/", region=""),
    "aws:sns/topic:Topic": _named("sns", ""),
    "aws:kms/key:Key": lambda name, _: {"arn": _arn("kms", f"key/{name}"), "keyId": name},
    "aws:cloudwatch/logGroup:LogGroup": lambda name, inputs: {
        "arn": _arn("logs", f"log-group:{inputs.get('name', name)}")
    },
    "aws:cloudwatch/metricAlarm:MetricAlarm": _named("cloudwatch", "alarm:"),
    "aws:secretsmanager/secret:Secret": lambda name, inputs: {
        "arn": _arn("secretsmanager", f"secret:{inputs.get('name', name)}-AbCdEf")
    },
    "aws:ec2/securityGroup:SecurityGroup": lambda name, _: {
        "arn": _arn("ec2", f"security-group/sg-{name}")
    },
    "aws:ec2/instance:Instance": lambda name, _: {
        "arn": _arn("ec2", f"instance/i-{name}"),
        "privateIp": "10.0.0.10",
    },
    "grafana:oss/folder:Folder": lambda _, inputs: {"uid": inputs.get("uid")},
    "grafana:oss/dataSource:DataSource": lambda _, inputs: {"uid": inputs.get("uid")},
    "grafana:oss/dashboard:Dashboard": _dashboard,
}

_IDS: dict[str, Callable[[str, Inputs], str]] = {
    "aws:amp/workspace:Workspace": lambda name, _: f"ws-00000000-{name}",
    "aws:grafana/workspace:Workspace": lambda name, _: f"g-{name}",
    "aws:ec2/securityGroup:SecurityGroup": lambda name, _: f"sg-{name}",
    "aws:ec2/instance:Instance": lambda name, _: f"i-{name}",
    "aws:sns/topic:Topic": lambda name, inputs: _arn("sns", str(inputs.get("name", name))),
}


def _cluster(args: Inputs) -> Outputs:
    name = str(args["name"])
    return {
        "id": name,
        "name": name,
        "arn": _arn("eks", f"cluster/{name}"),
        "endpoint": f"https://{name}.eks.{REGION}.amazonaws.com",
        "certificateAuthorities": [{"data": "Y2VydGlmaWNhdGU="}],
        "vpcConfig": {"clusterSecurityGroupId": f"sg-{name}", "vpcId": "vpc-0abc"},
        "status": "ACTIVE",
        "version": "1.35",
        "computeConfigs": [{"enabled": True, "nodePools": ["general-purpose"]}],
        "kubernetesNetworkConfigs": [{"ipFamily": "ipv4"}],
    }


def _parameter(args: Inputs) -> Outputs:
    return {
        "id": args["name"],
        "name": args["name"],
        "value": "ami-0123456789abcdef0",
        "insecureValue": "ami-0123456789abcdef0",
    }


def _subnet(args: Inputs) -> Outputs:
    return {"id": args["id"], "availabilityZone": f"{REGION}a"}


def _offerings(args: Inputs) -> Outputs:
    """Everything that is asked for is offered everywhere."""
    asked = {each["name"]: each["values"] for each in args["filters"]}
    pairs = [*product(asked["instance-type"], asked["location"])]
    return {
        "id": REGION,
        "instanceTypes": [kind for kind, _ in pairs],
        "locations": [zone for _, zone in pairs],
        "locationTypes": [args["locationType"]] * len(pairs),
    }


INVOKES: dict[str, Callable[[Inputs], Outputs]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": lambda _: {
        "accountId": ACCOUNT,
        "arn": _arn("iam", "user/rehearsal", region=""),
        "id": ACCOUNT,
        "userId": "AIDAREHEARSAL",
    },
    "aws:eks/getCluster:getCluster": _cluster,
    "aws:ssm/getParameter:getParameter": _parameter,
    "aws:ec2/getSubnet:getSubnet": _subnet,
    "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": _offerings,
    "aws:amp/getWorkspace:getWorkspace": lambda args: {
        **_workspace(str(args["workspaceId"]), {}),
        "id": args["workspaceId"],
        "workspaceId": args["workspaceId"],
    },
    "aws:grafana/getWorkspace:getWorkspace": lambda args: {
        **_grafana(str(args["workspaceId"]), {}),
        "id": args["workspaceId"],
        "workspaceId": args["workspaceId"],
        "grafanaVersion": "12.4",
    },
}


def outputs_of(type_: str, name: str, inputs: Inputs, region: str = REGION) -> Outputs:
    """The state of a new resource of a provider in this region, under wire names."""
    declared: Outputs = _moved(DECLARED.get(type_, lambda _, __: {})(name, inputs), region)
    if type_.startswith("kubernetes:") and "metadata" not in declared:
        declared = {**declared, **_object(name, inputs)}
    unknown = {
        output: f"<{output} of {type_} is undeclared>"
        for output in _text_outputs(type_)
        if output not in inputs and output not in declared
    }
    return {**unknown, **inputs, **declared}


def identity(type_: str, name: str, inputs: Inputs, region: str = REGION) -> str:
    """The id of a new resource."""
    if type_ in _IDS:
        return _moved(_IDS[type_](name, inputs), region)
    return str(inputs.get("name", f"{name}-id"))


def invoked(token: str, args: Inputs, region: str = REGION) -> Outputs | None:
    """What a data source answers in this region; None where nothing is declared for it."""
    answer = INVOKES.get(token)
    return None if answer is None else _moved(answer(args), region)


def _moved(value: Any, region: str) -> Any:  # noqa: ANN401 - any JSON
    """The same in another region, with the partition that it belongs to."""
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value).items()
        return {key: _moved(part, region) for key, part in items}
    if isinstance(value, list):
        return [_moved(part, region) for part in cast("list[Any]", value)]
    if not isinstance(value, str):
        return value
    return value.replace(REGION, region).replace("arn:aws:", f"arn:{partition(region)}:")


_PACKAGES = {"aws": "pulumi_aws", "grafana": "pulumiverse_grafana"}


@cache
def _text_outputs(type_: str) -> tuple[str, ...]:
    """The wire names of a type's text outputs, read off its SDK class."""
    package, module, class_name = type_.split(":")
    if package not in _PACKAGES:
        return ()
    home = importlib.import_module(".".join((_PACKAGES[package], module.split("/")[0])))
    members = cast("Mapping[str, Any]", vars(getattr(home, class_name)))
    return tuple(
        str(getattr(value.fget, "_pulumi_name", _camel(name)))
        for name, value in members.items()
        if isinstance(value, property)
        and value.fget is not None
        and "Output[str]" in str(value.fget.__annotations__.get("return"))
    )


def _camel(name: str) -> str:
    head, *rest = name.rstrip("_").split("_")
    return head + "".join(part.title() for part in rest)
