"""What cannot work in a stack, each with its cure: found before any resource is made."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from gallery.alerts.model import Delivery
from gallery.contact_points.kinds import KINDS
from gallery.contact_points.model import INDEPENDENT_PATH, Engine
from gallery.metrics.durations import ZERO
from gallery.metrics.timings import Timings
from gallery.plan.alerts import PlannedAlert, idle_overrides
from gallery.plan.bounds import bound_of
from gallery.plan.catalogue import Catalogue
from gallery.plan.door import closed
from gallery.plan.images import idle_images
from gallery.plan.intervals import FORGOTTEN, impossible
from gallery.plan.mesh_versions import KUBERNETES, SERVICE_MESH, minor
from gallery.plan.model import Plan
from gallery.plan.objectives import refused_objectives
from gallery.plan.senseless import senseless
from gallery.plan.times import REHEARSED
from gallery.plan.webhooks import channels_of_one_webhook
from gallery.plan.whereabouts import elsewhere
from gallery.stack_file.errors import all_of
from gallery.stack_file.sections import Settings
from gallery.store.roles import Severity

# What may be installed on a platform, and which minor versions of it are known.
_MESHES = {"eks": ("Istio", KUBERNETES), "openshift": ("OpenShift Service Mesh", SERVICE_MESH)}


def refused_settings(settings: Settings, catalogue: Catalogue) -> Iterator[str]:
    """What is wrong with a stack file whose shapes, names and units are right."""
    yield from impossible(settings)
    yield from _repeated_groups(settings)
    yield from _unreachable(settings)
    yield from _divided_data(settings, catalogue)
    yield from _unknown_mesh(settings)
    yield from closed(settings)
    yield from _undeliverable(settings)
    yield from _idle_integrations(settings)
    yield from idle_images(settings, catalogue)
    yield from channels_of_one_webhook(settings)
    yield from elsewhere(settings)
    yield from idle_overrides(catalogue.alerts, settings.alerting.overrides)
    yield from refused_objectives(settings, catalogue.objectives)
    yield from senseless(catalogue.alerts, settings)


def refused_plan(plan: Plan, settings: Settings) -> Iterator[str]:
    """What is wrong with a stack once it is worked out."""
    yield from _told_too_late(plan.alerts, plan.timings)
    yield from _unrouted(plan)
    yield from _unheard(plan)
    yield from _unused(plan)
    yield from _unwoken(plan)
    yield from _unsubscribed(plan)
    yield from _alike(plan)
    yield from _unfit_for_production(plan, settings)


def _repeated_groups(settings: Settings) -> Iterator[str]:
    names = [group.name for group in settings.hosts]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield f'gallery:hosts names the group "{name}" {names.count(name)} times; once is right'


def _unreachable(settings: Settings) -> Iterator[str]:
    for missing in settings.cluster.existing.missing(hosts=bool(settings.hosts)):
        yield f"gallery:cluster.existing.{missing}"


def _idle_integrations(settings: Settings) -> Iterator[str]:
    kinds = {point.kind for point in settings.alerting.contact_points.values()}
    for kind in settings.grafana.integrations:
        if kind not in kinds:
            yield (
                f"gallery:grafana.integrations names {kind}, and no contact point is of that "
                "kind; remove it"
            )


def _undeliverable(settings: Settings) -> Iterator[str]:
    engine, able = settings.alerting.engine, settings.deliverable
    for name, point in settings.alerting.contact_points.items():
        if point.kind in able:
            continue
        kind = KINDS[point.kind]
        cure = f"; write {kind.instead}" if kind.instead else ""
        if engine is Engine.GRAFANA and kind.by_request:
            cure += (
                f", or say gallery:grafana.integrations: [{point.kind}] if the workspace's "
                "/api/alert-notifiers lists it"
            )
        yield (
            f"gallery:alerting.contact_points.{name} is of kind {point.kind}, which engine "
            f"{engine} cannot deliver to; it can: {', '.join(sorted(able))}{cure}"
        )


def _divided_data(settings: Settings, catalogue: Catalogue) -> Iterator[str]:
    for service in catalogue.services:
        replicas = settings.store.replicas.get(service.name, 1)
        if service.data_path and replicas > 1:
            yield (
                f"gallery:store.replicas.{service.name} is {replicas}; it keeps its data in one "
                "place, and a second one would be another cart; remove it"
            )


def _unknown_mesh(settings: Settings) -> Iterator[str]:
    mesh = settings.mesh
    if mesh is None:
        return
    name, known = _MESHES[settings.cluster.existing.platform]
    for key, version in (
        ("existing", mesh.existing.version),
        ("installed", mesh.installed.version if mesh.installed else None),
    ):
        if version and minor(version) not in known:
            yield (
                f"gallery:mesh.{key}.version is {version}; of {name} this program knows "
                f"{all_of(known)}, each with what it may stand on: take one of these"
            )


def _told_too_late(alerts: tuple[PlannedAlert, ...], timings: Timings) -> Iterator[str]:
    """Blindness of which nobody hears before an outage is forgotten and looks mended."""
    for planned in alerts:
        if not planned.alert.blindness:
            continue
        # What these read of recordings is a constant, which is always there.
        pages = [
            bound_of(planned, failure, REHEARSED, timings, ZERO).page
            for failure in planned.alert.onset
        ]
        if max(pages) > FORGOTTEN:
            yield (
                f"{planned.name} would be delivered after up to {max(pages)}, but an endpoint "
                f"that was down before is forgotten after {FORGOTTEN} and would look mended first; "
                f"shorten its hold ({planned.hold}), or in gallery:monitoring scrape, evaluate or "
                "evaluate_amp, group_wait or group_interval"
            )


def _unrouted(plan: Plan) -> Iterator[str]:
    if plan.engine is Engine.GRAFANA and not plan.owns_notification_policy:
        yield (
            f"gallery:grafana.existing is {plan.existing_grafana}, and without its notification "
            "policy every alert of this stack would go wherever that Grafana's default leads. "
            "The policy is one per Grafana and is replaced whole: if that is what you want, say "
            "replace_notification_policy: true"
        )


def _unheard(plan: Plan) -> Iterator[str]:
    unheard = dict[tuple[str, Severity], list[str]]()
    for alert in _delivered_to_owners(plan):
        for owner in alert.owners:
            if not plan.points[owner][alert.severity]:
                unheard.setdefault((owner, alert.severity), []).append(alert.name)
    for (owner, severity), names in unheard.items():
        yield (
            f"{all_of(names)} would reach nobody: role {owner} has no contact point for "
            f"severity {severity}; add one under gallery:alerting.roles.{owner}"
        )


def _delivered_to_owners(plan: Plan) -> Iterator[PlannedAlert]:
    return (alert for alert in plan.alerts if alert.alert.delivery is Delivery.OWNER)


def _unused(plan: Plan) -> Iterator[str]:
    used = {name for names in plan.points.values() for told in names.values() for name in told}
    for point in plan.contact_points:
        if point.name not in used:
            yield (
                f'contact point "{point.name}" is named by no role; name it under '
                "gallery:alerting.roles, or remove it"
            )


def _unwoken(plan: Plan) -> Iterator[str]:
    if not plan.production:
        return
    waking = {point.name for point in plan.contact_points if point.wakes}
    asleep = dict[str, list[str]]()
    for alert in _delivered_to_owners(plan):
        for owner in alert.owners:
            told = plan.points[owner][alert.severity]
            if alert.severity is Severity.PAGE and told and not waking & set(told):
                asleep.setdefault(owner, []).append(alert.name)
    for owner, names in asleep.items():
        told = plan.points[owner][Severity.PAGE]
        yield (
            f"{all_of(names)} would page role {owner} in production, but none of "
            f"{', '.join(told)} wakes a person; add a PagerDuty contact point under "
            f"gallery:alerting.roles.{owner}, or mark one wakes: true"
        )


def _unsubscribed(plan: Plan) -> Iterator[str]:
    """What is said to wake a person, and would be published for nobody."""
    if not plan.production:
        return
    for point in plan.contact_points:
        if point.wakes and point.needs_topic and not point.subscribers:
            yield (
                f'contact point "{point.name}" says wakes: true, but nobody is subscribed to the '
                "topic that the stack makes for it, so it wakes nobody; give it addresses, or the "
                "topic_arn of a topic to which what wakes you is subscribed"
            )


def _alike(plan: Plan) -> Iterator[str]:
    """One destination under two names in one list, so that it is told everything twice."""
    leads = {
        point.name: (
            point.kind.name, point.secret, point.channel, point.addresses, point.topic_arn
        )
        for point in plan.contact_points
        # Without subscribers a topic is one of its own, whoever subscribes to it later.
        if not point.needs_topic or point.subscribers
    }  # fmt: skip
    lists = (names for by_severity in plan.points.values() for names in by_severity.values())
    pairs = (pair for names in lists for pair in combinations(names, 2))
    for one, other in dict.fromkeys(pairs):
        if one in leads and leads[one] == leads.get(other):
            yield (
                f'contact points "{one}" and "{other}" lead to the same place, and a role that '
                "names both tells it everything twice; name one of them there"
            )


def _unfit_for_production(plan: Plan, settings: Settings) -> Iterator[str]:
    if not plan.production:
        return
    if not plan.independent_emails:
        yield (
            f"gallery:alerting.{INDEPENDENT_PATH.replace('-', '_')} is missing: when the pipeline "
            "itself dies nobody would hear of it; write for example "
            "independent_path: {emails: [oncall@example.org]}"
        )
    if plan.account is None:
        yield (
            "gallery:account is missing: without it everything is made in whatever account "
            "whoever deploys is logged in to; write its twelve digits in quotes, as "
            "`aws sts get-caller-identity --query Account --output text` tells them"
        )
    if plan.door is None:
        yield "gallery:door is missing: production watches the shop's public address"
    if plan.redis_secret is None:
        yield (
            "gallery:store.redis is missing: in production carts are kept behind a password; write "
            "redis: {secret: redis-password}"
        )
    if settings.store.load_generator:
        yield "gallery:store.load_generator is true: it plays customers, and prod has real ones"
