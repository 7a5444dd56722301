"""The cluster's API as an administrator asks it."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from rehearsal.machine import loopback
from rehearsal.machine.addresses import KUBE_API
from rehearsal.stand_in.documents import Document

# Whose fields they are that server-side apply sets.
FIELD_MANAGER = "gallery"
_APPLY = "application/apply-patch+yaml"
_MERGE = "application/merge-patch+json"
_NOT_FOUND = 404
_PATIENCE_SECONDS = 30.0


class RefusedError(loopback.HttpStatusError):
    """The API refuses; `status` is the HTTP status, the text its message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)
        self._message = message

    def __str__(self) -> str:
        return self._message


class UnansweredError(loopback.UnansweredError):
    """The API does not answer."""


@dataclass(frozen=True, kw_only=True)
class Applied:
    """An object as the API has it after an apply, and what it warned of."""

    object: Document
    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind that the API has: the plural that its paths are of, and whether it has a namespace."""

    plural: str
    namespaced: bool


@dataclass
class Api:
    """One client; `certificate` is what the API must show."""

    certificate: Path
    token: str
    _kinds: dict[str, dict[str, Kind]] = field(default_factory=dict[str, dict[str, Kind]])

    def ready(self) -> bool:
        """Whether it can be used."""
        try:
            return self._answer("GET", "/readyz").is_success
        except UnansweredError:
            return False

    def get(self, path: str) -> Document:
        """The object or list at a path. Raises RefusedError."""
        return _document(self._answer("GET", path))

    def items(self, path: str) -> list[Document]:
        """The objects of a list."""
        return list(self.get(path).get("items") or [])

    def post(self, path: str, body: Mapping[str, Any]) -> Document:
        """What comes of an object handed in at a path. Raises RefusedError."""
        return _document(self._answer("POST", path, json.dumps(body), "application/json"))

    def delete(self, path: str) -> None:
        """Remove the object at a path. Raises RefusedError."""
        _document(self._answer("DELETE", path))

    def apply(self, manifest: Mapping[str, Any]) -> Applied:
        """Server-side apply, which refuses a field that the kind has not. Raises RefusedError."""
        path = f"{self.path(manifest)}?fieldManager={FIELD_MANAGER}&fieldValidation=Strict"
        answer = self._answer("PATCH", path, json.dumps(manifest), _APPLY)
        return Applied(object=_document(answer), warnings=tuple(_warnings(answer)))

    def merge(self, path: str, change: Mapping[str, Any]) -> Document:
        """What a merge patch makes of the object at a path. Raises RefusedError."""
        return _document(self._answer("PATCH", path, json.dumps(change), _MERGE))

    def kind(self, manifest: Mapping[str, Any]) -> Kind | None:
        """The kind of an object; None where the API has none such."""
        version, kind = str(manifest["apiVersion"]), str(manifest["kind"])
        if kind not in self._kinds.get(version, {}):
            # Another may have been added meanwhile.
            self._kinds[version] = self._discovered(version)
        return self._kinds[version].get(kind)

    def path(self, manifest: Mapping[str, Any]) -> str:
        """Where an object is. Raises KeyError for a kind that the API has not."""
        kind = self.kind(manifest)
        if kind is None:
            raise KeyError(f"{manifest['apiVersion']} {manifest['kind']}")
        metadata = manifest["metadata"]
        within = f"/namespaces/{quote(metadata['namespace'])}" if kind.namespaced else ""
        return f"{_root(manifest['apiVersion'])}{within}/{kind.plural}/{quote(metadata['name'])}"

    def _discovered(self, version: str) -> dict[str, Kind]:
        try:
            listed: list[Document] = self.get(_root(version))["resources"]
        except RefusedError as refusal:
            if refusal.status != _NOT_FOUND:
                raise
            return {}
        return {
            each["kind"]: Kind(plural=each["name"], namespaced=each["namespaced"])
            for each in listed
            # Those with a slash are parts of a kind, as its status.
            if "/" not in each["name"]
        }

    def _answer(
        self, method: str, path: str, content: str | None = None, type_: str = "application/json"
    ) -> httpx.Response:
        headers = {"Content-Type": type_}
        try:
            return self._client.request(method, path, content=content, headers=headers)
        except httpx.RequestError as fault:
            raise UnansweredError(f"{method} https://{KUBE_API}{path}: {fault}") from fault

    @cached_property
    def _client(self) -> httpx.Client:
        trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusted.load_verify_locations(self.certificate)
        return httpx.Client(
            base_url=f"https://{KUBE_API}",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=_PATIENCE_SECONDS,
            # Whatever http_proxy says, 127.0.0.0/8 is here.
            trust_env=False,
            verify=trusted,
        )


def administrator(kubeconfig: Path) -> Api:
    """The API as whoever has this kubeconfig asks it."""
    document: Document = json.loads(kubeconfig.read_text())
    (cluster,), (user,) = document["clusters"], document["users"]
    return Api(
        certificate=Path(cluster["cluster"]["certificate-authority"]), token=user["user"]["token"]
    )


def _root(version: str) -> str:
    return f"/apis/{version}" if "/" in version else f"/api/{version}"


def _document(answer: httpx.Response) -> Document:
    if answer.is_success:
        return answer.json()
    try:
        message = str(answer.json()["message"])
    except (ValueError, KeyError):
        message = answer.text.strip()
    raise RefusedError(answer.status_code, message)


def _warnings(answer: httpx.Response) -> Iterator[str]:
    """The texts of the headers by which the API warns: `299 - "text"` (RFC 7234 5.5)."""
    for header in answer.headers.get_list("warning"):
        _, _, text = header.partition('"')
        yield text.removesuffix('"').replace('\\"', '"')
