"""Recording rules: what the plan expects, and what is usual for a host.

What is expected is a constant, so that what vanished can be missed. The sources of the shapes
are the alerts that read them: `gallery/alerts/endpoints.py`, `hosts.py`, `traffic.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gallery.metrics import labels, promql
from gallery.metrics.durations import Duration
from gallery.metrics.names import (
    CALLS_ALLOWED,
    COLLECTOR_EXPECTED,
    HOSTS_EXPECTED,
    PROBE_EXPECTED,
    RECEIVE_RATE,
    RECEIVE_USUAL,
    TARGETS_EXPECTED,
    TRANSMIT_RATE,
    TRANSMIT_USUAL,
)

# Names of interfaces that count bytes which another interface counts as well, or that never leave
# the host. What is not known to be virtual counts: the names of physical ones are many (eth0, ens5,
# enX0, enP2p1s0).
_VIRTUAL_DEVICES = (
    # The host alone, and what the kernel makes for its own use.
    "lo|dummy.*|ifb.*|nlmon.*",
    # Tunnels.
    "sit.*|ip6tnl.*|ip6gre.*|ip6_vti.*|ip_vti.*|tunl.*|gre.*|gretap.*|erspan.*",
    "tun.*|tap.*|wg.*|tailscale.*|utun.*|zt.*|ppp.*",
    # Containers, machines and their bridges.
    "veth.*|docker.*|br-.*|br[0-9]+.*|virbr.*|vnet.*|lxc.*|lxdbr.*|podman.*|cni.*|nerdctl.*",
    # Networks of Kubernetes: of a pod's pair the VPC CNI names the end on the host eni and digits.
    "cali.*|vxlan.*|geneve?_?.*|flannel.*|cilium_.*|weave.*|datapath|kube-.*|nodelocaldns",
    "ovs-.*|ovn-.*|antrea-.*|eni[0-9a-f]{11}|pod-id-link[0-9]+",
    # What shares an interface or bundles several: the members count.
    "vlan.*|macv.*|ipvl.*|vrf.*|bond.*|team.*",
    # A VLAN by its dot, and whatever names its other end.
    ".+[.@:].+",
)
VIRTUAL_DEVICE = "|".join(_VIRTUAL_DEVICES)
RATES = (
    (RECEIVE_RATE, "node_network_receive_bytes_total"),
    (TRANSMIT_RATE, "node_network_transmit_bytes_total"),
)
USUAL = ((RECEIVE_USUAL, RECEIVE_RATE), (TRANSMIT_USUAL, TRANSMIT_RATE))
# So many evaluations without a new value, and recordings count as stale.
STALE_EVALUATIONS = 3
USUAL_EVERY = Duration.of(seconds=600)
# An instant query looks back half as far as from one value to the next.
USUAL_KNOWN = USUAL_EVERY * 3
# What is usual is what was so at this hour on most of the last days: a host that serves people
# sleeps at night, and at night that is usual. Fewer days say nothing.
_DAYS, _ENOUGH = 7, 3
_HOUR = Duration.of(seconds=3_600)


@dataclass(frozen=True, kw_only=True)
class Recording:
    """One recording rule. `labels` are added to what the expression brings."""

    record: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True)
class RecordingGroup:
    """Rules evaluated together at this interval. No rule relies on another group's freshness."""

    name: str
    interval: Duration
    rules: tuple[Recording, ...]


@dataclass(frozen=True, kw_only=True)
class ExpectedHosts:
    """So many hosts of a group, which work for this service."""

    group: str
    service: str
    count: int


@dataclass(frozen=True, kw_only=True)
class AllowedCalls:
    """One caller may ask this service; `principal` is who a proxy takes it for, with its scheme."""

    caller: str
    principal: str
    service: str


@dataclass(frozen=True, kw_only=True)
class StackSeries:
    """The stack whose series are read and written."""

    environment: str
    cluster: str

    @property
    def labels(self) -> dict[str, str]:
        """The labels every series of the stack has."""
        return {labels.ENVIRONMENT: self.environment, labels.CLUSTER: self.cluster}

    @property
    def matchers(self) -> tuple[str, ...]:
        """What chooses the series of this stack."""
        return tuple(promql.equals(name, value) for name, value in self.labels.items())

    def series(self, metric: str, *matchers: str, window: str = "") -> str:
        """A selector within this stack."""
        return promql.selector(metric, (*self.matchers, *matchers), window)


def recording_groups(
    stack: StackSeries,
    *,
    evaluate: Duration,
    probes: Iterable[str],
    targets: Mapping[str, int],
    hosts: Iterable[ExpectedHosts],
    calls: Iterable[AllowedCalls],
) -> tuple[RecordingGroup, ...]:
    """Every recording rule of a stack.

    `probes` names the services of all probe targets, the canary's, the door's and Grafana's
    among them; `targets` says how many pods of each service must be scraped at least; `calls` is
    whom the mesh lets ask whom. Without hosts their groups are left out.
    """
    planned, permitted = tuple(hosts), tuple(calls)
    expected = RecordingGroup(
        name="gallery-expected",
        interval=evaluate,
        rules=(
            _constants(stack, COLLECTOR_EXPECTED, {labels.COLLECTOR_SERVICE: 1}),
            _constants(stack, PROBE_EXPECTED, dict.fromkeys(probes, 1)),
            _constants(stack, TARGETS_EXPECTED, targets),
            *((_allowed_calls(stack, permitted),) if permitted else ()),
            *((_expected_hosts(stack, planned),) if planned else ()),
        ),
    )
    if not planned:
        return (expected,)
    return (
        expected,
        RecordingGroup(
            name="gallery-hosts",
            interval=evaluate,
            rules=tuple(_rate(stack, record, metric) for record, metric in RATES),
        ),
        RecordingGroup(
            name="gallery-hosts-usual",
            interval=USUAL_EVERY,
            rules=tuple(_usual(stack, record, rate) for record, rate in USUAL),
        ),
    )


def _constants(stack: StackSeries, record: str, values: Mapping[str, int]) -> Recording:
    """A constant for each service, in one rule: a group's size does not grow with the stack."""
    series = (
        promql.labelled(f"vector({value})", {labels.SERVICE: service})
        for service, value in values.items()
    )
    return Recording(record=record, expr=" or ".join(series), labels=stack.labels)


def _allowed_calls(stack: StackSeries, calls: Iterable[AllowedCalls]) -> Recording:
    series = (
        promql.labelled(
            "vector(1)",
            {labels.SERVICE: of.service, "source_principal": of.principal, "caller": of.caller},
        )
        for of in calls
    )
    return Recording(record=CALLS_ALLOWED, expr=" or ".join(series), labels=stack.labels)


def _expected_hosts(stack: StackSeries, hosts: Iterable[ExpectedHosts]) -> Recording:
    series = (
        promql.labelled(
            f"vector({of.count})", {labels.SERVICE: of.service, labels.HOST_GROUP: of.group}
        )
        for of in hosts
    )
    return Recording(record=HOSTS_EXPECTED, expr=" or ".join(series), labels=stack.labels)


def _rate(stack: StackSeries, record: str, metric: str) -> Recording:
    device = f"device!~{promql.quoted(VIRTUAL_DEVICE)}"
    counted = stack.series(metric, promql.equals("job", labels.NODE), device, window="5m")
    return Recording(record=record, expr=f"sum {promql.BY_HOST} (rate({counted}))")


def _usual(stack: StackSeries, record: str, rate: str) -> Recording:
    """The median of what each of the last days had around this hour.

    Not by a subquery: its steps lie on the clock's days, and not on this hour's.
    """
    days = " or ".join(_around_now(stack, rate, day) for day in range(1, _DAYS + 1))
    return Recording(
        record=record,
        expr=(
            f"quantile {promql.BY_HOST} (0.5, {days})"
            f" and count {promql.BY_HOST} ({days}) >= {_ENOUGH}"
        ),
    )


def _around_now(stack: StackSeries, rate: str, day: int) -> str:
    """The mean of an hour around this time, so many days ago, as a series of its own."""
    ago = Duration.of(seconds=day * 86_400 - _HOUR.seconds / 2)
    hour = promql.selector(rate, stack.matchers, str(_HOUR), str(ago))
    return promql.labelled(f"avg_over_time({hour})", {"day": str(day)})
