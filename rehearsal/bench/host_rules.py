"""How long the rules on hosts take at a thousand hosts, in one Prometheus.

Their metrics are written into blocks first, so that nothing but the evaluation is measured. The
time is that of `/api/v1/rules`, as Prometheus itself takes it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gallery.alerts.model import Subject
from gallery.metrics import labels, names
from gallery.metrics.collected import COLLECTED, MEASURED, RECORDED
from gallery.plan.model import Plan
from gallery.plan.resolve import resolve
from gallery.render.rules import alerting_rule
from gallery.stack_file.parse import parse
from offline.errors import UserError
from offline.stack_file import StackFile
from rehearsal.machine.addresses import AMP
from rehearsal.machine.loopback import HttpStatusError, UnansweredError, get_json
from rehearsal.machine.tools import PROMETHEUS, PROMTOOL, Tool

STACK, HOSTS = "prod", 1_000
_PATIENCE_SECONDS = 120
# Evaluations are as far apart as scrapes are.
_EVERY_SECONDS = 15
# How far rules look back at a metric, in seconds: most of them five minutes and a margin.
_LOOKS_BACK = {
    "node_filesystem_avail_bytes": 7 * 3_600,
    "node_boot_time_seconds": 2_400,
    "node_vmstat_oom_kill": 2_400,
    "node_systemd_service_restart_total": 900,
    "up": 900,
    names.RECEIVE_USUAL: 2_400,
    names.TRANSMIT_USUAL: 2_400,
}
_MOST = 400
# The metrics of a host that are there more than once, and what tells them apart.
_DISKS = (
    {"device": "/dev/nvme0n1p1", "fstype": "xfs", "mountpoint": "/"},
    {"device": "/dev/nvme1n1", "fstype": "ext4", "mountpoint": "/data"},
)
_MODES = ("idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user")
_CPUS = tuple({"cpu": str(cpu), "mode": mode} for cpu in range(2) for mode in _MODES)
_UNITS = tuple({"name": f"unit-{number}.service"} for number in range(40))
_WELL = {
    "up": 1.0,
    "node_scrape_collector_success": 1.0,
    "node_timex_maxerror_seconds": 0.01,
    "node_filesystem_avail_bytes": 5e10,
    "node_filesystem_size_bytes": 1e11,
    "node_filesystem_files_free": 5e5,
    "node_filesystem_files": 1e6,
    "node_memory_MemAvailable_bytes": 1e9,
    "node_memory_MemTotal_bytes": 2e9,
    "node_filefd_allocated": 1e3,
    "node_filefd_maximum": 9.2e18,
    "node_nf_conntrack_entries": 1e3,
    "node_nf_conntrack_entries_limit": 65_536.0,
    "node_boot_time_seconds": 1e9,
    names.RECEIVE_RATE: 2e4,
    names.TRANSMIT_RATE: 2e4,
    names.RECEIVE_USUAL: 2e4,
    names.TRANSMIT_USUAL: 2e4,
}
# What no rule on hosts reads itself: networks are recorded, disks' bytes and load are drawn.
_UNREAD = ("node_network_", "node_disk_", "node_load", "scrape_duration_")


def planned(found: StackFile) -> Plan:
    """The stack with a thousand hosts for two owners."""
    config = found.values()
    groups = config["gallery:hosts"]
    some = groups[0] | {"count": HOSTS // 2}
    config["gallery:hosts"] = [
        some | {"name": "first", "owner": "infrastructure"},
        some | {"name": "second", "owner": "reliability"},
    ]
    return resolve(parse(config))


def _series(metric: str) -> tuple[dict[str, str], ...]:
    """What tells a host's series of a metric apart."""
    if metric.startswith("node_filesystem_"):
        return _DISKS
    if metric.startswith("node_systemd_unit_"):
        return tuple(unit | {"state": "failed", "type": "simple"} for unit in _UNITS)
    if metric.startswith("node_systemd_"):
        return _UNITS
    if metric.startswith("node_scrape_"):
        return tuple({"collector": name} for name in (*MEASURED, "conntrack"))
    return _CPUS if metric.startswith("node_cpu_") else ({},)


def metrics_read() -> list[str]:
    """What rules on hosts read, in the order in which OpenMetrics wants it."""
    scraped = (name for name, jobs in COLLECTED.items() if labels.NODE in jobs)
    read = (name for name in scraped if not name.startswith(_UNREAD))
    of_hosts = (name for name, own in RECORDED.items() if labels.HOST in own)
    return sorted([*read, *of_hosts])


def write_history(plan: Plan, data: Path, promtool: Path) -> None:
    """Blocks of every host's metrics until a little after now. Raises UserError."""
    now, text = int(time.time()), data.with_suffix(".txt")
    with text.open("w") as file:
        for name in metrics_read():
            begin = now - _LOOKS_BACK.get(name, _MOST)
            # The time to come too, so that a rule finds values for as long as it is measured.
            file.writelines(_samples(plan, name, range(begin, now + 600, _EVERY_SECONDS)))
        file.write("# EOF\n")
    outcome = subprocess.run(
        [
            promtool,
            "tsdb",
            "create-blocks-from",
            "openmetrics",
            "--quiet",
            "--max-block-duration=24h",
            text,
            data,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    text.unlink()
    if outcome.returncode:
        raise UserError(f"the hosts' metrics could not be written:\n{outcome.stderr.strip()}")


def _samples(plan: Plan, name: str, times: range) -> Iterator[str]:
    """The lines of one metric, of every host."""
    yield f"# TYPE {name} gauge\n"
    for number, host in enumerate(plan.hosts):
        place = {
            labels.ENVIRONMENT: plan.environment,
            labels.CLUSTER: plan.cluster_name,
            labels.SERVICE: host.service,
            labels.HOST: host.name,
            labels.HOST_GROUP: host.group,
        }
        if name not in RECORDED:
            place |= {"job": labels.NODE, labels.INSTANCE: f"i-{number:05}"}
        for more in _series(name):
            every = ",".join(f'{label}="{value}"' for label, value in (place | more).items())
            growth = _growth(name, more)
            begin = _WELL.get(name, 0.0)
            yield from (
                f"{name}{{{every}}} {begin + growth * position:g} {at}\n"
                for position, at in enumerate(times)
            )


def _growth(name: str, more: Mapping[str, str]) -> float:
    """By how much a well host's metric grows at each sample."""
    if not name.startswith("node_cpu_"):
        return 0.0
    return 0.8 * _EVERY_SECONDS if more["mode"] == "idle" else 0.02 * _EVERY_SECONDS


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What an evaluation of the rules on hosts took, in seconds.

    `processor` is what all of them together took of processors, on average, so that whatever else
    runs on the machine does not count; `alerts` is how long each took by the clock, at the median.
    """

    processor: float
    alerts: Mapping[str, float]

    @property
    def each(self) -> float:
        """Seconds of a processor for each alert."""
        return self.processor / len(self.alerts)


def evaluation(tools: Mapping[Tool, Path], found: StackFile, runs: int) -> Evaluation:
    """The mean of so many evaluations. Raises UserError."""
    plan = planned(found)
    rules = [one for one in plan.alerts if one.alert.subject is Subject.HOST]
    group = {
        "name": "hosts",
        "interval": f"{_EVERY_SECONDS}s",
        "rules": [alerting_rule(rule) for rule in rules],
    }
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        write_history(plan, place / "data", tools[PROMTOOL])
        (place / "rules.yml").write_text(yaml.safe_dump({"groups": [group]}))
        (place / "prometheus.yml").write_text("rule_files: [rules.yml]\n")
        arguments = (
            f"--config.file={place / 'prometheus.yml'}",
            f"--storage.tsdb.path={place / 'data'}",
            f"--web.listen-address={AMP}",
        )
        with (place / "log").open("w") as log:
            process = subprocess.Popen(
                [tools[PROMETHEUS], *arguments], stdout=log, stderr=subprocess.STDOUT
            )
            try:
                return _mean(process.pid, AMP.url("/api/v1/rules"), runs)
            finally:
                process.terminate()
                process.wait()


def _mean(pid: int, url: str, runs: int) -> Evaluation:
    """What so many evaluations took, after the first ones. Raises UserError."""
    _ = _seen(url, 2)
    before = _processor_seconds(pid)
    seen = _seen(url, runs)
    spent = _processor_seconds(pid) - before
    count = statistics.mean(map(len, seen.values()))
    return Evaluation(
        processor=spent / count,
        alerts={name: statistics.median(times.values()) for name, times in seen.items()},
    )


def _seen(url: str, runs: int) -> dict[str, dict[str, float]]:
    """How long each rule took at each of so many evaluations to come. Raises UserError."""
    passed = {rule["name"]: rule["lastEvaluation"] for rule in _rules(url)}
    seen = dict[str, dict[str, float]]()
    deadline = time.monotonic() + _PATIENCE_SECONDS + runs * _EVERY_SECONDS
    while time.monotonic() < deadline:
        for rule in _rules(url):
            name, at = rule["name"], rule["lastEvaluation"]
            if rule["health"] == "ok" and at != passed.get(name):
                seen.setdefault(name, {})[at] = float(rule["evaluationTime"])
        if seen and min(map(len, seen.values())) >= runs:
            return seen
        time.sleep(1)
    raise UserError(f"the rules on {HOSTS} hosts were not evaluated {runs} times in time")


def _processor_seconds(pid: int) -> float:
    """What a process has had of processors so far: proc(5), utime and stime."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rules(url: str) -> list[dict[str, Any]]:
    """The rules as Prometheus has them; nothing before it answers."""
    try:
        groups = get_json(url, timeout=30)["data"]["groups"]
    except (HttpStatusError, UnansweredError):
        return []
    return [rule for group in groups for rule in group["rules"]]
