"""Stack files to start from, and ways to spoil them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from gallery.metrics.timings import FailureMode
from gallery.plan.model import Plan
from gallery.plan.resolve import resolve
from gallery.plan.times import REHEARSED
from gallery.stack_file.errors import StackFileError
from gallery.stack_file.parse import parse
from offline.render import PROJECT
from offline.stack_file import known_stacks, read

STACKS = known_stacks(PROJECT)


def values(stack: str = "dev") -> dict[str, Any]:
    """The configuration of a shipped stack, to be changed at will."""
    return deepcopy(read(PROJECT, stack).values())


def planned(stack: str = "dev") -> Plan:
    """The plan of a shipped stack."""
    return resolve(parse(values(stack)), stack=stack)


def bounds_of_endpoint_down(plan: Plan) -> dict[FailureMode, tuple[float, float]]:
    """To page and to resolve, as rehearsed, in seconds."""
    return {
        bound.scenario: (bound.page.seconds, bound.resolve.seconds)
        for bound in plan.bounds
        if bound.alert == "gallery-endpoint-down" and bound.assumptions == REHEARSED.name
    }


def with_value(path: str, value: object, stack: str = "dev") -> dict[str, Any]:
    """A shipped stack with one value set: `monitoring.scrape`, or `hosts.0.owner`."""
    config = values(stack)
    head, *rest = path.split(".")
    here: Any = config
    key: Any = head if ":" in head else f"gallery:{head}"
    for step in rest:
        here = here[key]
        key = int(step) if step.isdigit() else step
    here[key] = value
    return config


def without_mesh(stack: str = "dev") -> dict[str, Any]:
    """A shipped stack that leaves the mesh out."""
    config = with_value("mesh", "none", stack)
    config["gallery:door"]["gateway"].pop("service_account")
    config["gallery:door"].pop("certificate", None)
    return config


def errors(config: dict[str, Any], secret_keys: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Everything that is wrong with a stack, from parse and resolve alike."""
    with pytest.raises(StackFileError) as raised:
        resolve(parse(config, secret_keys))
    return raised.value.errors
