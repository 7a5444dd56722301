from __future__ import annotations

import json
from functools import cache
from typing import Any

import pulumi
import pytest

from components.store import Store, StoreArgs
from gallery.plan.model import Plan
from gallery.plan.resolve import resolve
from gallery.render.resources import memory
from gallery.stack_file.parse import parse
from gallery.store.services import SERVICES, Protocol
from offline.monitor import Recording
from tests.unit.components import objects, on_openshift, placed, pods, recorded, secrets_of
from tests.unit.stack_files import errors, planned, values, with_value

REDIS = "redis-cart"
NAMES = [service.name for service in SERVICES]
BY_NAME = {service.name: service for service in SERVICES}


def store(plan: Plan) -> Recording:
    def declare(opts: pulumi.ResourceOptions) -> None:
        Store("store", StoreArgs(plan=plan, secrets=secrets_of(plan)), opts)

    return recorded(declare)


@cache
def dev() -> Recording:
    return store(planned("dev"))


@cache
def prod() -> Recording:
    return store(planned("prod"))


def server(recording: Recording, name: str) -> dict[str, Any]:
    (container,) = pods(recording)[name]["spec"]["containers"]
    return container


def admitted(recording: Recording, name: str) -> dict[int, set[str] | None]:
    """Who may open which port; None is anybody."""
    found = dict[int, set[str] | None]()
    for rule in objects(recording, "NetworkPolicy")[name]["spec"].get("ingress", ()):
        (port,) = rule["ports"]
        peers = rule.get("from")
        found[port["port"]] = (
            None if peers is None else {peer["podSelector"]["matchLabels"]["app"] for peer in peers}
        )
    return found


def test_every_service_has_what_it_needs_under_its_own_name() -> None:
    for kind in ("Deployment", "Service", "ServiceAccount", "NetworkPolicy"):
        assert set(NAMES) <= set(objects(dev(), kind)), kind


def test_everything_lives_in_the_namespace_and_depends_on_it() -> None:
    namespaced = [
        resource
        for resource in dev().resources
        if resource.type.startswith("kubernetes:")
        # These belong to no namespace.
        and resource.inputs["kind"] not in ("Namespace", "PriorityClass")
    ]
    assert len(namespaced) > 40
    for resource in namespaced:
        assert resource.inputs["metadata"]["namespace"] == "gallery", resource.name
        assert any("Namespace::store-namespace" in urn for urn in resource.dependencies)


def test_a_mesh_that_is_chosen_by_its_revision_is_chosen_so() -> None:
    plan = resolve(parse(with_value("mesh.existing.revision", "stable-1-30")))
    labels = objects(store(plan), "Namespace")["gallery"]["metadata"]["labels"]
    assert labels["istio.io/rev"] == "stable-1-30"
    # Beside it, this one would win.
    assert "istio-injection" not in labels


def test_two_stores_do_not_collide() -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        for name in ("one", "two"):
            Store(name, StoreArgs(plan=planned(), secrets={}), opts)

    recording = recorded(declare)
    assert len(recording.of("kubernetes:apps/v1:Deployment")) == 2 * (len(NAMES) + 1)


def test_the_namespace_asks_for_proxies_and_enforces_the_restricted_standard() -> None:
    labels = objects(dev(), "Namespace")["gallery"]["metadata"]["labels"]
    assert labels["istio-injection"] == "enabled"
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("name", NAMES)
def test_a_container_is_what_the_catalogue_says(name: str) -> None:
    service, container = BY_NAME[name], server(dev(), name)
    assert container["image"] == service.image
    assert container["ports"] == [
        {"name": str(service.protocol), "containerPort": service.container_port}
    ]
    assert container["resources"] == {
        bound: {
            "cpu": f"{service.resources.cpu[index]}m",
            "memory": f"{service.resources.memory[index]}Mi",
            "ephemeral-storage": memory(service.resources.storage[index]),
        }
        for index, bound in enumerate(("requests", "limits"))
    }
    environment = {each["name"]: each.get("value") for each in container.get("env", ())}
    assert environment.items() >= service.environment.items()
    for call in service.calls:
        port = BY_NAME[call.callee].service_port
        assert environment[call.variable] == f"{call.callee}.gallery.svc.cluster.local:{port}"


DIGEST = f"@sha256:{'0123456789abcdef' * 4}"


def test_a_workload_runs_the_image_that_the_stack_file_names() -> None:
    own = f"registry.example.org:5000/gallery/frontend{DIGEST}"
    plan = resolve(parse(with_value("store.images", {"frontend": own})))
    assert server(store(plan), "frontend")["image"] == own
    assert server(store(plan), "adservice")["image"] == BY_NAME["adservice"].image


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("redis:8", "is no image"),
        ("registry.example.org/shop/Frontend:v1", "is no image"),
        (f"registry.example.org/shop/frontend:v1{DIGEST[:-1]}", "is no image"),
        ("registry.example.org/shop/frontend", "whatever was pushed last"),
        ("registry.example.org:5000/shop/frontend", "whatever was pushed last"),
        ("registry.example.org/shop/frontend:latest", "whatever was pushed last"),
    ],
)
def test_an_image_that_nobody_can_tell_apart_is_refused(image: str, words: str) -> None:
    (fault,) = errors(with_value("store.images", {"frontend": image}))
    assert fault.startswith("gallery:store.images.frontend:")
    assert words in fault


def test_an_image_for_what_does_not_run_is_refused() -> None:
    named = {"loadgenerator": f"registry.example.org/shop/load:v1{DIGEST}"}
    config = with_value("store.images", named, "prod")
    (fault,) = errors(config)
    assert fault.startswith("gallery:store.images names loadgenerator")
    (fault,) = errors(with_value("store.images", {"fronted": "a.example/b:1"}))
    assert "frontend" in fault


def test_a_callee_with_another_port_behind_its_service_is_dialled_at_the_service() -> None:
    environment = {each["name"]: each["value"] for each in server(dev(), "checkoutservice")["env"]}
    assert environment["EMAIL_SERVICE_ADDR"] == "emailservice.gallery.svc.cluster.local:5000"
    (port,) = objects(dev(), "Service")["emailservice"]["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (5000, 8080)


@pytest.mark.parametrize("name", NAMES)
def test_a_service_tells_the_mesh_its_protocol(name: str) -> None:
    (port,) = objects(dev(), "Service")[name]["spec"]["ports"]
    assert port["appProtocol"] == port["name"] == str(BY_NAME[name].protocol)
    selector = objects(dev(), "Service")[name]["spec"]["selector"]
    assert selector.items() <= pods(dev())[name]["metadata"]["labels"].items()


@pytest.mark.parametrize("kind", ["startup", "readiness", "liveness"])
def test_the_kubelet_asks_each_service_in_its_own_language(kind: str) -> None:
    probes = {name: server(dev(), name)[f"{kind}Probe"] for name in NAMES}
    assert probes["frontend"]["httpGet"] == {
        "path": "/_healthz",
        "port": 8080,
        "httpHeaders": [{"name": "Cookie", "value": f"shop_session-id=x-{kind}-probe"}],
    }
    for name, service in BY_NAME.items():
        if service.protocol is Protocol.GRPC:
            assert probes[name]["grpc"] == {"port": service.container_port}, name


def test_a_redis_that_still_reads_its_data_is_not_called_and_not_killed() -> None:
    container = server(dev(), REDIS)
    for kind in ("startup", "readiness"):
        assert "PONG" in " ".join(container[f"{kind}Probe"]["exec"]["command"])
    assert container["livenessProbe"]["tcpSocket"] == {"port": 6379}


def patience(probe: dict[str, Any]) -> int:
    """Seconds until a container that says nothing is taken for what the probe looks for."""
    assert probe["timeoutSeconds"] <= probe["periodSeconds"]
    return probe["periodSeconds"] * probe["failureThreshold"]


@pytest.mark.parametrize("name", NAMES)
def test_a_service_that_is_slow_under_load_is_spared_and_not_killed(name: str) -> None:
    container = server(prod(), name)
    ready, alive = container["readinessProbe"], container["livenessProbe"]
    # It gets its time back by not being called, long before anybody takes it for dead.
    assert patience(ready) <= 15
    assert patience(alive) >= 8 * patience(ready)
    assert alive["timeoutSeconds"] >= 10 > ready["timeoutSeconds"] > 1


@pytest.mark.parametrize("name", NAMES)
def test_a_service_has_time_to_start_and_is_used_as_soon_as_it_has(name: str) -> None:
    container = server(prod(), name)
    assert patience(container["startupProbe"]) >= (180 if name == "adservice" else 60)
    for kind in ("startup", "readiness", "liveness"):
        assert "initialDelaySeconds" not in container[f"{kind}Probe"]


@pytest.mark.parametrize("name", NAMES)
def test_a_pod_answers_until_nobody_calls_it_any_more(name: str) -> None:
    spec, container = pods(prod())[name]["spec"], server(prod(), name)
    grace = spec["terminationGracePeriodSeconds"]
    proxy = json.loads(pods(prod())[name]["metadata"]["annotations"]["proxy.istio.io/config"])
    stays = int(proxy["terminationDrainDuration"].removesuffix("s"))
    if name == REDIS:
        # There is no other to call: it would only be away for longer.
        assert "lifecycle" not in container
        assert 0 < stays < grace
        return
    # Images have no shell to wait in.
    answers = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert answers >= (20 if name == "frontend" else 10)
    assert answers < stays < grace


def test_a_pod_is_ready_for_a_while_before_the_next_one_ends() -> None:
    for recording in (dev(), prod()):
        for name, deployment in objects(recording, "Deployment").items():
            assert deployment["spec"]["minReadySeconds"] == 10, name
            if name != REDIS and name in NAMES:
                rolling = deployment["spec"]["strategy"]["rollingUpdate"]
                assert rolling == {"maxSurge": 1, "maxUnavailable": 0}


def every_container(recording: Recording) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    return [
        (name, template["spec"], container)
        for name, template in pods(recording).items()
        for section in ("initContainers", "containers")
        for container in template["spec"].get(section, ())
    ]


@pytest.mark.parametrize("plan", [planned("dev"), planned("prod"), on_openshift()])
def test_every_container_meets_the_restricted_standard(plan: Plan) -> None:
    found = every_container(store(plan))
    assert len(found) >= 11
    for name, pod, container in found:
        security, pods_own = container["securityContext"], pod["securityContext"]
        assert security["allowPrivilegeEscalation"] is False, name
        assert security["capabilities"] == {"drop": ["ALL"]}, name
        assert security["readOnlyRootFilesystem"] is True, name
        assert pods_own["runAsNonRoot"] is True, name
        assert pods_own["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name


def test_users_are_named_on_eks_and_left_to_openshift() -> None:
    numbers = {"runAsUser", "runAsGroup", "fsGroup"}
    for template in pods(dev()).values():
        assert template["spec"]["securityContext"].keys() >= numbers
    for template in pods(store(on_openshift())).values():
        assert not template["spec"]["securityContext"].keys() & numbers


def test_pods_run_under_their_own_account_and_spread_over_zones() -> None:
    for name in NAMES:
        spec = pods(prod())[name]["spec"]
        assert spec["serviceAccountName"] == name
        keys = [each["topologyKey"] for each in spec["topologySpreadConstraints"]]
        assert keys == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
        for constraint in spec["topologySpreadConstraints"]:
            assert constraint["labelSelector"] == {"matchLabels": {"app": name}}
            # Pods that a rollout is about to end do not count: what stays is spread.
            assert constraint["matchLabelKeys"] == ["pod-template-hash"]


def over_nodes(recording: Recording, name: str) -> dict[str, Any]:
    return pods(recording)[name]["spec"]["topologySpreadConstraints"][1]


def test_in_production_the_first_node_does_not_take_a_service_whole() -> None:
    several = [each for each in planned("prod").services if each.replicas > 1]
    assert len(several) == len(NAMES) - 1
    for each in several:
        nodes = over_nodes(prod(), each.service.name)
        assert nodes["whenUnsatisfiable"] == "DoNotSchedule"
        # One that takes no pods is not waited for.
        assert nodes["nodeTaintsPolicy"] == "Honor"
        [first] = placed(nodes, each.replicas, nodes=1)
        assert 0 < first <= each.replicas // 2
        # Whatever the autoscaler asks for has its place once there are two.
        for count in (2, 3, 5):
            assert sum(placed(nodes, each.most, count)) == each.most
            assert max(placed(nodes, each.replicas, count)) < each.replicas


def test_one_node_is_enough_outside_production_and_for_what_runs_once() -> None:
    assert over_nodes(prod(), REDIS)["whenUnsatisfiable"] == "ScheduleAnyway"
    for name in NAMES:
        assert over_nodes(dev(), name)["whenUnsatisfiable"] == "ScheduleAnyway"


def test_only_callers_and_the_prober_reach_a_service() -> None:
    assert admitted(dev(), "cartservice") == {7070: {"frontend", "checkoutservice", "prober"}}
    assert admitted(dev(), "emailservice") == {8080: {"checkoutservice", "prober"}}
    assert admitted(dev(), REDIS) == {6379: {"cartservice", "prober"}}
    for name, service in BY_NAME.items():
        callers = {other.name for other in SERVICES if name in other.callees}
        if service.protocol is not Protocol.HTTP:
            assert admitted(dev(), name) == {service.container_port: callers | {"prober"}}


def test_the_load_generator_may_call_the_frontend_where_there_is_one() -> None:
    def inside(recording: Recording) -> set[str]:
        first = objects(recording, "NetworkPolicy")["frontend"]["spec"]["ingress"][0]
        return {peer["podSelector"]["matchLabels"]["app"] for peer in first["from"]}

    assert inside(dev()) == {"loadgenerator", "prober"}
    assert inside(prod()) == {"prober"}


def from_outside(recording: Recording) -> dict[str, Any]:
    """Whom of another namespace, or of anywhere, each policy lets in."""
    return {
        name: rule.get("from")
        for name, policy in objects(recording, "NetworkPolicy").items()
        for rule in policy["spec"].get("ingress", ())
        if any(
            "namespaceSelector" in peer for peer in rule.get("from", [{"namespaceSelector": {}}])
        )
    }


def test_customers_reach_the_frontend_alone_and_only_through_the_meshs_gateway() -> None:
    gateway = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "istio-ingress"}},
        "podSelector": {"matchLabels": {"istio": "ingress"}},
    }
    assert from_outside(dev()) == from_outside(prod()) == {"frontend": [gateway]}
    config = values("dev")
    del config["gallery:door"], config["gallery:mesh"]
    assert from_outside(store(resolve(parse(config)))) == {}


def test_whatever_is_not_admitted_is_denied() -> None:
    spec = objects(dev(), "NetworkPolicy")["deny-by-default"]["spec"]
    assert spec == {"podSelector": {}, "policyTypes": ["Ingress"]}


def test_no_policy_has_an_empty_list_which_the_api_server_would_drop() -> None:
    for recording in (dev(), prod()):
        for name, policy in objects(recording, "NetworkPolicy").items():
            assert policy["spec"].get("ingress", [{}]), name


def test_the_collector_reads_every_proxy() -> None:
    assert admitted(dev(), "mesh-metrics") == {15020: {"collector"}}
    assert objects(dev(), "NetworkPolicy")["mesh-metrics"]["spec"]["podSelector"] == {}


def test_carts_outlive_their_pod_in_production() -> None:
    claim = next(
        one for one in prod().resources if one.type == "kubernetes:core/v1:PersistentVolumeClaim"
    )
    assert claim.options["protect"] is True
    assert claim.inputs["metadata"]["annotations"]["pulumi.com/skipAwait"] == "true"
    spec = pods(prod())[REDIS]["spec"]
    named = {"claimName": claim.inputs["metadata"]["name"]}
    assert {"name": "data", "persistentVolumeClaim": named} in spec["volumes"]
    container = server(prod(), REDIS)
    assert {"name": "data", "mountPath": "/data"} in container["volumeMounts"]
    assert container["args"][:2] == ["--appendonly", "yes"]
    strategy = objects(prod(), "Deployment")[REDIS]["spec"]["strategy"]
    assert strategy == {"type": "Recreate"}
    (namespace,) = prod().of("kubernetes:core/v1:Namespace")
    assert namespace.options["protect"] is True


def test_redis_lets_old_carts_go_before_it_would_be_killed() -> None:
    for recording in (dev(), prod()):
        container = server(recording, REDIS)
        args = container["args"]
        bound = args[args.index("--maxmemory") + 1]
        # As much again may be needed while it writes its file from a copy of itself.
        limit = container["resources"]["limits"]["memory"]
        assert 0 < 2 * int(bound.removesuffix("mb")) <= int(limit.removesuffix("Mi"))
        assert args[args.index("--maxmemory-policy") + 1] == "allkeys-lru"


def test_nobody_reads_a_cart_without_the_password_and_none_is_declared_in_clear() -> None:
    (secret,) = prod().of("kubernetes:core/v1:Secret")
    assert secret.inputs["stringData"] == {"password": "value of redis-password"}
    assert [path for path in secret.secrets if path.startswith("stringData")]
    # Another password is another Secret, so that whoever reads it starts anew.
    assert "name" not in secret.inputs["metadata"]
    for name, template in pods(prod()).items():
        assert "value of" not in json.dumps(template), name
        (container,) = template["spec"]["containers"]
        variables = {
            each["name"]: each["valueFrom"]["secretKeyRef"]
            for each in container.get("env", ())
            if "valueFrom" in each
        }
        known = {"name": secret.name, "key": "password"}
        if name == REDIS:
            assert variables == {"REDISCLI_AUTH": known}
            assert container["args"][-2:] == ["--requirepass", "$(REDISCLI_AUTH)"]
        elif name == "cartservice":
            assert variables == {"REDIS_PASSWORD": known}
            names = [each["name"] for each in container["env"]]
            # Only what stands before it is put in its place.
            assert names.index("REDIS_PASSWORD") < names.index("REDIS_ADDR")
            address = container["env"][names.index("REDIS_ADDR")]["value"]
            assert address.endswith(":6379,password=$(REDIS_PASSWORD)")
        else:
            assert variables == {}, name


def test_a_stack_without_a_password_says_nothing_of_one() -> None:
    assert dev().of("kubernetes:core/v1:Secret") == []
    assert "password" not in json.dumps(pods(dev())).lower()
    assert "--requirepass" not in server(dev(), REDIS)["args"]


def test_production_is_refused_without_a_password_for_its_carts() -> None:
    config = values("prod")
    del config["gallery:store"]["redis"]
    (fault,) = errors(config)
    assert fault.startswith("gallery:store.redis is missing")
    assert "redis: {secret: redis-password}" in fault


def test_the_carts_volume_is_of_the_class_that_the_stack_file_names() -> None:
    [claim] = objects(prod(), "PersistentVolumeClaim").values()
    # The cluster's default, which an empty name would not be.
    assert "storageClassName" not in claim["spec"]
    named = store(resolve(parse(with_value("store.storage_class", "gp3-csi.example", "prod"))))
    [claim] = objects(named, "PersistentVolumeClaim").values()
    assert claim["spec"]["storageClassName"] == "gp3-csi.example"
    (fault,) = errors(with_value("store.storage_class", "GP3", "prod"))
    assert fault.startswith("gallery:store.storage_class is 'GP3'")


def test_elsewhere_carts_end_with_their_pod_and_nothing_is_protected() -> None:
    assert objects(dev(), "PersistentVolumeClaim") == {}
    assert "emptyDir" in pods(dev())[REDIS]["spec"]["volumes"][0]
    assert not [one.name for one in dev().resources if one.options.get("protect")]


def test_what_keeps_data_runs_once_or_is_refused() -> None:
    sound = resolve(parse(with_value("store.replicas.redis-cart", 1)))
    assert next(one.replicas for one in sound.services if one.service.name == REDIS) == 1
    (fault,) = errors(with_value("store.replicas.redis-cart", 3))
    assert fault.startswith("gallery:store.replicas.redis-cart is 3;")


def test_a_drained_node_takes_one_pod_of_a_service_that_has_several() -> None:
    budgets = objects(prod(), "PodDisruptionBudget")
    assert set(budgets) == set(NAMES) - {REDIS}
    for name, budget in budgets.items():
        assert budget["spec"]["maxUnavailable"] == 1
        assert budget["spec"]["selector"] == {"matchLabels": {"app": name}}
    # One that keeps its only pod keeps every node from being drained.
    assert set(objects(dev(), "PodDisruptionBudget")) == {"frontend"}


def test_production_grows_with_load_and_no_deployment_counts_against_it() -> None:
    scalers = objects(prod(), "HorizontalPodAutoscaler")
    deployments = objects(prod(), "Deployment")
    assert set(scalers) == set(NAMES) - {REDIS}
    for name, scaler in scalers.items():
        assert "replicas" not in deployments[name]["spec"]
        assert scaler["spec"]["scaleTargetRef"]["name"] == name
        (metric,) = scaler["spec"]["metrics"]
        (container,) = deployments[name]["spec"]["template"]["spec"]["containers"]
        assert metric["containerResource"]["container"] == container["name"]
    frontend = scalers["frontend"]["spec"]
    assert (frontend["minReplicas"], frontend["maxReplicas"]) == (4, 16)
    assert deployments[REDIS]["spec"]["replicas"] == 1


def test_elsewhere_the_stack_file_counts() -> None:
    assert objects(dev(), "HorizontalPodAutoscaler") == {}
    deployments = objects(dev(), "Deployment")
    assert deployments["frontend"]["spec"]["replicas"] == 2
    assert deployments["adservice"]["spec"]["replicas"] == 1


def test_no_container_has_to_reach_the_mesh_before_its_proxy_is_there() -> None:
    for recording in (dev(), prod()):
        for name, template in pods(recording).items():
            assert "initContainers" not in template["spec"], name


def test_the_load_generator_calls_the_frontend() -> None:
    spec = pods(dev())["loadgenerator"]["spec"]
    environment = {each["name"]: each["value"] for each in spec["containers"][0]["env"]}
    assert environment == {
        "FRONTEND_ADDR": "frontend.gallery.svc.cluster.local:80",
        "RATE": "1",
        "USERS": "10",
    }
    assert "loadgenerator" not in objects(prod(), "Deployment")
    assert "loadgenerator" not in objects(dev(), "Service")
