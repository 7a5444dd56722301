"""What is changed in an expression is what the change says, and nothing beside it."""

from __future__ import annotations

import promql_parser as parser
import pytest

from tests.rules.functions import changes

_JOINED = "up - on (environment, cluster, service) group_left () max by (service) (up)"


@pytest.mark.parametrize(
    ("expr", "change", "changed"),
    [
        # Next to an operator the sum would come apart.
        ("timestamp(up + up)", "without timestamp", "(up + up)"),
        ("max by (service) (up)", "max as min", "min by (service) (up)"),
        ('up{job="node",service!="a"}', 'without service!="a"', 'up{job="node"}'),
        ("up offset 5m", "without offset", "up"),
        ("up == bool 0", "without bool", "(up == 0)"),
        (
            _JOINED,
            "without group_left",
            "(up - on (environment, cluster, service) max by (service) (up))",
        ),
        (
            _JOINED,
            "on the place instead of (environment, cluster, service)",
            "(up - on (environment, cluster) group_left () max by (service) (up))",
        ),
        (
            _JOINED,
            "without on (environment, cluster, service)",
            "(up - max by (service) (up))",
        ),
    ],
)
def test_one_thing_is_changed_at_a_time(expr: str, change: str, changed: str) -> None:
    assert dict(changes(parser.parse(expr)))[change] == changed


def test_a_join_on_all_labels_of_both_sides_needs_no_on() -> None:
    joined = "max by (service) (up) unless on (service) max by (service) (up)"
    assert dict(changes(parser.parse(joined))) == {}
