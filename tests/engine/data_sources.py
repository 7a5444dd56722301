"""What the stand-in AWS answers to the data sources the program reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from typing import TypeAlias

from .cloud import ACCOUNT, Cloud, Refused
from .values import Json, Properties, leaves, text_at

Answer: TypeAlias = Callable[[Cloud, Properties], Properties]


def _caller(cloud: Cloud, _args: Properties) -> Properties:
    return {
        "id": cloud.account,
        "accountId": cloud.account,
        "arn": f"arn:aws:sts::{cloud.account}:assumed-role/deployer/session",
        "userId": "AROA0123456789:session",
    }


def _region(cloud: Cloud, _args: Properties) -> Properties:
    return {
        "id": cloud.region,
        "name": cloud.region,
        "region": cloud.region,
        "description": "Europe (Ireland)",
        "endpoint": f"ec2.{cloud.region}.amazonaws.com",
    }


def _partition(_cloud: Cloud, _args: Properties) -> Properties:
    return {
        "id": "aws",
        "partition": "aws",
        "dnsSuffix": "amazonaws.com",
        "reverseDnsPrefix": "com.amazonaws",
    }


def _zones(cloud: Cloud, _args: Properties) -> Properties:
    names: list[Json] = [f"{cloud.region}{letter}" for letter in "abc"]
    ids: list[Json] = ["euw1-az1", "euw1-az2", "euw1-az3"]
    return {"id": cloud.region, "names": names, "zoneIds": ids, "groupNames": [cloud.region]}


def _cluster(cloud: Cloud, args: Properties) -> Properties:
    name = text_at(args, "name")
    if cloud.no_cluster:
        raise Refused(f"reading EKS Cluster ({name}): couldn't find resource")
    endpoint = f"https://{name}.gr7.{cloud.region}.eks.amazonaws.com"
    return {
        "id": name,
        "name": name,
        "arn": f"arn:aws:eks:{cloud.region}:{ACCOUNT}:cluster/{name}",
        "endpoint": endpoint,
        "certificateAuthorities": [{"data": "LS0tLS1DRVJUSUZJQ0FURS0tLS0t"}],
        "identities": [{"oidcs": [{"issuer": f"https://oidc.eks.amazonaws.com/{name}"}]}],
        "kubernetesNetworkConfigs": [{"serviceIpv4Cidr": "172.20.0.0/16", "ipFamily": "ipv4"}],
        "computeConfigs": [],
        "platformVersion": "eks.1",
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/{name}",
        "status": "ACTIVE",
        "version": "1.35",
        "vpcConfig": {
            "clusterSecurityGroupId": "sg-0c1u57e2",
            "securityGroupIds": ["sg-0c1u57e2"],
            "subnetIds": ["subnet-0a", "subnet-0b"],
            "vpcId": "vpc-0abc",
            "endpointPrivateAccess": True,
            "endpointPublicAccess": True,
        },
        **cloud.cluster,
    }


def _addon(cloud: Cloud, args: Properties) -> Properties:
    cluster, addon = text_at(args, "clusterName"), text_at(args, "addonName")
    if addon not in cloud.addons:
        raise Refused(
            f"reading EKS Add-On ({cluster}:{addon}): operation error EKS: DescribeAddon, "
            f"ResourceNotFoundException: No addon: {addon} found in cluster: {cluster}"
        )
    return {
        "id": f"{cluster}:{addon}",
        "clusterName": cluster,
        "addonName": addon,
        "addonVersion": "v1.3.4-eksbuild.1",
        "arn": f"arn:aws:eks:{cloud.region}:{ACCOUNT}:addon/{cluster}/{addon}/x",
    }


def _parameter(cloud: Cloud, args: Properties) -> Properties:
    name = text_at(args, "name")
    prefix = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-"
    newest = {f"{prefix}{kind}": image for image, kind in cloud.images.items()}
    if name not in newest:
        raise Refused(f"ParameterNotFound: {name}")
    value = newest[name]
    return {
        "id": name,
        "name": name,
        "arn": f"arn:aws:ssm:{cloud.region}::parameter{name}",
        "type": "String",
        "value": value,
        "insecureValue": value,
        "version": 1,
    }


def _vpc(cloud: Cloud, args: Properties) -> Properties:
    vpc = text_at(args, "id")
    return {
        "id": vpc,
        "arn": f"arn:aws:ec2:{cloud.region}:{ACCOUNT}:vpc/{vpc}",
        "cidrBlock": "10.40.0.0/16",
        "enableDnsHostnames": True,
        "enableDnsSupport": True,
        "mainRouteTableId": "rtb-0main",
        "ownerId": ACCOUNT,
    }


def _subnet(cloud: Cloud, args: Properties) -> Properties:
    subnet = text_at(args, "id")
    letter = "abc"[sum(subnet.encode()) % 3]
    return {
        "id": subnet,
        "arn": f"arn:aws:ec2:{cloud.region}:{ACCOUNT}:subnet/{subnet}",
        "availabilityZone": f"{cloud.region}{letter}",
        "cidrBlock": "10.40.1.0/24",
        "vpcId": "vpc-0abc",
    }


def _offerings(cloud: Cloud, args: Properties) -> Properties:
    """What is asked for, without what a test says is not to be had."""
    asked = product(_filtered(args, "instance-type"), _filtered(args, "location"))
    pairs = [pair for pair in asked if pair not in cloud.unoffered]
    kinds: list[Json] = [kind for kind, _ in pairs]
    zones: list[Json] = [zone for _, zone in pairs]
    location: Json = text_at(args, "locationType")
    return {
        "id": cloud.region,
        "instanceTypes": kinds,
        "locations": zones,
        "locationTypes": [location for _ in pairs],
    }


def _filtered(args: Properties, name: str) -> list[str]:
    """The values of the filter of this name."""
    filters = args["filters"]
    assert isinstance(filters, list)
    [found] = [each for each in filters if isinstance(each, dict) and each["name"] == name]
    return [*leaves(found["values"])]


def _subnets(_cloud: Cloud, _args: Properties) -> Properties:
    return {"id": "subnets", "ids": ["subnet-0a", "subnet-0b"]}


def _security_group(cloud: Cloud, args: Properties) -> Properties:
    group = text_at(args, "id") or "sg-0existing"
    return {
        "id": group,
        "arn": f"arn:aws:ec2:{cloud.region}:{ACCOUNT}:security-group/{group}",
        "name": group,
        "vpcId": "vpc-0abc",
    }


def _grafana(cloud: Cloud, args: Properties) -> Properties:
    workspace = text_at(args, "workspaceId")
    return {
        "id": workspace,
        "workspaceId": workspace,
        "arn": f"arn:aws:grafana:{cloud.region}:{ACCOUNT}:/workspaces/{workspace}",
        "endpoint": f"{workspace}.grafana-workspace.{cloud.region}.amazonaws.com",
        "name": workspace,
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/existing-grafana",
        "grafanaVersion": cloud.grafana_version,
        "status": "ACTIVE",
    }


def _prometheus(cloud: Cloud, args: Properties) -> Properties:
    workspace = text_at(args, "workspaceId")
    host = f"https://aps-workspaces.{cloud.region}.amazonaws.com"
    return {
        "id": workspace,
        "workspaceId": workspace,
        "alias": "existing",
        "arn": f"arn:aws:aps:{cloud.region}:{ACCOUNT}:workspace/{workspace}",
        "prometheusEndpoint": f"{host}/workspaces/{workspace}/",
        "status": "ACTIVE",
    }


def _zone(_cloud: Cloud, args: Properties) -> Properties:
    name = text_at(args, "name")
    return {"id": "Z0123456789", "zoneId": "Z0123456789", "name": name, "privateZone": False}


def _prefix_list(_cloud: Cloud, args: Properties) -> Properties:
    return {"id": "pl-0123456789", "name": text_at(args, "name")}


DATA_SOURCES: Mapping[str, Answer] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
    "aws:eks/getCluster:getCluster": _cluster,
    "aws:eks/getAddon:getAddon": _addon,
    "aws:ssm/getParameter:getParameter": _parameter,
    "aws:ec2/getVpc:getVpc": _vpc,
    "aws:ec2/getSubnet:getSubnet": _subnet,
    "aws:ec2/getSubnets:getSubnets": _subnets,
    "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": _offerings,
    "aws:ec2/getSecurityGroup:getSecurityGroup": _security_group,
    "aws:ec2/getManagedPrefixList:getManagedPrefixList": _prefix_list,
    "aws:ec2/getPrefixList:getPrefixList": _prefix_list,
    "aws:grafana/getWorkspace:getWorkspace": _grafana,
    "aws:amp/getWorkspace:getWorkspace": _prometheus,
    "aws:route53/getZone:getZone": _zone,
}


def read(cloud: Cloud, token: str, args: Properties) -> Properties:
    """The answer to a data source; everything it names exists from then on.

    Raises:
        Refused: the token is none of those declared here.
    """
    answer = DATA_SOURCES.get(token)
    if answer is None:
        raise Refused(f"no answer is declared for the data source {token}")
    values = answer(cloud, args)
    cloud.adopt([args, values])
    return values
