"""Whose requests count, and which of the two proxies tells of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gallery.metrics import labels, promql
from gallery.metrics.faults import GIVEN_UP
from gallery.store.services import ENTRANCE, LOAD_GENERATOR

# No customer's requests.
_OTHERS = (labels.PROBER_WORKLOAD, LOAD_GENERATOR.name)


class Reporter(StrEnum):
    """Whose proxy tells of a request. The value is that of Istio's label `reporter`.

    Callers also know of a server that could not be reached, and count a request once however often
    it was tried; but before the first service of the mesh no caller has a proxy.
    """

    CALLERS = "source"
    SERVER = "destination"


@dataclass(frozen=True, kw_only=True)
class Requests:
    """Customers' requests to a service: from this caller, or from whoever is no customer's tool."""

    service: str
    reporter: Reporter
    caller: str | None = None

    @property
    def matchers(self) -> tuple[str, ...]:
        """What chooses them. What was given up before there was an answer is not among them."""
        by = (
            promql.equals("source_workload", self.caller)
            if self.caller
            else promql.none_of("source_workload", _OTHERS)
        )
        return (
            promql.equals("job", labels.MESH),
            promql.equals("reporter", self.reporter),
            promql.equals(labels.SERVICE, self.service),
            by,
            GIVEN_UP,
        )

    def has(self, caller: str, service: str, reporter: str) -> bool:
        """Whether a request from this workload, told of by this side, is one of them."""
        asks = caller == self.caller if self.caller else caller not in _OTHERS
        return asks and service == self.service and reporter == self.reporter


def requests_to(service: str, *, caller: str | None = None) -> Requests:
    """Those to a service, as the better of the two sides tells of them."""
    reporter = Reporter.SERVER if service == ENTRANCE else Reporter.CALLERS
    return Requests(service=service, reporter=reporter, caller=caller)
