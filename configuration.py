"""The one place where the program reads its stack's configuration and the calendar.

`pulumi.Config` cannot list its keys, and an unknown key must be found; the runtime's own mapping
can be listed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pulumi
from pulumi.runtime.config import CONFIG, is_config_secret

from gallery.plan.model import Plan
from gallery.plan.placeholders import placeholders
from gallery.plan.resolve import resolve
from gallery.plan.stack import PRODUCTION
from gallery.render.without_mesh import warning
from gallery.stack_file.credentials import require_credentials
from gallery.stack_file.document import whole_file
from gallery.stack_file.errors import StackFileError
from gallery.stack_file.keys import PREFIX
from gallery.stack_file.parse import parse, require_secrets, structured
from gallery.stack_file.sections import Settings

_STACKS = Path("stacks")


def _value(key: str, text: str) -> object:
    return text if is_config_secret(key) else structured(key, text)


def plan() -> Plan:
    """The stack's plan. A wrong stack file ends the program with all its errors."""
    errors = list(_of_the_file())
    try:
        found = _plan()
    except StackFileError as error:
        errors += error.errors
    else:
        if not errors:
            if without := warning(found):
                pulumi.warn(without)
            return found
    raise pulumi.RunError(str(StackFileError(errors)))


def _of_the_file() -> tuple[str, ...]:
    """What is wrong with the file itself, of which the CLI says nothing and hands over the rest."""
    path = _STACKS / f"Pulumi.{pulumi.get_stack()}.yaml"
    try:
        # Where the CLI was told to read another file, or a stack has none, there is none here.
        if path.is_file():
            whole_file(path.read_text(encoding="utf-8"), path.name)
    except StackFileError as error:
        return error.errors
    return ()


def _plan() -> Plan:
    given: dict[str, str] = CONFIG.get()
    secret_keys = [key for key in given if is_config_secret(key)]
    settings = parse({key: _value(key, text) for key, text in given.items()}, secret_keys)
    errors = left_of_the_example(settings)
    try:
        require_secrets(settings, secret_keys)
        require_credentials(settings, {key.removeprefix(PREFIX): given[key] for key in secret_keys})
        found = resolve(settings, stack=pulumi.get_stack())
    except StackFileError as error:
        errors += error.errors
    else:
        if not errors:
            return found
    raise StackFileError(errors)


def left_of_the_example(settings: Settings) -> list[str]:
    """What production refuses of the example's values; elsewhere they are told as a warning.

    Only a deployment asks: a rehearsal plays the example as it is.
    """
    found = list(placeholders(settings))
    if settings.environment == PRODUCTION:
        return found
    if found:
        pulumi.warn("\n".join(["what is deployed still has values of the example:", *found]))
    return []


def secrets(stack: Plan) -> dict[str, pulumi.Output[str]]:
    """Every secret the stack refers to, by name, encrypted from here on."""
    config = pulumi.Config(PREFIX.rstrip(":"))
    return {name: config.require_secret(name) for name in stack.secrets}


def week() -> str:
    """The calendar week, as `2026-W47`: when it turns, what expires is replaced."""
    year, number, _ = datetime.now(tz=UTC).isocalendar()
    return f"{year}-W{number:02}"
