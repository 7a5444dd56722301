"""What lies in the wrong region, account or zone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gallery.plan.stack import PRODUCTION
from gallery.stack_file.aws_names import partition_of
from gallery.stack_file.sections import ExistingOpenShift, Settings


def elsewhere(settings: Settings) -> Iterator[str]:
    """What is wrong with where things are, each with its cure."""
    yield from _topics(settings)
    yield from _certificate(settings)
    yield from _trust(settings)
    yield from _one_zone(settings)


@dataclass(frozen=True, kw_only=True)
class _Arn:
    """The parts of an Amazon Resource Name that say where it is."""

    partition: str
    region: str
    account: str

    @classmethod
    def read(cls, text: str) -> _Arn:
        _, partition, _, region, account, _ = text.split(":", 5)
        return cls(partition=partition, region=region, account=account)


def _topics(settings: Settings) -> Iterator[str]:
    for name, point in settings.alerting.contact_points.items():
        if point.topic_arn is None:
            continue
        key, arn = f"gallery:alerting.contact_points.{name}.topic_arn", _Arn.read(point.topic_arn)
        if arn.region != settings.region:
            yield (
                f"{key} is a topic in {arn.region}, and the stack is in {settings.region}: AMP and "
                "Grafana publish in their own region alone; give a topic of that region"
            )
        elif arn.partition != partition_of(settings.region):
            yield f"{key} is of partition {arn.partition}; in {settings.region} it is another"
        if settings.account is not None and arn.account != settings.account:
            yield (
                f"{key} is a topic of account {arn.account}, and the stack is in "
                f"{settings.account}: AMP publishes in its own account alone; give a topic of that"
            )


def _certificate(settings: Settings) -> Iterator[str]:
    given = settings.door.certificate if settings.door else None
    if given is None or given.arn is None:
        return
    arn = _Arn.read(given.arn)
    if arn.region != settings.region:
        yield (
            f"gallery:door.certificate.arn is a certificate in {arn.region}, and the stack is in "
            f"{settings.region}: a load balancer takes those of its own region alone; give one of "
            "that"
        )
    if settings.account is not None and arn.account != settings.account:
        yield (
            f"gallery:door.certificate.arn is a certificate of account {arn.account}, and the "
            f"stack is in {settings.account}; give one of that"
        )


def _trust(settings: Settings) -> Iterator[str]:
    existing = settings.cluster.existing
    if not isinstance(existing, ExistingOpenShift) or existing.oidc_provider is None:
        return
    partition, expected = _Arn.read(existing.oidc_provider).partition, partition_of(settings.region)
    if partition != expected:
        yield (
            f"gallery:cluster.existing.oidc_provider is of partition {partition}, and "
            f"{settings.region} is in {expected}; give the provider of the stack's own account"
        )


def _one_zone(settings: Settings) -> Iterator[str]:
    subnets = settings.network.existing.private_subnets
    spread = [group.name for group in settings.hosts if group.count > 1]
    if settings.environment == PRODUCTION and len(subnets) == 1 and spread:
        yield (
            f"gallery:network.existing.private_subnets is {subnets[0]} alone: the zone that it "
            f"lies in would take every host of {', '.join(spread)} with it; give a subnet of each "
            "of two zones or more"
        )
