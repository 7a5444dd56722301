"""The rehearsal that is up: its plan, its promises in seconds, and how to ask its programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gallery.alerts.model import Alert, Delivery
from gallery.contact_points.model import Engine
from gallery.metrics import labels
from gallery.metrics.timings import FailureMode
from gallery.plan.alerts import PlannedAlert
from gallery.plan.model import Plan, PlannedHost
from gallery.plan.resolve import resolve
from gallery.plan.times import REHEARSED
from gallery.render.reports import times_to_page
from gallery.stack_file.errors import StackFileError
from gallery.stack_file.parse import parse
from offline import stack_file
from offline.errors import UserError
from offline.stack_file import StackFile
from rehearsal.cluster.judge import cluster_directory, is_judged
from rehearsal.drill.alert_notifications import ALERTNAME
from rehearsal.drill.expectations import Expectation, Expected
from rehearsal.machine import grafana
from rehearsal.machine.addresses import AMP, AMP_ALERTMANAGER
from rehearsal.machine.platform import STATE
from rehearsal.machine.processes.supervisor import Supervisor
from rehearsal.machine.programs import (
    AMP_ALERTMANAGER_NAME,
    AMP_NAME,
    EVALUATOR_NAME,
    GRAFANA_ALERTMANAGER_NAME,
)
from rehearsal.machine.queries import AlertmanagerClient, PrometheusClient
from rehearsal.machine.tools import ROOT
from rehearsal.stand_in.documents import read_json

if TYPE_CHECKING:
    from rehearsal.cluster.api import Api

# Seconds to page and to resolve, by the uid of a rule and its scenario.
Bounds = Mapping[tuple[str, str], tuple[float, float]]
_BEATS = {Delivery.HEARTBEAT, Delivery.GRAFANA_HEARTBEAT}


class NotPlayableError(UserError):
    """The stack has nothing that the scenario could break, or nothing by which to judge it."""


@dataclass(frozen=True, kw_only=True)
class Promises:
    """A stack's plan, and the bounds that its deployed tree states for the rehearsal."""

    plan: Plan
    bounds: Bounds

    def planned(self, alert: Alert) -> PlannedAlert:
        """The rule of an alert. Raises NotPlayableError."""
        for planned in self.plan.alerts:
            if planned.alert is alert:
                return planned
        raise NotPlayableError(
            f"stack {self.plan.stack.name} has no alert {alert.name}, which this scenario is about"
        )

    def must(
        self, alert: Alert, scenario: FailureMode, on: PlannedHost | None = None, **about: str
    ) -> Expectation:
        """The alert that must come about this service, host or group of hosts.

        What is about a host `on` goes to the owner of its group.
        """
        return self._expectation(Expected.MUST, self.planned(alert), scenario, on, about)

    def may(
        self, alert: Alert, scenario: FailureMode, on: PlannedHost | None = None, **about: str
    ) -> tuple[Expectation, ...]:
        """The alert that may come; nothing where the stack does not have it."""
        return tuple(
            self._expectation(Expected.MAY, planned, scenario, on, about)
            for planned in self.plan.alerts
            if planned.alert is alert
        )

    @property
    def beats(self) -> Mapping[str, str]:
        """The alerts that are heartbeats, each with the contact point that hears it."""
        return {
            planned.name: str(planned.alert.delivery)
            for planned in self.plan.alerts
            if planned.alert.delivery in _BEATS
        }

    def _expectation(
        self,
        expected: Expected,
        planned: PlannedAlert,
        scenario: FailureMode,
        on: PlannedHost | None,
        about: Mapping[str, str],
    ) -> Expectation:
        page, resolves = self.bounds[planned.uid, str(scenario)]
        owner = planned.owner_of(on.group if on else None)
        known = planned.labels_for(owner) | dict(about)
        return Expectation(
            expected=expected,
            alert=planned.name,
            labels=known,
            contact_points=self.plan.deliver({ALERTNAME: planned.name, **known}),
            page_seconds=page,
            resolve_seconds=resolves,
            hold_seconds=planned.hold.seconds,
        )


@dataclass(frozen=True, kw_only=True)
class Running:
    """A stack that is up."""

    stack: str
    promises: Promises
    supervisor: Supervisor

    @property
    def plan(self) -> Plan:
        """The plan of the stack."""
        return self.promises.plan

    @property
    def grafana_evaluates(self) -> bool:
        """Whether Grafana's rules and routes are played beside those of AMP."""
        return self.plan.engine is Engine.GRAFANA

    @property
    def stand_in(self) -> Path:
        """What the local programs read."""
        return self.supervisor.directory / "stand-in"

    @property
    def evaluators(self) -> tuple[PrometheusClient, ...]:
        """The programs that evaluate alerts."""
        own = (grafana.evaluator(self.stand_in),) if self.grafana_evaluates else ()
        return (PrometheusClient(AMP), *own)

    @property
    def grafana_itself(self) -> bool:
        """Whether Grafana itself evaluates and notifies, not what stands in for it."""
        return grafana.is_rehearsed(self.stand_in)

    @property
    def evaluator(self) -> str:
        """The program whose rules page, where it has a stand-in."""
        return EVALUATOR_NAME if self.grafana_evaluates else AMP_NAME

    @property
    def alertmanager(self) -> str:
        """The program that delivers pages, where it has a stand-in."""
        return GRAFANA_ALERTMANAGER_NAME if self.grafana_evaluates else AMP_ALERTMANAGER_NAME

    @property
    def alertmanagers(self) -> Mapping[Engine, AlertmanagerClient]:
        """The programs that deliver, by the engine whose routes they have."""
        clients = {Engine.ALERTMANAGER: AlertmanagerClient(AMP_ALERTMANAGER)}
        if self.grafana_evaluates:
            clients[Engine.GRAFANA] = grafana.notifier(self.stand_in)
        return clients

    @property
    def cluster(self) -> Api:
        """The cluster's API. Raises NotPlayableError where the stack is up without one."""
        journal = self.supervisor.journal()
        if journal is None or not is_judged(journal):
            raise NotPlayableError(
                f"stack {self.stack} is up without a cluster, whose pods this scenario is about; "
                f"`make down`, then `python -m rehearsal up --stack {self.stack} --cluster`"
            )
        # Nothing of this is needed by whoever plays without one.
        from rehearsal.cluster.api import administrator  # noqa: PLC0415
        from rehearsal.cluster.control_plane import ADMINISTRATOR  # noqa: PLC0415

        directory = cluster_directory(self.supervisor.directory)
        return administrator(directory / f"{ADMINISTRATOR}.kubeconfig")

    def stopped(self) -> list[str]:
        """The programs of the rehearsal that do not run."""
        journal = self.supervisor.journal()
        return [] if journal is None else journal.stopped()


def running(state: Path = STATE) -> Running:
    """What is up. Raises UserError where nothing is, or not as a drill needs it."""
    supervisor = Supervisor(state)
    journal = supervisor.journal()
    if journal is None:
        raise UserError("nothing is up to play a drill on; start a stack with `make up STACK=dev`")
    again = f"`make down`, then `make up STACK={journal.stack}`"
    if not journal.healthy:
        raise UserError(f"stack {journal.stack} was never healthy; {again}")
    stopped = journal.stopped()
    if stopped:
        raise UserError(f"{', '.join(stopped)} stopped running; {again}")
    found = stack_file.read(ROOT, journal.stack)
    plan = _plan(found)
    stated: list[dict[str, Any]] = read_json(state / "deployed" / "times-to-page.json")
    # The second sees what another version of the program makes of the same file.
    if journal.configuration != found.digest() or stated != times_to_page(plan):
        raise UserError(f"stack {journal.stack} has changed since it was started; {again}")
    return Running(stack=journal.stack, promises=promised(plan), supervisor=supervisor)


def promised(plan: Plan) -> Promises:
    """What a stack promises of its rehearsal."""
    bounds = {
        (each["rule"], each["scenario"]): (each["page_seconds"], each["resolve_seconds"])
        for each in times_to_page(plan)
        if each["assumptions"] == REHEARSED.name
    }
    return Promises(plan=plan, bounds=bounds)


def _plan(found: StackFile) -> Plan:
    try:
        return resolve(parse(found.values(), found.secret_keys), stack=found.stack)
    except StackFileError as error:
        raise UserError(f"stack {found.stack}: {error}") from None


def probe(service: str) -> str:
    """The selector of a service's own probe."""
    return f'probe_success{{job="{labels.PROBE}",{labels.SERVICE}="{service}"}}'
