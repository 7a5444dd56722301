"""Asks the local Prometheus and Alertmanager programs by their own APIs."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from rehearsal.machine import loopback
from rehearsal.machine.addresses import AMP, GRAFANA_ALERTMANAGER, Address

# The label that holds the name of a series.
NAME = "__name__"
# As Prometheus and as Grafana calls them; what recovers is told as firing until it has recovered.
_STATES = {
    "pending": "pending",
    "firing": "firing",
    "Pending": "pending",
    "Alerting": "firing",
    "Recovering": "firing",
}


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One element of an instant vector; `at` in seconds since the epoch."""

    labels: Mapping[str, str]
    value: float
    at: float


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """One series of a range: its labels, and (seconds since the epoch, value), ascending."""

    labels: Mapping[str, str]
    samples: tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class ActiveAlert:
    """An alert that is pending or firing, and since when it has been either."""

    name: str
    state: str
    labels: Mapping[str, str]
    active_at: float


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule as evaluated: `evaluated_at` is 0 before the first time, `error` empty if fine."""

    group: str
    name: str
    interval_seconds: float
    evaluated_at: float
    error: str


@dataclass(frozen=True, kw_only=True)
class Target:
    """A scrape target; `health` is up, down or unknown."""

    job: str
    address: str
    health: str
    error: str


class Queries(ABC):
    """What answers PromQL. UnansweredError if gone, HttpStatusError for what it refuses."""

    @abstractmethod
    def ask(self, path: str, fields: Mapping[str, str]) -> Any:  # noqa: ANN401 - see below
        """The `data` of an answer, whose shape depends on the path."""

    def query(self, expr: str, at: float | None = None) -> list[Sample]:
        """The instant vector of an expression, now or at a time."""
        data = self.ask(
            "/api/v1/query", {"query": expr, **({} if at is None else {"time": str(at)})}
        )
        return [
            Sample(labels=item["metric"], value=float(item["value"][1]), at=item["value"][0])
            for item in data["result"]
        ]

    def query_range(self, expr: str, start: float, end: float, step: float) -> list[Sampled]:
        """The range of an expression, times in seconds."""
        fields = {"query": expr, "start": str(start), "end": str(end), "step": str(step)}
        data = self.ask("/api/v1/query_range", fields)
        return [
            Sampled(
                labels=item["metric"],
                samples=tuple((float(at), float(value)) for at, value in item["values"]),
            )
            for item in data["result"]
        ]


@dataclass(frozen=True)
class PrometheusClient(Queries):
    """A Prometheus of this machine, with fewer answers an agent or Grafana.

    Grafana answers in this form below the path `prefix`. `timeout` in seconds.
    """

    address: Address = AMP
    prefix: str = ""
    timeout: float = 10.0

    def ask(self, path: str, fields: Mapping[str, str]) -> Any:  # noqa: ANN401 - see below
        """The `data` of an answer, whose shape depends on the path."""
        return self._get(f"{path}?{urlencode(fields)}")

    def label_values(self, selector: str, label: str, start: float, end: float) -> list[str]:
        """The values of a label on the series that a selector found in that time."""
        fields = {"match[]": selector, "start": str(start), "end": str(end)}
        return list(self._get(f"/api/v1/label/{label}/values?{urlencode(fields)}"))

    def alerts(self) -> list[ActiveAlert]:
        """What this program's own rules have pending or firing."""
        return [
            ActiveAlert(
                name=alert["labels"]["alertname"],
                state=state,
                labels=alert["labels"],
                active_at=epoch(alert["activeAt"]),
            )
            for alert in self._get("/api/v1/alerts")["alerts"]
            if (state := _state(alert["state"])) is not None
        ]

    def rules(self) -> list[Rule]:
        """Every rule of every group."""
        return [
            Rule(
                group=group["name"],
                name=rule["name"],
                interval_seconds=group["interval"],
                evaluated_at=epoch(rule["lastEvaluation"]),
                error=rule.get("lastError", ""),
            )
            for group in self._get("/api/v1/rules")["groups"]
            for rule in group["rules"]
        ]

    def targets(self) -> list[Target]:
        """What is scraped, after relabelling."""
        return [
            Target(
                job=target["labels"]["job"],
                address=target["scrapeUrl"],
                health=target["health"],
                error=target["lastError"],
            )
            for target in self._get("/api/v1/targets?state=active")["activeTargets"]
        ]

    def _get(self, path: str) -> Any:  # noqa: ANN401 - each answer has its own shape
        url = self.address.url(self.prefix + path)
        return loopback.get_json(url, timeout=self.timeout)["data"]


@dataclass(frozen=True, kw_only=True)
class Silence:
    """What is not delivered, until when in seconds since the epoch, and why."""

    matchers: tuple[str, ...]
    by: str
    why: str
    until: float


@dataclass(frozen=True)
class AlertmanagerClient:
    """An Alertmanager's API, version 2; Grafana has it below the path `prefix`, to be read."""

    address: Address = GRAFANA_ALERTMANAGER
    prefix: str = ""

    def alerts(self) -> list[Mapping[str, str]]:
        """The labels of every alert it holds as active."""
        found = loopback.get_json(self.address.url(f"{self.prefix}/api/v2/alerts?active=true"))
        return [alert["labels"] for alert in found]

    def silences(self) -> list[Silence]:
        """The silences that are in force."""
        return [
            Silence(
                matchers=tuple(_matcher(one) for one in silence["matchers"]),
                by=silence["createdBy"],
                why=silence["comment"],
                until=epoch(silence["endsAt"]),
            )
            for silence in loopback.get_json(self.address.url(f"{self.prefix}/api/v2/silences"))
            if silence["status"]["state"] == "active"
        ]

    def post(self, alerts: Iterable[Mapping[str, Mapping[str, str]]], seconds: float) -> None:
        """Let alerts fire for so long; each is `{"labels": …, "annotations": …}`.

        The same labels with 0 seconds resolve.
        """
        now = time.time()
        times = {"startsAt": _rfc3339(now - 1), "endsAt": _rfc3339(now + seconds)}
        documents = [{**alert, **times} for alert in alerts]
        loopback.send_json("POST", self.address.url("/api/v2/alerts"), documents)


def _matcher(document: Mapping[str, Any]) -> str:
    """`name="value"`, as Prometheus writes it."""
    operators = ("=", "=~") if document.get("isEqual", True) else ("!=", "!~")
    operator = operators[bool(document["isRegex"])]
    return f'{document["name"]}{operator}"{document["value"]}"'


def _state(told: str) -> str | None:
    """A state in Prometheus' words; None for what Grafana lists though it is neither of the two."""
    # Grafana puts its reason behind it: `Alerting (Error)`.
    return _STATES.get(told.partition(" ")[0])


def epoch(text: str) -> float:
    """Seconds since the epoch of a time as Go writes it; 0 for Go's zero time."""
    # Go writes nanoseconds, of which Python reads six digits.
    whole, dot, rest = text.partition(".")
    digits = rest.rstrip("Z").partition("+")[0].partition("-")[0]
    zone = rest[len(digits) :] if dot else ""
    moment = datetime.fromisoformat(f"{whole}{dot}{digits[:6]}{zone}")
    return max(0.0, moment.timestamp()) if moment.year > 1 else 0.0


def _rfc3339(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
