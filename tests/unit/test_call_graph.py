from __future__ import annotations

from dataclasses import replace

import pytest

from gallery.plan.catalogue import STORE, Catalogue
from gallery.store.call_graph import Call
from gallery.store.services import SERVICES

BY_NAME = {service.name: service for service in SERVICES}


def with_calls(name: str, *calls: Call) -> Catalogue:
    """The store, in which one service calls these instead."""
    return replace(
        STORE,
        services=tuple(
            replace(service, calls=calls) if service.name == name else service
            for service in SERVICES
        ),
    )


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        (
            Call("cartservce", variable="CART", methods=("GetCart",)),
            "checkoutservice calls cartservce, and there is no such service; there are frontend, ",
        ),
        (
            Call("cartservice", variable="CART", methods=("GetCart", "ListCarts")),
            "checkoutservice calls cartservice for ListCarts; it has AddItem, EmptyCart, GetCart",
        ),
        (
            Call("redis-cart", variable="CART", methods=("GET",)),
            "checkoutservice calls redis-cart for GET; it has no methods",
        ),
        (
            Call("cartservice", variable="CART"),
            "checkoutservice calls cartservice for nothing; name some of AddItem, EmptyCart",
        ),
    ],
)
def test_what_nobody_could_answer_is_refused_by_name(call: Call, fault: str) -> None:
    with pytest.raises(ValueError, match="checkoutservice") as refused:
        with_calls("checkoutservice", call)
    assert str(refused.value).startswith(fault)


def test_every_fault_of_a_call_graph_is_told_at_once() -> None:
    gone = Call("searchservice", variable="SEARCH", methods=("Find",))
    with pytest.raises(ValueError, match="searchservice") as refused:
        with_calls("frontend", gone, gone)
    assert len(str(refused.value).splitlines()) == 3


def test_every_method_is_asked_for_by_somebody() -> None:
    asked = {
        (call.callee, method)
        for workload in STORE.workloads
        for call in workload.calls
        for method in call.methods
    }
    offered = {(service.name, method.name) for service in SERVICES for method in service.methods}
    # Customers ask for headers alone too, and they stand in no catalogue.
    assert offered - asked == {("frontend", "HEAD")}


def test_what_costs_money_or_counts_is_not_asked_twice() -> None:
    once = {
        (service.name, method.name)
        for service in SERVICES
        for method in service.methods
        if not method.repeatable
    }
    assert once == {
        ("frontend", "POST"),
        ("cartservice", "AddItem"),
        ("checkoutservice", "PlaceOrder"),
        ("emailservice", "SendOrderConfirmation"),
        ("paymentservice", "Charge"),
        ("shippingservice", "ShipOrder"),
    }


def test_a_callee_that_is_optional_is_one_whose_outage_does_not_stop_selling() -> None:
    optional = {
        call.callee for workload in STORE.workloads for call in workload.calls if call.without
    }
    assert optional == {"adservice", "emailservice", "recommendationservice"}
    for name in optional:
        # Only what is required can hold an order up, or hide what is sold.
        assert not BY_NAME[name].impact.data_unavailable
