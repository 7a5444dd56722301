"""The AWS resource types of networks, clusters and public names.

What replaces a resource is what the provider's schema marks so (ForceNew or RequiresReplace in
hashicorp/terraform-provider-aws, internal/service).
"""

from __future__ import annotations

from .kinds import Kind, Reference, table

CLUSTER = "aws:eks/cluster:Cluster"
VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
ROUTE_TABLE = "aws:ec2/routeTable:RouteTable"
INTERNET_GATEWAY = "aws:ec2/internetGateway:InternetGateway"
ADDRESS = "aws:ec2/eip:Eip"
CERTIFICATE = "aws:acm/certificate:Certificate"


def _ec2_arn(resource: str) -> str:
    return f"arn:aws:ec2:{{region}}:{{account}}:{resource}/{{id}}"


NETWORK_KINDS = (
    Kind(
        type=VPC,
        id="vpc-0{hex}",
        outputs={
            "arn": _ec2_arn("vpc"),
            "defaultSecurityGroupId": "sg-0{hex}",
            "mainRouteTableId": "rtb-0{hex}",
            "ownerId": "{account}",
        },
        replaced_by=frozenset({"cidrBlock", "ipv4IpamPoolId", "instanceTenancy"}),
    ),
    Kind(
        type="aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        id="sg-0{hex}",
        outputs={"arn": _ec2_arn("security-group"), "name": "default"},
        identity=("vpcId",),
        replaced_by=frozenset({"vpcId"}),
        references=(Reference(path="vpcId", type=VPC),),
    ),
    Kind(
        type=SUBNET,
        id="subnet-0{hex}",
        outputs={"arn": _ec2_arn("subnet"), "availabilityZoneId": "euw1-az1"},
        identity=("vpcId", "cidrBlock"),
        replaced_by=frozenset({"vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId"}),
        references=(Reference(path="vpcId", type=VPC, holds=True),),
    ),
    Kind(
        type=INTERNET_GATEWAY,
        id="igw-0{hex}",
        outputs={"arn": _ec2_arn("internet-gateway"), "ownerId": "{account}"},
        identity=("vpcId",),
        references=(Reference(path="vpcId", type=VPC, holds=True),),
    ),
    Kind(
        type=ADDRESS,
        id="eipalloc-0{hex}",
        outputs={
            "arn": _ec2_arn("elastic-ip"),
            "allocationId": "{id}",
            "publicIp": "203.0.113.{number}",
        },
        replaced_by=frozenset({"domain", "networkBorderGroup", "publicIpv4Pool"}),
    ),
    Kind(
        type="aws:ec2/natGateway:NatGateway",
        id="nat-0{hex}",
        outputs={"publicIp": "203.0.113.{number}", "networkInterfaceId": "eni-0{hex}"},
        identity=("allocationId",),
        replaced_by=frozenset({"allocationId", "subnetId", "connectivityType", "privateIp"}),
        references=(
            Reference(path="subnetId", type=SUBNET, holds=True),
            Reference(path="allocationId", type=ADDRESS, holds=True),
        ),
    ),
    Kind(
        type=ROUTE_TABLE,
        id="rtb-0{hex}",
        outputs={"arn": _ec2_arn("route-table"), "ownerId": "{account}"},
        replaced_by=frozenset({"vpcId"}),
        references=(Reference(path="vpcId", type=VPC, holds=True),),
    ),
    Kind(
        type="aws:ec2/route:Route",
        id="r-{routeTableId}{number}",
        outputs={"state": "active", "origin": "CreateRoute"},
        identity=("routeTableId", "destinationCidrBlock", "destinationIpv6CidrBlock"),
        replaced_by=frozenset({"routeTableId", "destinationCidrBlock", "destinationIpv6CidrBlock"}),
        references=(Reference(path="routeTableId", type=ROUTE_TABLE),),
    ),
    Kind(
        type="aws:ec2/routeTableAssociation:RouteTableAssociation",
        id="rtbassoc-0{hex}",
        identity=("subnetId", "gatewayId"),
        replaced_by=frozenset({"subnetId", "gatewayId"}),
        references=(
            Reference(path="routeTableId", type=ROUTE_TABLE, holds=True),
            Reference(path="subnetId", type=SUBNET),
        ),
    ),
    Kind(
        type="aws:ec2/vpcEndpoint:VpcEndpoint",
        id="vpce-0{hex}",
        outputs={
            "arn": _ec2_arn("vpc-endpoint"),
            "prefixListId": "pl-0{hex}",
            "state": "available",
        },
        replaced_by=frozenset({"vpcId", "serviceName", "vpcEndpointType"}),
        references=(
            Reference(path="vpcId", type=VPC, holds=True),
            Reference(path="subnetIds", type=SUBNET, holds=True),
        ),
    ),
    Kind(
        type="aws:ec2/flowLog:FlowLog",
        id="fl-0{hex}",
        outputs={"arn": _ec2_arn("vpc-flow-log")},
        replaced_by=frozenset(
            {"vpcId", "subnetId", "trafficType", "logDestination", "iamRoleArn", "logFormat"}
        ),
    ),
)

CLUSTER_KINDS = (
    Kind(
        type=CLUSTER,
        id="{name}",
        outputs={
            "arn": "arn:aws:eks:{region}:{account}:cluster/{name}",
            "endpoint": "https://{hex}.gr7.{region}.eks.amazonaws.com",
            "certificateAuthority": {"data": "LS0tLS1DRVJUSUZJQ0FURS0tLS0t"},
            "identities": [
                {"oidcs": [{"issuer": "https://oidc.eks.{region}.amazonaws.com/{hex}"}]}
            ],
            "platformVersion": "eks.1",
            "status": "ACTIVE",
        },
        identity=("name",),
        autonamed="name",
        replaced_by=frozenset(
            {
                "name",
                "roleArn",
                "bootstrapSelfManagedAddons",
                "encryptionConfig.provider",
                "accessConfig.bootstrapClusterCreatorAdminPermissions",
                "kubernetesNetworkConfig.ipFamily",
                "kubernetesNetworkConfig.serviceIpv4Cidr",
            }
        ),
        houses="endpoint",
    ),
    Kind(
        type="aws:eks/accessEntry:AccessEntry",
        id="{clusterName}:{principalArn}",
        outputs={
            "accessEntryArn": "arn:aws:eks:{region}:{account}:access-entry/{clusterName}/{hex}"
        },
        identity=("clusterName", "principalArn"),
        replaced_by=frozenset({"clusterName", "principalArn", "type"}),
        references=(Reference(path="clusterName", type=CLUSTER),),
    ),
    Kind(
        type="aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
        id="{clusterName}#{principalArn}#{policyArn}",
        identity=("clusterName", "principalArn", "policyArn"),
        replaced_by=frozenset({"clusterName", "principalArn", "policyArn", "accessScope"}),
        references=(Reference(path="clusterName", type=CLUSTER),),
    ),
    Kind(
        type="aws:eks/addon:Addon",
        id="{clusterName}:{addonName}",
        outputs={"arn": "arn:aws:eks:{region}:{account}:addon/{clusterName}/{addonName}/{hex}"},
        identity=("clusterName", "addonName"),
        replaced_by=frozenset({"clusterName", "addonName"}),
        references=(Reference(path="clusterName", type=CLUSTER),),
    ),
    Kind(
        type="aws:eks/podIdentityAssociation:PodIdentityAssociation",
        id="a-{hex}",
        outputs={
            "associationId": "{id}",
            "associationArn": (
                "arn:aws:eks:{region}:{account}:podidentityassociation/{clusterName}/{id}"
            ),
        },
        identity=("clusterName", "namespace", "serviceAccount"),
        replaced_by=frozenset({"clusterName", "namespace", "serviceAccount"}),
        references=(Reference(path="clusterName", type=CLUSTER),),
    ),
)

NAME_KINDS = (
    Kind(
        type="aws:route53/record:Record",
        id="{zoneId}_{name}_{type}",
        outputs={"fqdn": "{name}"},
        identity=("zoneId", "name", "type", "setIdentifier"),
        replaced_by=frozenset({"zoneId", "name", "type"}),
    ),
    Kind(
        type=CERTIFICATE,
        id="arn:aws:acm:{region}:{account}:certificate/{hex}",
        outputs={
            "arn": "{id}",
            "status": "PENDING_VALIDATION",
            "domainValidationOptions": [
                {
                    "domainName": "{domainName}",
                    "resourceRecordName": "_{hex}.{domainName}",
                    "resourceRecordType": "CNAME",
                    "resourceRecordValue": "_{hex}.acm-validations.aws.",
                }
            ],
        },
        replaced_by=frozenset({"domainName", "validationMethod", "subjectAlternativeNames"}),
    ),
    Kind(
        type="aws:acm/certificateValidation:CertificateValidation",
        id="{number}",
        replaced_by=frozenset({"certificateArn", "validationRecordFqdns"}),
        references=(Reference(path="certificateArn", type=CERTIFICATE),),
    ),
)

AWS_GROUND_KINDS = table(*NETWORK_KINDS, *CLUSTER_KINDS, *NAME_KINDS)
