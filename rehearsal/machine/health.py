"""Whether a rehearsal works as a whole: everything is scraped, written, and evaluated."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from offline.errors import UserError
from rehearsal.machine import loopback
from rehearsal.machine.addresses import AGENTS, AMP
from rehearsal.machine.queries import PrometheusClient

HEALTHY_WITHIN_SECONDS = 60.0
_POLL_SECONDS = 0.5
_TELL_SECONDS = 3.0
_TOLD = 8
# A group that is evaluated more seldom has its first turn later, and nobody waits for it.
_PROMPT_SECONDS = 15.0

Progress = Callable[[str], None]


def await_healthy(
    hosts: int,
    evaluators: Iterable[PrometheusClient],
    watch: Callable[[], None],
    progress: Progress,
) -> None:
    """Return once nothing is complained about. Raises UserError with what still is.

    `hosts` is how many instances must be found; `evaluators` are the programs with rules;
    `watch` is called again and again and may raise.
    """
    evaluators = tuple(evaluators)
    deadline = time.monotonic() + HEALTHY_WITHIN_SECONDS
    told = 0.0
    while complaints := _complaints(hosts, evaluators):
        watch()
        if time.monotonic() > deadline:
            lines = "\n".join(f"  {complaint}" for complaint in complaints[:_TOLD])
            raise UserError(
                f"not healthy within {HEALTHY_WITHIN_SECONDS:.0f} s; of {len(complaints)} things "
                f"that are wrong:\n{lines}"
            )
        if time.monotonic() - told > _TELL_SECONDS:
            told = time.monotonic()
            progress(f"waiting for {len(complaints)} things; one of them: {complaints[0]}")
        time.sleep(_POLL_SECONDS)


def _complaints(hosts: int, evaluators: Iterable[PrometheusClient]) -> list[str]:
    try:
        return [*_collection(hosts), *(line for one in evaluators for line in _evaluation(one))]
    except (loopback.UnansweredError, loopback.HttpStatusError) as error:
        return [str(error)]


def _collection(hosts: int) -> Iterator[str]:
    """Complaints about targets, as both agents see them and as they arrive in AMP."""
    for address in AGENTS:
        targets = PrometheusClient(address).targets()
        found = sum(target.job == "node" for target in targets)
        if found != hosts:
            yield f"the collector at {address} has found {found} of {hosts} hosts"
        for target in targets:
            if target.health != "up":
                yield f"{target.job} {target.address} is {target.health} {target.error}".strip()
    expected = len(PrometheusClient(AGENTS[0]).targets())
    amp = PrometheusClient(AMP)
    arrived = len(amp.query("up == 1"))
    if not expected or arrived < expected:
        yield f"of {expected} targets {arrived} have arrived in AMP's stand-in"
    for sample in amp.query("probe_success == 0"):
        yield f"the probe of {sample.labels.get('service', '?')} fails"


def _evaluation(evaluator: PrometheusClient) -> Iterator[str]:
    address = evaluator.address
    for rule in evaluator.rules():
        if rule.error:
            yield f"rule {rule.name} at {address} fails: {rule.error}"
        elif rule.interval_seconds <= _PROMPT_SECONDS and not rule.evaluated_at:
            yield f"rule {rule.name} at {address} has not been evaluated yet"
