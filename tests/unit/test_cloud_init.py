from __future__ import annotations

import hashlib
import io
import os
import re
import shlex
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from gallery.plan.instance_types import Architecture
from gallery.render.cloud_init import (
    BINARY,
    INSTALL_SCRIPT,
    INSTALLER,
    installer_unit,
    unit,
    user_data,
)
from rehearsal.machine import tools
from tests.unit.programs import program

SHELLCHECK = tools.Tool(names=("shellcheck",), package="shellcheck")
VERSION = "1.10.2"
# EC2 takes no more.
LIMIT_BYTES = 16 * 1024
# systemd-analyze counts from 0, sealed, to 10, open; what is left is what metrics need.
EXPOSURE = 2.1


def document(architecture: Architecture = Architecture.ARM64) -> dict[str, Any]:
    return yaml.safe_load(user_data(architecture))


def files() -> dict[str, dict[str, Any]]:
    return {file["path"]: file for file in document()["write_files"]}


def section(text: str, name: str) -> dict[str, str]:
    """A section of a unit file."""
    body = text.split(f"[{name}]\n")[1].split("\n[", maxsplit=1)[0]
    return dict(line.split("=", 1) for line in body.splitlines() if line)


def service_lines() -> dict[str, str]:
    return section(unit(), "Service")


def installation(architecture: Architecture = Architecture.ARM64) -> dict[str, dict[str, str]]:
    """The unit that installs the exporter, by section."""
    text = installer_unit(architecture)
    return {name: section(text, name) for name in ("Unit", "Service", "Install")}


@pytest.mark.parametrize("architecture", Architecture)
def test_cloud_init_recognises_the_document_and_ec2_takes_it(architecture: Architecture) -> None:
    text = user_data(architecture)
    assert text.startswith("#cloud-config\n")
    assert len(text.encode()) < LIMIT_BYTES


@pytest.mark.parametrize(
    ("architecture", "release"), [(Architecture.ARM64, "arm64"), (Architecture.X86_64, "amd64")]
)
def test_the_release_and_its_digest_belong_to_the_architecture(
    architecture: Architecture, release: str
) -> None:
    digests = {
        "amd64": "c46e5b6f53948477ff3a19d97c58307394a29fe64a01905646f026ddc32cb65b",
        "arm64": "de69ec8341c8068b7c8e4cfe3eb85065d24d984a3b33007f575d307d13eb89a6",
    }
    command = shlex.split(installation(architecture)["Service"]["ExecStart"])
    assert command == [INSTALLER, VERSION, release, digests[release]]


def test_both_units_are_there_and_begin_with_the_host() -> None:
    assert files()[INSTALLER]["permissions"] == "0755"
    assert files()[INSTALLER]["content"] == INSTALL_SCRIPT
    units = {
        "install-node-exporter.service": installer_unit(Architecture.ARM64),
        "node_exporter.service": unit(),
    }
    for name, text in units.items():
        assert files()[f"/etc/systemd/system/{name}"]["content"] == text
        assert section(text, "Install") == {"WantedBy": "multi-user.target"}
    assert ["systemctl", "enable", "--now", "--no-block", *units] in document()["runcmd"]


def test_an_installation_that_fails_is_tried_until_it_succeeds() -> None:
    about, service = installation()["Unit"], installation()["Service"]
    assert (service["Type"], service["Restart"]) == ("oneshot", "on-failure")
    # Neither a number of attempts nor a download that hangs ends it, and none runs for nothing.
    assert about["StartLimitIntervalSec"] == "0"
    assert service["TimeoutStartSec"] == "5min"
    assert about["ConditionPathExists"] == f"!{BINARY}"


def test_the_exporter_starts_as_soon_as_it_is_installed() -> None:
    assert installation()["Unit"]["OnSuccess"] == "node_exporter.service"
    about = section(unit(), "Unit")
    assert about["ConditionPathExists"] == BINARY
    assert "install-node-exporter.service" in about["After"].split()
    # What is required and failed once would never be started again.
    assert not {"Requires", "BindsTo", "Requisite"} & about.keys()


def test_nobody_enters_by_ssh() -> None:
    assert ["systemctl", "disable", "--now", "sshd.service"] in document()["runcmd"]
    assert not {"ssh_authorized_keys", "users"} & document().keys()


def test_shellcheck_finds_nothing(tmp_path: Path) -> None:
    shellcheck = program(SHELLCHECK)
    script = tmp_path / "install.sh"
    script.write_text(INSTALL_SCRIPT)
    run = subprocess.run([shellcheck, str(script)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def archive() -> bytes:
    """A release as the project packs it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        content = b"the exporter"
        entry = tarfile.TarInfo(f"node_exporter-{VERSION}.linux-arm64/node_exporter")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def install(directory: Path, sha256: str) -> tuple[int, list[str], list[str]]:
    """Run the installer against a stand-in for the network and for `install`.

    Gives back its exit status, how curl was called, and how install was.
    """
    programs = directory / "bin"
    programs.mkdir()
    (directory / "release").write_bytes(archive())
    stand_ins = {
        # The word after --output is where to.
        "curl": 'printf "%s\\n" "$@" > "$HERE/curl"\n'
        'while [ "$1" != --output ]; do shift; done\ncp "$HERE/release" "$2"\n',
        "install": 'printf "%s\\n" "$@" > "$HERE/install"\n',
    }
    for name, body in stand_ins.items():
        (programs / name).write_text(f"#!/bin/sh\n{body}")
        (programs / name).chmod(0o755)
    script = directory / "installer"
    script.write_text(INSTALL_SCRIPT)
    run = subprocess.run(
        ["/bin/sh", str(script), VERSION, "arm64", sha256],
        env={"PATH": f"{programs}:{os.environ['PATH']}", "HERE": str(directory)},
        capture_output=True,
        check=False,
    )

    def calls(name: str) -> list[str]:
        path = directory / name
        return path.read_text().splitlines() if path.exists() else []

    return run.returncode, calls("curl"), calls("install")


def test_a_release_with_the_right_digest_is_installed(tmp_path: Path) -> None:
    status, fetched, installed = install(tmp_path, hashlib.sha256(archive()).hexdigest())
    assert status == 0
    assert fetched[-1] == (
        "https://github.com/prometheus/node_exporter/releases/download/"
        f"v{VERSION}/node_exporter-{VERSION}.linux-arm64.tar.gz"
    )
    assert installed[-1] == BINARY
    assert installed[-2].endswith(f"node_exporter-{VERSION}.linux-arm64/node_exporter")


def test_a_release_with_another_digest_is_not_installed(tmp_path: Path) -> None:
    status, fetched, installed = install(tmp_path, "0" * 64)
    assert fetched
    assert status != 0
    assert installed == []


def test_the_exporter_listens_where_the_collector_scrapes_and_has_what_rules_read() -> None:
    words = shlex.split(service_lines()["ExecStart"])
    assert words[0] == BINARY
    assert "--web.listen-address=:9100" in words
    for collector in ("cpu", "filesystem", "meminfo", "netdev"):
        assert f"--collector.{collector}" in words


def test_the_exporter_knows_every_flag_it_is_started_with() -> None:
    exporter = program(tools.NODE_EXPORTER)
    flags = shlex.split(service_lines()["ExecStart"])[1:]
    run = subprocess.run(
        [exporter, *flags, "--version"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def test_the_sandbox_leaves_the_exporter_its_sight() -> None:
    lines = service_lines()
    # Hidden processes hide /proc/1/mountinfo, and its own mounts are all read-only.
    assert "ProtectProc" not in lines
    assert lines["ProtectSystem"] == "strict"
    assert lines["ProtectHome"] == "read-only"
    assert "AF_NETLINK" in lines["RestrictAddressFamilies"].split()


@pytest.fixture
def systemd_analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("systemd-analyze is not on PATH")
    return found


@pytest.mark.parametrize("architecture", Architecture)
def test_systemd_understands_the_units(
    systemd_analyze: str, tmp_path: Path, architecture: Architecture
) -> None:
    units = {
        "node_exporter.service": unit(),
        "install-node-exporter.service": installer_unit(architecture),
    }
    for name, text in units.items():
        # The programs are not on this machine; another stands for them.
        started = re.sub(rf"ExecStart=({BINARY}|{INSTALLER})", "ExecStart=/bin/true", text)
        (tmp_path / name).write_text(started)
    run = subprocess.run(
        [systemd_analyze, "verify", *(str(tmp_path / name) for name in units)],
        capture_output=True,
        text=True,
        check=False,
    )
    # Units of this machine that it looks at as well may have faults of their own.
    assert not [line for line in run.stderr.splitlines() if any(name in line for name in units)]
    assert run.returncode == 0, run.stderr


def test_systemd_finds_the_unit_hardly_exposed(systemd_analyze: str, tmp_path: Path) -> None:
    path = tmp_path / "node_exporter.service"
    path.write_text(unit())
    run = subprocess.run(
        [systemd_analyze, "security", "--offline=true", "--no-pager", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    match = re.search(r"exposure level for \S+: ([\d.]+)", run.stdout)
    assert match is not None, run.stderr
    assert float(match.group(1)) <= EXPOSURE
