"""The cases of the alerts of `gallery.alerts.mesh`."""

from __future__ import annotations

from dataclasses import replace

from gallery.alerts.bridges import APART
from gallery.alerts.cases.model import Case, Cases, Series, ramp, unwritten
from gallery.alerts.cases.stories import (
    CALM,
    STEP,
    Spell,
    Story,
    counter,
    gauge,
    lasting,
    passing,
    short_of,
    silent,
    valued,
)
from gallery.alerts.cases.subjects import mesh_labels, whole
from gallery.alerts.mesh import (
    CALLS_WINDOW,
    HOUR,
    MESH_CALLS_REFUSED,
    MESH_CERTIFICATES_EXPIRING,
    MESH_PLAIN_TEXT,
    PLAIN_WINDOW,
)
from gallery.alerts.model import Labels, Scope
from gallery.metrics import labels
from gallery.metrics.durations import MINUTE, Duration, minus
from gallery.metrics.names import CALLS_ALLOWED, CERTIFICATE_LEFT, UNMATCHED
from gallery.metrics.ports import INBOUND_PORT

_CALLEE = "cartservice"
_FINE = {"response_code": "200", "grpc_response_status": "0"}
_GRPC = {"response_code": "200", "grpc_response_status": "7"}
_HTTP = {"response_code": "403", "grpc_response_status": ""}


def _expiring_cases(scope: Scope) -> tuple[Case, ...]:
    pods = [mesh_labels(scope, _CALLEE, pod) for pod in ("1", "2")]
    fires = scope.at(service=_CALLEE)

    def left(times: float) -> Story:
        """One of two pods has so many times the threshold left on its certificate."""

        def story(*spells: Spell) -> tuple[Series, ...]:
            short, well = times * scope.threshold * HOUR, 4 * scope.threshold * HOUR
            ill, other = ({**pod, "resource_name": "default"} for pod in pods)
            return (
                gauge(CERTIFICATE_LEFT, ill, spells, well=well, ill=short),
                valued(CERTIFICATE_LEFT, other, (well, whole(spells))),
            )

        return story

    return (
        lasting(scope, "one of its pods gets no new certificate", left(0.75), fires),
        lasting(scope, "is over", left(-0.1), fires),
        passing(scope, "is replaced late", left(0.75)),
        silent(scope, "is not replaced yet", left(1.5)),
    )


def _call(scope: Scope, caller: str, reporter: str, outcome: Labels) -> dict[str, str]:
    principal = f"spiffe://cluster.local/ns/gallery/sa/{caller}"
    return {
        **mesh_labels(scope, _CALLEE),
        "reporter": reporter,
        "source_principal": principal,
        **outcome,
    }


def _refused_cases(scope: Scope) -> tuple[Case, ...]:
    principal = _call(scope, "frontend", "destination", {})["source_principal"]
    fires = scope.at(service=_CALLEE, source_principal=principal, caller="frontend")
    # The share that a full refusal has of what is looked over, which is no longer than the case.
    onset = (
        Duration.of(
            seconds=CALM.seconds
            * scope.threshold
            / (1 - scope.threshold)
            // STEP.seconds
            * STEP.seconds
        )
        + STEP
    )

    other = {labels.INSTANCE: f"{_CALLEE}-2", "destination_workload": f"{_CALLEE}-next"}

    def allowed(length: Duration) -> Series:
        return valued(CALLS_ALLOWED, fires, (1, length))

    def calls(
        refused: float, outcome: Labels, *, caller: str = "frontend", reporter: str = "destination"
    ) -> Story:
        """So large a share of the calls ends so, each second one of a hundred."""

        def story(*spells: Spell) -> tuple[Series, ...]:
            bad = tuple((100 * refused if ill else 0, length) for ill, length in spells)
            fine = tuple((100 * (1 - refused) if ill else 100, length) for ill, length in spells)
            refusals = _call(scope, caller, reporter, outcome)
            return (
                counter("istio_requests_total", refusals, *bad),
                counter("istio_requests_total", _call(scope, caller, "destination", _FINE), *fine),
                # Another of its pods, of a next release, which nobody asks.
                valued("istio_requests_total", refusals | other, (0, whole(spells))),
                allowed(whole(spells)),
            )

        return story

    def first(*spells: Spell) -> tuple[Series, ...]:
        """Nothing was ever refused before."""
        calm, ill = (length for _, length in spells)
        refusals = Series(
            metric="istio_requests_total",
            labels=_call(scope, "frontend", "destination", _GRPC),
            phases=(unwritten(calm), ramp(10, per_sample=100, length=ill)),
        )
        return (refusals, *calls(1, _FINE | {"response_flags": "-"})(*spells)[1:])

    def asks_all_the_more(*spells: Spell) -> tuple[Series, ...]:
        """Once it is allowed again, it asks a thousand times as often."""
        (_, calm), (_, ill), (_, after) = spells
        return (
            counter(
                "istio_requests_total",
                _call(scope, "frontend", "destination", _GRPC),
                (0, calm),
                (1, ill),
                (0, after),
            ),
            counter(
                "istio_requests_total",
                _call(scope, "frontend", "destination", _FINE),
                (1, calm),
                (0, ill),
                (1000, after),
            ),
            allowed(whole(spells)),
        )

    def never_asks(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        once = (_call(scope, "frontend", "destination", outcome) for outcome in (_GRPC, _HTTP))
        return (
            *(valued("istio_requests_total", call, (5, length)) for call in once),
            allowed(length),
        )

    def both_tell(*spells: Spell) -> tuple[Series, ...]:
        """The caller's own proxy counts each call too."""
        seen = calls(1.5 * scope.threshold, _GRPC)(*spells)
        source = {"reporter": "source", labels.INSTANCE: "frontend-1"}
        return (
            *seen,
            *(
                replace(one, labels={**one.labels, **source})
                for one in seen
                if one.metric != CALLS_ALLOWED
                and one.labels[labels.INSTANCE] != other[labels.INSTANCE]
            ),
        )

    def lately(name: str, story: Story, *fires: Labels) -> Case:
        at = CALM + CALLS_WINDOW + scope.hold.ceil_to(STEP) + MINUTE
        return Case(
            name=name,
            series=story((False, CALM), (True, at)),
            fires_at=at,
            fires=fires,
        )

    return (
        lasting(scope, "refuses every gRPC call", calls(1, _GRPC), fires, onset=onset),
        lasting(scope, "forbids every request", calls(1, _HTTP), fires, onset=onset),
        lately("refuses for the first time", first, fires),
        lately("refuses more than a few", both_tell, fires),
        lately("refuses a few", calls(0.75 * scope.threshold, _GRPC)),
        passing(
            scope,
            "refuses for a moment",
            asks_all_the_more,
            spell=minus(onset + short_of(scope.hold), STEP),
        ),
        silent(scope, "refuses a stranger", calls(1, _GRPC, caller="stranger")),
        silent(scope, "the caller's own proxy refuses", calls(1, _GRPC, reporter="source")),
        silent(scope, "the caller's own proxy forbids it", calls(1, _HTTP, reporter="source")),
        silent(
            scope, "does not find what is asked for", calls(1, {**_FINE, "response_code": "404"})
        ),
        silent(scope, "was refused once, and asks no more", never_asks),
    )


def _plain_cases(scope: Scope) -> tuple[Case, ...]:
    proxy = mesh_labels(scope, _CALLEE)
    fires = scope.at(service=_CALLEE)

    def tries(port: int) -> Story:
        def story(*spells: Spell) -> tuple[Series, ...]:
            listener = proxy | {"listener_address": f"0.0.0.0_{port}"}
            rates = ((0.1 if bad else 0, length) for bad, length in spells)
            # And another of its pods, to which nobody speaks.
            quiet = listener | {labels.INSTANCE: f"{_CALLEE}-2"}
            return counter(UNMATCHED, listener, *rates), valued(
                UNMATCHED, quiet, (0, whole(spells))
            )

        return story

    inbound = tries(INBOUND_PORT)
    over = PLAIN_WINDOW + APART + MINUTE
    return (
        lasting(scope, "is spoken to in plain text", inbound, fires, onset=STEP),
        lasting(scope, "goes on being spoken to so", inbound, fires, onset=MINUTE),
        silent(scope, "its own calls are none that it knows", tries(15001)),
        silent(
            scope,
            "is spoken to by the mesh alone",
            lambda *spells: inbound((False, CALM + whole(spells))),
        ),
        Case(
            name="was spoken to in plain text a while ago",
            series=inbound((True, CALM), (False, over)),
            fires_at=CALM + over,
        ),
    )


CASES: Cases = {
    MESH_CALLS_REFUSED: _refused_cases,
    MESH_CERTIFICATES_EXPIRING: _expiring_cases,
    MESH_PLAIN_TEXT: _plain_cases,
}
