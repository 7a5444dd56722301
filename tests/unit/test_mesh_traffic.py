from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from gallery.metrics.durations import Duration
from gallery.plan.catalogue import STORE, Catalogue
from gallery.plan.patience import LONGEST, patience
from gallery.render.mesh import MeshObject
from gallery.render.traffic import most_ejected_percent, traffic_objects
from gallery.store.call_graph import Call
from gallery.store.services import SERVICES, Protocol, Service
from tests.unit.stack_files import planned

BY_NAME = {service.name: service for service in SERVICES}
WAITS = patience(SERVICES)


@cache
def rendered(stack: str, kind: str) -> dict[str, dict[str, Any]]:
    found: tuple[MeshObject, ...] = traffic_objects(planned(stack).services, WAITS)
    return {each.name: each.spec for each in found if each.kind == kind}


def route_of(service: Service, method: str) -> dict[str, Any]:
    """The first route that takes it, as Istio chooses."""
    path = f"/{service.grpc_service}/{method}"
    for route in rendered("prod", "VirtualService")[service.name]["http"]:
        matches = route.get("match")
        if (
            not matches
            or {"uri": {"exact": path}} in matches
            or any(match.get("method") == {"exact": method} for match in matches)
        ):
            return route
    raise AssertionError(f"nothing takes {method} of {service.name}")


def milliseconds(text: str) -> int:
    assert text.endswith("s")
    return round(float(text[:-1]) * 1000)


def with_calls(name: str, *calls: Call) -> Catalogue:
    services = tuple(
        replace(service, calls=calls) if service.name == name else service for service in SERVICES
    )
    return replace(STORE, services=services)


@pytest.mark.parametrize("name", [name for name in BY_NAME if name in WAITS])
def test_a_caller_waits_longer_than_all_its_callees_together(name: str) -> None:
    service = BY_NAME[name]
    together = sum(
        milliseconds(route_of(BY_NAME[call.callee], method)["timeout"]) * call.most(method)
        for call in service.calls
        for method in call.methods
    )
    for method in service.methods:
        assert milliseconds(route_of(service, method.name)["timeout"]) > together


def test_whoever_stands_before_the_entrance_waits_longest() -> None:
    assert WAITS["frontend"] == max(WAITS.values()) == Duration.parse("58s500ms")
    assert WAITS["frontend"] < LONGEST
    assert WAITS["checkoutservice"] == Duration.parse("25s500ms")


def test_all_tries_together_are_within_the_wait() -> None:
    for service in SERVICES:
        for method in service.methods:
            route = route_of(service, method.name)
            retries = route["retries"]
            tries = retries["attempts"] + 1
            each = milliseconds(retries.get("perTryTimeout", route["timeout"]))
            assert tries * each <= milliseconds(route["timeout"]), (service.name, method.name)


def test_only_what_is_safe_to_repeat_is_asked_again_and_only_by_whoever_is_last() -> None:
    again = {
        (service.name, method.name)
        for service in SERVICES
        for method in service.methods
        if route_of(service, method.name)["retries"]["attempts"]
    }
    assert again == {
        ("adservice", "GetAds"),
        ("cartservice", "EmptyCart"),
        ("cartservice", "GetCart"),
        ("currencyservice", "Convert"),
        ("currencyservice", "GetSupportedCurrencies"),
        ("productcatalogservice", "GetProduct"),
        ("productcatalogservice", "ListProducts"),
        ("shippingservice", "GetQuote"),
    }


def test_the_probers_question_is_asked_once() -> None:
    for name, found in rendered("prod", "VirtualService").items():
        last = found["http"][-1]
        assert "match" not in last, name
        # Left out, the mesh's own default would ask again.
        assert last["retries"] == {"attempts": 0}
        # The prober's own bound is the only one, whatever it is in a stack.
        assert "timeout" not in last


def test_every_service_is_called_by_its_whole_name_at_the_port_that_callers_dial() -> None:
    for name, found in rendered("dev", "VirtualService").items():
        assert found["hosts"] == [f"{name}.gallery.svc.cluster.local"]
        for route in found["http"]:
            ((target,),) = (route["route"],)
            assert target["destination"] == {
                "host": f"{name}.gallery.svc.cluster.local",
                "port": {"number": BY_NAME[name].service_port},
            }
    assert set(rendered("dev", "VirtualService")) == set(BY_NAME) - {"redis-cart"}


def test_every_service_has_bounds_and_is_asked_by_mutual_tls() -> None:
    assert set(rendered("dev", "DestinationRule")) == set(BY_NAME)
    for found in rendered("dev", "DestinationRule").values():
        assert found["trafficPolicy"]["tls"] == {"mode": "ISTIO_MUTUAL"}
        assert found["trafficPolicy"]["connectionPool"]["tcp"]["maxConnections"] == 100


@pytest.mark.parametrize("replicas", range(1, 41))
def test_at_least_half_of_the_pods_are_left_to_ask(replicas: int) -> None:
    """Envoy's own count: one more, as long as the share that is ejected is below the bound."""
    share, ejected = most_ejected_percent(replicas), 0
    if replicas == 1:
        # It would eject one in any case, so that nobody may be looked at.
        assert share == 0
        return
    assert share > 0
    while 100 * ejected / replicas < share:
        ejected += 1
    assert 1 <= ejected <= replicas / 2 + 0.5
    assert ejected < replicas


def test_a_service_with_one_pod_keeps_it_whatever_it_answers() -> None:
    looked_at = {
        name
        for name, found in rendered("dev", "DestinationRule").items()
        if "outlierDetection" in found["trafficPolicy"]
    }
    # Of dev's services the frontend alone has two.
    assert looked_at == {"frontend"}
    production = rendered("prod", "DestinationRule")
    assert "outlierDetection" not in production["redis-cart"]["trafficPolicy"]
    assert production["checkoutservice"]["trafficPolicy"]["outlierDetection"] == {
        "baseEjectionTime": "30s",
        "consecutive5xxErrors": 0,
        "consecutiveGatewayErrors": 5,
        "interval": "10s",
        "maxEjectionPercent": 33,
    }


def test_calls_that_take_too_long_together_are_refused() -> None:
    (cart,) = [call for call in BY_NAME["checkoutservice"].calls if call.callee == "cartservice"]
    with pytest.raises(ValueError, match="load balancers wait") as refused:
        with_calls("checkoutservice", replace(cart, often={"GetCart": 60}))
    assert str(refused.value).startswith("frontend may take 1m34s500ms for an answer, and load")


def test_calls_that_lead_back_are_refused_with_their_way() -> None:
    back = Call("frontend", variable="SHOP", methods=("GET",))
    with pytest.raises(ValueError, match="lead back") as refused:
        with_calls("shippingservice", back)
    assert str(refused.value) == (
        "calls lead back: frontend -> checkoutservice -> shippingservice -> frontend; "
        "nobody would ever answer"
    )


def test_how_often_something_is_asked_for_that_is_not_is_refused() -> None:
    wrong = Call("adservice", variable="AD", methods=("GetAds",), often={"GetAd": 2})
    with pytest.raises(ValueError, match="checkoutservice calls adservice for GetAd;"):
        with_calls("checkoutservice", wrong)


def test_only_requests_have_an_end_that_a_proxy_sees() -> None:
    assert set(WAITS) == {each.name for each in SERVICES if each.protocol is not Protocol.TCP}
