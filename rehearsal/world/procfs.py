"""The /proc of a simulated host, as far as node_exporter reads it, and what it asks elsewhere.

Counters advance with the time that passed, so that a host shows the traffic it was told to have
and nothing of the machine the rehearsal runs on.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, field
from pathlib import Path

REST_BYTES_PER_SECOND = 20_000.0
# The one physical interface of an EC2 instance of the current generations.
INTERFACE = "ens5"
_BYTES_PER_PACKET = 800
_TICKS_PER_SECOND = 100
_CPUS = 2
_BUSY_SHARE = 0.04
_MEMORY_KIB = 2_000_000
_UPTIME_AT_START_SECONDS = 864_000.0


def host_scale(name: str) -> float:
    """What a host's traffic is multiplied by: hosts differ a little, each always by the same."""
    return 0.97 + 0.06 * (zlib.crc32(name.encode()) % 1000) / 1000


@dataclass
class SimulatedHost:
    """A host's counters: bytes per second now, and what was counted so far."""

    name: str
    directory: Path
    now: float
    receive: float = REST_BYTES_PER_SECOND
    transmit: float = REST_BYTES_PER_SECOND
    _received: float = field(init=False)
    _transmitted: float = field(init=False)
    _began: float = field(init=False)
    _scale: float = field(init=False)

    def __post_init__(self) -> None:
        self._scale = host_scale(self.name)
        self._began = self.now - _UPTIME_AT_START_SECONDS
        self._received = self._transmitted = _UPTIME_AT_START_SECONDS * REST_BYTES_PER_SECOND
        self._write_fixed()
        self.write(self.now)

    def set_traffic(self, receive: float, transmit: float, now: float) -> None:
        """From `now` on, so many bytes per second in and out."""
        self._advance(now)
        self.receive, self.transmit = receive, transmit

    def write(self, now: float) -> None:
        """Bring the files up to date; `now` in seconds since the epoch."""
        self._advance(now)
        up = now - self._began
        ticks = up * _TICKS_PER_SECOND
        for name, text in (
            ("net/dev", _interfaces(self._received, self._transmitted)),
            ("stat", _processors(ticks, self._began)),
            ("uptime", f"{up:.2f} {up * _CPUS * (1 - _BUSY_SHARE):.2f}\n"),
            ("loadavg", f"{0.08 + 0.02 * math.sin(up / 60):.2f} 0.08 0.09 1/180 4242\n"),
            ("meminfo", _memory(up)),
            ("vmstat", _paging(up)),
            ("diskstats", _disks(up)),
        ):
            self._put(name, text)

    def _advance(self, now: float) -> None:
        passed, self.now = now - self.now, now
        self._received += passed * self.receive * self._scale
        self._transmitted += passed * self.transmit * self._scale

    def _write_fixed(self) -> None:
        for name, text in (*_FIXED.items(), (f"{TEXTFILES}/host.prom", _ELSEWHERE)):
            self._put(name, text)

    def _put(self, name: str, text: str) -> None:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(path.name + ".draft")
        draft.write_text(text)
        # node_exporter reads while this writes: it must see one whole file or the other.
        draft.replace(path)


def _interfaces(received: float, transmitted: float) -> str:
    def row(name: str, into: float, out: float) -> str:
        packets_in, packets_out = int(into / _BYTES_PER_PACKET), int(out / _BYTES_PER_PACKET)
        return (
            f"{name:>6}: {int(into)} {packets_in} 0 0 0 0 0 0 "
            f"{int(out)} {packets_out} 0 0 0 0 0 0\n"
        )

    head = (
        "Inter-|   Receive                                                |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast"
        "|bytes    packets errs drop fifo colls carrier compressed\n"
    )
    return head + row("lo", 1_000_000, 1_000_000) + row(INTERFACE, received, transmitted)


def _processors(ticks: float, began: float) -> str:
    shares = (0.6, 0.0, 0.3, 0.0, 0.05, 0.0, 0.05)
    user, nice, system, _, iowait, irq, softirq = (
        int(ticks * _BUSY_SHARE * share) for share in shares
    )
    idle = int(ticks * (1 - _BUSY_SHARE))

    def row(name: str, factor: int) -> str:
        fields = (user, nice, system, idle, iowait, irq, softirq, 0, 0, 0)
        return " ".join([name, *(str(value * factor) for value in fields)]) + "\n"

    rows = [row("cpu ", _CPUS), *(row(f"cpu{number}", 1) for number in range(_CPUS))]
    counts = (
        f"intr {int(ticks * 2)}\nctxt {int(ticks * 4)}\nbtime {int(began)}\n"
        f"processes {4242 + int(ticks / 500)}\nprocs_running 1\nprocs_blocked 0\n"
        f"softirq {int(ticks)} 0 0 0 0 0 0 0 0 0 0\n"
    )
    return "".join(rows) + counts


def _memory(up: float) -> str:
    available = int(_MEMORY_KIB * (0.6 + 0.01 * math.sin(up / 300)))
    sizes = {
        "MemTotal": _MEMORY_KIB,
        "MemFree": available // 2,
        "MemAvailable": available,
        "Buffers": 40_000,
        "Cached": available // 2,
        "SwapCached": 0,
        "Active": _MEMORY_KIB - available,
        "Inactive": available // 3,
        "SwapTotal": 0,
        "SwapFree": 0,
        "Dirty": 120,
        "Writeback": 0,
        "Slab": 80_000,
        "Hugetlb": 0,
        "CommitLimit": _MEMORY_KIB // 2,
        "Committed_AS": _MEMORY_KIB // 3,
    }
    return "".join(f"{name}: {size:>12} kB\n" for name, size in sizes.items())


def _paging(up: float) -> str:
    counted = {"pgpgin": 20, "pgpgout": 60, "pswpin": 0, "pswpout": 0, "pgfault": 300}
    rows = [f"{name} {int(up * rate)}" for name, rate in counted.items()]
    return "\n".join([*rows, "pgmajfault 900", "oom_kill 0"]) + "\n"


def _disks(up: float) -> str:
    reads, writes = int(up / 2), int(up * 3)
    fields = (reads, 0, reads * 16, reads, writes, 0, writes * 16, writes, 0, writes, writes)
    return f" 259 0 nvme0n1 {' '.join(str(value) for value in fields)} 0 0 0 0 0 0\n"


# What node_exporter asks the kernel's clock and systemd: there are no such for a simulated host,
# so it is told by its textfile collector, in the words of the collectors that are left out.
TEXTFILES = "textfile"
_ELSEWHERE = """\
# HELP node_scrape_collector_success node_exporter: Whether a collector succeeded.
# TYPE node_scrape_collector_success gauge
node_scrape_collector_success{collector="systemd"} 1
node_scrape_collector_success{collector="timex"} 1
# HELP node_timex_maxerror_seconds Maximum error in seconds.
# TYPE node_timex_maxerror_seconds gauge
node_timex_maxerror_seconds 0.01
# HELP node_systemd_unit_state Systemd unit
# TYPE node_systemd_unit_state gauge
node_systemd_unit_state{name="chronyd.service",state="active",type="forking"} 1
node_systemd_unit_state{name="chronyd.service",state="failed",type="forking"} 0
# HELP node_systemd_service_restart_total Service unit count of Restart triggers
# TYPE node_systemd_service_restart_total counter
node_systemd_service_restart_total{name="chronyd.service"} 0
"""
_FIXED = {
    "1/mounts": "/dev/nvme0n1p1 / xfs rw,noatime 0 0\n",
    "1/mountinfo": "22 1 259:1 / / rw,noatime shared:1 - xfs /dev/nvme0n1p1 rw\n",
    "sys/fs/file-nr": "1200\t0\t9223372036854775807\n",
    "sys/net/netfilter/nf_conntrack_count": "1200\n",
    "sys/net/netfilter/nf_conntrack_max": "65536\n",
    "net/stat/nf_conntrack": (
        "entries clashres found new invalid ignore delete delete_list insert insert_failed drop "
        "early_drop icmp_error expect_new expect_create expect_delete search_restart\n"
        "000004b0" + " 00000000" * 16 + "\n"
    ),
    "sys/kernel/random/entropy_avail": "256\n",
    "sys/kernel/random/poolsize": "256\n",
    "net/sockstat": (
        "sockets: used 150\n"
        "TCP: inuse 8 orphan 0 tw 2 alloc 10 mem 2\n"
        "UDP: inuse 4 mem 1\nUDPLITE: inuse 0\nRAW: inuse 0\nFRAG: inuse 0 memory 0\n"
    ),
    "net/arp": "IP address       HW type     Flags       HW address            Mask     Device\n",
    "net/netstat": "TcpExt: ListenOverflows ListenDrops\nTcpExt: 0 0\n",
    "net/snmp": (
        "Tcp: ActiveOpens PassiveOpens CurrEstab RetransSegs\nTcp: 1200 1100 8 3\n"
        "Udp: InDatagrams NoPorts InErrors OutDatagrams\nUdp: 4000 0 0 4000\n"
    ),
    "net/softnet_stat": ("00001000" + " 00000000" * 12 + "\n") * _CPUS,
    "pressure/cpu": "some avg10=0.00 avg60=0.00 avg300=0.00 total=1000\n",
    "pressure/io": (
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=1000\n"
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=800\n"
    ),
    "pressure/memory": (
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
    ),
    "schedstat": "version 15\ntimestamp 4300000000\ncpu0 0 0 0 0 0 0 1000 1000 100\n",
}
