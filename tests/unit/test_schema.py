from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gallery.stack_file.schema import schema
from offline.render import PROJECT
from tests.unit.stack_files import STACKS, values, with_value

FILE = PROJECT / "stacks" / "schema.json"


def complaints(config: dict[str, Any]) -> list[str]:
    checker = Draft202012Validator(schema())
    found = checker.iter_errors({"config": config})  # pyright: ignore[reportUnknownMemberType]
    return [error.json_path for error in found]


def test_the_schema_that_editors_read_is_that_of_the_types() -> None:
    assert json.loads(FILE.read_text()) == schema(), "run: make schema"


@pytest.mark.parametrize("stack", STACKS)
def test_a_shipped_stack_satisfies_the_schema(stack: str) -> None:
    assert not complaints(values(stack))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("monitoring.scrape", 5),
        ("monitoring.scrapes", "5s"),
        ("hosts.0.service", "cartsservice"),
        ("alerting.overrides.EndpointDwn", {"hold": "1m"}),
        ("grafana.version", 12.4),
        ("cluster.existing.name", "gallery.prod"),
    ],
)
def test_an_editor_sees_a_fault_while_it_is_typed(path: str, value: object) -> None:
    assert complaints(with_value(path, value))


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_file_names_its_schema(stack: str) -> None:
    first = (PROJECT / "stacks" / f"Pulumi.{stack}.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=schema.json"
