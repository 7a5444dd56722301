"""The EC2 instances of the rendered tree, and how cloud-init runs node_exporter on them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import TypeAdapter

from offline.errors import UserError
from rehearsal.machine.addresses import NODE_PORT, Address, instance_host, local_port
from rehearsal.stand_in.documents import Document, read_json, write_text

INSTANCE = "aws:ec2/instance:Instance"
_PLAYED = re.compile(r"--(no-)?collector\.(?!systemd|timex)")
_UNIT_COMMAND = re.compile(r"^ExecStart=(.*node_exporter.*)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Instance:
    """An instance: its host name, its tags, and what its unit starts node_exporter with."""

    name: str
    tags: dict[str, str]
    address: str
    collectors: tuple[str, ...]

    def listens(self) -> Address:
        """Where its node_exporter is scraped."""
        return Address(self.address, local_port(NODE_PORT))


FORM = TypeAdapter(list[Instance])


def read_instances(path: Path) -> list[Instance]:
    """What `write_instances` wrote."""
    return FORM.validate_json(path.read_bytes())


def write_instances(path: Path, instances: Sequence[Instance]) -> None:
    """The instances, for whoever starts them."""
    write_text(path, FORM.dump_json(list(instances), indent=2).decode() + "\n")


def rendered_instances(deployed: Path) -> list[Instance]:
    """Every instance, by name. Raises UserError for one that installs no node_exporter."""
    resources: list[Document] = read_json(deployed / "resources.json")
    tags = sorted(
        (resource["inputs"]["tags"] for resource in resources if resource["type"] == INSTANCE),
        key=lambda each: each["Name"],
    )
    return [
        Instance(
            name=each["Name"],
            tags=each,
            address=instance_host(position),
            collectors=_collectors(deployed / "hosts" / each["Name"] / "user-data"),
        )
        for position, each in enumerate(tags)
    ]


def _collectors(user_data: Path) -> tuple[str, ...]:
    """The flags that choose collectors, in the unit that cloud-init writes.

    Not those of a clock and a systemd, of which a simulated host has none of its own.
    """
    document = yaml.safe_load(user_data.read_text())
    for file in document.get("write_files", ()):
        command = _UNIT_COMMAND.search(file["content"])
        if command is not None:
            words = shlex.split(command.group(1))
            return tuple(word for word in words if re.match(_PLAYED, word))
    raise UserError(f"{user_data} starts no node_exporter")
