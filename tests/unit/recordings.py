"""Recordings of the shipped stacks, made once in a test run, and of others."""

from __future__ import annotations

import json
import runpy
from functools import cache
from typing import Any

from offline.deployed import documents
from offline.monitor import Recording, record
from offline.render import PROJECT, recording


@cache
def recorded(stack: str) -> Recording:
    """What the program registers for a shipped stack."""
    return recording(stack)


@cache
def deployed(stack: str) -> dict[str, str]:
    """The `deployed/` tree of a shipped stack: path to text."""
    return documents(recorded(stack))


def variant(config: dict[str, Any], *secret: str) -> Recording:
    """What the program registers for a configuration that no shipped stack has.

    `secret` names secrets beside those of contact points and Redis.
    """
    text = {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()
    }
    points = config["gallery:alerting"]["contact_points"].values()
    named = {*secret, *(point["secret"] for point in points if "secret" in point)}
    named |= {one["secret"] for one in [config.get("gallery:store", {}).get("redis")] if one}
    secrets = {f"gallery:{name}": f"secret:{name}" for name in sorted(named)}
    return record(
        lambda: runpy.run_path(str(PROJECT / "__main__.py"), run_name="__main__"),
        config=text | secrets,
        secret_keys=tuple(secrets),
    )
