"""The dashboard of the mesh: its control plane, its certificates, and whom it refuses."""

from __future__ import annotations

from collections.abc import Iterator

from grafana_foundation_sdk.models import dashboard as model

from gallery.alerts.istiod import UNSENT
from gallery.alerts.mesh import (
    HOUR,
    INBOUND,
    MESH_CALLS_REFUSED,
    MESH_CERTIFICATES_EXPIRING,
    REFUSALS,
)
from gallery.alerts.panels import (
    CERTIFICATES_LEFT,
    CONTROL_PLANE,
    MESH,
    PLAIN_TEXT,
    PUSHES,
    REFUSED,
    REJECTIONS,
)
from gallery.dashboards.endpoints import lines
from gallery.dashboards.frame import framed, outages
from gallery.dashboards.grid import Band, Heading, side_by_side
from gallery.dashboards.on_call import on_call
from gallery.dashboards.panels import (
    Curve,
    Face,
    Query,
    at_least,
    graph,
    limited,
    line_at,
    state_timeline,
    tile,
)
from gallery.dashboards.sources import RATE_INTERVAL, Source, source, threshold
from gallery.dashboards.texts import alert_list
from gallery.metrics import labels, names, promql
from gallery.plan.model import Plan

_NOTHING = "nothing"
_OF_SERVICE = "{{service}}"
_UNSEEN = "NOT SCRAPED"
_HIGH = 0.99


def mesh(plan: Plan) -> model.Dashboard:
    """Whether the mesh hands out what it should, and refuses nobody whom it should let through."""
    here = source(plan)
    return framed(
        plan,
        uid=MESH,
        title="Gallery: mesh",
        description=(
            "Whether the mesh's control plane is there and is taken at its word, for how long its "
            "certificates are good, and whom its proxies refuse."
        ),
        shown="3h",
        parts=_parts(plan, here),
        variables=(),
        annotations=(
            outages(
                here,
                "Control plane down",
                Query(expr=f"max ({_answers(here)}) == bool 0", legend="istiod does not answer"),
            ),
        ),
    )


def _parts(plan: Plan, here: Source) -> Iterator[Band | Heading]:
    alerts = alert_list(plan, "Alerts of the mesh", 'alertname=~"Mesh.*"')
    yield side_by_side(4, _connected(here), _converged_now(here), _left_now(plan, here))
    yield Band(height=8, panels=((16, _refused(plan, here)), (8, alerts)))
    yield side_by_side(8, _refused_at_all(plan, here), _plain_text(plan, here))
    yield Heading(title="Certificates")
    yield side_by_side(8, _certificates(plan, here))
    yield Heading(title="Control plane")
    yield side_by_side(6, _over_time(here), _convergence(here))
    yield side_by_side(8, _failed(here), _rejected(here))
    yield Heading(title="Who is called")
    yield on_call(plan, MESH)


def _answers(here: Source) -> str:
    return here.job("up", labels.ISTIOD)


def _connected(here: Source) -> model.Panel:
    return tile(
        here,
        "Proxies connected",
        "How many proxies of the whole mesh, the store's among them, get their configuration.",
        Query(expr=f"sum ({here.job(names.CONNECTED, labels.ISTIOD)})", legend="proxies"),
        Face(unit="none", empty="NOT KNOWN", decimals=0),
    )


def _slowest(here: Source, window: str) -> str:
    """Seconds until a change had arrived, of all but one in a hundred."""
    counted = here.job(names.CONVERGENCE, labels.ISTIOD, window=window)
    return f"histogram_quantile({_HIGH}, sum by (le) (rate({counted})))"


def _converged_now(here: Source) -> model.Panel:
    return tile(
        here,
        "Seconds until a change arrives (p99)",
        "From a change in the cluster until a proxy has all of it, of the last hour.",
        Query(expr=_slowest(here, "1h"), legend="p99"),
        Face(unit="s", empty="no change", decimals=1),
    )


def _left(here: Source, by: str) -> str:
    """Hours that the first certificate is still good for."""
    return f"min {by}({here.job(names.CERTIFICATE_LEFT, labels.MESH)}) / {HOUR}"


def _left_now(plan: Plan, here: Source) -> model.Panel:
    return tile(
        here,
        "Hours until a certificate expires",
        "Of all proxies the one whose certificate is over first. Half of a day is left when a "
        "certificate is replaced.",
        Query(expr=_left(here, ""), legend="hours"),
        Face(
            unit="h",
            empty="NOT KNOWN",
            decimals=1,
            steps=at_least(threshold(plan, MESH_CERTIFICATES_EXPIRING)),
        ),
    )


def _asked(here: Source, *matchers: str) -> str:
    """Requests a second, as the proxy of the one that was asked counts them."""
    where = (promql.equals("reporter", "destination"), *matchers)
    counted = here.job("istio_requests_total", labels.MESH, where=where, window=RATE_INTERVAL)
    return f"rate({counted})"


def _refusals(here: Source) -> str:
    return " or ".join(_asked(here, each) for each in REFUSALS)


def _refused(plan: Plan, here: Source) -> model.Panel:
    by = "by (service, source_principal)"
    allowed = f"max by (service, source_principal, caller) ({here.series(names.CALLS_ALLOWED)})"
    every = f"sum {by} ({_asked(here)})"
    share = f"(sum {by} ({_refusals(here)}) or 0 * {every}) / ({every} > 0)"
    return graph(
        here,
        REFUSED.title,
        "The share of each caller's requests that the mesh refuses, though the call graph allows "
        f"them. The dashed line is where {MESH_CALLS_REFUSED.name} counts.",
        Query(
            expr=f"({share}) * on (service, source_principal) group_left (caller) {allowed}",
            legend="{{caller}} → {{service}}",
        ),
        face=Face(
            unit="percentunit",
            empty="no traffic",
            lowest=0,
            steps=line_at(threshold(plan, MESH_CALLS_REFUSED)),
        ),
        curve=limited(),
    )


def _refused_at_all(plan: Plan, here: Source) -> model.Panel:
    return graph(
        here,
        "Refused, whoever asked",
        "Requests a second that each service refused, those of strangers among them.",
        Query(
            expr=f"sum by (service) ({_refusals(here)}) or 0 * sum by (service) ({_asked(here)})",
            legend=_OF_SERVICE,
        ),
        face=Face(unit="reqps", empty=_NOTHING, lowest=0),
        curve=Curve(overrides=lines(plan)),
    )


def _plain_text(plan: Plan, here: Source) -> model.Panel:
    tried = here.job(names.UNMATCHED, labels.MESH, where=(INBOUND,), window=RATE_INTERVAL)
    return graph(
        here,
        PLAIN_TEXT.title,
        "Connections a second that a service's proxy turned away before any handshake.",
        Query(expr=f"sum by (service) (rate({tried}))", legend=_OF_SERVICE),
        face=Face(unit="cps", empty=_NOTHING, lowest=0),
        curve=Curve(overrides=lines(plan)),
    )


def _certificates(plan: Plan, here: Source) -> model.Panel:
    return graph(
        here,
        CERTIFICATES_LEFT.title,
        "Of each service's pods the one that is over first. It falls for half a day and is "
        f"replaced; the dashed line is where {MESH_CERTIFICATES_EXPIRING.name} counts.",
        Query(expr=_left(here, "by (service) "), legend=_OF_SERVICE),
        face=Face(
            unit="h",
            empty="NOT KNOWN",
            lowest=0,
            steps=line_at(threshold(plan, MESH_CERTIFICATES_EXPIRING)),
        ),
        curve=limited(*lines(plan)),
    )


def _over_time(here: Source) -> model.Panel:
    return state_timeline(
        here,
        CONTROL_PLANE.title,
        "Whether each replica of istiod answers the collector.",
        Query(expr=f"max by (instance) ({_answers(here)})", legend="{{instance}}"),
        unseen=_UNSEEN,
    )


def _convergence(here: Source) -> model.Panel:
    return graph(
        here,
        "Time until a change arrives",
        "From a change in the cluster until a proxy has all of it, of all but one in a hundred.",
        Query(expr=_slowest(here, RATE_INTERVAL), legend="p99"),
        face=Face(unit="s", empty="no change", lowest=0),
    )


def _none(here: Source) -> str:
    """Zero while istiod answers: its counters of failures are not there before the first."""
    return f"0 * max ({_answers(here)})"


def _no_type(here: Source) -> str:
    """The same, where no type has failed."""
    return f'on () label_replace({_none(here)}, "type", "none", "", "")'


def _failed(here: Source) -> model.Panel:
    def rate(metric: str, *matchers: str) -> str:
        return f"rate({here.job(metric, labels.ISTIOD, where=matchers, window=RATE_INTERVAL)})"

    none = _none(here)
    return graph(
        here,
        PUSHES.title,
        "Errors a second of istiod, by what it could not send, what was not taken in time, and "
        "what failed in itself.",
        Query(
            expr=f"sum by (type) ({rate(names.PUSHES, UNSENT)}) or {_no_type(here)}",
            legend="{{type}}",
        ),
        Query(expr=f"sum ({rate(names.PUSH_TIMEOUTS)}) or {none}", legend="not taken in time"),
        Query(expr=f"sum ({rate(names.PUSH_ERRORS)}) or {none}", legend="failed in itself"),
        face=Face(unit="cps", empty=_NOTHING, lowest=0),
    )


def _rejected(here: Source) -> model.Panel:
    return graph(
        here,
        REJECTIONS.title,
        "Of each type, how often proxies have rejected what they were sent since istiod started.",
        Query(
            expr=f"sum by (type) ({here.job(names.REJECTS, labels.ISTIOD)}) or {_no_type(here)}",
            legend="{{type}}",
        ),
        face=Face(unit="none", empty=_NOTHING, lowest=0, decimals=0),
    )
