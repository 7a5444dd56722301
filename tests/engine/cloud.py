"""What exists behind the stand-in providers: the resources made, and every call received."""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from .kinds import Kind, Reference
from .values import Json, Properties, at, filled, has_unknown, leaves, text_at

ACCOUNT = "123456789012"
REGION = "eu-west-1"
# Amazon Linux by architecture.
FIRST_IMAGES = {"ami-0123456789abcdef0": "arm64", "ami-0123456789abcdef1": "x86_64"}
EXISTING_GRAFANA = "12.4"
# The add-ons of an existing EKS cluster.
ADDONS = {"vpc-cni", "coredns", "kube-proxy", "eks-pod-identity-agent"}


class Refused(Exception):
    """What a service answers instead of doing what it was asked."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One thing the engine asked of a provider."""

    verb: str
    type: str
    name: str
    id: str = ""
    preview: bool = False

    def __str__(self) -> str:
        return f"{self.verb} {self.type} {self.name}"


@dataclass(frozen=True, kw_only=True)
class Made:
    """One resource that exists.

    `scope` is the place in which its identity is unique: the account, a cluster's address, a
    Grafana's address.
    """

    scope: str
    kind: Kind
    name: str
    id: str
    inputs: Properties
    outputs: Properties
    created: float = 0.0

    def text(self, path: str) -> str:
        """An output or input as text, empty where there is none."""
        return text_at({**self.inputs, **self.outputs}, path)

    def answers_to(self, value: Json) -> bool:
        """Whether another resource may refer to this one by that value."""
        known = (self.id, self.text("arn"), self.text("name"), self.text("uid"), self.text("url"))
        return isinstance(value, str) and value in known

    @property
    def identity(self) -> tuple[str, ...]:
        return tuple(text_at(self.inputs, path) for path in self.kind.identity)


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Everything that existed at one moment."""

    made: Mapping[tuple[str, str, str], Made]
    lingering: frozenset[tuple[str, ...]]
    existing: frozenset[str]


@dataclass
class Cloud:
    """The resources of every provider of one test, behind one lock.

    `now` is the services' clock in seconds since the epoch; a test moves it by `advance`.
    `reticent` makes a preview reveal no output at all, not even what was put in.
    """

    region: str = REGION
    # The account whose credentials whoever deploys has.
    account: str = ACCOUNT
    reticent: bool = False
    calls: list[Call] = field(default_factory=list)
    existing: set[str] = field(default_factory=set)
    # The images of Amazon Linux with their architectures, the newest last.
    images: dict[str, str] = field(default_factory=FIRST_IMAGES.copy)
    # What is true of an existing EKS cluster beyond what is usual.
    cluster: Properties = field(default_factory=dict[str, Json])
    no_cluster: bool = False
    addons: set[str] = field(default_factory=ADDONS.copy)
    # Instance types that EC2 does not offer in a zone.
    unoffered: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    # What a Grafana workspace runs that was there before the stack.
    grafana_version: str = EXISTING_GRAFANA
    lock: threading.RLock = field(default_factory=threading.RLock)
    _made: dict[tuple[str, str, str], Made] = field(default_factory=dict)
    _lingering: set[tuple[str, ...]] = field(default_factory=set)
    # What people changed past the engine: by resource, the field and what they gave it.
    _by_hand: dict[tuple[str, str, str], tuple[str, Json]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _ahead: float = 0.0

    @property
    def now(self) -> float:
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let time pass for the services, not for the machine."""
        self._ahead += seconds

    def snapshot(self) -> Snapshot:
        """What there is now, to come back to."""
        return Snapshot(
            made=dict(self._made),
            lingering=frozenset(self._lingering),
            existing=frozenset(self.existing),
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Make it so again: what was made and removed since is undone, calls are forgotten."""
        self._made = dict(snapshot.made)
        self._lingering = set(snapshot.lingering)
        self._by_hand.clear()
        self.existing = set(snapshot.existing)
        self.calls.clear()
        self.images = FIRST_IMAGES.copy()
        self.cluster = {}
        self.no_cluster = False
        self.addons = ADDONS.copy()
        self.unoffered = set()
        self.grafana_version = EXISTING_GRAFANA
        self.account = ACCOUNT
        self.region = REGION
        self.reticent = False
        self._ahead = 0.0

    def adopt(self, values: Iterable[Json]) -> None:
        """What was there before the stack: references to these are never refused."""
        for value in values:
            self.existing.update(leaves(value))

    def all(self, type_token: str = "", scope: str | None = None) -> list[Made]:
        """What exists, all or of one type, in one scope or in all."""
        return [
            made
            for made in self._made.values()
            if type_token in ("", made.kind.type) and scope in (None, made.scope)
        ]

    def find(self, scope: str, type_token: str, value: Json) -> Made | None:
        return next((m for m in self.all(type_token, scope) if m.answers_to(value)), None)

    def get(self, scope: str, kind: Kind, resource_id: str) -> Made | None:
        return self._made.get((scope, kind.type, resource_id))

    def create(self, scope: str, kind: Kind, name: str, inputs: Properties) -> Made:
        """Make a resource, or raise Refused as its service would."""
        number = next(self._numbers)
        digest = hashlib.sha256(f"{kind.type} {name} {number}".encode()).hexdigest()
        names = _Names(
            {**inputs, "account": ACCOUNT, "region": self.region, "number": number},
            hex=digest[:17],
            metadata_namespace=text_at(inputs, "metadata.namespace") or "default",
            metadata_name=text_at(inputs, "metadata.name"),
        )
        resource_id = str(filled(kind.id, names))
        names.update(id=resource_id)
        invented = filled(dict(kind.outputs), names)
        if not isinstance(invented, dict):
            raise TypeError(kind.type)
        made = Made(
            scope=scope,
            kind=kind,
            name=name,
            id=resource_id,
            inputs=inputs,
            outputs={**invented, **self._derived(kind, inputs), **inputs},
            created=self.now,
        )
        self._admit(made)
        self._made[scope, kind.type, resource_id] = made
        return made

    def _derived(self, kind: Kind, inputs: Properties) -> Properties:
        return kind.derived(self, inputs) if kind.derived else {}

    def update(self, old: Made, inputs: Properties) -> Made:
        """Change a resource in place; what its service invented stays."""
        kept = {key: value for key, value in old.outputs.items() if key not in old.inputs}
        new = replace(
            old, inputs=inputs, outputs={**kept, **self._derived(old.kind, inputs), **inputs}
        )
        self._admit(new, instead_of=old)
        self._made[old.scope, old.kind.type, old.id] = new
        return new

    def become(self, made: Made, path: str, value: Json) -> None:
        """Let the world change a resource, as a refresh reads it.

        AWS reads a field back as if it had been asked for; of a Kubernetes object those fields
        alone are the program's that the program has set.
        """
        theirs = made.kind.type.startswith("kubernetes:") and at(dict(made.inputs), path) is None
        inputs = made.inputs if theirs else _with(made.inputs, path, value)
        self._made[made.scope, made.kind.type, made.id] = replace(
            made, inputs=inputs, outputs=_with(made.outputs, path, value)
        )

    def change_by_hand(self, made: Made, path: str, value: Json) -> None:
        """Let a person give a field a value; as an API server has it, the field is theirs."""
        self._by_hand[made.scope, made.kind.type, made.id] = (path, value)

    def apply(self, old: Made, inputs: Properties, *, force: bool) -> Made:
        """Server-side apply: a field that is somebody else's is refused, or taken by force."""
        key = (old.scope, old.kind.type, old.id)
        path, value = self._by_hand.get(key, ("", None))
        if path and at(inputs, path) != value:
            if not force:
                raise Refused(f'Apply failed with 1 conflict: conflict with "kubectl": .{path}')
            del self._by_hand[key]
        return self.update(old, inputs)

    def delete(self, made: Made) -> None:
        """Remove a resource and what lives inside it, or raise Refused while it is in use."""
        inside: list[Made] = []
        for other, holds in self._referring_to(made):
            if holds:
                raise Refused(f"{made.id} is in use by {other.kind.type} {other.id}")
            inside.append(other)
        _ = self._made.pop((made.scope, made.kind.type, made.id))
        if made.kind.houses:
            self._empty(made.text(made.kind.houses))
        if made.kind.lingers and made.kind.lingers(made.inputs):
            self._lingering.add((made.scope, made.kind.type, *made.identity))
        for other in inside:
            if self.get(other.scope, other.kind, other.id):
                self.delete(other)

    def _empty(self, scope: str) -> None:
        for made in self.all(scope=scope):
            del self._made[made.scope, made.kind.type, made.id]

    def _referring_to(self, made: Made) -> list[tuple[Made, bool]]:
        return [
            (other, reference.holds)
            for other in self.all(scope=made.scope)
            for reference in other.kind.references
            if reference.type == made.kind.type
            and any(made.answers_to(name) for name in reference.named(other.inputs))
        ]

    def _admit(self, made: Made, instead_of: Made | None = None) -> None:
        if has_unknown(dict(made.inputs)):
            raise Refused(f"{made.kind.type} {made.name}: an unknown value reached the service")
        self._refuse_duplicate(made, instead_of)
        for reference in made.kind.references:
            if reference.required:
                self._refuse_dangling(made, reference)
        for refusal in made.kind.refusals:
            if reason := refusal(self, made):
                raise Refused(reason)

    def _refuse_duplicate(self, made: Made, instead_of: Made | None) -> None:
        if not made.kind.identity:
            return
        if (made.scope, made.kind.type, *made.identity) in self._lingering:
            raise Refused(f"{made.kind.type} {made.identity} is scheduled for deletion")
        for other in self.all(made.kind.type, made.scope):
            if other is not instead_of and other.identity == made.identity:
                raise Refused(f"{made.kind.type} {' '.join(made.identity)} already exists")

    def _refuse_dangling(self, made: Made, reference: Reference) -> None:
        for name in reference.named(made.inputs):
            if name in self.existing or self.find(made.scope, reference.type, name):
                continue
            raise Refused(f"{made.kind.type} {made.name}: {reference.path} {name!r} does not exist")


def _with(properties: Properties, path: str, value: Json) -> Properties:
    """The same with another value at a dotted path."""
    key, _, rest = path.partition(".")
    inner = properties.get(key)
    below = inner if isinstance(inner, dict) else {}
    return {**properties, key: _with(below, rest, value) if rest else value}


class _Names(dict[str, object]):
    """Names for templates; an input the program did not give reads as empty text."""

    def __missing__(self, key: str) -> str:
        return ""
