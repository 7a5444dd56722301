"""What a rule is, and what it is judged on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

# Stands for a value that nobody knows before what it comes from was made: during a preview.
LATER = "known later"
_ENVIRONMENT = "gallery:environment"


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource as it is registered, its inputs named as in the provider's schema.

    `secrets` are the paths of inputs that are marked secret, like `slacks[0].url`.
    """

    type: str
    name: str
    inputs: Mapping[str, Any]
    urn: str = ""
    protect: bool = False
    secrets: Sequence[str] = ()

    @property
    def environments(self) -> Sequence[str]:
        """The environments that an AWS provider tags its resources with."""
        given = self.inputs.get("defaultTags")
        # A provider's inputs are text, whatever they hold.
        found = json.loads(given) if isinstance(given, str) and given != LATER else given
        return [str(_item(_item(found, "tags"), _ENVIRONMENT))] if found else ()

    def at(self, path: str) -> list[Any]:
        """The inputs at a path like `rules[].from[].ipBlock`: `[]` is each item of a list.

        What is missing on the way has nothing; what is known later has parts that are.
        """
        found: list[Any] = [self.inputs]
        for step in path.split("."):
            key = step.removesuffix("[]")
            found = [_item(value, key) for value in found]
            if step.endswith("[]"):
                found = [item for value in found for item in _items(value)]
        return [value for value in found if value is not None]


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """All resources of a stack."""

    resources: Sequence[Resource]

    @property
    def production(self) -> bool:
        """Whether customers depend on it, by the tag of all its resources in AWS.

        So it is where nothing says otherwise.
        """
        tags = [tag for one in self.of("pulumi:providers:aws") for tag in one.environments]
        return not tags or "prod" in tags

    def of(self, *types: str) -> Iterator[Resource]:
        """The resources of these types."""
        return (one for one in self.resources if one.type in types)


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A resource that breaks a rule; `why` says how, and what to write instead."""

    resource: Resource
    why: str


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule. `reason` says what is lost without it."""

    name: str
    reason: str
    judge: Callable[[Deployment], Iterator[Violation]]


def _item(value: object, key: str) -> object:
    if value == LATER:
        return LATER
    return cast("Mapping[str, object]", value).get(key) if isinstance(value, Mapping) else None


def _items(value: object) -> Sequence[object]:
    return cast("Sequence[object]", value) if isinstance(value, list | tuple) else ()
