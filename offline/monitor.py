"""A resource monitor that records what a program registers, and refuses what a cloud would.

Pulumi's own mocks let pass a duplicate URN, a resource without an explicit provider, and an
output nobody gave them, which then stands as `None` inside a document. Here each is a error.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pulumi
from google.protobuf import empty_pb2
from google.protobuf.json_format import MessageToDict
from pulumi.runtime import mocks, rpc
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import ROOT, SETTINGS, get_root_resource
from pulumi.runtime.stack import Stack, run_pulumi_func
from pulumi.runtime.sync_await import _sync_await  # pyright: ignore[reportPrivateUsage]

from offline.provider_outputs import REGION, identity, invoked, outputs_of

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the wire's mark for a secret
# Where Kubernetes itself says `None`, by type: in a headless Service.
_MEANT = {"kubernetes:core/v1:Service": "spec.clusterIP"}
_NONE = re.compile(r"(?<![\w/.-])None(?=api|/|:|$|\s)|None(?=/|api/)")
_UNDECLARED = re.compile(r"<(\S+) of (\S+) is undeclared>")
_STACK = "pulumi:pulumi:Stack"
_AWS = "pulumi:providers:aws"


class ProgramError(Exception):
    """Raised when the program registers what a real engine or cloud would refuse."""

    def __init__(self, errors: list[str]) -> None:
        self.errors = list(dict.fromkeys(errors))
        super().__init__("\n".join(self.errors))


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One registration, inputs under their wire names. `secrets` are paths of secret inputs."""

    urn: str
    type: str
    name: str
    parent: str
    provider: str
    custom: bool
    inputs: Mapping[str, Any]
    dependencies: tuple[str, ...]
    secrets: tuple[str, ...]
    options: Mapping[str, Any]


@dataclass
class Recording:
    """What a program did: its resources in order of registration, and its stack outputs."""

    resources: list[Resource] = field(default_factory=list[Resource])
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    errors: list[str] = field(default_factory=list[str])

    def of(self, type_: str) -> list[Resource]:
        """The resources of a type, in order of registration."""
        return [resource for resource in self.resources if resource.type == type_]

    def one(self, type_: str, name: str) -> Resource:
        """The resource of this type and logical name; KeyError names both."""
        for resource in self.of(type_):
            if resource.name == name:
                return resource
        raise KeyError(f"no {type_} named {name}; there are {[r.name for r in self.of(type_)]}")

    @property
    def stack_outputs(self) -> dict[str, Any]:
        """What the program exported."""
        return next(
            (value for urn, value in self.outputs.items() if f"::{_STACK}::" in urn),
            dict[str, Any](),
        )


def plain(value: Any, path: str = "", secrets: list[str] | None = None) -> Any:  # noqa: ANN401
    """A value off the wire: secrets unwrapped (their paths noted), whole floats as integers."""
    if isinstance(value, Mapping):
        mapping = cast("Mapping[str, Any]", value)
        if mapping.get(_SIGNATURE) == _SECRET:
            if secrets is not None:
                secrets.append(path)
            return plain(mapping["value"], path, secrets)
        return {
            key: plain(part, f"{path}.{key}" if path else key, secrets)
            for key, part in mapping.items()
        }
    if isinstance(value, list):
        parts = cast("list[Any]", value)
        return [plain(part, f"{path}[{i}]", secrets) for i, part in enumerate(parts)]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401
    if isinstance(value, Mapping):
        for key, part in cast("Mapping[str, Any]", value).items():
            yield from _texts(part, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, part in enumerate(cast("list[Any]", value)):
            yield from _texts(part, f"{path}[{index}]")
    elif isinstance(value, str):
        yield path, value


class _NoMocks(mocks.Mocks):
    """The monitor answers itself; nothing reaches these."""

    def call(self, args: mocks.MockCallArgs) -> Any:  # noqa: ANN401
        raise NotImplementedError(args.token)

    def new_resource(self, args: mocks.MockResourceArgs) -> Any:  # noqa: ANN401
        raise NotImplementedError(args.typ)


class StrictMonitor(mocks.MockMonitor):
    """Records registrations; errors are collected and raised by `record` together."""

    def __init__(self) -> None:
        super().__init__(_NoMocks())
        self.recording = Recording()
        self._regions = dict[str, str]()

    def RegisterResource(self, request: Any) -> Any:  # noqa: ANN401, N802 - the wire's name
        """Record one resource and answer with its id and declared outputs."""
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == _STACK:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        secrets = list[str]()
        inputs = plain(MessageToDict(request.object), secrets=secrets)
        resource = Resource(
            urn=urn,
            type=request.type,
            name=request.name,
            parent=request.parent,
            provider=request.provider,
            custom=request.custom,
            inputs=inputs,
            dependencies=tuple(sorted(request.dependencies)),
            # A map has no order on the wire.
            secrets=tuple(sorted(secrets)),
            options=_options(request),
        )
        self._check(resource)
        self.recording.resources.append(resource)
        if not request.custom:
            return resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)
        region = self._region(resource.provider)
        known = outputs_of(resource.type, resource.name, inputs, region)
        # The SDK marks as secret what a provider's schema says; here the inputs' own marks do.
        state = _sync_await(rpc.serialize_properties(known, {}))
        id_ = identity(resource.type, resource.name, inputs, region)
        if resource.type == _AWS and "region" in inputs:
            self._regions[f"{urn}::{id_}"] = str(inputs["region"])
        return resource_pb2.RegisterResourceResponse(urn=urn, id=id_, object=state)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: ANN401, N802
        """Record what a component or the stack gives out."""
        outputs = plain(MessageToDict(request.outputs))
        self.recording.outputs[request.urn] = outputs
        self._check_texts(request.urn.split("::")[-1], outputs)
        return empty_pb2.Empty()

    def Invoke(self, request: Any) -> Any:  # noqa: ANN401, N802
        """Answer a data source that is declared; any other is a error."""
        args = plain(MessageToDict(request.args))
        answer = invoked(request.tok, args, self._region(request.provider))
        if answer is None:
            self.recording.errors.append(
                f"{request.tok} is called, and offline/provider_outputs.py declares no answer to it"
            )
        if not request.provider:
            self.recording.errors.append(f"{request.tok} is called without an explicit provider")
        result = _sync_await(rpc.serialize_properties(answer or {}, {}))
        # `return` is a keyword, so the field cannot be named as an argument.
        fields: dict[str, Any] = {"return": result}
        return resource_pb2.ResourceInvokeResponse(**fields)

    def _region(self, provider: str) -> str:
        """The region of a resource's provider; only AWS's have one."""
        return self._regions.get(provider, REGION)

    def _check(self, resource: Resource) -> None:
        errors = self.recording.errors
        if any(one.urn == resource.urn for one in self.recording.resources):
            errors.append(f"{resource.type} {resource.name} is registered twice: {resource.urn}")
        is_provider = resource.type.startswith("pulumi:providers:")
        if resource.custom and not is_provider and not resource.provider:
            errors.append(f"{resource.type} {resource.name} has no explicit provider")
        meant = _MEANT.get(resource.type, "")
        self._check_texts(f"{resource.type} {resource.name}", resource.inputs, meant)

    def _check_texts(self, where: str, values: Any, meant: str = "") -> None:  # noqa: ANN401
        """`meant` is the one path at which the text None is no fault."""
        for path, text in _texts(values):
            for output, type_ in _UNDECLARED.findall(text):
                self.recording.errors.append(
                    f"{where}: {path} uses output {output} of {type_}, which "
                    "offline/provider_outputs.py does not declare"
                )
            if path != meant and _NONE.search(text):
                self.recording.errors.append(f"{where}: {path} contains the text None")


def _options(request: Any) -> dict[str, Any]:  # noqa: ANN401
    """The options that change what an engine does.

    The calendar's trigger is not among them: it would make every week's render differ.
    """
    timeouts = {
        verb: getattr(request.customTimeouts, verb) for verb in ("create", "update", "delete")
    }
    options = {
        "customTimeouts": {verb: length for verb, length in timeouts.items() if length},
        "protect": request.protect,
        "ignoreChanges": list(request.ignoreChanges),
        "replaceOnChanges": list(request.replaceOnChanges),
        "deleteBeforeReplace": request.deleteBeforeReplace,
        "retainOnDelete": request.retainOnDelete,
        "deletedWith": request.deletedWith,
    }
    return {key: value for key, value in options.items() if value}


def _with_outputs(program: Callable[[], Any]) -> None:
    """Run a program and register the stack's outputs, as a real run does at its end."""
    program()
    stack = get_root_resource()
    if isinstance(stack, Stack):
        stack.register_outputs(stack.outputs)


def record(
    program: Callable[[], Any],
    *,
    config: Mapping[str, str] | None = None,
    secret_keys: tuple[str, ...] = (),
    stack: str = "dev",
    preview: bool = False,
) -> Recording:
    """Run a program under the strict monitor and give back what it did.

    `config` holds full keys with values as the engine hands them over: text, and JSON for
    structures. Raises ProgramError with every error; what the program raises comes through.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    monitor = StrictMonitor()
    try:
        # Outputs of an earlier program in this process must not become this one's.
        ROOT.set(None)
        # The loop first, then the mocks: otherwise registrations await a future of another loop.
        mocks.set_mocks(
            _NoMocks(), project="gallery", stack=stack, preview=preview, monitor=monitor
        )
        pulumi.runtime.set_all_config(dict(config or {}), list(secret_keys))
        loop.run_until_complete(run_pulumi_func(lambda: _with_outputs(program)))
    finally:
        # What a program left behind that failed halfway must not be awaited for the next one.
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        cast("set[object]", getattr(SETTINGS, "outputs")).clear()  # noqa: B009 - untyped there
        loop.close()
        asyncio.set_event_loop(None)
    if monitor.recording.errors:
        raise ProgramError(monitor.recording.errors)
    return monitor.recording
