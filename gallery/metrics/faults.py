"""Which requests the mesh counts as failed by a service's own fault.

HTTP's 5xx, and what gRPC calls a server's own faults, whose HTTP status is 200; of a service that
says so with another status, that one too.
"""

from __future__ import annotations

from collections.abc import Iterator

from gallery.metrics import labels, promql
from gallery.store.services import SERVER_FAULTS, SERVICES

STATUS = "grpc_response_status"
_CODE = "response_code"
_HTTP_FAULTS = "5.."
# What was given up by whoever asked before there was an answer: nobody's fault that can be known.
_NO_ANSWER = "0"
GIVEN_UP = promql.other_than(_CODE, _NO_ANSWER)
_OTHER = f"{_CODE}!~{promql.quoted(_HTTP_FAULTS)}"
_ITS_OWN = {
    service.name: service.fails_with
    for service in SERVICES
    if service.fails_with not in SERVER_FAULTS
}


def server_faults() -> Iterator[tuple[str, ...]]:
    """Sets of matchers, each for some of the failed requests: no request is in two of them."""
    yield (f"{_CODE}=~{promql.quoted(_HTTP_FAULTS)}",)
    yield promql.one_of(STATUS, map(str, SERVER_FAULTS)), _OTHER
    for service, status in _ITS_OWN.items():
        yield promql.equals(labels.SERVICE, service), promql.equals(STATUS, str(status)), _OTHER


def faults_of(service: str) -> Iterator[tuple[str, ...]]:
    """The same for requests to one service, without a matcher of its name."""
    yield (f"{_CODE}=~{promql.quoted(_HTTP_FAULTS)}",)
    yield promql.one_of(STATUS, _statuses(service)), _OTHER


def answered_by(service: str) -> tuple[str, ...]:
    """Matchers of the requests to one service that it answered, and without a fault."""
    answered = f"{_CODE}!~{promql.quoted(f'{_HTTP_FAULTS}|{_NO_ANSWER}')}"
    return answered, promql.none_of(STATUS, _statuses(service))


def _statuses(service: str) -> tuple[str, ...]:
    own = (_ITS_OWN[service],) if service in _ITS_OWN else ()
    return tuple(map(str, (*SERVER_FAULTS, *own)))
