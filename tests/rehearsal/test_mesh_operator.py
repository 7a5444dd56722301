"""What runbooks and pages let people type against a mesh works against a real one."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator

import pytest

from rehearsal.machine.tools import ROOT
from rehearsal.mesh.figures import CALLEE
from rehearsal.mesh.rehearsed import Mesh
from tests.rehearsal.clusters import thorough
from tests.rehearsal.meshes import mesh

# Fixtures, which pytest finds here.
__all__ = ["mesh", "thorough"]

pytestmark = pytest.mark.cluster

# Up to the end of the line, or to where a page quotes it.
_COMMAND = re.compile(r"^(istioctl .+)$|`(istioctl [^`]+)`", re.MULTILINE)
_WITHIN_SECONDS = 60.0
# How an answer is known, by what was asked.
_ANSWERS = {
    "proxy-status": rf"proxy-{CALLEE}\.gallery",
    "proxy-config secret": r"default\s+Cert Chain\s+ACTIVE\s+true|dynamicActiveSecrets",
    "proxy-config listener": r"\b7070\b",
    "authz check": r"ALLOW\s+cartservice\.gallery",
    "analyze": r"\(.+ gallery/.+\)",
}
_WITHOUT_ADDRESS = "no valid IP address in the service node id"


def _typed() -> Iterator[tuple[str, str]]:
    """Every command of istioctl's, and the page that has it; without what its output goes into."""
    for page in sorted((ROOT / "docs").rglob("*.md")):
        if "adr" not in page.parts:
            for found in _COMMAND.finditer(page.read_text()):
                command = (found[1] or found[2]).partition(" | ")[0]
                yield page.name, command


COMMANDS = tuple(dict.fromkeys(_typed()))


def _run(mesh: Mesh, command: str, service: str = CALLEE) -> subprocess.CompletedProcess[str]:
    """The command as a shell runs it, where kubectl's configuration leads to this cluster."""
    return subprocess.run(
        ["bash", "-c", command],
        env={
            "PATH": f"{mesh.programs.istioctl.parent}:{os.environ['PATH']}",
            "HOME": str(mesh.supervisor.directory),
            "KUBECONFIG": str(mesh.cluster.kubeconfig()),
            "control_plane": mesh.mesh.namespace,
            "service": service,
        },
        capture_output=True,
        text=True,
        timeout=_WITHIN_SECONDS,
        check=False,
    )


def _looks_well(command: str, output: str) -> bool:
    """Whether an answer is about what was asked."""
    said = next(expected for asked, expected in _ANSWERS.items() if asked in command)
    return re.search(said, output) is not None


def test_there_are_such_commands() -> None:
    assert {"MeshCallsRefused.md", "MeshPushesFailing.md", "adopting.md"} <= {
        page for page, _ in COMMANDS
    }


@pytest.mark.usefixtures("thorough")
@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_what_a_page_lets_people_type_is_answered(mesh: Mesh, page: str, command: str) -> None:
    answer = _run(mesh, command)
    if _WITHOUT_ADDRESS in answer.stderr:
        pytest.skip("istioctl asks istiod from an address beside loopback, and there is none here")
    assert answer.returncode == 0, f"{page}: {answer.stderr}"
    assert _looks_well(command, answer.stdout), f"{page}: {answer.stdout}"


@pytest.mark.usefixtures("thorough")
@pytest.mark.parametrize("command", [each for _, each in COMMANDS if "${service:?}" in each])
def test_of_a_service_that_is_not_there_there_is_no_answer(mesh: Mesh, command: str) -> None:
    assert _run(mesh, command, service="nobodyservice").returncode != 0
