"""What a change does to whoever is on call, as a reviewer reads it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from offline.errors import UserError
from rehearsal.diff import fields
from rehearsal.diff.comment import comment
from rehearsal.diff.limit import LIMIT_BYTES
from rehearsal.diff.routes import receivers
from rehearsal.diff.tree import read
from rehearsal.diff.volume import SERIES_OF_A_TARGET, volume_of
from tests.rehearsal.comments import CHANGES, KEPT, written
from tests.rehearsal.trees import Edit, edit, laid_out
from tests.unit.stack_files import STACKS, planned


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return laid_out("prod", tmp_path / "base")


@pytest.fixture
def head(base: Path, tmp_path: Path) -> Path:
    return shutil.copytree(base, tmp_path / "head")


def resource(name: str, change: Callable[[dict[str, Any]], None]) -> Edit:
    """Change one of a tree's resources."""

    def edited(resources: list[dict[str, Any]]) -> None:
        [found] = [each for each in resources if each["name"] == name]
        change(found)

    return edited


def between(base: Path, head: Path) -> str:
    return comment(read(base), read(head))


@pytest.mark.parametrize("name", CHANGES)
def test_the_comment_is_the_one_that_was_read(name: str) -> None:
    assert written(name) == (KEPT / f"{name}.md").read_text(), "`make comments`, and read them"


def test_the_series_of_a_stack_are_those_of_its_targets_at_rest(base: Path) -> None:
    found = volume_of(read(base))
    # Ten services, each with the pods that its autoscaler keeps, Redis, the load and the prober.
    assert (found.targets["node"], found.targets["mesh"], found.targets["collector"]) == (5, 26, 2)
    assert found.objectives == len(planned("prod").objectives)
    assert found.scraped == sum(
        SERIES_OF_A_TARGET[job] * count for job, count in found.targets.items()
    )
    second = found.scraped / found.scrape_seconds + found.recorded / 60
    assert found.samples == pytest.approx(second * 2.628)


def test_each_comment_that_is_kept_is_of_a_change() -> None:
    assert {file.stem for file in KEPT.glob("*.md")} == set(CHANGES)


@pytest.mark.parametrize("name", CHANGES)
def test_no_comment_has_a_secret_or_the_placeholder_of_one(name: str) -> None:
    assert "secret:" not in written(name)


def test_a_value_that_is_no_secret_is_shown_and_one_that_is_not() -> None:
    [shown] = fields.changed({"a": 1}, {"a": 2})
    assert shown.text() == "`a` `1` → `2`"
    assert shown.text(["a"]) == "`a`"
    [placeholder] = fields.changed({"a": ["x"]}, {"a": ["secret:x"]})
    assert placeholder.text() == "`a[0]`"


def test_nothing_is_said_of_nothing(base: Path, head: Path) -> None:
    assert between(base, head) == ""


def test_the_order_of_resources_changes_nothing(base: Path, head: Path) -> None:
    edit(head, "resources.json", resource("prometheus-log", lambda one: one["inputs"].clear()))
    first = between(base, head)
    edit(head, "resources.json", lambda every: every.reverse())
    assert between(base, head) == first != ""


@pytest.mark.parametrize("stack", STACKS)
def test_who_is_told_by_the_tree_is_who_is_told_by_the_plan(tmp_path: Path, stack: str) -> None:
    rules, plan = read(laid_out(stack, tmp_path)).rules, planned(stack)
    assert rules.keys() == {rule.name for rule in plan.alerts}
    for rule in plan.alerts:
        told = {
            owner: plan.deliver({"alertname": rule.name, **rule.labels_for(owner)})
            for owner in rule.owners
        }
        found = {owner: frozenset(names) for owner, names in rules[rule.name].told.items()}
        assert found == told, rule.name


def test_an_alert_that_reaches_nobody_any_more_comes_first(base: Path, head: Path) -> None:
    def silence(trees: dict[str, Any]) -> None:
        trees["grafana"]["chat+pager"] = []

    edit(head, "contact-points.json", silence)
    _title, first, *_ = between(base, head).split("### ")
    assert first.startswith("Nobody is told any more")
    assert "**`EndpointDown`** (`page`) of `incident-response` reaches nobody" in first
    assert "before: `chat`, `pager`" in first


def test_data_that_goes_is_told_before_resources(base: Path, head: Path) -> None:
    def lose(resources: list[dict[str, Any]]) -> None:
        resources[:] = [each for each in resources if each["name"] != "store-redis-cart"]

    edit(head, "resources.json", lose)
    edit(
        head,
        "resources.json",
        resource("prometheus-workspace", lambda one: one["options"].clear()),
    )
    text = between(base, head)
    data = text[text.index("### What holds data") : text.index("### Resources")]
    assert "**`store-redis-cart` (`PersistentVolumeClaim`) is gone**" in data
    assert "**`prometheus-workspace` (`Workspace`) is no longer protected**" in data


_OPENINGS: list[tuple[str, dict[str, Any], str]] = [
    (
        "hosts-metrics-cluster",
        {"cidrIpv4": "0.0.0.0/0", "referencedSecurityGroupId": None},
        "everybody (0.0.0.0/0) may connect to hosts-metrics-cluster at 9100/tcp",
    ),
    (
        "collector-policy",
        {"policy": json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})},
        "IAM: the role of collector-policy may * on *",
    ),
    (
        "store-mesh-PeerAuthentication-default",
        {"spec": {"mtls": {"mode": "PERMISSIVE"}}},
        "whoever has no certificate of the mesh is refused by every pod of the namespace",
    ),
    (
        "store-cartservice",
        {"spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]}},
        "network: every pod of the namespace may connect to everybody at every port",
    ),
    (
        "store-mesh-AuthorizationPolicy-cartservice",
        {"spec": {"rules": [{"from": [{"source": {"namespaces": ["x"]}}]}]}},
        "mesh: {'namespaces': ['x']} may ask every pod of the namespace for anything",
    ),
]


@pytest.mark.parametrize(("name", "change", "sentence"), _OPENINGS)
def test_what_opens_is_said_in_words(
    base: Path, head: Path, name: str, change: dict[str, Any], sentence: str
) -> None:
    def open_(resources: list[dict[str, Any]]) -> None:
        kinds = ("Rule", "Policy", "PeerAuthentication")
        [found] = [
            each for each in resources if each["name"] == name and each["type"].endswith(kinds)
        ]
        found["inputs"] |= change

    edit(head, "resources.json", open_)
    lines = between(base, head).splitlines()
    assert any(line.startswith("- **opens**") and sentence in line for line in lines)


def test_words_of_others_are_no_markdown(base: Path, head: Path) -> None:
    hostile = "x` @everybody <script>alert(1)</script> [a](http://b)\n# c | d"
    edit(
        head,
        "resources.json",
        resource("prometheus-log", lambda one: one.update(name=hostile, urn="x")),
    )
    text = between(base, head)
    assert "``x` @everybody <script>alert(1)</script> [a](http://b) # c | d``" in text
    assert "\n# c" not in text


def test_a_long_comment_loses_its_end_and_says_so(base: Path, head: Path) -> None:
    assert len(written("production-is-staging").encode()) <= LIMIT_BYTES
    edit(head, "resources.json", resource("prometheus-log", lambda one: one["inputs"].clear()))
    whole = between(base, head)
    cut = comment(read(base), read(head), len(whole.encode()) - 1)
    assert len(cut) < len(whole)
    assert "1 of " in cut.splitlines()[-1]
    assert "were left out" in cut.splitlines()[-1]
    assert comment(read(base), read(head), None) == whole


def test_what_is_no_tree_and_two_stacks_are_refused(base: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is no rendered tree .*rehearsal render"):
        read(tmp_path / "nowhere")
    other = laid_out("dev", tmp_path / "other")
    with pytest.raises(UserError, match="compare two trees of one stack"):
        between(base, other)


_OTHER_FORMS: list[tuple[str, Edit, str]] = [
    ("resources.json", lambda every: every[0].pop("secrets"), "has no secrets"),
    ("resources.json", lambda every: every[0].pop("urn"), "KeyError: 'urn'"),
    ("contact-points.json", lambda engines: engines.pop("grafana"), "KeyError: 'grafana'"),
    ("times-to-page.json", lambda rows: rows.insert(0, {}), "KeyError: 'assumptions'"),
]


@pytest.mark.parametrize(("path", "change", "why"), _OTHER_FORMS)
def test_a_tree_of_another_version_is_refused_with_what_to_do(
    base: Path, path: str, change: Edit, why: str
) -> None:
    edit(base, path, change)
    with pytest.raises(UserError, match=r"render both trees with one version") as raised:
        read(base)
    assert str(raised.value).startswith(f"{base} has another form")
    assert why in str(raised.value)


@pytest.mark.parametrize("text", ["", "{", "no JSON"])
def test_a_tree_that_was_cut_off_is_refused(base: Path, text: str) -> None:
    (base / "deployed" / "resources.json").write_text(text)
    with pytest.raises(UserError, match="has another form"):
        read(base)


def test_a_tree_without_a_file_that_rules_need_is_refused(base: Path) -> None:
    (base / "deployed" / "grafana" / "datasources.json").unlink()
    with pytest.raises(UserError, match=r"FileNotFoundError: .*datasources\.json"):
        read(base)


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        ({}, ("root",)),
        ({"a": "1"}, ("one",)),
        ({"a": "1", "b": "xx"}, ("nested",)),
        ({"a": "2"}, ("two", "root")),
        ({"a": "3", "q": 'say "x"'}, ("quoted",)),
    ],
)
def test_a_route_is_followed_as_alertmanager_follows_it(
    labels: dict[str, str], found: tuple[str, ...]
) -> None:
    tree = {
        "receiver": "root",
        "routes": [
            {
                "matchers": ['a="1"'],
                "receiver": "one",
                "routes": [{"matchers": ['b=~"x+"'], "receiver": "nested"}],
            },
            {"matchers": ['a="2"'], "receiver": "two", "continue": True},
            {"matchers": ['a=~"2|4"', 'c!=""'], "receiver": "never"},
            {"matchers": ['a="2"', 'd!~"e"']},
            {"matchers": ['q="say \\"x\\""'], "receiver": "quoted"},
        ],
    }
    assert receivers(tree, labels) == found
