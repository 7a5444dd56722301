"""All in time, each once, nothing forbidden: and everything else is not ok."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from rehearsal.drill.alert_notifications import AlertNotifications, NotificationLog
from rehearsal.drill.expectations import Expectation, Expected
from rehearsal.drill.report import Report
from rehearsal.drill.verdict import GRACE_SECONDS, Finding, Times, Verdict, judge
from rehearsal.machine.lines import LOG_COLUMNS
from rehearsal.pager.notifications import Notification

BROKEN, MENDED = 1000.0, 1100.0
TIMES = Times(injected_at=BROKEN, mended_at=MENDED)
CART = {"service": "cartservice", "severity": "page", "instance": "1"}
MUST = Expectation(
    expected=Expected.MUST,
    alert="EndpointDown",
    labels={"service": "cartservice"},
    contact_points=frozenset({"pager"}),
    page_seconds=58.0,
    resolve_seconds=27.0,
    hold_seconds=30.0,
    since=BROKEN,
)
MAY = replace(
    MUST,
    expected=Expected.MAY,
    alert="EndpointSlow",
    labels={"service": "frontend"},
    contact_points=frozenset({"chat"}),
    since=0.0,
)
PAGE = AlertNotifications(
    alert="EndpointDown",
    labels=CART,
    contact_point="pager",
    firings=[BROKEN + 50],
    resolves=[MENDED + 20],
)
SLOW = AlertNotifications(
    alert="EndpointSlow",
    labels={"service": "frontend"},
    contact_point="chat",
    firings=[BROKEN + 60],
    resolves=[MENDED + 20],
)


def verdict(
    *told: AlertNotifications,
    expectations: tuple[Expectation, ...] = (MUST, MAY),
    times: Times = TIMES,
    pages: Mapping[tuple[str, str], int] | None = None,
    pages_at_most: Mapping[str, int] | None = None,
    incidents: Mapping[tuple[str, str], int] | None = None,
    incidents_at_most: Mapping[str, int] | None = None,
    alarms: tuple[Notification, ...] = (),
    fired_at: float = BROKEN + 40,
) -> Verdict:
    account = NotificationLog(
        told=told, pages=pages or {}, incidents=incidents or {}, alarms=alarms
    )
    return judge(
        expectations,
        account,
        {PAGE.key: fired_at},
        times,
        pages_at_most,
        incidents_at_most=incidents_at_most,
    )


def test_all_in_time_each_once_is_ok() -> None:
    found = verdict(PAGE)
    assert found.ok
    assert (found.missing, found.unexpected, found.faults) == ((), (), ())
    [entry] = found.entries
    assert (entry.fired_at, entry.delivered_at, entry.resolved_at) == (1040, 1050, 1120)
    assert (entry.seconds_to_delivery, entry.seconds_to_resolve) == (50, 20)
    assert (entry.bound_seconds, entry.resolve_bound_seconds) == (58, 27)
    assert (entry.expected, entry.notifications, entry.labels) == (Expected.MUST, 1, CART)


def test_what_never_came_is_missing() -> None:
    found = verdict()
    assert not found.ok
    [finding] = found.missing
    assert (finding.alert, finding.contact_point) == ("EndpointDown", "pager")
    [entry] = found.entries
    assert (entry.delivered_at, entry.fired_at, entry.notifications) == (None, None, 0)
    assert entry.bound_seconds == 58


def test_each_of_its_contact_points_must_hear() -> None:
    both = replace(MUST, contact_points=frozenset({"pager", "chat"}))
    found = verdict(PAGE, expectations=(both,))
    assert [finding.contact_point for finding in found.missing] == ["chat"]


def test_what_came_too_late_is_not_ok() -> None:
    assert verdict(replace(PAGE, firings=[BROKEN + 58 + GRACE_SECONDS])).ok
    found = verdict(replace(PAGE, firings=[BROKEN + 58 + GRACE_SECONDS + 0.1]))
    assert not found.ok
    assert not found.missing
    assert "too late" in found.faults[0]


def test_what_fires_before_its_hold_is_over_is_not_ok() -> None:
    assert verdict(PAGE, fired_at=BROKEN + 30 - GRACE_SECONDS).ok
    found = verdict(PAGE, fired_at=BROKEN + 30 - GRACE_SECONDS - 0.1)
    assert not found.ok
    assert found.faults == (
        "EndpointDown cartservice at pager: fired too early: 28.9 s, hold 30.0 s",
    )


def test_what_is_told_before_its_own_cause_is_not_ok() -> None:
    second = replace(MUST, since=BROKEN + 60)
    assert verdict(replace(PAGE, firings=[BROKEN + 59]), expectations=(second,)).ok
    found = verdict(replace(PAGE, firings=[BROKEN + 58.5]), expectations=(second,))
    assert found.faults == ("EndpointDown cartservice at pager: delivered 1.5 s before its cause",)


def test_a_hold_counts_from_the_first_fault_whatever_was_broken_since() -> None:
    late = replace(MUST, since=BROKEN + 30)
    assert verdict(PAGE, expectations=(late,), fired_at=BROKEN + 35).ok


@pytest.mark.parametrize("seen", [MUST, replace(MUST, expected=Expected.MAY)], ids=str)
def test_what_is_told_twice_is_not_ok(seen: Expectation) -> None:
    twice = replace(PAGE, firings=[BROKEN + 50, BROKEN + 70])
    found = verdict(twice, expectations=(seen,))
    assert not found.ok
    assert found.entries[0].notifications == 2
    assert "notified 2 times" in found.faults[0]


@pytest.mark.parametrize(
    ("firings", "faults"),
    [
        ([50, 70], []),
        ([50, 55], ["notified 2 times before its notifier was restarted; once is right"]),
        # What was first told after the loss is told by one memory, as any other.
        ([62, 90], ["notified 2 times after its notifier was restarted; once is right"]),
        ([50, 62, 90], ["notified 2 times after its notifier was restarted; once is right"]),
    ],
)
def test_a_notifier_that_lost_its_memory_may_tell_once_again_and_no_more(
    firings: list[int], faults: list[str]
) -> None:
    times, bound = replace(TIMES, repeats_from=BROKEN + 60), replace(MUST, page_seconds=70.0)
    told = replace(PAGE, firings=[BROKEN + each for each in firings])
    found = verdict(told, expectations=(bound,), times=times)
    assert found.faults == tuple(f"EndpointDown cartservice at pager: {each}" for each in faults)


def test_what_is_neither_must_nor_may_is_forbidden() -> None:
    other = replace(PAGE, labels={"service": "adservice"})
    found = verdict(PAGE, other)
    assert not found.ok
    [finding] = found.unexpected
    assert finding.labels == {"service": "adservice"}
    assert [entry.expected for entry in found.entries] == [Expected.MUST, Expected.FORBIDDEN]


@pytest.mark.parametrize("told", [PAGE, SLOW], ids=["must", "may"])
def test_the_wrong_contact_point_is_forbidden(told: AlertNotifications) -> None:
    wrong = replace(told, contact_point="heartbeat")
    [finding] = verdict(PAGE, wrong).unexpected
    assert finding.contact_point == "heartbeat"


def test_a_second_label_set_is_a_second_page_and_forbidden() -> None:
    other = replace(PAGE, labels={**CART, "instance": "2"}, firings=[BROKEN + 51])
    found = verdict(PAGE, other)
    assert not found.ok
    assert [finding.labels["instance"] for finding in found.unexpected] == ["2"]


def test_what_may_come_may_stay_away_or_come_late() -> None:
    assert verdict(PAGE).ok
    found = verdict(PAGE, replace(SLOW, firings=[BROKEN + 500], resolves=[MENDED + 600]))
    assert found.ok
    assert found.entries[1].expected is Expected.MAY
    assert found.entries[1].bound_seconds == 58


@pytest.mark.parametrize("told", [PAGE, SLOW], ids=["must", "may"])
def test_what_never_resolves_is_not_ok(told: AlertNotifications) -> None:
    rest = [] if told is PAGE else [PAGE]
    found = verdict(replace(told, resolves=[]), *rest)
    assert not found.ok
    assert "never resolved" in found.faults[0]
    assert found.entries[-1].resolved_at is None


def test_a_late_resolve_is_not_ok() -> None:
    found = verdict(replace(PAGE, resolves=[MENDED + 29]))
    assert not found.ok
    assert "resolved too late" in found.faults[0]


def test_a_resolve_before_the_mend_is_false() -> None:
    found = verdict(replace(PAGE, resolves=[BROKEN + 60]))
    assert not found.ok
    assert "resolved while it was not over" in found.faults[0]


def test_without_a_mend_no_resolve_is_asked_for() -> None:
    assert verdict(replace(PAGE, resolves=[]), times=Times(injected_at=BROKEN)).ok


def test_a_later_fault_has_its_bound_from_then_and_its_seconds_from_the_first() -> None:
    second = replace(MUST, since=BROKEN + 40)
    found = verdict(replace(PAGE, firings=[BROKEN + 90]), expectations=(second,))
    assert found.ok
    assert (found.entries[0].seconds_to_delivery, found.entries[0].bound_seconds) == (90, 98)


def test_one_page_and_not_ten() -> None:
    key = ("EndpointDown", "pager")
    assert verdict(PAGE, pages={key: 1}, pages_at_most={"EndpointDown": 1}).ok
    found = verdict(PAGE, pages={key: 2}, pages_at_most={"EndpointDown": 1})
    assert not found.ok
    assert "2 messages" in found.unexpected[0].why


def test_what_opens_a_second_incident_is_one_too_many() -> None:
    key = ("EndpointDown", "pager")
    assert verdict(PAGE, incidents={key: 1}, incidents_at_most={"EndpointDown": 1}).ok
    found = verdict(PAGE, incidents={key: 2}, incidents_at_most={"EndpointDown": 1})
    assert [each.why for each in found.unexpected] == ["2 incidents; 1 is right"]


def test_an_alarm_that_nobody_expects_is_forbidden() -> None:
    alarm = Notification(
        received_at=BROKEN, contact_point="independent-path", kind="sns", receiver=None,
        status="firing", title="ALARM: silent", text="", alerts=(),
    )  # fmt: skip
    found = verdict(PAGE, alarms=(alarm, replace(alarm, received_at=BROKEN + 9)))
    [finding], entry = found.unexpected, found.entries[-1]
    assert (finding.alert, finding.contact_point) == ("ALARM: silent", "independent-path")
    assert (entry.alert, entry.contact_point) == ("ALARM: silent", "independent-path")
    assert (entry.expected, entry.delivered_at) == (Expected.FORBIDDEN, BROKEN)
    assert (entry.notifications, entry.resolved_at) == (2, None)


def test_an_alarms_end_that_nobody_expects_is_forbidden_and_no_firing() -> None:
    over = Notification(
        received_at=BROKEN + 9, contact_point="independent-path", kind="sns", receiver=None,
        status="resolved", title="OK: silent", text="", alerts=(),
    )  # fmt: skip
    found = verdict(PAGE, alarms=(over,))
    assert [finding.why for finding in found.unexpected] == ["forbidden"]
    entry = found.entries[-1]
    assert (entry.expected, entry.notifications) == (Expected.FORBIDDEN, 0)
    assert (entry.delivered_at, entry.resolved_at) == (None, BROKEN + 9)


def test_what_comes_where_nothing_was_broken_has_no_seconds() -> None:
    found = verdict(PAGE, expectations=(), times=Times(injected_at=None))
    assert (found.entries[0].delivered_at, found.entries[0].seconds_to_delivery) == (1050, None)
    assert [finding.why for finding in found.unexpected] == ["forbidden"]
    assert report(found).lines()[3].split()[-6:] == ["forbidden", "-", "-", "-", "-", "1"]


def test_an_alert_never_fired_after_it_was_told() -> None:
    early = replace(PAGE, firings=[BROKEN + 39])
    assert verdict(early).entries[0].fired_at == BROKEN + 39


def report(found: Verdict) -> Report:
    return Report(
        scenario="endpoint-down",
        stack="dev",
        injected_at=BROKEN,
        mended_at=MENDED,
        seconds=125.0,
        pause_seconds=0.3,
        verdict=found,
    )


def test_one_that_fails_on_a_busy_machine_says_so() -> None:
    busy = "note: this machine is busy: 2.0 s passed between two looks of the drill"
    late, well = report(verdict()), report(verdict(PAGE))
    assert busy in replace(late, pause_seconds=2.0).lines()[-2]
    assert not any("busy" in line for line in replace(late, pause_seconds=1.9).lines())
    assert not any("busy" in line for line in replace(well, pause_seconds=2.0).lines())


def test_the_document_has_the_promised_shape() -> None:
    document = report(verdict(PAGE, replace(PAGE, labels={"service": "adservice"}))).document()
    assert list(document) == [
        "scenario", "stack", "injected_at", "mended_at", "ok", "alerts", "missing", "unexpected",
    ]  # fmt: skip
    assert (document["ok"], document["injected_at"], document["mended_at"]) == (False, 1000, 1100)
    assert document["alerts"][0] == {
        "alert": "EndpointDown",
        "labels": CART,
        "contact_point": "pager",
        "expected": "must",
        "fired_at": 1040.0,
        "delivered_at": 1050.0,
        "resolved_at": 1120.0,
        "seconds_to_delivery": 50.0,
        "seconds_to_resolve": 20.0,
        "bound_seconds": 58.0,
        "resolve_bound_seconds": 27.0,
        "notifications": 1,
    }
    assert document["missing"] == []
    assert [each["labels"] for each in document["unexpected"]] == [{"service": "adservice"}]


def test_a_missing_page_stands_in_the_document_with_nulls() -> None:
    document = report(verdict()).document()
    [entry] = document["alerts"]
    nulls = {name for name, value in entry.items() if value is None}
    assert nulls == {
        "fired_at", "delivered_at", "resolved_at", "seconds_to_delivery", "seconds_to_resolve",
    }  # fmt: skip
    assert [each["alert"] for each in document["missing"]] == ["EndpointDown"]


def test_the_summary_sets_what_was_measured_beside_its_bound() -> None:
    lines = report(verdict(PAGE)).lines()
    assert lines[1].split() == [
        "contact", "point", "delivered", "after", "bound", "resolved", "after", "bound", "times",
    ]  # fmt: skip
    assert lines[2] == "EndpointDown cartservice"
    assert " ".join(lines[3].split()) == "pager must 50.0 s 58.0 s 20.0 s 27.0 s 1"
    assert max(map(len, lines)) <= LOG_COLUMNS
    assert lines[-1] == "endpoint-down passed in 2 min 05 s"


def test_the_summary_says_all_that_is_wrong() -> None:
    found = verdict()
    lines = report(found).lines()
    assert "wrong: EndpointDown cartservice at pager: did not come within 58.0 s" in lines
    assert lines[-1].startswith("endpoint-down FAILED")
    assert Finding(alert="A", labels={}, contact_point="chat", why="no").text() == "A at chat: no"
