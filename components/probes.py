"""The kubelet's three questions to a container: has it started, may it be called, is it dead.

They ask alike, and wait differently. Whoever is slow under load is taken out of the way within
seconds, and gets its time back by that; it is killed only when it has said nothing for minutes,
since each that is killed leaves its load to the others.
"""

from __future__ import annotations

from math import ceil

import pulumi_kubernetes as k8s

Probe = k8s.core.v1.ProbeArgsDict

_STARTUP_PERIOD_SECONDS = 2


def startup(ask: Probe, within: int) -> Probe:
    """Nothing else is asked before this is answered, for which there are so many seconds."""
    return {
        **ask,
        "period_seconds": _STARTUP_PERIOD_SECONDS,
        "timeout_seconds": _STARTUP_PERIOD_SECONDS,
        "failure_threshold": ceil(within / _STARTUP_PERIOD_SECONDS),
    }


def readiness(ask: Probe) -> Probe:
    """No answer for a quarter of a minute: nobody calls it until it answers again."""
    return {**ask, "period_seconds": 5, "timeout_seconds": 3, "failure_threshold": 3}


def liveness(ask: Probe) -> Probe:
    """No answer within ten seconds, six times in two minutes: it hangs, and is started anew."""
    return {**ask, "period_seconds": 20, "timeout_seconds": 10, "failure_threshold": 6}
