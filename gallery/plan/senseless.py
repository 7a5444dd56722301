"""Overrides that can be read, and that nobody can mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gallery.alerts.model import Alert, Delivery, Subject
from gallery.metrics.durations import ZERO, Duration
from gallery.plan.stack import PRODUCTION
from gallery.stack_file.sections import Override, Settings
from gallery.store.roles import Severity

# Whoever is woken an hour late has heard of it from customers.
_LONGEST_PAGE = Duration.parse("1h")
_LONGEST = Duration.parse("7d")


def senseless(catalogue: Iterable[Alert], settings: Settings) -> Iterator[str]:
    """What is wrong with the stack's overrides, each with its cure."""
    production = settings.environment == PRODUCTION
    for alert in catalogue:
        override = settings.alerting.overrides.get(alert.name)
        if override is None or alert.delivery is not Delivery.OWNER:
            continue
        for words in (*_holds(alert, override), *(_muted(alert, override) if production else ())):
            yield f"gallery:alerting.overrides.{alert.name}.{words}"


def _holds(alert: Alert, override: Override) -> Iterator[str]:
    hold = override.hold
    if hold is None:
        return
    severity = override.severity or alert.severity
    if hold == ZERO and alert.hold > ZERO:
        yield (
            f"hold is 0s: one bad sample would do, and its end with the next; write 10s or more "
            f"({alert.hold} where it is left out)"
        )
    if severity is Severity.PAGE and hold > _LONGEST_PAGE:
        yield (
            f"hold is {hold}: a page that is so late wakes nobody in time; write {_LONGEST_PAGE} "
            "or less, or severity: ticket"
        )
    elif hold > _LONGEST:
        yield f"hold is {hold}: nobody waits so long; write {_LONGEST} or less"


def _muted(alert: Alert, override: Override) -> Iterator[str]:
    """What production would no longer hear of."""
    if not override.enabled and alert.subject is Subject.PIPELINE:
        yield (
            "enabled is false: it tells that alerts have gone blind or cannot be delivered, and "
            "in production nobody else would; remove it, or give the alert another owner"
        )
    if override.severity is Severity.INFO and alert.severity is Severity.PAGE:
        yield (
            "severity is info: by default it pages, and in production nobody would look; write "
            "ticket, or enabled: false with a reason"
        )
