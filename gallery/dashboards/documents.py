"""From the SDK's models to a dashboard as plain data, and back to its queries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, cast


def plain(model: object) -> Any:
    """A model of the SDK as the dicts, lists and scalars its JSON would hold."""
    if isinstance(model, Enum):
        return model.value
    if isinstance(model, Mapping):
        members = cast("Mapping[str, object]", model)
        return {key: plain(value) for key, value in members.items()}
    if isinstance(model, (list, tuple)):
        return [plain(value) for value in cast("Iterable[object]", model)]
    to_json = cast("Callable[[], object] | None", getattr(model, "to_json", None))
    return plain(to_json()) if to_json else model
