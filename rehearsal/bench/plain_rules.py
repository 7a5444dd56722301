"""What alerts on hosts usually look like, as a yardstick for what ours cost.

Instant values, a line drawn through six hours of a disk, a rate of what counts. Nothing bridges a
missed scrape or remembers what was told, and a dead host is told of again and again. Each of our
alerts on hosts has one of these that speaks of the same, but it is their sum that is compared.
"""

from __future__ import annotations

from gallery.metrics import labels, promql
from gallery.metrics.names import RECEIVE_RATE, RECEIVE_USUAL, TRANSMIT_RATE, TRANSMIT_USUAL
from gallery.metrics.recordings import USUAL_KNOWN
from gallery.plan.model import Plan

_DISK = 'fstype!="tmpfs"'
_DAY_SECONDS = 86_400


def plain_rules(plan: Plan) -> tuple[str, ...]:
    """The conditions of plain alerts on the hosts of a stack."""
    place = (
        promql.equals(labels.ENVIRONMENT, plan.environment),
        promql.equals(labels.CLUSTER, plan.cluster_name),
    )

    def scraped(metric: str, *matchers: str, window: str = "") -> str:
        job = promql.equals("job", labels.NODE)
        return promql.selector(metric, (*place, job, *matchers), window)

    def traffic(compared: str) -> str:
        """Of each direction what is compared so with what is usual."""
        return " or ".join(
            f"{promql.selector(rate, place)} {compared}"
            f" last_over_time({promql.selector(usual, place, str(USUAL_KNOWN))})"
            for rate, usual in ((RECEIVE_RATE, RECEIVE_USUAL), (TRANSMIT_RATE, TRANSMIT_USUAL))
        )

    def left(free: str, every: str) -> str:
        return f"{scraped(free, _DISK)} / {scraped(every, _DISK)}"

    def used(now: str, most: str) -> str:
        return f"{scraped(now)} / {scraped(most)}"

    space = left("node_filesystem_avail_bytes", "node_filesystem_size_bytes")
    six_hours = scraped("node_filesystem_avail_bytes", _DISK, window="6h")
    busy = scraped("node_cpu_seconds_total", 'mode!~"idle|iowait"', window="5m")
    failed = scraped("node_systemd_unit_state", 'state="failed"')
    restarts = scraped("node_systemd_service_restart_total", window="10m")
    return (
        f"{scraped('up')} == 0",
        f"avg_over_time({scraped('up', window='10m')}) < 0.9",
        f"absent({scraped('up')})",
        f"{space} < 0.2 and predict_linear({six_hours}, {_DAY_SECONDS}) < 0",
        f"{space} < 0.03",
        f"{left('node_filesystem_files_free', 'node_filesystem_files')} < 0.05",
        f"{scraped('node_filesystem_readonly', _DISK)} == 1",
        f"{scraped('node_filesystem_device_error', _DISK)} == 1",
        f"{used('node_memory_MemAvailable_bytes', 'node_memory_MemTotal_bytes')} < 0.1",
        f"sum without (mode) (avg without (cpu) (rate({busy}))) > 0.9",
        f"{scraped('node_timex_maxerror_seconds')} > 1",
        f"increase({scraped('node_vmstat_oom_kill', window='30m')}) > 0",
        f"changes({scraped('node_boot_time_seconds', window='30m')}) > 0",
        f"{used('node_nf_conntrack_entries', 'node_nf_conntrack_entries_limit')} > 0.8",
        f"{used('node_filefd_allocated', 'node_filefd_maximum')} > 0.8",
        f"{failed} == 1",
        f"increase({restarts}) > 2",
        f"{scraped('node_scrape_collector_success')} == 0",
        traffic("> 5 *"),
        traffic("< 0.2 *"),
    )
