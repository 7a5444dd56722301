"""Instances in the moto server, found by Prometheus's own discovery."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from offline.errors import UserError
from rehearsal.machine import tools as rehearsal_tools
from rehearsal.machine.addresses import Address
from rehearsal.machine.ec2 import Ec2Client
from rehearsal.machine.processes.journal import Child
from rehearsal.machine.processes.supervisor import Supervisor
from rehearsal.machine.queries import PrometheusClient
from rehearsal.machine.tools import ROOT, Tool
from rehearsal.stand_in.instances import Instance


def _instance(number: int) -> Instance:
    return Instance(
        name=f"db-{number}",
        tags={"Name": f"db-{number}", "gallery_cluster": "test"},
        address=f"127.40.0.{9 + number}",
        collectors=(),
    )


def _found(prometheus: PrometheusClient) -> set[str]:
    return {target.address for target in prometheus.targets()}


def _await(prometheus: PrometheusClient, wanted: set[str]) -> None:
    deadline = time.monotonic() + 20
    while (found := _found(prometheus)) != wanted:
        assert time.monotonic() < deadline, f"{found} is not {wanted}"
        time.sleep(0.2)


def test_a_terminated_instance_leaves_discovery_and_its_successor_enters_it(
    tools: Mapping[Tool, Path],
    supervisor: Supervisor,
    free: Callable[[], Address],
    tmp_path: Path,
) -> None:
    server, address = free(), free()
    discovery = {
        "endpoint": server.url(),
        "region": "eu-west-1",
        "access_key": "k",
        "secret_key": "k",
        "port": 1,
        "refresh_interval": "1s",
        "filters": [
            {"name": "instance-state-name", "values": ["running"]},
            {"name": "tag:gallery_cluster", "values": ["test"]},
        ],
    }
    config = {"scrape_configs": [{"job_name": "node", "ec2_sd_configs": [discovery]}]}
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    moto = Child(
        name="ec2",
        command=(sys.executable, "-m", "moto.server", "-H", server.host, "-p", str(server.port)),
        directory=str(ROOT),
        listens=(server,),
        ready=f"tcp://{server}",
    )
    supervisor.launch([moto])
    client = Ec2Client("eu-west-1", server)
    client.prepare([_instance(1), _instance(2)])
    supervisor.launch(
        [
            Child(
                name="prometheus",
                command=(str(tools[rehearsal_tools.PROMETHEUS]),
                         f"--config.file={tmp_path / 'prometheus.yml'}",
                         f"--storage.tsdb.path={tmp_path / 'data'}",
                         f"--web.listen-address={address}"),
                directory=str(tmp_path),
                listens=(address,),
                ready=address.url("/-/ready"),
            )
        ]
    )  # fmt: skip
    prometheus = PrometheusClient(address)
    first, second = "http://127.40.0.10:1/metrics", "http://127.40.0.11:1/metrics"
    _await(prometheus, {first, second})
    client.terminate("db-1")
    _await(prometheus, {second})
    assert set(client.running()) == {"db-2"}
    with pytest.raises(UserError, match="'db-1'; there are: db-2"):
        client.terminate("db-1")
    client.launch(_instance(1))
    _await(prometheus, {first, second})
