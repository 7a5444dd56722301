from __future__ import annotations

import pytest

from gallery.stack_file.aws_names import (
    grafana_regions,
    known_instance_type,
    known_region,
    partition_of,
)
from gallery.stack_file.sections import HostGroup
from offline.aws_names import module
from offline.render import PROJECT
from tests.unit.stack_files import values


def test_what_is_written_down_is_what_botocore_knows() -> None:
    written = (PROJECT / "gallery" / "stack_file" / "aws_data.py").read_text()
    assert written == module(), "run: make aws"


@pytest.mark.parametrize("region", grafana_regions())
def test_every_region_with_grafana_is_a_region(region: str) -> None:
    assert known_region(region) == region
    assert partition_of(region) in {"aws", "aws-us-gov"}


@pytest.mark.parametrize("name", ["t4g.small", "m7g.metal", "u-6tb1.112xlarge", "c7gn.16xlarge"])
def test_a_type_that_ec2_has_is_taken(name: str) -> None:
    assert known_instance_type(name) == name
    group = values()["gallery:hosts"][0] | {"instance_type": name}
    assert HostGroup(**group).instance_type == name
