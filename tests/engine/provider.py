"""Stand-in providers: gRPC servers that the engine takes for aws, kubernetes and grafana.

They run on threads of the test's process and listen on 127.0.0.1 alone. The engine attaches to
them because PULUMI_DEBUG_PROVIDERS names their ports.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata

from pulumi.runtime.proto import plugin_pb2, provider_pb2

from . import data_sources, kubernetes_kinds, schema
from .aws_account_kinds import AWS_ACCOUNT_KINDS
from .aws_ground_kinds import AWS_GROUND_KINDS
from .aws_kinds import AWS_KINDS
from .cloud import Call, Cloud, Made, Refused
from .doors import DOORS, replacing_cluster
from .grafana_kinds import GRAFANA_KINDS
from .kinds import Kind
from .kubernetes_kinds import KUBERNETES_KINDS
from .values import UNKNOWN, Json, Properties, at, from_struct, text_at, to_struct

KINDS: Mapping[str, Mapping[str, Kind]] = {
    "aws": {**AWS_KINDS, **AWS_GROUND_KINDS, **AWS_ACCOUNT_KINDS},
    "kubernetes": KUBERNETES_KINDS,
    "grafana": GRAFANA_KINDS,
}
# The engine warns of a plugin older than the SDK that asks for it.
DISTRIBUTIONS = {
    "aws": "pulumi_aws",
    "kubernetes": "pulumi_kubernetes",
    "grafana": "pulumiverse_grafana",
}


# How the Kubernetes provider marks a name of its own (pkg/metadata/naming.go in its source).
_AUTONAMED = "pulumi.com/autonamed"


def kind_of(package: str, type_token: str) -> Kind:
    """What is known of a type.

    Raises:
        Refused: the type is not declared, with its name.
    """
    kind = KINDS[package].get(type_token)
    if kind is None and package == "kubernetes":
        kind = kubernetes_kinds.custom(type_token)
    if kind is None:
        raise Refused(f"the type {type_token} is not declared; tests/engine/{package}_kinds.py")
    return kind


def named(kind: Kind, name: str, seed: bytes, olds: Properties, news: Properties) -> Properties:
    """The inputs with the name that the provider gives where the program gave none."""
    path = kind.autonamed
    if path is None or at(news, path) is not None or at(news, "namePrefix") is not None:
        return news
    fresh = f"{name}-{seed.hex()[:7]}"
    *parents, last = path.split(".")
    result = dict(news)
    inner = result
    for parent in parents:
        nested = inner.get(parent)
        inner[parent] = dict(nested) if isinstance(nested, dict) else {}
        inner = inner[parent]
        if not isinstance(inner, dict):
            raise TypeError(path)
    inner[last] = at(olds, path) or fresh
    if kind.type.startswith("kubernetes:"):
        annotations = inner.get("annotations")
        kept = annotations if isinstance(annotations, dict) else {}
        inner["annotations"] = {**kept, _AUTONAMED: "true"}
    return result


def autonamed(inputs: Properties) -> bool:
    """Whether the Kubernetes provider chose the name: then it can choose another one."""
    annotations = at(inputs, "metadata.annotations")
    return isinstance(annotations, dict) and _AUTONAMED in annotations


def replacing(kind: Kind, olds: Properties, news: Properties) -> frozenset[str]:
    """The properties whose change replaces the resource."""
    always = {path for path in kind.replaced_by if at(olds, path) != at(news, path)}
    sometimes = kind.replaced_when(olds, news) if kind.replaced_when else frozenset[str]()
    return frozenset(always) | sometimes


def type_of(urn: str) -> str:
    """The type token inside a URN, without those of its parents."""
    return urn.split("::")[2].rpartition("$")[2]


def name_of(urn: str) -> str:
    """The name inside a URN."""
    return urn.split("::", 3)[3]


class StandIn:
    """One provider package: echoes inputs, invents outputs, refuses what its service would.

    Every method takes the request and the address of the connection it came through: several
    provider resources share a server, and each has a connection, so a configuration, of its own.
    """

    def __init__(self, package: str, cloud: Cloud) -> None:
        self.package = package
        self.cloud = cloud
        self._configs: dict[str, Properties] = {}

    def handshake(
        self, _request: provider_pb2.ProviderHandshakeRequest, _peer: str
    ) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse()

    def plugin_info(self, _request: object, _peer: str) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=metadata.version(DISTRIBUTIONS[self.package]))

    def check_config(
        self, request: provider_pb2.CheckRequest, _peer: str
    ) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    def diff_config(
        self, request: provider_pb2.DiffRequest, _peer: str
    ) -> provider_pb2.DiffResponse:
        olds, news = from_struct(request.olds), from_struct(request.news)
        replaces = frozenset[str]()
        if self.package == "kubernetes":
            replaces = replacing_cluster(olds, news)
        return _difference(olds, news, replaces)

    def configure(
        self, request: provider_pb2.ConfigureRequest, peer: str
    ) -> provider_pb2.ConfigureResponse:
        self._configs[peer] = from_struct(request.args)
        self._record("configure", request.urn)
        if self.package == "aws":
            # The one provider that asks who it is before anything else.
            _ = self._scope(peer)
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def check(self, request: provider_pb2.CheckRequest, _peer: str) -> provider_pb2.CheckResponse:
        kind = kind_of(self.package, type_of(request.urn))
        olds, news = from_struct(request.olds), from_struct(request.news)
        inputs = named(kind, name_of(request.urn), request.randomSeed, olds, news)
        faults = schema.faults(kind.type, news)
        return provider_pb2.CheckResponse(
            inputs=to_struct(inputs),
            failures=[provider_pb2.CheckFailure(reason=fault) for fault in faults],
        )

    def diff(self, request: provider_pb2.DiffRequest, _peer: str) -> provider_pb2.DiffResponse:
        kind = kind_of(self.package, type_of(request.urn))
        olds, news = from_struct(request.old_inputs), from_struct(request.news)
        replaces = replacing(kind, olds, news)
        same_place = all(at(olds, path) == at(news, path) for path in kind.identity)
        must_go_first = kind.delete_before_replace and same_place and not autonamed(news)
        return _difference(olds, news, replaces, must_go_first)

    def create(self, request: provider_pb2.CreateRequest, peer: str) -> provider_pb2.CreateResponse:
        kind = kind_of(self.package, type_of(request.urn))
        inputs = from_struct(request.properties)
        if request.preview:
            self._record("create", request.urn, preview=True)
            return provider_pb2.CreateResponse(properties=to_struct(self._foreseen(kind, inputs)))
        made = self.cloud.create(self._scope(peer), kind, name_of(request.urn), inputs)
        self._record("create", request.urn, made.id)
        return provider_pb2.CreateResponse(id=made.id, properties=to_struct(made.outputs))

    def update(self, request: provider_pb2.UpdateRequest, peer: str) -> provider_pb2.UpdateResponse:
        inputs = from_struct(request.news)
        self._record("update", request.urn, request.id, preview=request.preview)
        if request.preview:
            kept = from_struct(request.olds)
            return provider_pb2.UpdateResponse(properties=to_struct({**kept, **inputs}))
        old = self._existing(request.urn, request.id, peer)
        if self.package == "kubernetes":
            force = text_at(self._configs.get(peer, {}), "enablePatchForce") == "true"
            made = self.cloud.apply(old, inputs, force=force)
        else:
            made = self.cloud.update(old, inputs)
        return provider_pb2.UpdateResponse(properties=to_struct(made.outputs))

    def delete(self, request: provider_pb2.DeleteRequest, peer: str) -> None:
        scope = self._scope(peer)
        made = self.cloud.get(scope, kind_of(self.package, type_of(request.urn)), request.id)
        self._record("delete", request.urn, request.id)
        if made is not None:
            self.cloud.delete(made)

    def read(self, request: provider_pb2.ReadRequest, peer: str) -> provider_pb2.ReadResponse:
        scope = self._scope(peer)
        made = self.cloud.get(scope, kind_of(self.package, type_of(request.urn)), request.id)
        self._record("read", request.urn, request.id)
        if made is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=made.id, properties=to_struct(made.outputs), inputs=to_struct(made.inputs)
        )

    def invoke(
        self, request: provider_pb2.InvokeRequest, _peer: str
    ) -> provider_pb2.InvokeResponse:
        with self.cloud.lock:
            self.cloud.calls.append(Call(verb="invoke", type=request.tok, name=""))
            answer = data_sources.read(self.cloud, request.tok, from_struct(request.args))
        response = provider_pb2.InvokeResponse()
        # `return` is a keyword, so that neither the constructor nor an attribute can name it.
        getattr(response, "return").CopyFrom(to_struct(answer))
        return response

    def cancel(self, _request: object, _peer: str) -> None:
        """The engine lets go; there is nothing to stop."""

    def _scope(self, peer: str) -> str:
        return DOORS[self.package](self.cloud, self._configs.get(peer, {}))

    def _existing(self, urn: str, resource_id: str, peer: str) -> Made:
        made = self.cloud.get(self._scope(peer), kind_of(self.package, type_of(urn)), resource_id)
        if made is None:
            raise Refused(f"{resource_id} not found")
        return made

    def _foreseen(self, kind: Kind, inputs: Properties) -> Properties:
        unknown: Properties = dict.fromkeys(kind.outputs, UNKNOWN)
        if kind.derived:
            unknown.update(dict.fromkeys(kind.derives, UNKNOWN))
        if self.cloud.reticent:
            return {**unknown, **dict.fromkeys(inputs, UNKNOWN)}
        return {**unknown, **inputs}

    def _record(self, verb: str, urn: str, resource_id: str = "", *, preview: bool = False) -> None:
        call = Call(
            verb=verb, type=type_of(urn), name=name_of(urn), id=resource_id, preview=preview
        )
        self.cloud.calls.append(call)


def _difference(
    olds: Mapping[str, Json],
    news: Mapping[str, Json],
    replaces: frozenset[str],
    delete_before_replace: bool = False,  # noqa: FBT001, FBT002 (the protocol's field)
) -> provider_pb2.DiffResponse:
    changed = sorted(key for key in {*olds, *news} if olds.get(key) != news.get(key))
    if not changed:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME,
        diffs=changed,
        replaces=sorted(replaces),
        deleteBeforeReplace=bool(replaces) and delete_before_replace,
    )
