"""What a stand-in provider knows of one resource type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from .values import Json, Properties, at

if TYPE_CHECKING:
    from .cloud import Cloud, Made

# Why the provider behind this type refuses these inputs, or None. Asked before a resource is
# created or updated, never at preview.
Refusal: TypeAlias = "Callable[[Cloud, Made], str | None]"
# Outputs that no template can express; asked with the inputs once they are all known.
Derived: TypeAlias = "Callable[[Cloud, Properties], Properties]"


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A property that names another resource of the same provider, or several.

    `path` leads to the name; where names are spread over the inputs, `names` finds them.
    Creating the resource is refused where the other does not exist. `holds`: the other cannot be
    deleted first; without it, deleting the other takes this one along. `required` is false where
    a refusal of the kind's own knows better when the other must exist.
    """

    path: str
    type: str
    holds: bool = False
    required: bool = True
    names: Callable[[Properties], list[Json]] | None = None

    def named(self, inputs: Properties) -> list[Json]:
        """What the inputs name."""
        if self.names is not None:
            return self.names(inputs)
        value = at(inputs, self.path)
        found = value if isinstance(value, list) else [value]
        return [item for item in found if item is not None]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One resource type: its token, what it invents, what replaces it and what it refuses.

    `id` and `outputs` are templates over the inputs, `{account}`, `{region}`, `{hex}` (17 digits,
    fresh for each creation) and `{number}`; outputs may use `{id}` as well. `identity` lists the
    properties by which the service tells two resources of the type apart. `autonamed` is the
    property the provider names itself where the program does not.
    """

    type: str
    id: str
    outputs: Mapping[str, Json] = field(default_factory=dict[str, Json])
    derived: Derived | None = None
    derives: tuple[str, ...] = ()
    identity: tuple[str, ...] = ()
    autonamed: str | None = None
    replaced_by: frozenset[str] = frozenset()
    references: tuple[Reference, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    # Properties that replace only in certain states, such as user data.
    replaced_when: Callable[[Properties, Properties], frozenset[str]] | None = None
    delete_before_replace: bool = False
    # The output that is the address of a place of its own, gone with all its content when the
    # resource is deleted: a workspace's Grafana, a cluster's API server.
    houses: str | None = None
    # Whether the service keeps the identity for a while after a deletion.
    lingers: Callable[[Properties], bool] | None = None


def table(*kinds: Kind) -> dict[str, Kind]:
    """The kinds by type token; a token given twice is an error."""
    by_type = {kind.type: kind for kind in kinds}
    if len(by_type) != len(kinds):
        raise ValueError("a type is declared twice")
    return by_type
