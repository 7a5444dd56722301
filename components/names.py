"""Names in AWS that stay as they were first given."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi


def keeps_its_name(
    parent: pulumi.Resource,
    *,
    protect: bool = False,
    depends_on: Sequence[pulumi.Resource] = (),
) -> pulumi.ResourceOptions:
    """Options of what AWS can only rename by replacing it.

    A name is given when the resource is made. Where the rule for names changes afterwards, what
    is there keeps its own, with all it holds and all that refers to it.
    """
    return pulumi.ResourceOptions(
        parent=parent, protect=protect, ignore_changes=["name"], depends_on=depends_on
    )
