from __future__ import annotations

import json
import re
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import pulumi
import pytest
import yaml

from components.collector import Collector, CollectorArgs
from gallery.plan.model import Plan
from gallery.plan.resolve import resolve
from gallery.render.blackbox import blackbox_config
from gallery.render.collector import collector_config
from gallery.stack_file.parse import parse
from offline.monitor import Recording
from tests.unit import recordings
from tests.unit.components import objects, on_openshift, placed, pods, recorded
from tests.unit.stack_files import STACKS, planned, values, with_value

WORKSPACE = "arn:aws:aps:eu-west-1:123456789012:workspace/ws-1"
URL = "https://amp.example.org/api/v1/remote_write"
GRAFANA = "https://g-1.example.org"
ROLE = "aws:iam/role:Role"
ASSOCIATION = "aws:eks/podIdentityAssociation:PodIdentityAssociation"


def collector(
    plan: Plan, *, url: str = URL, grafana: str | None = GRAFANA, name: str = "collector"
) -> Recording:
    def declare(opts: pulumi.ResourceOptions) -> None:
        args = CollectorArgs(
            plan=plan,
            namespace="gallery",
            account="123456789012",
            workspace_arn=WORKSPACE,
            remote_write_url=pulumi.Output.from_input(url),
            grafana_url=grafana,
        )
        pulumi.export("role_arn", Collector(name, args, opts).role_arn)

    return recorded(declare)


@cache
def dev() -> Recording:
    return collector(planned("dev"))


def agent(recording: Recording) -> dict[str, Any]:
    (container,) = pods(recording)["collector"]["spec"]["containers"]
    return container


def document(recording: Recording, type_: str, key: str) -> dict[str, Any]:
    (resource,) = recording.of(type_)
    return json.loads(resource.inputs[key])


def stored(recording: Recording) -> dict[str, str]:
    """What the collector's ConfigMap holds, under whatever name."""
    return recording.one("kubernetes:core/v1:ConfigMap", "collector").inputs["data"]


def test_two_agents_run_what_is_rendered() -> None:
    assert objects(dev(), "StatefulSet")["collector"]["spec"]["replicas"] == 2
    rendered = collector_config(planned(), remote_write_url=URL, grafana_url=GRAFANA)
    assert stored(dev()) == {"prometheus.yml": rendered}
    args = agent(dev())["args"]
    assert "--agent" in args
    assert "--config.file=/etc/prometheus/prometheus.yml" in args
    mounts = {each["name"]: each["mountPath"] for each in agent(dev())["volumeMounts"]}
    assert mounts.items() >= {"config": "/etc/prometheus", "data": "/prometheus"}.items()
    assert "--storage.agent.path=/prometheus" in args


def test_a_grafana_without_address_is_not_probed() -> None:
    assert "api/health" not in stored(collector(planned(), grafana=None))["prometheus.yml"]


def test_a_replica_is_called_by_its_pods_name() -> None:
    variables = {each["name"]: each for each in agent(dev())["env"]}
    assert variables["POD_NAME"]["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}


def test_a_changed_configuration_rolls_the_probers_and_nothing_else_does() -> None:
    changed = resolve(parse(with_value("monitoring.probe_timeout", "1s")))
    assert pods(collector(changed))["prober"] != pods(dev())["prober"]
    more = resolve(parse(with_value("store.replicas.frontend", 3)))
    assert pods(collector(more)) == pods(dev())


def test_an_agent_that_restarts_finds_the_configuration_that_it_ran_with() -> None:
    found = dev().one("kubernetes:core/v1:ConfigMap", "collector")
    # Another content is another map, which the provider gives a name of its own.
    assert found.options["replaceOnChanges"] == ["data"]
    assert "name" not in found.inputs["metadata"]
    (volume,) = (v for v in pods(dev())["collector"]["spec"]["volumes"] if v["name"] == "config")
    assert volume["configMap"]["name"]
    (agents,) = dev().of("kubernetes:apps/v1:StatefulSet")
    assert found.urn in agents.dependencies


def test_the_agents_have_names_of_their_own_behind_a_headless_service() -> None:
    agents = objects(dev(), "StatefulSet")["collector"]["spec"]
    service = objects(dev(), "Service")[agents["serviceName"]]["spec"]
    assert service["clusterIP"] == "None"
    labels = agents["template"]["metadata"]["labels"]
    assert service["selector"].items() <= labels.items()


def test_no_change_takes_both_agents_at_once() -> None:
    spec = objects(dev(), "StatefulSet")["collector"]["spec"]
    assert spec["updateStrategy"] == {"type": "RollingUpdate"}
    # Scraped, sent, and taken in the place of the other, which AMP does after 30 s.
    timings = planned().timings
    settled = timings.scrape.seconds + timings.remote_write_deadline.seconds + 30
    assert spec["minReadySeconds"] >= settled
    assert objects(dev(), "PodDisruptionBudget")["collector"]["spec"]["maxUnavailable"] == 1
    (container,) = pods(dev())["collector"]["spec"]["containers"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/-/ready"


@pytest.mark.parametrize("type_", ["StatefulSet", "Deployment"])
def test_pods_are_made_after_their_configuration(type_: str) -> None:
    (controller,) = dev().of(f"kubernetes:apps/v1:{type_}")
    assert any("ConfigMap" in urn for urn in controller.dependencies)


def test_a_fault_in_the_configuration_does_not_wait_for_addresses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object, **__: object) -> str:
        raise LookupError("no such job")

    monkeypatch.setattr("components.collector.collector_config", broken)

    def declare(opts: pulumi.ResourceOptions) -> None:
        with pytest.raises(LookupError, match="no such job"):
            Collector(
                "collector",
                CollectorArgs(
                    plan=planned(),
                    namespace="gallery",
                    account="123456789012",
                    workspace_arn=WORKSPACE,
                    remote_write_url=URL,
                    grafana_url=None,
                ),
                opts,
            )

    recorded(declare)


def test_the_collector_sees_the_pods_of_its_namespace_and_of_istiods_and_nothing_else() -> None:
    (rule,) = objects(dev(), "Role")["collector"]["rules"]
    there = objects(dev(), "Role")["gallery-dev-collector"]
    assert there["metadata"]["namespace"] == "istio-system"
    assert there["rules"] == [rule]
    bound = objects(dev(), "RoleBinding")["gallery-dev-collector"]
    assert bound["roleRef"]["name"] == "gallery-dev-collector"
    assert bound["subjects"] == objects(dev(), "RoleBinding")["collector"]["subjects"]
    assert bound["metadata"]["namespace"] == "istio-system"
    assert rule == {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}
    binding = objects(dev(), "RoleBinding")["collector"]
    assert binding["roleRef"]["name"] == "collector"
    (subject,) = binding["subjects"]
    assert (subject["kind"], subject["name"]) == ("ServiceAccount", "collector")
    assert subject["namespace"] == "gallery"
    assert objects(dev(), "ClusterRole") == {}
    assert pods(dev())["collector"]["spec"]["automountServiceAccountToken"] is True
    assert pods(dev())["prober"]["spec"]["automountServiceAccountToken"] is False


def test_its_aws_role_writes_to_one_workspace_and_finds_hosts() -> None:
    policy = document(dev(), "aws:iam/rolePolicy:RolePolicy", "policy")
    allowed = {tuple(each["Action"]): each["Resource"] for each in policy["Statement"]}
    assert allowed == {
        ("aps:RemoteWrite",): WORKSPACE,
        ("ec2:DescribeAvailabilityZones", "ec2:DescribeInstances"): "*",
    }
    assert dev().stack_outputs["role_arn"].endswith(":role/gallery-dev-eu-west-1-collector")


def test_on_eks_the_role_belongs_to_the_service_account() -> None:
    (association,) = dev().of(ASSOCIATION)
    assert association.inputs["clusterName"] == "gallery-dev"
    assert association.inputs["namespace"] == "gallery"
    assert association.inputs["serviceAccount"] == "collector"
    assert association.inputs["roleArn"] == dev().stack_outputs["role_arn"]
    condition = document(dev(), ROLE, "assumeRolePolicy")["Statement"][0]["Condition"]
    assert condition["StringEquals"] == {
        "aws:RequestTag/eks-cluster-arn": "arn:aws:eks:eu-west-1:123456789012:cluster/gallery-dev",
        "aws:RequestTag/kubernetes-namespace": "gallery",
        "aws:RequestTag/kubernetes-service-account": "collector",
    }


def test_credentials_have_time_to_spread_before_the_agents_are_admitted() -> None:
    program = recordings.recorded("dev")
    role = program.one(ROLE, "collector-role")
    (association,) = program.of(ASSOCIATION)
    waited_for = {*role.dependencies, *association.dependencies}
    assert not [urn for urn in waited_for if "kubernetes:" in urn]
    agents = program.one("kubernetes:apps/v1:StatefulSet", "collector")
    prober = program.one("kubernetes:apps/v1:Deployment", "collector-prober")
    assert association.urn in prober.dependencies
    assert prober.urn in agents.dependencies


def test_on_openshift_the_role_is_taken_with_a_token() -> None:
    recording = collector(on_openshift())
    assert recording.of(ASSOCIATION) == []
    (statement,) = document(recording, ROLE, "assumeRolePolicy")["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Condition"]["StringEquals"] == {
        "oidc.example.org/1:aud": "sts.amazonaws.com",
        "oidc.example.org/1:sub": "system:serviceaccount:gallery:collector",
    }
    environment = {each["name"]: each.get("value") for each in agent(recording)["env"]}
    assert environment["AWS_ROLE_ARN"] == recording.stack_outputs["role_arn"]
    mounts = {each["name"]: each["mountPath"] for each in agent(recording)["volumeMounts"]}
    volumes = {each["name"]: each for each in pods(recording)["collector"]["spec"]["volumes"]}
    (source,) = volumes["aws-token"]["projected"]["sources"]
    token = source["serviceAccountToken"]
    assert token["audience"] == "sts.amazonaws.com"
    path = f"{mounts['aws-token']}/{token['path']}"
    assert environment["AWS_WEB_IDENTITY_TOKEN_FILE"] == path
    assert "AWS_ROLE_ARN" not in {each["name"] for each in agent(dev())["env"]}


def test_the_collector_is_outside_the_mesh_and_the_prober_inside() -> None:
    assert pods(dev())["collector"]["metadata"]["labels"]["sidecar.istio.io/inject"] == "false"
    prober = pods(dev())["prober"]["metadata"]
    assert "sidecar.istio.io/inject" not in prober["labels"]
    for way in ("Inbound", "Outbound"):
        annotation = f"traffic.sidecar.istio.io/exclude{way}Ports"
        assert prober["annotations"][annotation] == "9115"


def test_the_prober_runs_what_is_rendered_where_the_collector_asks() -> None:
    rendered = blackbox_config(planned())
    assert objects(dev(), "ConfigMap")["prober"]["data"] == {"blackbox.yml": rendered}
    (container,) = pods(dev())["prober"]["spec"]["containers"]
    assert "--config.file=/etc/blackbox_exporter/blackbox.yml" in container["args"]
    mounts = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
    assert mounts["config"] == "/etc/blackbox_exporter"
    service = objects(dev(), "Service")["prober"]
    (port,) = service["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (9115, 9115)
    assert service["spec"]["selector"] == {"app": "prober"}
    assert container["ports"] == [{"name": "http", "containerPort": 9115}]


@pytest.mark.parametrize(
    ("answer", "up"),
    [
        ("+PONG", True),
        # It has a password, of which the prober knows nothing.
        ("-NOAUTH Authentication required.", True),
        ("-LOADING Redis is loading the dataset in memory", False),
        ("-ERR max number of clients reached", False),
    ],
)
def test_a_redis_is_up_when_it_would_serve_whoever_knows_its_password(
    answer: str, *, up: bool
) -> None:
    modules = yaml.safe_load(blackbox_config(planned("prod")))["modules"]
    ping, pong = modules["redis"]["tcp"]["query_response"]
    assert ping == {"send": "PING"}
    assert bool(re.search(pong["expect"], answer)) is up


def test_a_mesh_that_lets_nobody_out_lets_the_prober_out_to_what_it_asks() -> None:
    (entry,) = objects(dev(), "ServiceEntry").values()
    spec = entry["spec"]
    assert spec["hosts"] == ["shop.dev.example.org", "g-1.example.org"]
    assert spec["ports"] == [{"name": "tls", "number": 443, "protocol": "TLS"}]
    # To the address that was asked, not to another of the same name.
    assert (spec["resolution"], spec["location"]) == ("NONE", "MESH_EXTERNAL")
    configuration = stored(dev())["prometheus.yml"]
    asked: set[str | None] = {
        urlsplit(str(target)).hostname
        for job in yaml.safe_load(configuration)["scrape_configs"]
        for group in job.get("static_configs", ())
        for target in group["targets"]
        if target.startswith("https://")
    }
    assert set(spec["hosts"]) == asked


def test_nobody_is_let_out_where_nothing_beyond_the_mesh_is_asked() -> None:
    config = values("dev")
    del config["gallery:door"]
    inside = collector(resolve(parse(config)), grafana=None)
    assert objects(inside, "ServiceEntry") == {}


@pytest.mark.parametrize("app", ["collector", "prober"])
def test_a_watcher_has_time_to_start_and_is_not_killed_for_being_slow(app: str) -> None:
    (container,) = pods(dev())[app]["spec"]["containers"]
    assert container["startupProbe"]["failureThreshold"] >= 30
    alive, ready = container["livenessProbe"], container["readinessProbe"]
    assert alive["periodSeconds"] * alive["failureThreshold"] >= 120
    assert alive["timeoutSeconds"] > ready["timeoutSeconds"]


def test_a_prober_answers_until_no_agent_asks_it_any_more() -> None:
    spec = pods(dev())["prober"]["spec"]
    (container,) = spec["containers"]
    answers = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert 10 <= answers < spec["terminationGracePeriodSeconds"]
    # Nobody calls an agent, and what it has is sent first.
    assert "lifecycle" not in agent(dev())
    assert pods(dev())["collector"]["spec"]["terminationGracePeriodSeconds"] == 60


def test_who_may_ask_the_watchers() -> None:
    def admitted(app: str) -> dict[int, set[str]]:
        policy = objects(dev(), "NetworkPolicy")[app]["spec"]
        assert policy["podSelector"] == {"matchLabels": {"app": app}}
        return {
            rule["ports"][0]["port"]: {
                peer["podSelector"]["matchLabels"]["app"] for peer in rule["from"]
            }
            for rule in policy["ingress"]
        }

    # The prober's canary is itself.
    assert admitted("prober") == {9115: {"collector", "prober"}}
    assert admitted("collector") == {9090: {"collector"}}


def test_watchers_meet_the_restricted_standard() -> None:
    for plan in (planned(), on_openshift()):
        for name, template in pods(collector(plan)).items():
            spec = template["spec"]
            assert spec["securityContext"]["runAsNonRoot"] is True
            assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
            (container,) = spec["containers"]
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False, name
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert security["readOnlyRootFilesystem"] is True
    # An image that only names its user is rejected without a number.
    for template in pods(dev()).values():
        assert template["spec"]["securityContext"]["runAsUser"] == 65534
    for template in pods(collector(on_openshift())).values():
        assert "runAsUser" not in template["spec"]["securityContext"]


def test_a_drained_node_leaves_an_agent_and_in_production_a_prober() -> None:
    assert set(objects(dev(), "PodDisruptionBudget")) == {"collector"}
    prod = collector(planned("prod"))
    assert set(objects(prod, "PodDisruptionBudget")) == {"collector", "prober"}
    assert objects(prod, "Deployment")["prober"]["spec"]["replicas"] == 2
    # A pod that is broken anyway keeps no node from being drained.
    for budget in objects(prod, "PodDisruptionBudget").values():
        assert budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_images_are_pinned_and_the_stack_file_may_name_others() -> None:
    for template in pods(dev()).values():
        (container,) = template["spec"]["containers"]
        assert container["image"].rpartition(":")[2].startswith("v")
    own = {name: f"registry.example.org/{name}@sha256:{'0' * 64}" for name in pods(dev())}
    assert set(own) == {"collector", "prober"}
    others = collector(resolve(parse(with_value("store.images", own))))
    for name, template in pods(others).items():
        assert template["spec"]["containers"][0]["image"] == own[name]


def over_nodes(plan: Plan, app: str) -> dict[str, Any]:
    """How a watcher's pods spread over nodes."""
    constraints = pods(collector(plan))[app]["spec"]["topologySpreadConstraints"]
    (nodes,) = (each for each in constraints if each["topologyKey"] == "kubernetes.io/hostname")
    assert nodes["labelSelector"] == {"matchLabels": {"app": app}}
    return nodes


@pytest.mark.parametrize("app", ["collector", "prober"])
def test_in_production_one_lost_node_leaves_a_watcher(app: str) -> None:
    nodes = over_nodes(planned("prod"), app)
    assert nodes["whenUnsatisfiable"] == "DoNotSchedule"
    # The second waits for a second node, where one is up first.
    assert placed(nodes, 2, nodes=1) == [1]
    assert placed(nodes, 2, nodes=2) == [1, 1]
    # One that is being drained would hold the second pod back.
    assert nodes["nodeTaintsPolicy"] == "Honor"
    assert over_nodes(planned("dev"), app)["whenUnsatisfiable"] == "ScheduleAnyway"


def test_a_rollout_of_the_probers_ends_with_one_on_each_node() -> None:
    # New ones start beside the old ones, which would count; an agent is replaced in its place.
    plan = planned("prod")
    assert over_nodes(plan, "prober")["matchLabelKeys"] == ["pod-template-hash"]
    assert "matchLabelKeys" not in over_nodes(plan, "collector")


def hosts_in(text: str) -> set[str]:
    """The names that a document or a variable has somebody look up."""
    return set(re.findall(r"(?<![-.\w])[a-z][-a-z0-9]*(?:\.[a-z][-a-z0-9]*)+(?=[:/])", text))


def searched_for(program: Recording) -> dict[str, set[str]]:
    """By pod: the names that are looked up in every search domain before they are as they stand."""
    found = dict[str, set[str]]()
    for name, template in pods(program).items():
        options = {each["name"]: each["value"] for each in template["spec"]["dnsConfig"]["options"]}
        containers = template["spec"]["containers"]
        variables = [each.get("value", "") for one in containers for each in one.get("env", ())]
        mounted = [
            each["configMap"]["name"]
            for each in template["spec"].get("volumes", ())
            if "configMap" in each
        ]
        documents = {
            key: text
            for each in mounted
            for key, text in objects(program, "ConfigMap")[each]["data"].items()
        }
        asked = hosts_in("/ ".join((*variables, *documents.values(), "")))
        assert asked or name not in ("collector", "frontend"), name
        found[name] = {host for host in asked if host.count(".") < int(options["ndots"])}
    return found


@pytest.mark.parametrize("stack", STACKS)
def test_whatever_a_pod_asks_for_is_looked_up_as_it_stands(stack: str) -> None:
    assert not any(searched_for(recordings.recorded(stack)).values())


def test_a_door_of_two_words_is_looked_up_as_it_stands() -> None:
    plan = resolve(parse(with_value("door.domain", "example.org")))
    assert not any(searched_for(collector(plan)).values())
