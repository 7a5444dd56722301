"""How Envoys of the mesh count requests, in the place of Istio's own filter.

What they count becomes Istio's metrics where it is scraped (`rehearsal/world/telemetry.py`).
"""

from __future__ import annotations

from rehearsal.mesh.added import FILTERS, made
from rehearsal.stand_in.documents import Document
from rehearsal.world.telemetry import (
    COUNTER,
    DESTINATION,
    HISTOGRAM,
    PREFIX,
    REPORTER,
    SOURCE,
    TAGS,
)

# By which Envoy tells of them.
SCRAPED = (f"{PREFIX}.{COUNTER}", f"{PREFIX}.{HISTOGRAM}")
_TYPES = "type.googleapis.com/envoy.extensions"
_REPORTERS = {"SIDECAR_INBOUND": DESTINATION, "SIDECAR_OUTBOUND": SOURCE}


def counted(namespace: str) -> Document:
    """The filter by which every proxy of the mesh counts; in the mesh's root namespace."""
    patches = [
        {
            "applyTo": "NETWORK_FILTER",
            "match": {
                "context": context,
                "listener": {
                    "filterChain": {
                        "filter": {"name": "envoy.filters.network.http_connection_manager"}
                    }
                },
            },
            "patch": {"operation": "MERGE", "value": {"typed_config": _manager(reporter)}},
        }
        for context, reporter in _REPORTERS.items()
    ]
    spec: Document = {"configPatches": patches}
    return made(FILTERS, "EnvoyFilter", "requests-counted", namespace, spec)


def _manager(reporter: str) -> Document:
    name = "filters.network.http_connection_manager.v3.HttpConnectionManager"
    return {"@type": f"{_TYPES}.{name}", "access_log": [_access_log(reporter)]}


def _access_log(reporter: str) -> Document:
    tags = [
        {"name": name, "value_format": form} for name, form in {REPORTER: reporter, **TAGS}.items()
    ]
    config: Document = {
        "@type": f"{_TYPES}.access_loggers.stats.v3.Config",
        "stats_scope": {"prefix": PREFIX},
        "counters": [{"stat": {"name": COUNTER, "tags": tags}, "value_fixed": 1}],
        "histograms": [
            {
                "stat": {"name": HISTOGRAM, "tags": tags},
                "unit": "Milliseconds",
                "value_format": "%DURATION%",
            }
        ],
    }
    return {"name": "envoy.access_loggers.stats", "typed_config": config}
