"""Writes down what AWS has, as botocore knows it: regions and EC2 instance types.

A stack file is read where there is no AWS and no botocore, so its names lie in a module of their
own, `gallery/stack_file/aws_data.py`; `make aws` writes it anew.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable
from typing import Any, cast

import botocore  # pyright: ignore[reportMissingTypeStubs] - it has none
import botocore.session  # pyright: ignore[reportMissingTypeStubs]

_WIDTH = 100


def module() -> str:
    """The text of the module: every region by partition, those with Managed Grafana, and types."""
    session: Any = cast("Any", botocore.session).get_session()
    partitions = sorted(session.get_available_partitions())

    def regions(service: str, partition: str) -> list[str]:
        return session.get_available_regions(service, partition_name=partition)

    types = session.get_service_model("ec2").shape_for("InstanceType").enum
    grafana = [region for name in partitions for region in regions("grafana", name)]
    parts = [
        '"""What AWS has. Written by `make aws`; not edited by hand."""',
        "",
        f'SOURCE = "botocore {botocore.__version__}"',
        "REGIONS = {",
        *(_entry(name, regions("ec2", name)) for name in partitions),
        "}",
        _text("GRAFANA", grafana),
        _text("INSTANCE_TYPES", types),
    ]
    return "\n".join(parts) + "\n"


def _entry(name: str, words: Iterable[str]) -> str:
    return f'    "{name}": """\n{_wrapped(words)}\n""",'


def _text(name: str, words: Iterable[str]) -> str:
    return f'{name} = """\n{_wrapped(words)}\n"""'


def _wrapped(words: Iterable[str]) -> str:
    return textwrap.fill(" ".join(sorted(words)), _WIDTH, break_on_hyphens=False)


if __name__ == "__main__":
    sys.stdout.write(module())
