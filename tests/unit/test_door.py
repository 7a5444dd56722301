"""The shop's door: through the gateway, by HTTPS, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from gallery.plan.resolve import resolve
from gallery.render.installation import Chart, installation
from gallery.stack_file.parse import parse, referenced_secrets
from offline.monitor import Recording
from tests.unit.components import OPENSHIFT, objects
from tests.unit.network_policies import connects, pod
from tests.unit.recordings import recorded, variant
from tests.unit.stack_files import errors, planned, values, without_mesh

SECRET = {"stored_as": "shop-tls"}
ARN = {"arn": "arn:aws:acm:eu-west-1:123456789012:certificate/1a2b3c4d-0000-4000-8000-1"}
ROUTE = {"route_to": "istio-ingress"}
INSTALLED = {"installed": {"version": "1.30.4"}}


def config(
    certificate: dict[str, str] | None, stack: str = "dev", **door: object
) -> dict[str, Any]:
    """A stack whose TLS ends there; a key of the door that is None is left out."""
    found = values(stack)
    changed = {**found["gallery:door"], "certificate": certificate, **door}
    found["gallery:door"] = {key: value for key, value in changed.items() if value is not None}
    if certificate == ROUTE:
        found["gallery:cluster"] = {"existing": OPENSHIFT}
    return found


def installing(certificate: dict[str, str] | None, stack: str = "dev") -> dict[str, Any]:
    return config(certificate, stack, gateway=None) | {"gallery:mesh": INSTALLED}


def made(found: dict[str, Any]) -> Recording:
    return variant(found, *referenced_secrets(parse(found)))


def servers(recording: Recording) -> dict[int, dict[str, Any]]:
    """What the gateway listens to, by port."""
    spec = objects(recording, "Gateway")["door"]["spec"]
    assert spec["selector"] == {"istio": "ingress"}
    for each in spec["servers"]:
        assert each["hosts"] == ["./shop.dev.example.org"]
    return {each["port"]["number"]: each for each in spec["servers"]}


def test_at_the_gateway_tls_ends_with_the_secrets_certificate() -> None:
    found = servers(made(config(SECRET)))
    assert found[443]["port"]["protocol"] == "HTTPS"
    assert found[443]["tls"] == {
        "credentialName": "shop-tls",
        "minProtocolVersion": "TLSV1_2",
        "mode": "SIMPLE",
    }


@pytest.mark.parametrize("certificate", [SECRET, ARN])
def test_whoever_comes_without_tls_is_sent_to_it(certificate: dict[str, str]) -> None:
    found = servers(made(config(certificate)))
    assert set(found) == {80, 443}
    assert found[80]["tls"] == {"httpsRedirect": True}


def test_behind_a_load_balancer_what_has_come_by_tls_is_not_sent_round_in_circles() -> None:
    found = servers(made(config(ARN)))
    assert found[443]["port"]["protocol"] == "HTTP"
    assert "tls" not in found[443]


def test_behind_openshifts_router_the_route_ends_tls_and_sends_others_to_it() -> None:
    recording = made(config(ROUTE))
    (route,) = objects(recording, "Route").values()
    assert route["metadata"]["namespace"] == "istio-ingress"
    assert route["spec"]["to"] == {"kind": "Service", "name": "istio-ingress"}
    assert route["spec"]["tls"] == {
        "insecureEdgeTerminationPolicy": "Redirect",
        "termination": "edge",
    }
    assert set(servers(recording)) == {80}
    assert not objects(recorded("dev"), "Route")


def test_the_route_leads_to_the_entrance_alone_and_waits_as_callers_do() -> None:
    recording, plan = recorded("prod"), planned("prod")
    spec = objects(recording, "VirtualService")["door"]["spec"]
    assert spec["hosts"] == [plan.door]
    assert spec["gateways"] == ["door"]
    assert spec["exportTo"] == ["istio-ingress"]
    (way,) = spec["http"]
    assert way["route"] == [
        {
            "destination": {
                "host": "frontend.gallery.svc.cluster.local",
                "port": {"number": 80},
            }
        }
    ]
    assert way["timeout"] == f"{plan.waits['frontend'].seconds:g}s"
    assert way["retries"] == {"attempts": 0}


def test_without_a_certificate_the_way_in_stays_others() -> None:
    assert not objects(recorded("dev"), "Gateway")
    assert "door" not in objects(recorded("dev"), "VirtualService")


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_with_the_mesh_the_stack_installs_a_gateway_that_is_let_in(stack: str) -> None:
    """By the network and by its certificate, as one is that others keep."""
    plan = resolve(parse(installing(ARN, stack)))
    (gateway,) = (
        step for step in installation(plan) if isinstance(step, Chart) and step.chart == "gateway"
    )
    assert (gateway.release, gateway.namespace) == ("istio-ingress", "istio-ingress")
    assert gateway.values["revision"] == "1-30-4"
    assert installation(plan)[-1] == gateway
    principals = {each.principal for each in plan.allowed if each.caller == "gateway"}
    assert principals == {"cluster.local/ns/istio-ingress/sa/istio-ingress"}
    budget = gateway.values.get("podDisruptionBudget")
    assert budget == ({"maxUnavailable": 1} if stack == "prod" else None)


def test_the_installed_gateway_and_nobody_else_reaches_the_frontend_from_outside() -> None:
    policies = objects(made(installing(ARN)), "NetworkPolicy").values()
    gateway = pod("istio-ingress", "istio-ingress", istio="ingress")
    other = pod("istio-ingress", "default", istio="ingress")
    assert connects(policies, gateway, pod("frontend"), 8080)
    assert not connects(policies, other, pod("frontend"), 8080)
    assert not connects(policies, gateway, pod("cartservice"), 7070)


def load_balancer(certificate: dict[str, str]) -> dict[str, str]:
    plan = resolve(parse(installing(certificate)))
    (values,) = (
        step.values
        for step in installation(plan)
        if isinstance(step, Chart) and step.chart == "gateway"
    )
    service: Any = values["service"]
    assert service["loadBalancerClass"] == "service.k8s.aws/nlb"
    return service["annotations"]


def test_the_load_balancer_ends_tls_only_where_it_has_the_certificate() -> None:
    prefix = "service.beta.kubernetes.io/aws-load-balancer"
    assert load_balancer(ARN)[f"{prefix}-ssl-cert"] == ARN["arn"]
    assert load_balancer(ARN)[f"{prefix}-ssl-ports"] == "443"
    assert f"{prefix}-ssl-cert" not in load_balancer(SECRET)


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        (config(None, "prod"), "gallery:door.certificate is missing: customers ask shop."),
        (installing(None), "gallery:door.certificate is missing: customers ask shop."),
        (
            config({**SECRET, **ARN}),
            "gallery:door.certificate: TLS ends in one place; write one of arn,",
        ),
        (config({}), "gallery:door.certificate: TLS ends in one place; write one of arn,"),
        (
            config(ROUTE) | {"gallery:cluster": values()["gallery:cluster"]},
            "gallery:door.certificate.route_to is OpenShift's, and the cluster is EKS'",
        ),
        (
            config(ARN) | {"gallery:cluster": {"existing": OPENSHIFT}},
            "gallery:door.certificate.arn is of a load balancer of AWS",
        ),
        (
            config({"arn": ARN["arn"].replace("eu-west-1", "us-east-1")}),
            "gallery:door.certificate.arn is a certificate in us-east-1, and the stack is in eu-",
        ),
        (
            config({"arn": ARN["arn"].replace("123456789012", "999999999999")}, "prod"),
            "gallery:door.certificate.arn is a certificate of account 999999999999",
        ),
        (
            config({"arn": "shop"}),
            "gallery:door.certificate.arn is 'shop', which does not match",
        ),
        (
            config(None, load_balancer="eks.amazonaws.com/nlb"),
            "gallery:door.load_balancer is of the gateway that the stack installs",
        ),
        (
            installing(SECRET)
            | {"gallery:cluster": {"existing": OPENSHIFT}}
            | {"gallery:mesh": {"installed": {"version": "3.2.1"}}},
            "gallery:door.gateway is missing: shop.",
        ),
    ],
)
def test_a_door_that_could_not_open_is_refused_with_the_cure(
    found: dict[str, Any], fault: str
) -> None:
    (error,) = errors(found)
    assert error.startswith(fault)


def test_without_a_mesh_the_certificate_is_not_the_stacks() -> None:
    found = without_mesh()
    found["gallery:door"]["certificate"] = SECRET
    (error,) = errors(found)
    assert error.startswith("gallery:door.certificate is of a mesh's gateway")
