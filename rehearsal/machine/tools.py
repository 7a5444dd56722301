"""The programs a rehearsal runs: found on PATH, or unpacked from Debian's packages.

`python -m rehearsal tools` finds or unpacks them and prints where they are.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from offline.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
DIRECTORY = ROOT / ".tools"

Progress = Callable[[str], None]

# Where Debian's programs look for the files that others have inside them.
_SHARES = ("/usr/share/prometheus/alertmanager", "/usr/share/prometheus/web")
_VERSION = re.compile(r"version (?P<major>[0-9]+)\.")
_NUMBER = 9
_OPENED = f"/proc/self/fd/{_NUMBER}"
_WRAPPER = """\
#!/bin/sh
here=$(dirname "$(dirname "$(readlink -f "$0")")")
exec {number}<"$here/share/{name}"
exec "$here/lib/{name}" "$@"
"""


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A program: its names, Debian's last, the Debian package that has it, and who else does."""

    names: tuple[str, ...]
    package: str
    download: str = "prometheus.io/download"


PROMETHEUS = Tool(names=("prometheus",), package="prometheus")
PROMTOOL = Tool(names=("promtool",), package="prometheus")
ALERTMANAGER = Tool(
    names=("alertmanager", "prometheus-alertmanager"), package="prometheus-alertmanager"
)
AMTOOL = Tool(names=("amtool",), package="prometheus-alertmanager")
BLACKBOX_EXPORTER = Tool(
    names=("blackbox_exporter", "prometheus-blackbox-exporter"),
    package="prometheus-blackbox-exporter",
)
NODE_EXPORTER = Tool(
    names=("node_exporter", "prometheus-node-exporter"), package="prometheus-node-exporter"
)
# With `up --cluster` alone.
ETCD = Tool(names=("etcd",), package="etcd-server", download="github.com/etcd-io/etcd/releases")
ALL = (PROMETHEUS, PROMTOOL, ALERTMANAGER, AMTOOL, BLACKBOX_EXPORTER, NODE_EXPORTER)
_KNOWN = (*ALL, ETCD)


def find(tool: Tool, directory: Path = DIRECTORY) -> Path | None:
    """Where the program is: on PATH, else among the unpacked ones, else None."""
    for name in tool.names:
        found = shutil.which(name) or shutil.which(name, path=str(directory / "bin"))
        if found:
            return Path(found)
    return None


def provide(
    tools: Sequence[Tool] = ALL,
    *,
    directory: Path = DIRECTORY,
    progress: Progress = lambda _line: None,
) -> dict[Tool, Path]:
    """Every tool's path; what is missing is fetched first. Raises UserError."""
    missing = sorted({tool.package for tool in tools if find(tool, directory) is None})
    if missing:
        progress(f"fetching from Debian: {', '.join(missing)}")
        _unpack(missing, directory)
    places = {tool: find(tool, directory) for tool in tools}
    absent = [tool for tool, place in places.items() if place is None]
    if absent:
        raise UserError(_to_install(absent, "the packages do not contain them"))
    return {tool: place for tool, place in places.items() if place is not None}


def major_version(program: Path) -> int:
    """The major version of a Prometheus program, as its `--version` prints it.

    Raises UserError where it prints none.
    """
    outcome = _run([str(program), "--version"])
    found = _VERSION.search(outcome.stdout)
    if found is None:
        raise UserError(
            f"{program} --version names no version ({_last_line(outcome)}); {cure(program)}"
        )
    return int(found["major"])


def cure(program: Path) -> str:
    """What to do about a program that does not work."""
    if program.is_relative_to(DIRECTORY):
        return f"remove {DIRECTORY}, and it is fetched anew"
    return "put a program that works before it on PATH, or remove it"


def _unpack(packages: Sequence[str], directory: Path) -> None:
    """Fetch packages and put their programs into `directory`/bin, without installing them."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        absent = [tool for tool in _KNOWN if tool.package in packages]
        raise UserError(_to_install(absent, "this is not Debian or Ubuntu"))
    (directory / "bin").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        root = Path(scratch)
        for archive in _download(packages, root, directory / "apt"):
            outcome = _run(["dpkg-deb", "-x", str(archive), scratch])
            if outcome.returncode:
                absent = [tool for tool in _KNOWN if tool.package in packages]
                reason = f"{archive.name} cannot be unpacked: {_last_line(outcome)}"
                raise UserError(_to_install(absent, reason))
        for program in (root / "usr" / "bin").iterdir():
            _place(program, root, directory)


def _place(program: Path, root: Path, directory: Path) -> None:
    """Put a program where it can be started, with the files it expects below /usr/share.

    Debian compiles that path in, and writing there takes root. So the path in our copy is
    changed to one of the same length, a directory that a wrapper opens before it starts it.
    """
    code = program.read_bytes()
    expected = next((path for path in _SHARES if path.encode() in code), None)
    if expected is None:
        # A rename, so that a second rehearsal never sees half a program.
        program.replace(directory / "bin" / program.name)
        return
    share = directory / "share" / program.name
    shutil.copytree(root / expected[1:], share, dirs_exist_ok=True, symlinks=True)
    patched = code.replace(expected.encode(), _OPENED.encode().ljust(len(expected), b"/"))
    binary = directory / "lib" / program.name
    binary.parent.mkdir(exist_ok=True)
    _write_program(binary, patched)
    _write_program(
        directory / "bin" / program.name,
        _WRAPPER.format(name=program.name, number=_NUMBER).encode(),
    )


def _write_program(path: Path, content: bytes) -> None:
    draft = path.with_name(path.name + ".draft")
    draft.write_bytes(content)
    draft.chmod(0o755)
    draft.replace(path)


def _download(packages: Sequence[str], into: Path, lists: Path) -> list[Path]:
    """The fetched archives; package lists are read anew where the machine has none."""
    # As root, apt would otherwise fetch as a user who may not write here.
    command = ["apt-get", "-q", "-o", "APT::Sandbox::User="]
    if _run([*command, "download", *packages], cwd=into).returncode:
        for part in ("lists/partial", "cache/archives/partial"):
            (lists / part).mkdir(parents=True, exist_ok=True)
        command += ["-o", f"Dir::State::Lists={lists}/lists", "-o", f"Dir::Cache={lists}/cache"]
        _run([*command, "update"])
        outcome = _run([*command, "download", *packages], cwd=into)
        if outcome.returncode:
            absent = [tool for tool in _KNOWN if tool.package in packages]
            raise UserError(_to_install(absent, _last_line(outcome)))
    return sorted(into.glob("*.deb"))


def _run(command: Sequence[str], cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """What came of a command; one that cannot be started fails as a shell would have it."""
    try:
        return subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as fault:
        return subprocess.CompletedProcess(command, 126, stdout="", stderr=str(fault))


def _last_line(outcome: subprocess.CompletedProcess[str]) -> str:
    """The end of its complaint, or its exit status where it made none."""
    lines = outcome.stderr.strip().splitlines()
    return lines[-1] if lines else f"exit status {outcome.returncode}"


def _to_install(absent: Sequence[Tool], reason: str) -> str:
    lines = [f"  {tool.names[0]} (Debian package {tool.package})" for tool in absent]
    downloads = " and ".join(sorted({tool.download for tool in absent}))
    return "\n".join(
        [
            f"these programs are not on PATH and could not be fetched ({reason}):",
            *lines,
            f"Install them and put them on PATH; {downloads} has them for any Linux.",
        ]
    )
