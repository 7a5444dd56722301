"""What Envoy counts of requests is told as Istio tells it."""

from __future__ import annotations

import re

from gallery.metrics.collected import COLLECTED, TARGETS
from gallery.metrics.labels import MESH
from rehearsal.mesh.telemetry import SCRAPED, counted
from rehearsal.world.telemetry import as_istio

# As Envoy 1.40 writes them.
_TOLD = """\
# TYPE envoy_istio_requests_total counter
envoy_istio_requests_total{reporter="source",peer="",own="spiffe://cluster.local/ns/gallery/sa/\
frontend",cluster="outbound|7070||cartservice.gallery.svc.cluster.local",response_code="200",\
response_flags="UF",grpc_response_status="14",content_type="application/grpc"} 2
envoy_istio_requests_total{reporter="destination",peer="spiffe://cluster.local/ns/istio-ingress/sa/\
gateway",own="",cluster="inbound|8080||",response_code="403",response_flags="-",\
grpc_response_status="",content_type=""} 3
# TYPE envoy_istio_request_duration_milliseconds histogram
envoy_istio_request_duration_milliseconds_bucket{reporter="source",peer="",own="",cluster="",\
response_code="404",response_flags="NR",grpc_response_status="",content_type="",le="0.5"} 1
istio_agent_cert_expiry_seconds{resource_name="default"} 86000
"""


def _told() -> list[tuple[str, dict[str, str], str]]:
    lines = [each for each in as_istio(_TOLD, "frontend", "gallery").splitlines() if each[0] != "#"]
    found = [re.fullmatch(r"(\w+)\{(.*)\} (\S+)", line) for line in lines]
    return [(one[1], dict(re.findall(r'(\w+)="([^"]*)"', one[2])), one[3]) for one in found if one]


def test_a_caller_is_known_by_its_proxy_and_a_callee_by_its_cluster() -> None:
    name, labels, value = _told()[0]
    assert (name, value) == ("istio_requests_total", "2")
    assert labels["source_workload"] == "frontend"
    assert labels["source_principal"] == "spiffe://cluster.local/ns/gallery/sa/frontend"
    assert labels["destination_service_name"] == "cartservice"
    assert labels["destination_service"] == "cartservice.gallery.svc.cluster.local"
    assert labels["request_protocol"] == "grpc"
    assert (labels["response_flags"], labels["grpc_response_status"]) == ("UF", "14")


def test_a_callee_is_known_by_its_proxy_and_a_caller_by_its_certificate() -> None:
    _, labels, value = _told()[1]
    assert value == "3"
    assert labels["source_workload"] == "gateway"
    assert labels["source_workload_namespace"] == "istio-ingress"
    assert labels["destination_service_name"] == "frontend"
    assert labels["connection_security_policy"] == "mutual_tls"
    assert (labels["request_protocol"], labels["response_code"]) == ("http", "403")


def test_what_leads_nowhere_is_nobodys_and_all_else_stays() -> None:
    name, labels, _ = _told()[2]
    assert name == "istio_request_duration_milliseconds_bucket"
    assert (labels["destination_service_name"], labels["le"]) == ("unknown", "0.5")
    assert _told()[3][0] == "istio_agent_cert_expiry_seconds"


def test_the_labels_are_those_that_are_collected() -> None:
    for name, labels, _ in _told()[:3]:
        assert labels.keys() == COLLECTED[name][MESH] - TARGETS[MESH]


def test_both_sides_of_every_proxy_count_and_envoy_tells_of_it() -> None:
    filter_ = counted("istio-system")
    assert filter_["metadata"]["namespace"] == "istio-system"
    assert "workloadSelector" not in filter_["spec"]
    contexts = {each["match"]["context"] for each in filter_["spec"]["configPatches"]}
    assert contexts == {"SIDECAR_INBOUND", "SIDECAR_OUTBOUND"}
    for each in filter_["spec"]["configPatches"]:
        (log,) = each["patch"]["value"]["typed_config"]["access_log"]
        prefix = log["typed_config"]["stats_scope"]["prefix"]
        stats = [*log["typed_config"]["counters"], *log["typed_config"]["histograms"]]
        assert {f"{prefix}.{stat['stat']['name']}" for stat in stats} == set(SCRAPED)
