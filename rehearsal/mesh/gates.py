"""Whether every proxy has what the control plane gave it.

A configuration that an Envoy refuses is kept out while the one before stays: whoever asks it then
is judged by what was true once, and everything looks well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rehearsal.machine import loopback
from rehearsal.machine.addresses import ISTIOD_METRICS
from rehearsal.mesh.workloads import Workload

_REFUSED = re.compile(r"^(?P<what>\S*update_rejected): (?P<times>[1-9]\d*)$", re.MULTILINE)
_REJECTS = re.compile(
    r"^pilot_total_xds_rejects(?:\{(?P<labels>[^}]*)\})? (?P<times>\S+)$", re.MULTILINE
)


def refusals(workloads: Iterable[Workload]) -> Iterator[str]:
    """What any proxy has refused since it was started."""
    for found in _REJECTS.finditer(_text(ISTIOD_METRICS.url("/metrics"))):
        if float(found["times"]):
            yield f"istiod counts {found['times']} refusals ({found['labels']})"
    for each in workloads:
        text = _text(each.admin.url("/stats?usedonly&filter=update_rejected"))
        for found in _REFUSED.finditer(text):
            yield f"the proxy of {each.caller} has refused {found['what']} {found['times']} times"


def _text(url: str) -> str:
    return loopback.get(url).decode()
