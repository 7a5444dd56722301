"""What `pulumi preview --json` found, without any value.

A value that became secret only now still stands in the old state in plain text, and a run's page
and its issue may be read by everybody: names of resources and of their fields alone are told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from offline.errors import UserError

# With `--refresh` each resource is read first, and a change that it shows is a step of its own.
_NO_CHANGE = {"same", "read", "refresh"}


@dataclass(frozen=True, kw_only=True)
class Step:
    """A resource to which something would happen: `fields` are paths of what differs."""

    op: str
    type: str
    name: str
    fields: tuple[str, ...]

    def __str__(self) -> str:
        paths = ", ".join(f"`{each}`" for each in self.fields)
        kind = self.type.rpartition(":")[2]
        return f"{self.op} `{self.name}` ({kind})" + (f": {paths}" if paths else "")


def steps(output: str) -> tuple[Step, ...]:
    """Every step that changes something. Raises UserError where it is no plan."""
    try:
        document = json.loads(output)
    except ValueError:
        raise UserError("pulumi printed no plan; its own words are above") from None
    return tuple(_steps(document))


def messages(output: str) -> str:
    """What went wrong, as the plan has it."""
    try:
        found: list[Any] = json.loads(output).get("diagnostics", [])
    except ValueError:
        return output.strip()
    return "\n".join(str(each["message"]).strip() for each in found)


def listed(found: tuple[Step, ...]) -> str:
    """The steps in Markdown."""
    return "\n".join(f"- {step}" for step in found) or "Nothing."


def _steps(document: Any) -> Iterator[Step]:  # noqa: ANN401 - any JSON
    for each in document.get("steps", []):
        if each["op"] not in _NO_CHANGE:
            # `urn:pulumi:STACK::PROJECT::PARENTS$TYPE::NAME`
            _, _, types, name = each["urn"].split("::", 3)
            yield Step(
                op=each["op"],
                type=types.rpartition("$")[2],
                name=name,
                fields=tuple(sorted(each.get("detailedDiff") or each.get("diffReasons") or ())),
            )
