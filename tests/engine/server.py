"""The gRPC servers behind which the stand-in providers sit, on 127.0.0.1 alone."""

# grpcio ships no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent import futures
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Protocol

import grpc
from google.protobuf import empty_pb2, message
from pulumi.runtime.proto import plugin_pb2
from pulumi.runtime.proto import provider_pb2 as pb

from .cloud import Cloud, Refused
from .interruption import Gone, Interruption
from .provider import StandIn

PACKAGES = ("aws", "kubernetes", "grafana")


class _Context(Protocol):
    """What a handler needs of gRPC's servicer context."""

    def peer(self) -> str: ...

    def abort(self, code: object, details: str) -> None: ...


def _methods(
    stand_in: StandIn,
) -> dict[str, tuple[type[message.Message], Callable[..., message.Message | None]]]:
    return {
        "Handshake": (pb.ProviderHandshakeRequest, stand_in.handshake),
        "GetPluginInfo": (empty_pb2.Empty, stand_in.plugin_info),
        "Attach": (plugin_pb2.PluginAttach, stand_in.cancel),
        "CheckConfig": (pb.CheckRequest, stand_in.check_config),
        "DiffConfig": (pb.DiffRequest, stand_in.diff_config),
        "Configure": (pb.ConfigureRequest, stand_in.configure),
        "Check": (pb.CheckRequest, stand_in.check),
        "Diff": (pb.DiffRequest, stand_in.diff),
        "Create": (pb.CreateRequest, stand_in.create),
        "Read": (pb.ReadRequest, stand_in.read),
        "Update": (pb.UpdateRequest, stand_in.update),
        "Delete": (pb.DeleteRequest, stand_in.delete),
        "Invoke": (pb.InvokeRequest, stand_in.invoke),
        "Cancel": (empty_pb2.Empty, stand_in.cancel),
    }


def _serialised(response: message.Message) -> bytes:
    return response.SerializeToString()


def _handler(
    cloud: Cloud,
    request_type: type[message.Message],
    answer: Callable[..., message.Message | None],
    interrupted: Callable[[Callable[[], message.Message]], message.Message],
) -> grpc.RpcMethodHandler[message.Message, message.Message]:
    def behaviour(request: message.Message, context: _Context) -> message.Message:
        def answered() -> message.Message:
            return answer(request, context.peer()) or empty_pb2.Empty()

        try:
            with cloud.lock:
                return interrupted(answered)
        except Refused as refused:
            code, reason = grpc.StatusCode.FAILED_PRECONDITION, str(refused)
        except Gone:
            # What the engine sees of a provider whose process has ended.
            code, reason = grpc.StatusCode.UNAVAILABLE, "error reading from server: EOF"
        context.abort(code, reason)
        raise AssertionError(reason)

    return grpc.unary_unary_rpc_method_handler(
        behaviour,
        request_deserializer=request_type.FromString,
        response_serializer=_serialised,
    )


@contextmanager
def _serving(package: str, cloud: Cloud, interruption: Interruption) -> Generator[int]:
    """One provider's server while the context is open, and until what it began is done.

    Yields its port.
    """
    handlers = {
        name: _handler(cloud, request_type, answer, partial(interruption.call, package, name))
        for name, (request_type, answer) in _methods(StandIn(package, cloud)).items()
    }
    with futures.ThreadPoolExecutor(max_workers=16) as threads:
        yield from _listening(handlers, threads)


def _listening(
    handlers: dict[str, grpc.RpcMethodHandler[message.Message, message.Message]],
    threads: futures.ThreadPoolExecutor,
) -> Generator[int]:
    # A state with hundreds of dashboards and rules exceeds the default of 4 MiB.
    server = grpc.server(threads, options=[("grpc.max_receive_message_length", 64 << 20)])
    service = grpc.method_handlers_generic_handler("pulumirpc.ResourceProvider", handlers)
    server.add_generic_rpc_handlers((service,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(grace=None).wait()


@contextmanager
def attached(cloud: Cloud, interruption: Interruption | None = None) -> Generator[str]:
    """Every stand-in, running; yields the value of PULUMI_DEBUG_PROVIDERS."""
    passing = interruption or Interruption()
    with ExitStack() as stack:
        ports = {
            package: stack.enter_context(_serving(package, cloud, passing)) for package in PACKAGES
        }
        yield ",".join(f"{package}:{port}" for package, port in ports.items())
