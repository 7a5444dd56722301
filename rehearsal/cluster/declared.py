"""The Kubernetes objects of a rendered stack, in the order in which an engine may create them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

from offline.deployed import RELEASE, manifest
from rehearsal.stand_in.documents import Document, read_json

_PREFIX = "kubernetes:"
# An engine creates what does not depend on each other side by side. Whoever makes pods waits
# longer and longer for what they need; it comes last here, so that nobody waits.
_MAKERS_OF_PODS = frozenset({"CronJob", "DaemonSet", "Deployment", "Job", "StatefulSet"})


@dataclass(frozen=True, kw_only=True)
class Declared:
    """An object; `name` is what its resource is called in the program."""

    name: str
    manifest: Document

    def is_a(self, kind: str, name: str) -> bool:
        """Whether it is the object of this kind and name."""
        return (self.manifest["kind"], self.manifest["metadata"]["name"]) == (kind, name)


@dataclass(frozen=True, kw_only=True)
class Objects:
    """The objects of a stack, each after all that it depends on, and the charts it installs."""

    declared: tuple[Declared, ...]
    charts: tuple[str, ...]

    def manifest(self, kind: str, name: str) -> Document:
        """The object of this kind and name. Raises KeyError."""
        for each in self.declared:
            if each.is_a(kind, name):
                return each.manifest
        raise KeyError(f"{kind} {name}")


def read(deployed: Path) -> Objects:
    """The objects of a `deployed/` tree."""
    resources: list[Document] = read_json(deployed / "resources.json")
    found = [each for each in _ordered(resources) if each["type"].startswith(_PREFIX)]
    return Objects(
        declared=tuple(
            Declared(name=each["name"], manifest=manifest(each["name"], each["inputs"]))
            for each in found
            if each["type"] != RELEASE
        ),
        charts=tuple(each["name"] for each in found if each["type"] == RELEASE),
    )


def _ordered(resources: Iterable[Document]) -> Iterator[Document]:
    """Resources, each after all that it depends on and after its parent."""
    by_urn = {each["urn"]: each for each in resources}
    order = TopologicalSorter(
        {urn: [*each["dependencies"], each["parent"]] for urn, each in by_urn.items()}
    )
    order.prepare()
    while order.is_active():
        urns = order.get_ready()
        # A parent may be the stack itself, which is no resource.
        yield from sorted((by_urn[urn] for urn in urns if urn in by_urn), key=_rank)
        order.done(*urns)


def _rank(resource: Document) -> tuple[bool, str]:
    return resource["inputs"].get("kind") in _MAKERS_OF_PODS, resource["urn"]
