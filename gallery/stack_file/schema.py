"""The JSON schema of a stack file, for editors; `make schema` writes it."""

from __future__ import annotations

import json
import sys
from typing import Any, cast

from gallery.metrics.durations import Duration
from gallery.stack_file.keys import PREFIX
from gallery.stack_file.sections import Settings


def schema() -> dict[str, Any]:
    """The schema of the whole file, made from the types that read it."""
    found = cast("dict[str, Any]", _readable(Settings.model_json_schema()))
    own: dict[str, Any] = found["properties"]
    region = own.pop("region")
    properties = {f"{PREFIX}{key}": value for key, value in own.items()}
    required = [f"{PREFIX}{key}" for key in found["required"] if key != "region"]
    config = {
        "type": "object",
        "properties": {"aws:region": region, **properties},
        "required": ["aws:region", *required],
        # What else stands there: encrypted secrets, and settings of other packages.
        "additionalProperties": True,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A stack of the Red Hat Gallery",
        "type": "object",
        "properties": {"config": config},
        "required": ["config"],
        "$defs": found["$defs"],
    }


def _readable(part: Any) -> Any:  # noqa: ANN401 - any JSON
    """Durations as they are written, and no titles that only repeat a key."""
    if isinstance(part, list):
        return [_readable(one) for one in cast("list[Any]", part)]
    if not isinstance(part, dict):
        return part
    fields = cast("dict[str, Any]", part)
    if set(fields) == {"milliseconds"}:
        return str(Duration(fields["milliseconds"]))
    return {
        key: _readable(value)
        for key, value in fields.items()
        if key != "title" or not isinstance(value, str)
    }


if __name__ == "__main__":
    json.dump(schema(), sys.stdout, indent=2, sort_keys=True)
    sys.stdout.write("\n")
