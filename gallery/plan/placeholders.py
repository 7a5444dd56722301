"""What a stack file still has of the example that it was copied from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gallery.plan.catalogue import STORE, Catalogue
from gallery.plan.images import images, movable
from gallery.stack_file.sections import Alerting, Settings

# EC2 user guide, "Resource IDs": eight or, for years now, seventeen digits.
_ISSUED = re.compile(r"(vpc|subnet)-([0-9a-f]{8}|[0-9a-f]{17})")
# RFC 2606: names that belong to nobody, for examples and tests.
_RESERVED = re.compile(
    r"(^|[.@/])(example\.(com|net|org|edu)|[^.@/]+\.(example|test|invalid))$", re.IGNORECASE
)
_NO_GROUP = re.compile(r"([0-9a-f]{10}-)?0{8}-0{4}-")


def placeholders(settings: Settings, catalogue: Catalogue = STORE) -> Iterator[str]:
    """One sentence, with its cure, for each value that can only be an example's.

    The account is not looked at: it is compared with the one that whoever deploys is logged in to.
    """
    yield from _network(settings)
    for index, group in enumerate(settings.grafana.admins):
        if _NO_GROUP.match(group):
            yield _still(f"grafana.admins[{index}]", group, "the id of a group of yours")
    if settings.door and _RESERVED.search(settings.door.domain):
        yield _still("door.domain", settings.door.domain, "the shop's public name")
    yield from movable(settings, images(settings, catalogue))
    yield from _addresses(settings.alerting)
    yield from _runbooks(settings.alerting)


def _network(settings: Settings) -> Iterator[str]:
    existing = settings.network.existing
    if not _ISSUED.fullmatch(existing.vpc):
        yield _still("network.existing.vpc", existing.vpc, "the id of your VPC")
    for index, subnet in enumerate(existing.private_subnets):
        if not _ISSUED.fullmatch(subnet):
            key = f"network.existing.private_subnets[{index}]"
            yield _still(key, subnet, "the id of a private subnet of it")


def _addresses(alerting: Alerting) -> Iterator[str]:
    independent = alerting.independent_path
    lists = {
        f"contact_points.{name}.addresses": point.addresses or []
        for name, point in alerting.contact_points.items()
    } | {"independent_path.emails": independent.emails if independent else []}
    for key, addresses in lists.items():
        for index, address in enumerate(addresses):
            if _RESERVED.search(address):
                yield _still(f"alerting.{key}[{index}]", address, "an address that somebody reads")


def _runbooks(alerting: Alerting) -> Iterator[str]:
    if alerting.runbooks == Alerting.model_fields["runbooks"].default:
        yield (
            f"gallery:alerting.runbooks is left out, and every page would link to "
            f"{alerting.runbooks}, which is not your repository; write the address of your own "
            "docs/runbooks"
        )
    elif _RESERVED.search(alerting.runbooks.split("/")[2].partition(":")[0]):
        yield _still("alerting.runbooks", alerting.runbooks, "the address of your own runbooks")


def _still(key: str, value: str, cure: str) -> str:
    return f"gallery:{key} is still the example's {value}; write {cure}"
