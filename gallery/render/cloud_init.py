"""What a host does at its first start: install node_exporter, checked, and run it with no rights.

Version and digests: https://github.com/prometheus/node_exporter/releases/tag/v1.10.2.
"""

from __future__ import annotations

from gallery.metrics.collected import NODE_COLLECTORS
from gallery.metrics.ports import NODE_EXPORTER_PORT
from gallery.plan.instance_types import Architecture
from gallery.render.documents import yaml_text

VERSION = "1.10.2"
# The release's own name of an architecture, and the SHA-256 of its archive.
RELEASES: dict[Architecture, tuple[str, str]] = {
    Architecture.ARM64: (
        "arm64",
        "de69ec8341c8068b7c8e4cfe3eb85065d24d984a3b33007f575d307d13eb89a6",
    ),
    Architecture.X86_64: (
        "amd64",
        "c46e5b6f53948477ff3a19d97c58307394a29fe64a01905646f026ddc32cb65b",
    ),
}
BINARY = "/usr/local/bin/node_exporter"
INSTALLER = "/usr/local/sbin/install-node-exporter"
EXPORTER_UNIT = "node_exporter.service"
INSTALLER_UNIT = "install-node-exporter.service"
_UNITS = "/etc/systemd/system"

# Everything that changes comes as an argument, so that the text is one and can be checked.
INSTALL_SCRIPT = f"""\
#!/bin/sh
# Usage: install-node-exporter VERSION ARCHITECTURE SHA256
set -eu

version=$1
architecture=$2
sha256=$3
release="node_exporter-$version.linux-$architecture"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

curl --fail --silent --show-error --location --proto '=https' --tlsv1.2 \\
  --retry 10 --retry-delay 6 --retry-all-errors --output "$work/archive" \\
  "https://github.com/prometheus/node_exporter/releases/download/v$version/$release.tar.gz"
echo "$sha256  $work/archive" | sha256sum --check --strict --quiet
tar --extract --gzip --no-same-owner --file "$work/archive" --directory "$work"
install --owner root --group root --mode 0755 "$work/$release/node_exporter" {BINARY}
"""

# What rules and dashboards read, and what tells a machine from another; no more, for each collector
# is series on every host.
_COLLECTORS = tuple(sorted({*NODE_COLLECTORS.values(), "os", "pressure", "time", "uname"}))
# Mounts too, which are left out by default: data beside a volume that was not mounted is written
# to the root's. Not units whose failure changes nothing on the host.
_QUIET_UNITS = (
    "user@.+",
    "user-runtime-dir@.+",
    "update-motd",
    "dnf-makecache",
    "systemd-networkd-wait-online",
)
_UNITS_READ = (
    "--collector.systemd.enable-restarts-metrics",
    "--collector.systemd.unit-include=.+[.](service|mount|swap)",
    f"--collector.systemd.unit-exclude=({'|'.join(_QUIET_UNITS)})[.]service",
)

# A line of a unit file, in order: systemd reads some keys more than once.
_Section = tuple[tuple[str, str], ...]

_SANDBOX: _Section = (
    ("DynamicUser", "yes"),
    ("CapabilityBoundingSet", ""),
    ("AmbientCapabilities", ""),
    ("NoNewPrivileges", "yes"),
    ("ProtectSystem", "strict"),
    # Read-only rather than hidden: hidden, /home would show the size of an empty tmpfs.
    ("ProtectHome", "read-only"),
    ("PrivateTmp", "yes"),
    ("PrivateDevices", "yes"),
    ("ProtectControlGroups", "yes"),
    ("ProtectHostname", "yes"),
    ("ProtectKernelLogs", "yes"),
    ("ProtectKernelModules", "yes"),
    ("ProtectKernelTunables", "yes"),
    # Not ProtectProc: the exporter reads /proc/1/mountinfo. Without it it would see its own
    # mounts, which ProtectSystem makes read-only, and no disk would ever count as filling.
    ("LockPersonality", "yes"),
    ("MemoryDenyWriteExecute", "yes"),
    ("RemoveIPC", "yes"),
    ("RestrictNamespaces", "yes"),
    ("RestrictRealtime", "yes"),
    ("RestrictSUIDSGID", "yes"),
    # Netlink is how it reads the network counters.
    ("RestrictAddressFamilies", "AF_INET AF_INET6 AF_NETLINK AF_UNIX"),
    ("SystemCallArchitectures", "native"),
    ("SystemCallFilter", "@system-service"),
    ("SystemCallFilter", "~@privileged @resources"),
    # How the clock is read; setting it takes a capability, and there is none. No ProtectClock,
    # which refuses reading too (systemd/systemd#26413).
    ("SystemCallFilter", "adjtimex"),
    # Go raises its limit of open files at start: refused, not killed for it.
    ("SystemCallErrorNumber", "EPERM"),
    ("UMask", "0077"),
)


def unit() -> str:
    """The systemd unit of node_exporter."""
    command = " ".join(
        (
            BINARY,
            f"--web.listen-address=:{NODE_EXPORTER_PORT}",
            "--collector.disable-defaults",
            *(f"--collector.{name}" for name in _COLLECTORS),
            *_UNITS_READ,
        )
    )
    return _unit_text(
        {
            "Unit": (
                ("Description", "Prometheus exporter of machine metrics"),
                ("Documentation", "https://github.com/prometheus/node_exporter"),
                ("Wants", "network-online.target"),
                ("After", f"network-online.target {INSTALLER_UNIT}"),
                # Not yet installed is no failure: the installer starts it when it is done.
                ("ConditionPathExists", BINARY),
            ),
            "Service": (
                ("ExecStart", command),
                ("Restart", "always"),
                ("RestartSec", "5s"),
                ("MemoryMax", "128M"),
                *_SANDBOX,
            ),
            "Install": (("WantedBy", "multi-user.target"),),
        }
    )


def installer_unit(architecture: Architecture) -> str:
    """The systemd unit that installs node_exporter, again and again until that succeeds.

    An outage of the network or of GitHub at a host's first start so heals by itself.
    """
    name, sha256 = RELEASES[architecture]
    return _unit_text(
        {
            "Unit": (
                ("Description", "Installation of the Prometheus exporter of machine metrics"),
                ("Wants", "network-online.target"),
                ("After", "network-online.target"),
                ("ConditionPathExists", f"!{BINARY}"),
                # No number of attempts ends it.
                ("StartLimitIntervalSec", "0"),
                # A requirement would not do: one that has failed once is not tried again.
                ("OnSuccess", EXPORTER_UNIT),
            ),
            "Service": (
                ("Type", "oneshot"),
                ("ExecStart", f"{INSTALLER} {VERSION} {name} {sha256}"),
                ("TimeoutStartSec", "5min"),
                ("Restart", "on-failure"),
                ("RestartSec", "60s"),
            ),
            "Install": (("WantedBy", "multi-user.target"),),
        }
    )


def _unit_text(sections: dict[str, _Section]) -> str:
    return "\n".join(
        "\n".join((f"[{name}]", *(f"{key}={value}" for key, value in lines), ""))
        for name, lines in sections.items()
    )


def user_data(architecture: Architecture) -> str:
    """The cloud-config document of a host."""
    units = {INSTALLER_UNIT: installer_unit(architecture), EXPORTER_UNIT: unit()}
    document = {
        "write_files": [
            {"path": INSTALLER, "permissions": "0755", "content": INSTALL_SCRIPT},
            *(
                {"path": f"{_UNITS}/{name}", "permissions": "0644", "content": text}
                for name, text in units.items()
            ),
        ],
        # Lists run without a shell. A host is entered through Session Manager.
        "runcmd": [
            ["systemctl", "disable", "--now", "sshd.service"],
            ["systemctl", "enable", "--now", "--no-block", *units],
        ],
    }
    return f"#cloud-config\n{yaml_text(document)}"
