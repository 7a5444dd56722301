"""The programs of a cluster on this machine: found, or built once."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from offline.errors import UserError
from rehearsal.cluster.modules import ISTIO, KUBERNETES, KWOK, MODULES, Module, build, missing
from rehearsal.machine import tools

Progress = Callable[[str], None]

# Where envtest, and whoever tests against a real API as it does, keeps these programs.
ASSETS = "KUBEBUILDER_ASSETS"
_OWN_STAGES = tuple(
    Path(__file__).with_name(name) for name in ("pod-end.yaml", "pod-missing-image.yaml")
)
_API = "kube-apiserver"
_VERSION = re.compile(r"v1\.(?P<minor>[0-9]+)")


@dataclass(frozen=True, kw_only=True)
class Installed:
    """A cluster's programs by name, and files that others wrote for it.

    `stages` tell kwok what nodes and pods do, `ports` is the kind by which it knows where their
    ports lead, `definitions` are the mesh's kinds.
    """

    programs: Mapping[str, Path]
    stages: tuple[Path, ...]
    ports: Path
    definitions: tuple[Path, ...]


def provide(progress: Progress = lambda _line: None) -> Installed:
    """Every program, from KUBEBUILDER_ASSETS, the cache, Debian or a build. Raises UserError."""
    programs = _assets()
    for module in MODULES:
        wanted = [name for name in module.commands if name not in programs]
        if missing(module, wanted):
            build(module, wanted, progress)
        programs |= {name: module.kept / name for name in wanted}
    if "etcd" not in programs:
        programs["etcd"] = tools.provide((tools.ETCD,), progress=progress)[tools.ETCD]
    _refuse_older(programs)
    *stages, ports = KWOK.kept_documents()
    return Installed(
        programs=programs,
        stages=(*stages, *_OWN_STAGES),
        ports=ports,
        definitions=ISTIO.kept_documents(),
    )


def absent() -> list[str]:
    """What would have to be built or fetched with Go."""
    assets = _assets()
    return [name for module in MODULES for name in _to_build(module, assets)]


def _to_build(module: Module, assets: Mapping[str, Path]) -> list[str]:
    return missing(module, [name for name in module.commands if name not in assets])


def _assets() -> dict[str, Path]:
    """What the directory that KUBEBUILDER_ASSETS names has of them. Raises UserError."""
    named = os.environ.get(ASSETS)
    if not named:
        return {}
    directory = Path(named)
    if not directory.is_dir():
        raise UserError(
            f"{ASSETS} names {named}, which is no directory; let it name the one that "
            "`setup-envtest use -p path` prints, or unset it"
        )
    names = ["etcd", *(name for module in MODULES for name in module.commands)]
    return {name: directory / name for name in names if os.access(directory / name, os.X_OK)}


def _refuse_older(programs: Mapping[str, Path]) -> None:
    """Raise UserError for an API older than the controllers: it would lack what they ask for."""
    own = _minor(KUBERNETES.version) or 0
    found = subprocess.run(
        [programs[_API], "--version"], capture_output=True, text=True, errors="replace", check=False
    )
    minor = _minor(found.stdout)
    if minor not in {own, own + 1} and programs["kube-scheduler"].is_relative_to(KUBERNETES.kept):
        said = found.stdout.strip() or "no version"
        raise UserError(
            f"{programs[_API]} says {said!r}, and the other programs are of Kubernetes "
            f"{KUBERNETES.version}, which need 1.{own} or 1.{own + 1}: unset {ASSETS}, or let it "
            f"name such a version (`setup-envtest use 1.{own}`)"
        )


def _minor(text: str) -> int | None:
    found = _VERSION.search(text)
    return int(found["minor"]) if found else None
