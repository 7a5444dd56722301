"""Kinds that a cluster has from others, as the mesh's: without them they could not be judged."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import yaml

from offline.errors import UserError
from rehearsal.cluster.api import Api
from rehearsal.cluster.declared import Declared
from rehearsal.stand_in.documents import YAML_LOADER, Document

_SERVED_WITHIN_SECONDS = 30.0
_POLL_SECONDS = 0.1


def add(api: Api, files: Iterable[Path], objects: Iterable[Declared]) -> None:
    """Give the API the definitions that these objects need, and wait until it serves them.

    Of others it has no use, and each takes it as long as a dozen objects.
    """
    kinds = {(str(each.manifest["apiVersion"]), str(each.manifest["kind"])) for each in objects}
    lacking = {kind for kind in kinds if api.kind(_of(kind)) is None}
    if not lacking:
        return
    added = set[tuple[str, str]]()
    for definition in (each for file in files for each in _definitions(file)):
        if found := lacking & set(_kinds(definition)):
            api.apply(definition)
            added |= found
    deadline = time.monotonic() + _SERVED_WITHIN_SECONDS
    while waiting := sorted(kind[1] for kind in added if api.kind(_of(kind)) is None):
        if time.monotonic() > deadline:
            raise UserError(
                f"the cluster's API does not serve {', '.join(waiting)} within "
                f"{_SERVED_WITHIN_SECONDS:.0f} s"
            )
        time.sleep(_POLL_SECONDS)


@cache
def _definitions(file: Path) -> list[Document]:
    with file.open("rb") as stream:
        return [each for each in yaml.load_all(stream, Loader=YAML_LOADER) if each]


def _of(kind: tuple[str, str]) -> Document:
    return {"apiVersion": kind[0], "kind": kind[1]}


def _kinds(definition: Document) -> Iterator[tuple[str, str]]:
    """What a definition adds, by API version and kind, one for each version that is served."""
    spec: Document = definition["spec"]
    versions: list[Document] = spec["versions"]
    for version in versions:
        if version["served"]:
            yield f"{spec['group']}/{version['name']}", str(spec["names"]["kind"])
