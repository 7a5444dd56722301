"""The stand-in tree: derived from the rendered one alone, valid, and deaf to no fault in it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from offline.errors import UserError
from offline.render import render
from rehearsal.machine import tools as rehearsal_tools
from rehearsal.machine.addresses import DOOR, PAGER
from rehearsal.machine.tools import Tool
from rehearsal.stand_in.derive import derive
from rehearsal.stand_in.instances import read_instances
from rehearsal.world.topology import Topology
from tests.unit.stack_files import STACKS


@pytest.fixture(scope="module", params=STACKS)
def deployed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture
def stand_in(deployed: Path, tmp_path: Path) -> Path:
    derive(deployed, tmp_path / "stand-in")
    return tmp_path / "stand-in"


def _files(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def test_the_same_render_gives_the_same_bytes(
    deployed: Path, stand_in: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "elsewhere" / "deployed"
    shutil.copytree(deployed, copy)
    derive(copy, tmp_path / "again")
    assert _files(tmp_path / "again") == _files(stand_in)


def test_every_program_accepts_its_configuration(
    stand_in: Path, tools: Mapping[Tool, Path]
) -> None:
    promtool, amtool = tools[rehearsal_tools.PROMTOOL], tools[rehearsal_tools.AMTOOL]
    checks = [
        [promtool, "check", "config", stand_in / "amp" / "prometheus.yml"],
        [promtool, "check", "config", stand_in / "grafana" / "prometheus.yml"],
        [promtool, "check", "config", "--agent", stand_in / "collector" / "agent-0.yml"],
        [promtool, "check", "config", "--agent", stand_in / "collector" / "agent-1.yml"],
        [amtool, "check-config", stand_in / "amp" / "alertmanager.yml"],
        [amtool, "check-config", stand_in / "grafana" / "alertmanager.yml"],
        [
            tools[rehearsal_tools.BLACKBOX_EXPORTER],
            "--config.check",
            f"--config.file={stand_in / 'collector' / 'blackbox.yml'}",
        ],
    ]
    for command in checks:
        outcome = subprocess.run(command, cwd=stand_in, capture_output=True, text=True, check=False)
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_the_world_has_what_the_manifests_say(stand_in: Path) -> None:
    topology = Topology.read(stand_in / "world.json")
    workloads = {workload.name: workload for workload in topology.workloads}
    assert workloads["recommendationservice"].calls == ("productcatalogservice",)
    assert workloads["cartservice"].calls == ("redis-cart",)
    assert {
        name: workloads[name].protocol for name in ("frontend", "cartservice", "redis-cart")
    } == {
        "frontend": "http",
        "cartservice": "grpc",
        "redis-cart": "tcp",
    }
    # The Service's port differs from the container's; what listens is the container.
    assert (workloads["emailservice"].listens or "").endswith(":28080")
    assert all(workload.metrics for workload in topology.workloads)
    assert topology.door is not None
    assert topology.hosts == tuple(
        each.name for each in read_instances(stand_in / "instances.json")
    )


def test_nothing_that_runs_here_is_told_an_address_elsewhere(stand_in: Path) -> None:
    """Host names stay where they are labels or checked names; nothing is contacted by them."""
    agent = yaml.safe_load((stand_in / "collector" / "agent-0.yml").read_text())
    assert [write["url"] for write in agent["remote_write"]] == [
        "http://127.20.0.12:29090/api/v1/write"
    ]
    for job in agent["scrape_configs"]:
        assert "kubernetes_sd_configs" not in job
        for found in job.get("ec2_sd_configs", ()):
            assert found["endpoint"].startswith("http://127.")
            assert found["access_key"] == found["secret_key"] == "rehearsal"
        if "static_configs" in job:
            last = job["relabel_configs"][-1]
            assert last["target_label"] == "__address__"
            assert last["replacement"].startswith("127.")
    for part in ("amp", "grafana"):
        config = yaml.safe_load((stand_in / part / "alertmanager.yml").read_text())
        for receiver in config["receivers"]:
            for entries in (value for key, value in receiver.items() if key.endswith("_configs")):
                for entry in entries:
                    way = entry.get("api_url") or entry.get("url") or f"//{entry.get('smarthost')}"
                    assert way.startswith((PAGER.url(), "//127.")), way


def test_what_stands_in_for_what_is_written_down(stand_in: Path) -> None:
    text = (stand_in / "substitutions.md").read_text()
    for deployed in ("EC2's API", "Kubernetes discovery", "Amazon SNS", "frontend.gallery.svc"):
        assert f"| {deployed}" in text or deployed in text
    assert f"https://{DOOR}/" in text


def _edit_json(path: Path, change: Callable[[Any], None]) -> None:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def _edit_yaml(path: Path, change: Callable[[Any], None]) -> None:
    document = yaml.safe_load(path.read_text())
    change(document)
    path.write_text(yaml.safe_dump(document))


def _break_condition(deployed: Path) -> None:
    def change(group: Any) -> None:  # noqa: ANN401
        group["rules"][0]["condition"] = "query"

    _edit_json(deployed / "grafana" / "rules" / "gallery-endpoint.json", change)


def _break_policy(deployed: Path) -> None:
    def change(policy: Any) -> None:  # noqa: ANN401
        policy["policies"][0]["contactPoint"] = "nobody"

    _edit_json(deployed / "grafana" / "policies.json", change)


def _break_remote_write(deployed: Path) -> None:
    def change(config: Any) -> None:  # noqa: ANN401
        config["remote_write"][0]["url"] += "/typo"

    _edit_yaml(deployed / "collector" / "prometheus.yml", change)


def _break_probe_target(deployed: Path) -> None:
    def change(config: Any) -> None:  # noqa: ANN401
        config["scrape_configs"][0]["static_configs"][0]["targets"] = [
            "cartservise.gallery.svc.cluster.local:7070"
        ]

    _edit_yaml(deployed / "collector" / "prometheus.yml", change)


def _break_selector(deployed: Path) -> None:
    def change(service: Any) -> None:  # noqa: ANN401
        service["spec"]["selector"] = {"app": "cart"}

    _edit_yaml(deployed / "kubernetes" / "gallery" / "service-cartservice.yaml", change)


def _break_alarm(deployed: Path) -> None:
    def change(resources: Any) -> None:  # noqa: ANN401
        for resource in resources:
            if resource["type"].startswith("aws:cloudwatch/metricAlarm"):
                resource["inputs"]["metricQueries"][0]["metric"]["dimensions"] = {
                    "TopicName": "another"
                }

    _edit_json(deployed / "resources.json", change)


def _break_user_data(deployed: Path) -> None:
    for path in (deployed / "hosts").glob("*/user-data"):
        path.write_text("#cloud-config\nruncmd: []\n")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (_break_condition, "does not mean what its alert says"),
        (_break_policy, "'nobody', which is not among"),
        (_break_remote_write, "takes samples at"),
        (_break_probe_target, "probes cartservise.*which is no Service"),
        (_break_selector, "cartservice selects no pod"),
        (_break_alarm, "topic another, to which nothing is published"),
        (_break_user_data, "starts no node_exporter"),
    ],
)
def test_a_fault_in_what_is_rendered_stops_the_rehearsal(
    deployed: Path, tmp_path: Path, fault: Callable[[Path], None], reason: str
) -> None:
    copy = tmp_path / "deployed"
    shutil.copytree(deployed, copy)
    fault(copy)
    with pytest.raises(UserError, match=reason):
        derive(copy, tmp_path / "stand-in")
