from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pulumi
import pytest

import configuration
from gallery.plan.placeholders import placeholders
from gallery.plan.resolve import resolve
from gallery.stack_file.parse import parse
from tests.unit.stack_files import STACKS, values, with_value

OWN = {
    "network.existing.vpc": "vpc-0a1b2c3d4e5f60718",
    "network.existing.private_subnets": ["subnet-0a1b2c3d", "subnet-0a1b2c3d4e5f60719"],
    "grafana.admins": ["906700000a-1a2b3c4d-5e6f-4708-91a2-000000000001"],
    "door.domain": "shop.gallery.internal",
    "alerting.independent_path.emails": ["oncall@gallery.internal"],
    "alerting.runbooks": "https://git.gallery.internal/docs/runbooks",
}
EXAMPLES = [
    ("network.existing.vpc", "vpc-0abc", "network.existing.vpc"),
    ("network.existing.private_subnets", ["subnet-0a1b2c3d", "subnet-0b"], "private_subnets[1]"),
    ("grafana.admins", ["00000000-0000-4000-8000-000000000001"], "grafana.admins[0]"),
    ("door.domain", "shop.example.com", "door.domain"),
    ("door.domain", "shop.test", "door.domain"),
    ("alerting.independent_path.emails", ["a@mail.example.net"], "independent_path.emails[0]"),
    ("alerting.runbooks", "https://git.example.org/runbooks", "alerting.runbooks"),
]


def filled_in(path: str | None = None, value: object = None) -> list[str]:
    """What is found in a stack of one's own values, but for one."""
    config = values()
    for key, own in OWN.items():
        *sections, last = key.split(".")
        here = config[f"gallery:{sections[0]}"]
        for section in sections[1:]:
            here = here[section]
        here[last] = value if key == path else own
    return list(placeholders(parse(config)))


def test_a_stack_of_ones_own_values_has_no_placeholder() -> None:
    assert filled_in() == []


@pytest.mark.parametrize(("path", "value", "key"), EXAMPLES)
def test_a_value_of_the_example_is_named_with_its_key(path: str, value: object, key: str) -> None:
    (found,) = filled_in(path, value)
    assert key in found
    assert "is still the example's" in found
    assert "; write " in found


@pytest.mark.parametrize("stack", STACKS)
def test_the_shipped_stacks_are_examples(stack: str) -> None:
    found = "\n".join(placeholders(parse(values(stack))))
    for key in ("network.existing.vpc", "grafana.admins[0]", "alerting.independent_path.emails[0]"):
        assert f"gallery:{key} is still" in found
    assert "gallery:alerting.runbooks is left out" in found


def test_production_refuses_an_example_and_others_are_warned() -> None:
    with patch.object(pulumi, "warn") as warn:
        assert configuration.left_of_the_example(parse(values("prod")))
        assert not warn.called
        assert configuration.left_of_the_example(parse(values("dev"))) == []
        assert (
            "gallery:network.existing.vpc is still the example's vpc-0abc" in warn.call_args[0][0]
        )


def test_a_contact_points_addresses_are_looked_at() -> None:
    point = {"kind": "sns", "addresses": ["board@example.org"]}
    settings = parse(with_value("alerting.contact_points.chat", point))
    assert any("contact_points.chat.addresses[0]" in words for words in placeholders(settings))


def test_production_runs_what_no_tag_can_change_and_is_told_how() -> None:
    def found(config: dict[str, Any]) -> list[str]:
        every = placeholders(parse(config))
        return [words for words in every if words.startswith("gallery:store.images")]

    (words,) = found(values("prod"))
    known = resolve(parse(values("prod"))).images
    assert "loadgenerator" not in known
    assert set(known) >= {"frontend", "redis-cart", "collector", "prober"}
    assert all(name in words for name in known)
    assert f"`crane digest {known['frontend']}`" in words
    pinned = {name: f"{image}@sha256:{'0' * 64}" for name, image in known.items()}
    assert found(with_value("store.images", pinned, "prod")) == []
    (words,) = found(with_value("store.images", pinned | {"prober": known["prober"]}, "prod"))
    assert "no digest for prober, and" in words
    # Outside production a tag will do.
    assert found(values("dev")) == []
