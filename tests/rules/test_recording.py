"""What is recorded of hosts is what alerts take it for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from gallery.alerts.cases.model import Phase, Series, flat, gone, ramp
from gallery.alerts.traffic import HOST_TRAFFIC_LOW
from gallery.metrics.durations import Duration
from gallery.metrics.names import (
    CALLS_ALLOWED,
    HOSTS_EXPECTED,
    RECEIVE_RATE,
    RECEIVE_USUAL,
    TARGETS_EXPECTED,
    TRANSMIT_RATE,
    TRANSMIT_USUAL,
)
from gallery.metrics.recordings import (
    VIRTUAL_DEVICE,
    ExpectedHosts,
    Recording,
    RecordingGroup,
    StackSeries,
    recording_groups,
)
from gallery.render.proof import input_series, proven, silent_document
from gallery.render.rules import recorded
from tests.rules.promtool import Proof, verdicts
from tests.unit.stack_files import planned

_STACK = StackSeries(environment="dev", cluster="gallery-dev")
_SERVICE = _STACK.labels | {"service": "checkoutservice", "host_group": "orders-db"}
_HOST = _SERVICE | {"host": "orders-db-1"}
_MINUTE, _HOUR = Duration.parse("1m"), Duration.parse("1h")
_USUALLY = 20_000


def _groups() -> tuple[RecordingGroup, ...]:
    return recording_groups(
        _STACK,
        evaluate=_MINUTE,
        probes=["frontend"],
        targets={"frontend": 1, "collector": 2},
        hosts=[ExpectedHosts(group="orders-db", service="checkoutservice", count=2)],
        calls=[],
    )


Samples = list[tuple[dict[str, str], float]]
# Input series, how far apart their samples and the evaluations are, and how long they last.
Story = tuple[list[Series], Duration, Duration]


def _recording(rule: Recording) -> dict[str, Any]:
    return {"record": rule.record, "expr": rule.expr, "labels": dict(rule.labels)}


def _proven(
    promtool: Path,
    stack: Path,
    story: Story,
    expected: dict[str, Samples],
    groups: tuple[RecordingGroup, ...] | None = None,
) -> None:
    """At the end of the story each recorded series has exactly these samples."""
    series, step, at = story
    rules = [_recording(rule) for group in groups or _groups() for rule in group.rules]
    expectations: list[dict[str, Any]] = [
        {
            "expr": name,
            "eval_time": str(at),
            "exp_samples": [
                {"labels": f"{name}{{{_inside(labels)}}}", "value": value}
                for labels, value in samples
            ],
        }
        for name, samples in expected.items()
    ]
    document = {
        "rule_files": ["rules.json"],
        "evaluation_interval": str(step),
        "tests": [
            {
                "interval": str(step),
                "input_series": input_series(series, step),
                "promql_expr_test": expectations,
            }
        ],
    }
    proof = Proof(rules={"groups": [{"name": "all", "rules": rules}]}, tests=(document,))
    [verdict] = verdicts(promtool, stack, {"": proof}).values()
    assert verdict.proven, verdict.output


def _inside(labels: dict[str, str]) -> str:
    return ",".join(f'{name}="{value}"' for name, value in labels.items())


def _bytes(direction: str, device: str, rate: float, instance: str = "i-1") -> Series:
    node = _HOST | {"job": "node", "instance": instance, "device": device}
    return Series(
        metric=f"node_network_{direction}_bytes_total",
        labels=node,
        phases=(ramp(0, per_sample=rate * 60, length=_HOUR),),
    )


def test_a_hosts_rate_counts_each_byte_once(promtool: Path, tmp_path: Path) -> None:
    series = [
        _bytes("receive", "ens5", 20_000),
        _bytes("receive", "eth1", 1_000),
        _bytes("receive", "enX2", 500),
        # A VLAN counts what its interface counts, and a bond what its members do.
        *(
            _bytes("receive", device, 5_000)
            for device in ("lo", "veth12ab", "docker0", "br-1", "ens5.100", "bond0")
        ),
        _bytes("transmit", "ens5", 7_000),
    ]
    expected: dict[str, Samples] = {
        RECEIVE_RATE: [(_HOST, 21_500.0)],
        TRANSMIT_RATE: [(_HOST, 7_000.0)],
    }
    _proven(promtool, tmp_path, (series, _MINUTE, _HOUR), expected)


def test_a_host_that_is_replaced_moves_what_both_its_instances_move(
    promtool: Path, tmp_path: Path
) -> None:
    both = [_bytes("receive", "ens5", 20_000, instance) for instance in ("i-1", "i-2")]
    expected: dict[str, Samples] = {RECEIVE_RATE: [(_HOST, 40_000.0)]}
    _proven(promtool, tmp_path, (both, _MINUTE, _HOUR), expected)


def _history(*phases: Phase) -> list[Series]:
    return [
        Series(metric=record, labels=_HOST, phases=phases)
        for record in (RECEIVE_RATE, TRANSMIT_RATE)
    ]


_PHYSICAL = """
eth0 eth1 ens5 ens6 ens33 enp0s3 enX0 enX1 enP2p1s0 enP2p1s0f1 enP1s5 eno1 enx0a1b2c3d4e5f ib0 efa0
p2p1 em1
"""
_VIRTUAL = """
lo docker0 veth3a2b br-1a2b3c4d5e6f br0 virbr0 virbr0-nic vnet3 tap0 tun0 tunl0 cali12ab34
cilium_host cilium_vxlan lxc_health eth0.5 ens5.100 vlan.eth.1 vlan1a2b3c eth0@if3 bond0 bond0.5
team0 flannel.1 cni0 podman1 vxlan.calico geneve_sys_6081 genev_sys_6081 wg0 tailscale0 dummy0
kube-ipvs0 nodelocaldns ovs-system ovn-k8s-mp0 antrea-gw0 eni1a2b3c4d5e6 pod-id-link0 ip6tnl0 sit0
gre0 ip_vti0 ifb0 ppp0 macvtap0 ipvlan0 vrf-blue nlmon0 weave
"""


def test_every_name_of_a_physical_interface_counts_and_none_of_a_virtual_one() -> None:
    assert [name for name in _PHYSICAL.split() if re.fullmatch(VIRTUAL_DEVICE, name)] == []
    assert [name for name in _VIRTUAL.split() if not re.fullmatch(VIRTUAL_DEVICE, name)] == []


@pytest.mark.parametrize(
    ("phases", "usual"),
    [
        ((flat(_USUALLY, _HOUR * 74),), _USUALLY),
        ((flat(_USUALLY, _HOUR * 66), flat(_USUALLY * 50, _HOUR * 30)), _USUALLY),
        ((flat(_USUALLY, _HOUR * 46),), None),
        ((flat(_USUALLY, _HOUR * 62), gone(_HOUR * 24)), _USUALLY),
        ((flat(_USUALLY, _HOUR * 60), gone(_HOUR * 24 * 7)), None),
    ],
    ids=["a level", "a flood of a day", "less than three days", "a day's gap", "a week's gap"],
)
def test_the_usual_is_the_median_of_a_weeks_days_once_three_are_known(
    phases: tuple[Phase, ...], usual: float | None, promtool: Path, tmp_path: Path
) -> None:
    at = Duration(sum(phase.length.milliseconds for phase in phases))
    samples: Samples = [] if usual is None else [(_HOST, float(usual))]
    expected = {RECEIVE_USUAL: samples, TRANSMIT_USUAL: samples}
    _proven(promtool, tmp_path, (_history(*phases), Duration.parse("5m"), at), expected)


_AWAKE, _ASLEEP = 500_000, 50_000
_DAY_AND_NIGHT = (flat(_AWAKE, _HOUR * 14), flat(_ASLEEP, _HOUR * 10))


@pytest.mark.parametrize(
    ("hours", "usual"), [(14, _AWAKE), (6, _ASLEEP)], ids=["by day", "at night"]
)
def test_the_usual_is_that_of_this_hour(
    hours: int, usual: float, promtool: Path, tmp_path: Path
) -> None:
    days = _DAY_AND_NIGHT * 4
    phases = (
        (*days, flat(usual, _HOUR * hours))
        if usual == _AWAKE
        else (*days, _DAY_AND_NIGHT[0], flat(_ASLEEP, _HOUR * hours))
    )
    at = Duration(sum(phase.length.milliseconds for phase in phases) - _HOUR.milliseconds * 2)
    expected = {RECEIVE_USUAL: [(_HOST, float(usual))]}
    _proven(promtool, tmp_path, (_history(*phases), Duration.parse("5m"), at), expected)


@pytest.mark.parametrize(
    ("night", "fires"), [(_ASLEEP, ()), (1_000, (_HOST,))], ids=["sleeps", "is lost"]
)
def test_a_host_that_sleeps_is_silent_and_one_that_is_lost_at_night_is_told(
    night: int, fires: tuple[dict[str, str], ...], promtool: Path, tmp_path: Path
) -> None:
    [low] = [alert for alert in planned().alerts if alert.alert is HOST_TRAFFIC_LOW]
    step, before = Duration.parse("5m"), (*_DAY_AND_NIGHT * 4, _DAY_AND_NIGHT[0])
    phases = (*before, flat(_ASLEEP, _HOUR * 3), flat(night, _HOUR * 2))
    at = Duration(sum(phase.length.milliseconds for phase in phases) - step.milliseconds)
    up = Series(
        metric="up", labels=_HOST | {"job": "node", "instance": "i-1"}, phases=(flat(1, at),)
    )
    rules = [_recording(rule) for group in _groups() for rule in group.rules]
    alerts = [{"exp_labels": {**host, **low.labels}} for host in fires]
    document = {
        "rule_files": ["rules.json"],
        "evaluation_interval": str(step),
        "tests": [
            {
                "interval": str(step),
                "input_series": input_series([*_history(*phases), up], step),
                "alert_rule_test": [
                    {"eval_time": str(at), "alertname": low.name, "exp_alerts": alerts}
                ],
            }
        ],
    }
    groups = [*silent_document(proven(low))["groups"], {"name": "all", "rules": rules}]
    proof = Proof(rules={"groups": groups}, tests=(document,))
    [verdict] = verdicts(promtool, tmp_path / "proof", {"": proof}).values()
    assert verdict.proven, verdict.output


def test_the_plans_hosts_are_expected_under_the_labels_of_their_series(
    promtool: Path, tmp_path: Path
) -> None:
    expected: dict[str, Samples] = {HOSTS_EXPECTED: [(_SERVICE, 2.0)]}
    _proven(promtool, tmp_path, ([], _MINUTE, _MINUTE), expected)


def test_a_stack_expects_every_proxy_and_both_replicas_of_the_collector(
    promtool: Path, tmp_path: Path
) -> None:
    counts = {each.service.name: 1.0 for each in planned().services} | {"collector": 2.0}
    expected: dict[str, Samples] = {
        TARGETS_EXPECTED: [(_STACK.labels | {"service": name}, n) for name, n in counts.items()]
    }
    _proven(promtool, tmp_path, ([], _MINUTE, _MINUTE), expected, recorded(planned()))


def test_a_stack_records_every_way_of_the_call_graph_but_the_probers(
    promtool: Path, tmp_path: Path
) -> None:
    service, caller, principal = "service", "caller", "source_principal"
    ways = [
        _STACK.labels | {service: way.callee, caller: way.caller, principal: f"spiffe://{who}"}
        for way in planned().allowed
        for who in (way.principal,)
        if way.caller != "prober"
    ]
    expected: dict[str, Samples] = {CALLS_ALLOWED: [(way, 1.0) for way in ways]}
    _proven(promtool, tmp_path, ([], _MINUTE, _MINUTE), expected, recorded(planned()))
    assert {"frontend", "gateway", "loadgenerator"} <= {way[caller] for way in ways}


def test_a_stack_without_hosts_records_nothing_of_hosts() -> None:
    [group] = recording_groups(
        _STACK, evaluate=_MINUTE, probes=["a"], targets={"b": 1}, hosts=[], calls=[]
    )
    assert {rule.record for rule in group.rules} == {
        "gallery:collector_expected",
        "gallery:probe_expected",
        "gallery:targets_expected",
    }
