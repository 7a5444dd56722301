"""What counts as told, as told twice, and as a mere mention."""

from __future__ import annotations

import pytest

from rehearsal.drill.alert_notifications import AlertNotifications, account
from rehearsal.pager.notifications import Notification, NotifiedAlert


def message(
    at: float, *alerts: tuple[str, str], to: str = "pager", name: str = "EndpointDown"
) -> Notification:
    """A notification about services; each alert is its status and its service."""
    return Notification(
        received_at=at,
        contact_point=to,
        kind="pagerduty",
        receiver=to,
        status="firing" if any(status == "firing" for status, _ in alerts) else "resolved",
        title="",
        text="",
        alerts=tuple(
            NotifiedAlert(status=status, labels={"alertname": name, "service": service})
            for status, service in alerts
        ),
    )


def told(*messages: Notification) -> dict[str, AlertNotifications]:
    return {each.labels["service"]: each for each in account(messages).told}


def test_a_page_and_its_resolve_are_one_of_each() -> None:
    cart = told(message(10, ("firing", "cart")), message(20, ("resolved", "cart")))["cart"]
    assert (cart.alert, cart.contact_point) == ("EndpointDown", "pager")
    assert (cart.firings, cart.resolves, cart.open) == ([10], [20], False)


def test_each_contact_point_is_told_by_itself() -> None:
    messages = (message(10, ("firing", "cart")), message(11, ("firing", "cart"), to="chat"))
    assert [each.contact_point for each in account(messages).told] == ["pager", "chat"]


def test_the_same_message_twice_is_a_second_page() -> None:
    assert told(*[message(at, ("firing", "cart")) for at in (10, 20)])["cart"].firings == [10, 20]


@pytest.mark.parametrize(
    "second",
    [
        [("firing", "cart"), ("firing", "frontend")],
        [("firing", "cart"), ("resolved", "long ago")],
    ],
    ids=["another joins", "another was over before the drill"],
)
def test_a_mention_beside_another_is_no_second_page(second: list[tuple[str, str]]) -> None:
    found = told(message(10, ("firing", "cart")), message(20, *second))
    assert found["cart"].firings == [10]


def test_the_end_of_another_is_no_second_page() -> None:
    both = message(10, ("firing", "cart"), ("firing", "frontend"))
    one_left = message(20, ("firing", "cart"), ("resolved", "frontend"))
    found = told(both, one_left)
    assert (found["cart"].firings, found["cart"].open) == ([10], True)
    assert (found["frontend"].resolves, found["frontend"].open) == ([20], False)


def test_an_alert_that_comes_back_is_told_anew() -> None:
    courses = [(10, "firing"), (20, "resolved"), (30, "firing")]
    cart = told(*[message(at, (status, "cart")) for at, status in courses])["cart"]
    assert (cart.firings, cart.resolves, cart.open) == ([10, 30], [20], True)


def test_pages_count_the_messages_that_bring_something_new() -> None:
    together = account([message(10, ("firing", "cart"), ("firing", "frontend"))])
    assert together.pages == {("EndpointDown", "pager"): 1}
    apart = account(
        [
            message(10, ("firing", "cart")),
            message(20, ("firing", "cart"), ("firing", "frontend")),
            message(30, ("firing", "cart"), ("firing", "frontend")),
        ]
    )
    assert apart.pages == {("EndpointDown", "pager"): 2}


def test_what_joins_an_open_incident_opens_none() -> None:
    joins = [
        message(10, ("firing", "cart")),
        message(20, ("firing", "cart"), ("firing", "frontend")),
        message(30, ("resolved", "cart"), ("firing", "frontend")),
    ]
    assert account(joins).incidents == {("EndpointDown", "pager"): 1}
    begins = [message(40, ("resolved", "frontend")), message(50, ("firing", "cart"))]
    assert account([*joins, *begins]).incidents == {("EndpointDown", "pager"): 2}


def test_a_message_about_no_alert_is_an_alarm() -> None:
    alarm = message(10)
    assert account([alarm]).alarms == (alarm,)
