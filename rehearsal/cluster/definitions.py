"""Kinds that a cluster has from others, as the mesh's: without them they could not be judged."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from offline.errors import UserError
from rehearsal.cluster.api import Api
from rehearsal.stand_in.documents import Document

_SERVED_WITHIN_SECONDS = 30.0
_POLL_SECONDS = 0.1


def add(api: Api, files: Iterable[Path]) -> None:
    """Give the API these CustomResourceDefinitions, and wait until it serves their kinds."""
    kinds = list[Document]()
    for file in files:
        for definition in _definitions(file):
            api.apply(definition)
            kinds += _kinds(definition)
    deadline = time.monotonic() + _SERVED_WITHIN_SECONDS
    while waiting := [kind for kind in kinds if api.kind(kind) is None]:
        if time.monotonic() > deadline:
            names = ", ".join(str(kind["kind"]) for kind in waiting)
            raise UserError(
                f"the cluster's API does not serve {names} within {_SERVED_WITHIN_SECONDS:.0f} s"
            )
        time.sleep(_POLL_SECONDS)


def _definitions(file: Path) -> Iterator[Document]:
    # Read by Python alone, a megabyte takes longer than everything else.
    loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with file.open("rb") as stream:
        yield from (each for each in yaml.load_all(stream, Loader=loader) if each)


def _kinds(definition: Document) -> Iterator[Document]:
    """What a definition adds, one for each version that is served."""
    spec: Document = definition["spec"]
    versions: list[Document] = spec["versions"]
    for version in versions:
        if version["served"]:
            yield {
                "apiVersion": f"{spec['group']}/{version['name']}",
                "kind": spec["names"]["kind"],
            }
