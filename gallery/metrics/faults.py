"""Which requests the mesh counts as failed by a service's own fault.

HTTP's 5xx, and what gRPC calls a server's own faults, whose HTTP status is 200; of a service that
says so with another status, that one too.
"""

from __future__ import annotations

from collections.abc import Iterator

from gallery.metrics import labels, promql
from gallery.store.services import SERVER_FAULTS, SERVICES

STATUS = "grpc_response_status"
_HTTP_FAULTS = "5.."


def server_faults() -> Iterator[tuple[str, ...]]:
    """Sets of matchers, each for some of the failed requests: no request is in two of them."""
    other = f"response_code!~{promql.quoted(_HTTP_FAULTS)}"
    yield (f"response_code=~{promql.quoted(_HTTP_FAULTS)}",)
    yield promql.one_of(STATUS, map(str, SERVER_FAULTS)), other
    for service in SERVICES:
        if service.fails_with not in SERVER_FAULTS:
            status = promql.equals(STATUS, str(service.fails_with))
            yield promql.equals(labels.SERVICE, service.name), status, other
