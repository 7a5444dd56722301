"""What the rules on hosts cost at a thousand hosts, in one Prometheus, beside plain ones.

Their metrics are written into blocks first, so that nothing but the evaluation is measured: what
Prometheus has of processors while it is asked, ours and the plain ones in turn. Why beside plain
ones: `docs/adr/0030-what-rules-on-hosts-cost.md`.
"""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from gallery.alerts.model import Subject
from gallery.metrics import labels, names
from gallery.metrics.collected import COLLECTED, MEASURED, RECORDED
from gallery.metrics.recordings import USUAL_EVERY
from gallery.plan.model import Plan
from gallery.plan.resolve import resolve
from gallery.stack_file.parse import parse
from offline.errors import UserError
from offline.stack_file import StackFile
from rehearsal.bench.plain_rules import plain_rules
from rehearsal.machine.addresses import AMP
from rehearsal.machine.loopback import (
    HttpStatusError,
    UnansweredError,
    answered,
    get,
    get_json,
)

STACK, HOSTS = "prod", 1_000
_PATIENCE_SECONDS = 120
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
# Recorded seldom, and else as often as AMP evaluates.
_USUAL = (names.RECEIVE_USUAL, names.TRANSMIT_USUAL)
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


def write_history(plan: Plan, data: Path, promtool: Path, now: int) -> None:
    """Blocks of every host's metrics until now, in seconds since the epoch. Raises UserError."""
    text = data.with_suffix(".txt")
    with text.open("w") as file:
        for name in metrics_read():
            begin = now - _LOOKS_BACK.get(name, _MOST)
            file.writelines(_samples(plan, name, range(begin, now + 1, _every(plan, name))))
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


def _every(plan: Plan, name: str) -> int:
    """How many seconds one value of a metric is after the other."""
    if name in _USUAL:
        return int(USUAL_EVERY.seconds)
    timings = plan.timings
    return int((timings.evaluate_amp if name in RECORDED else timings.scrape).seconds)


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
            growth = _growth(name, more) * times.step
            # One is down: where none is, Prometheus does not read what is held against those.
            begin = 0.0 if name == "up" and not number else _WELL.get(name, 0.0)
            yield from (
                f"{name}{{{every}}} {begin + growth * position:g} {at}\n"
                for position, at in enumerate(times)
            )


def _growth(name: str, more: Mapping[str, str]) -> float:
    """By how much a well host's metric grows in a second."""
    if not name.startswith("node_cpu_"):
        return 0.0
    return 0.8 if more["mode"] == "idle" else 0.02


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What an evaluation of the rules on hosts took of processors, in seconds, at the median.

    `plain` is what each of the plain rules took; `samples` how many samples ours read together.
    """

    alerts: Mapping[str, float]
    plain: tuple[float, ...]
    samples: int

    @property
    def each(self) -> float:
        """Seconds of a processor for each alert."""
        return sum(self.alerts.values()) / len(self.alerts)

    @property
    def ratio(self) -> float:
        """What each alert took, in times of what a plain one did."""
        return self.each * len(self.plain) / sum(self.plain)


def evaluation(prometheus: Path, promtool: Path, found: StackFile, runs: int) -> Evaluation:
    """What so many evaluations of ours and of the plain rules took. Raises UserError."""
    plan, now = planned(found), int(time.time())
    rules = {one.name: one.expr for one in plan.alerts if one.alert.subject is Subject.HOST}
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        write_history(plan, place / "data", promtool, now)
        (place / "prometheus.yml").write_text("{}\n")
        arguments = (
            f"--config.file={place / 'prometheus.yml'}",
            f"--storage.tsdb.path={place / 'data'}",
            f"--web.listen-address={AMP}",
        )
        with (place / "log").open("w") as log:
            process = subprocess.Popen(
                [prometheus, *arguments], stdout=log, stderr=subprocess.STDOUT
            )
            try:
                _wait_until_ready()
                return _evaluated(rules, plain_rules(plan), _Prometheus(process.pid, now), runs)
            finally:
                process.terminate()
                process.wait()


@dataclass(frozen=True)
class _Prometheus:
    """The one that is measured, and the time at which it evaluates."""

    pid: int
    now: int

    def samples(self, expr: str) -> int:
        """How many samples an expression reads."""
        query = urlencode({"query": expr, "time": self.now, "stats": "all"})
        url = AMP.url(f"/api/v1/query?{query}")
        with answered():
            data = get_json(url, timeout=_PATIENCE_SECONDS)["data"]
        return data["stats"]["samples"]["totalQueryableSamples"]

    def took(self, expr: str) -> float:
        """Seconds of a processor that an evaluation took, whatever else runs on the machine."""
        url = AMP.url(f"/api/v1/query?{urlencode({'query': expr, 'time': self.now})}")
        before = processor_seconds(self.pid)
        with answered():
            _ = get_json(url, timeout=_PATIENCE_SECONDS)
        return processor_seconds(self.pid) - before


def processor_seconds(pid: int) -> float:
    """What a process has had of processors so far, by its clock of clock_getcpuclockid(3)."""
    return time.clock_gettime((~pid << 3) | 2)


def _wait_until_ready() -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            _ = get(AMP.url("/-/ready"))
        except (HttpStatusError, UnansweredError):
            time.sleep(0.2)
        else:
            return
    raise UserError(f"Prometheus with {HOSTS} hosts was not ready in {_PATIENCE_SECONDS} s")


def _evaluated(
    rules: Mapping[str, str], plain: tuple[str, ...], prometheus: _Prometheus, runs: int
) -> Evaluation:
    # Each is asked once before: what is read for the first time is not yet in memory.
    samples = sum(map(prometheus.samples, rules.values()))
    _ = [prometheus.samples(expr) for expr in plain]
    ours, theirs = list[list[float]](), list[list[float]]()
    for _ in range(runs):
        ours.append(_each(rules.values(), prometheus.took))
        theirs.append(_each(plain, prometheus.took))
    return Evaluation(
        alerts=dict(zip(rules, map(statistics.median, zip(*ours, strict=True)), strict=True)),
        plain=tuple(map(statistics.median, zip(*theirs, strict=True))),
        samples=samples,
    )


def _each(exprs: Iterable[str], took: Callable[[str], float]) -> list[float]:
    return [took(expr) for expr in exprs]
