"""Writes the stand-in tree.

collector/  agent-0.yml agent-1.yml blackbox.yml pods-*.json     the collector
amp/        prometheus.yml rules/ alertmanager.yml               managed Prometheus
grafana/    prometheus.yml rules/ alertmanager.yml templates/    only where Grafana evaluates
grafana-server/  provisioning/ dashboards/                       instead, for Grafana itself
world.json pager.json instances.json history.json                the simulated rest
substitutions.md
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gallery.metrics import labels
from gallery.store.services import ENTRANCE
from offline.errors import UserError
from rehearsal import heartbeat
from rehearsal.machine.addresses import (
    AMP,
    AMP_ALERTMANAGER,
    DOOR,
    EVALUATOR,
    GRAFANA,
    GRAFANA_ALERTMANAGER,
    GRAFANA_PAGE,
    ISTIOD_METRICS,
    LOAD,
    PAGER,
    PAGER_MAIL,
    REMOTE_WRITE,
    REMOTE_WRITE_RELAY,
    SIMULATED_ISTIOD,
    WORLD,
    Address,
)
from rehearsal.pager.inbox import PagerConfig
from rehearsal.stand_in import history, scrape
from rehearsal.stand_in.contact_points import Switchboard, from_amp
from rehearsal.stand_in.documents import (
    Document,
    read_json,
    read_yaml,
    write_json,
    write_text,
    write_yaml,
)
from rehearsal.stand_in.grafana_routes import alertmanager_config
from rehearsal.stand_in.grafana_rules import prometheus_group
from rehearsal.stand_in.instances import rendered_instances, write_instances
from rehearsal.stand_in.pods import Cluster, istiod
from rehearsal.stand_in.provisioning import TREE, Provisioning
from rehearsal.stand_in.proxies import SUBSTITUTED as PROXIES_SUBSTITUTED
from rehearsal.stand_in.proxies import Proxies
from rehearsal.stand_in.store import Store, read_store
from rehearsal.stand_in.substitutions import Substitutions
from rehearsal.world.topology import Door, Page, Relay, Topology

_MESH_UNPLAYED = (
    "the mesh's rules: mutual TLS, who may ask whom for what, timeouts, retries and limits",
    "nothing: whoever asks is answered, once, however long it takes",
    "there are no proxies without `--mesh`",
)
_PLAYED = (
    "what customers and services ask each other",
    "a few requests a second; each asks every second callee of the call graph through the proxies",
    "nothing of the store's own code runs",
)
_ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


@dataclass(frozen=True, kw_only=True)
class _Derivation:
    """One run: from where to where, and what is noted on the way."""

    deployed: Path
    out: Path
    switchboard: Switchboard
    substitutions: Substitutions
    grafana: bool
    proxies: Proxies | None

    @property
    def grafana_evaluates(self) -> bool:
        return (self.deployed / "grafana" / "rules").is_dir()

    @property
    def evaluator(self) -> Address | None:
        """Where Grafana's rules are evaluated."""
        if not self.grafana_evaluates:
            return None
        return GRAFANA if self.grafana else EVALUATOR


def derive(
    deployed: Path,
    out: Path,
    *,
    grafana: bool = False,
    proxies: Proxies | None = None,
) -> None:
    """Replace the stand-in tree `out` by what `deployed` asks for. Raises UserError.

    With `grafana`, nothing stands in for Grafana: the tree has what it is provisioned with.
    `proxies` are the real ones, where a mesh with a control plane of its own runs.
    """
    # By notifier (AMP's Alertmanager, Grafana), then by the name of the receiver.
    names: dict[str, dict[str, Any]] = read_json(deployed / "contact-points.json")
    shutil.rmtree(out, ignore_errors=True)
    run = _Derivation(
        deployed=deployed,
        out=out,
        switchboard=Switchboard(
            {
                receiver: members
                for notifier in names.values()
                for receiver, members in notifier.items()
            }
        ),
        substitutions=Substitutions(),
        grafana=grafana,
        proxies=proxies,
    )
    if grafana and not run.grafana_evaluates:
        raise UserError("AMP evaluates this stack's rules, not Grafana; leave --grafana out")
    _collector_and_world(run)
    _amp(run)
    if grafana:
        _grafana_itself(run)
    elif run.grafana_evaluates:
        _grafana(run)
    _pager(run)
    write_text(out / "substitutions.md", run.substitutions.markdown())


def _collector_and_world(run: _Derivation) -> None:
    rendered: Document = read_yaml(run.deployed / "collector" / "prometheus.yml")
    cluster = Cluster.read(run.deployed)
    store = read_store(cluster, scrape.scrape_seconds(rendered))
    address = SIMULATED_ISTIOD if run.proxies is None else ISTIOD_METRICS
    control_planes = [istiod(each, address) for each in scrape.control_planes(rendered)]
    agents, files = scrape.agent_configs(
        rendered,
        {**store.names, **(run.proxies.probed if run.proxies else {})},
        (*cluster.pods(), *control_planes),
        cluster.namespace_of(labels.COLLECTOR_SERVICE),
        run.substitutions,
    )
    if run.proxies:
        store = run.proxies.told_of(store)
        for config in agents:
            run.proxies.listeners(config)
        for each in PROXIES_SUBSTITUTED:
            run.substitutions.add(*each)
    collector = run.out / "collector"
    for number, config in enumerate(agents):
        write_yaml(collector / f"agent-{number}.yml", config)
    for name, targets in files.items():
        write_json(collector / name, targets)
    prober: Document = read_yaml(run.deployed / "collector" / "blackbox.yml")
    probed = scrape.probed_hosts(rendered)
    door = probed.get(labels.DOOR)
    write_yaml(collector / "blackbox.yml", scrape.prober_config(prober, door))
    instances = rendered_instances(run.deployed)
    write_instances(run.out / "instances.json", instances)
    workloads = {each.name: each for each in store.workloads}
    rules = [read_yaml(path) for path in _rule_files(run)]
    promised: list[Document] = read_json(run.deployed / "objectives.json")
    past = history.objective_series(rendered, workloads, rules, promised)
    write_json(run.out / "history.json", [*history.host_series(rendered, instances), *past])
    says = scrape.expected_page(prober)
    shop = Door(listens=str(DOOR), host=door, behind=ENTRANCE, says=says) if door else None
    page = probed.get(labels.GRAFANA)
    _world(
        run,
        store,
        tuple(each.name for each in instances),
        shop,
        page,
        istiod=bool(control_planes) and run.proxies is None,
    )


def _world(
    run: _Derivation,
    store: Store,
    hosts: tuple[str, ...],
    door: Door | None,
    page: str | None,
    *,
    istiod: bool,
) -> None:
    asks = None if run.evaluator is None else str(run.evaluator)
    topology = Topology(
        control=str(WORLD),
        namespace=store.namespace,
        workloads=store.workloads,
        hosts=hosts,
        relays=(Relay(name=REMOTE_WRITE_RELAY, listens=str(REMOTE_WRITE), forwards=str(AMP)),),
        door=door,
        page=None if page is None else Page(listens=str(GRAFANA_PAGE), host=page, asks=asks),
        istiod=str(SIMULATED_ISTIOD) if istiod else None,
        load=str(LOAD) if run.proxies else None,
    )
    topology.write(run.out / "world.json")
    run.substitutions.add(
        "the store's pods and their proxies",
        "one process that listens for each service and counts what would flow between them",
        "there is no cluster; probes and scrapes are real",
    )
    run.substitutions.add(*(_PLAYED if run.proxies else _MESH_UNPLAYED))
    if istiod:
        run.substitutions.add(
            "the mesh's control plane",
            f"its metrics alone, at {SIMULATED_ISTIOD}, as at rest; a drill can close them",
            "there is no mesh; a simulated proxy needs neither configuration nor certificate",
        )
    run.substitutions.add(
        "EC2 instances",
        "a real node_exporter each, which reads a /proc that the rehearsal writes",
        "hosts differ from each other and from this machine",
    )
    run.substitutions.add(
        "the collectors systemd and timex of a host's exporter",
        "its textfile collector, which reads what the rehearsal writes in their words",
        "a simulated host has neither a systemd nor a clock of its own",
    )


def _rule_files(run: _Derivation) -> list[Path]:
    """AMP's rules, as they are deployed."""
    return sorted((run.deployed / "prometheus" / "rules").glob("*.yaml"))


def _amp(run: _Derivation) -> None:
    amp = run.out / "amp"
    rendered: Document = read_yaml(run.deployed / "prometheus" / "alertmanager.yaml")
    for name, text in rendered.get("template_files", {}).items():
        write_text(amp / name, text)
    config: Document = yaml.safe_load(rendered["alertmanager_config"])
    config["receivers"] = [
        from_amp(receiver, run.switchboard, run.substitutions) for receiver in config["receivers"]
    ]
    write_yaml(amp / "alertmanager.yml", config)
    for path in _rule_files(run):
        write_text(amp / "rules" / path.name, path.read_text())
    write_yaml(amp / "prometheus.yml", _evaluator(AMP_ALERTMANAGER))
    run.substitutions.add(
        "Amazon Managed Prometheus",
        f"a Prometheus at {AMP} with the same rule files, and an Alertmanager with the same routes",
        "no cloud account; the wrapper of the Alertmanager definition is taken off",
    )


def _grafana(run: _Derivation) -> None:
    source, out = run.deployed / "grafana", run.out / "grafana"
    datasources = {each["uid"] for each in read_json(source / "datasources.json")}
    for path in sorted((source / "rules").glob("*.json")):
        group = prometheus_group(read_json(path), datasources, run.substitutions)
        write_yaml(out / "rules" / f"{path.stem}.yaml", {"groups": [group]})
    for template in read_json(source / "message-templates.json"):
        write_text(out / "templates" / f"{template['name']}.tmpl", template["template"])
    config = alertmanager_config(
        read_json(source / "policies.json"),
        read_json(source / "contact-points.json"),
        run.switchboard,
        run.substitutions,
    )
    write_yaml(out / "alertmanager.yml", config)
    reading = {"remote_read": [{"url": AMP.url("/api/v1/read"), "read_recent": True}]}
    write_yaml(out / "prometheus.yml", {**_evaluator(GRAFANA_ALERTMANAGER), **reading})


def _grafana_itself(run: _Derivation) -> None:
    Provisioning(
        deployed=run.deployed,
        out=run.out / TREE,
        switchboard=run.switchboard,
        substitutions=run.substitutions,
    ).write()
    run.substitutions.add(
        "Amazon Managed Grafana",
        f"Grafana itself at {GRAFANA}, provisioned from files with the rendered resources",
        "no cloud account; its contact points lead to the pager, and nobody can log in",
    )


def _evaluator(alertmanager: Address) -> Document:
    return {
        # AMP evaluates a group that says nothing once a minute.
        "global": {"evaluation_interval": "60s"},
        "rule_files": ["rules/*.yaml"],
        "alerting": {
            "alertmanagers": [
                {"static_configs": [{"targets": [str(alertmanager)]}], "api_version": "v2"}
            ]
        },
    }


def _pager(run: _Derivation) -> None:
    topics = run.switchboard.topics
    names = {arn: arn.rsplit(":", 1)[1] for arn in topics}
    alarms = [heartbeat.parse(name, inputs, names) for name, inputs in _alarms(run.deployed)]
    contact_points = {names[arn]: contact_point for arn, contact_point in topics.items()}
    for alarm in alarms:
        if alarm.topic not in contact_points:
            raise UserError(
                f"the alarm {alarm.name} listens to the topic {alarm.topic}, to which nothing is "
                f"published; there are: {', '.join(sorted(contact_points))}"
            )
    pager_config = PagerConfig(
        http=str(PAGER),
        mail=str(PAGER_MAIL),
        recipients=tuple(sorted(run.switchboard.recipients)),
        topics=contact_points,
        alarms=tuple(alarms),
    )
    pager_config.write(run.out / "pager.json")
    for alarm in alarms:
        run.substitutions.add(
            f"the CloudWatch alarm {alarm.name}",
            "the pager's watch on the beats it receives, by the alarm's own numbers",
            "no cloud account",
        )


def _alarms(deployed: Path) -> Iterator[tuple[str, Document]]:
    for resource in read_json(deployed / "resources.json"):
        if resource["type"] == _ALARM:
            yield resource["inputs"]["name"], resource["inputs"]
