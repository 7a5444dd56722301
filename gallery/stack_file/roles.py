"""The name of a role, as a stack file has it."""

from __future__ import annotations

from typing import Annotated

from gallery.stack_file.quantities import listed, one_of
from gallery.store.roles import ROLE_NAMES

RoleName = Annotated[str, one_of("a role", ROLE_NAMES), listed(ROLE_NAMES)]
