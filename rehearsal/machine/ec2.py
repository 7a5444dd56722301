"""The rehearsal's EC2: instances in a moto server, made and ended through EC2's own API."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from offline.errors import UserError
from rehearsal.machine import loopback
from rehearsal.machine.addresses import EC2, HOST_NETWORK, Address
from rehearsal.stand_in.instances import Instance

_VERSION = "2016-11-15"
# At the first question moto loads all that it knows of EC2.
_PATIENCE_SECONDS = 60.0
# moto reads service and region here; nobody checks the signature.
_AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=rehearsal/20260101/{region}/ec2/aws4_request, "
    "SignedHeaders=host, Signature=none"
)


@dataclass(frozen=True)
class Ec2Client:
    """Asks the moto server. Raises loopback.UnansweredError where none runs."""

    region: str
    address: Address = EC2

    def prepare(self, instances: Iterable[Instance]) -> None:
        """Make a network on this machine's loopback addresses, and the instances in it."""
        vpc = self._ask("CreateVpc", {"CidrBlock": str(HOST_NETWORK)}).find("vpc/vpcId")
        wanted = {"VpcId": _text(vpc), "CidrBlock": str(HOST_NETWORK)}
        subnet = _text(self._ask("CreateSubnet", wanted).find("subnet/subnetId"))
        for instance in instances:
            self._run(instance, subnet)

    def launch(self, instance: Instance) -> None:
        """Make an instance in the place of one that was terminated.

        It gets a network of its own: moto never frees the address of a terminated instance.
        """
        self.prepare((instance,))

    def terminate(self, name: str) -> None:
        """End the instance whose Name tag this is; it leaves discovery. Raises UserError."""
        found = self.running().get(name)
        if found is None:
            raise UserError(
                f"no instance is called {name!r}; there are: {', '.join(sorted(self.running()))}"
            )
        self._ask("TerminateInstances", {"InstanceId.1": found})

    def running(self) -> dict[str, str]:
        """The ids of all running instances by their Name tag."""
        document = self._ask(
            "DescribeInstances",
            {"Filter.1.Name": "instance-state-name", "Filter.1.Value.1": "running"},
        )
        found = dict[str, str]()
        for item in document.iterfind("reservationSet/item/instancesSet/item"):
            tags = {
                _text(tag.find("key")): _text(tag.find("value"))
                for tag in item.iterfind("tagSet/item")
            }
            found[tags["Name"]] = _text(item.find("instanceId"))
        return found

    def _run(self, instance: Instance, subnet: str) -> None:
        fields = {
            "ImageId": "ami-12c6146b",
            "InstanceType": "t4g.small",
            "MinCount": "1",
            "MaxCount": "1",
            "SubnetId": subnet,
            "PrivateIpAddress": instance.address,
            "TagSpecification.1.ResourceType": "instance",
        }
        for number, (key, value) in enumerate(sorted(instance.tags.items()), start=1):
            fields[f"TagSpecification.1.Tag.{number}.Key"] = key
            fields[f"TagSpecification.1.Tag.{number}.Value"] = value
        self._ask("RunInstances", fields)

    def _ask(self, action: str, fields: dict[str, str]) -> ET.Element:
        """The answer, its names freed of their namespace."""
        body = urlencode({"Action": action, "Version": _VERSION, **fields}).encode()
        headers = {
            "Authorization": _AUTHORIZATION.format(region=self.region),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        answer = loopback.request(
            "POST", self.address.url("/"), body=body, headers=headers, timeout=_PATIENCE_SECONDS
        )
        return ET.fromstring(re.sub(r'\sxmlns="[^"]+"', "", answer.decode()))  # noqa: S314 - moto's


def _text(element: ET.Element | None) -> str:
    if element is None or element.text is None:
        raise UserError("the moto server answered in a form that is not EC2's")
    return element.text
