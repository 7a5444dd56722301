"""Whether EC2 offers what the hosts are where they stand."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from gallery.plan.ground import refused_hosts
from gallery.plan.model import Network, PlannedHost


def require_offered(hosts: tuple[PlannedHost, ...], network: Network, cloud: aws.Provider) -> None:
    """Raises RunError for each instance type that the zone of one of its hosts does not have."""
    if not hosts:
        return
    asked = pulumi.InvokeOptions(provider=cloud)
    used = sorted({network.subnets[host.subnet] for host in hosts})
    zones = {subnet: aws.ec2.get_subnet(id=subnet, opts=asked).availability_zone for subnet in used}
    found = aws.ec2.get_instance_type_offerings(
        location_type="availability-zone",
        filters=[
            {"name": "instance-type", "values": sorted({host.instance_type for host in hosts})},
            {"name": "location", "values": sorted(set(zones.values()))},
        ],
        opts=asked,
    )
    offered = frozenset(zip(found.instance_types, found.locations, strict=True))
    errors = [error for _, error in refused_hosts(hosts, network, zones, offered)]
    if errors:
        raise pulumi.RunError("\n".join(errors))
