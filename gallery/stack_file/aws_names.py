"""What AWS has, as far as it is known without asking: regions and EC2 instance types."""

from __future__ import annotations

from functools import cache

from gallery.stack_file.aws_data import GRAFANA, INSTANCE_TYPES, REGIONS, SOURCE
from gallery.stack_file.errors import nearest

_CURE = f"of {SOURCE}; if AWS has it since, update botocore and run `make aws`"


@cache
def _instance_types() -> tuple[str, ...]:
    return tuple(INSTANCE_TYPES.split())


def grafana_regions() -> tuple[str, ...]:
    """The regions in which Managed Grafana can be had."""
    return tuple(GRAFANA.split())


def partition_of(region: str) -> str | None:
    """`aws`, `aws-us-gov` and so on; None for a region that AWS does not have."""
    return next((name for name, found in REGIONS.items() if region in found.split()), None)


def known_region(region: str) -> str:
    """The region, where a stack can be in it. Raises ValueError."""
    if region in grafana_regions():
        return region
    if partition_of(region) is None:
        raise ValueError(
            f"AWS has no region {region}; {nearest(region, grafana_regions())} ({_CURE})"
        )
    raise ValueError(
        f"{region} has no Managed Grafana; allowed: {', '.join(grafana_regions())} ({_CURE})"
    )


def known_instance_type(name: str) -> str:
    """The instance type, where EC2 has it. Raises ValueError with the nearest ones."""
    known = _instance_types()
    if name in known:
        return name
    family, _, _ = name.partition(".")
    alike = [each for each in known if each.startswith(f"{family}.")] or known
    guess = nearest(name, alike) if alike is not known else _nearest_family(family)
    raise ValueError(f"EC2 has no type {name}; {guess} ({_CURE})")


def _nearest_family(family: str) -> str:
    families = sorted({name.partition(".")[0] for name in _instance_types()})
    return nearest(family, families).partition("allowed: ")[0] or "see AWS's list of types"
