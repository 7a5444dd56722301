"""Looks at the values of a stack's secrets, and shows none.

A key of another sort, or with a space at its end, is refused by whoever it is sent to, at the
first page, where nobody sees it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import cast

import yaml

from gallery.contact_points.kinds import KINDS
from gallery.stack_file.errors import StackFileError
from gallery.stack_file.parse import set_command
from gallery.stack_file.sections import ExistingOpenShift, Settings

_PASSWORD = re.compile(r"[0-9A-Za-z_-]{16,128}")


def placeholder(name: str) -> str:
    """What stands for a secret wherever the program runs and nothing is deployed."""
    return f"secret:{name}"


def require_credentials(settings: Settings, values: Mapping[str, str]) -> None:
    """Raise StackFileError for each secret that its receiver would refuse.

    `values` has every secret that the stack file refers to, by name.
    """
    real = {name: text for name, text in values.items() if text != placeholder(name)}
    if errors := [
        *_contact_points(settings, real),
        *_redis(settings, real),
        *_kubeconfig(settings, real),
    ]:
        raise StackFileError(errors)


def _contact_points(settings: Settings, values: Mapping[str, str]) -> Iterator[str]:
    for name, point in settings.alerting.contact_points.items():
        wanted, secret = KINDS[point.kind].credential, point.secret
        if wanted is None or secret is None or secret not in values:
            continue
        if re.fullmatch(wanted.pattern, values[secret]) is None:
            yield (
                f'secret "{secret}" is not what contact point "{name}" of kind {point.kind} '
                f"takes: {wanted.meaning}{_oddity(values[secret])}; "
                f"run `{set_command(secret)}`"
            )


def _redis(settings: Settings, values: Mapping[str, str]) -> Iterator[str]:
    redis = settings.store.redis
    if redis is None or redis.secret not in values:
        return
    if _PASSWORD.fullmatch(values[redis.secret]) is None:
        yield (
            f'secret "{redis.secret}" is no password for gallery:store.redis: 16 to 128 letters, '
            "digits, dashes and underscores, since it stands in a connection string and a comma "
            f"would end it{_oddity(values[redis.secret])}; run "
            f"`{set_command(redis.secret)}`"
        )


def _oddity(text: str) -> str:
    """What is easily overlooked, in words that tell nothing of the value."""
    if text != text.strip():
        return " (it begins or ends with white space)"
    if text.startswith(("'", '"')):
        return " (it stands in quotes)"
    return ""


def _kubeconfig(settings: Settings, values: Mapping[str, str]) -> Iterator[str]:
    existing = settings.cluster.existing
    if not isinstance(existing, ExistingOpenShift) or existing.kubeconfig.secret not in values:
        return
    secret, context = existing.kubeconfig.secret, existing.kubeconfig.context
    if context not in _contexts(values[secret]):
        yield (
            f'secret "{secret}" is no kubeconfig with the context "{context}", which '
            "gallery:cluster.existing.kubeconfig.context names; "
            f"run `{set_command(secret)} < kubeconfig`"
        )


def _contexts(text: str) -> frozenset[object]:
    """The names of a kubeconfig's contexts; none where it is no kubeconfig."""
    try:
        document: object = yaml.safe_load(text)
    except yaml.YAMLError:
        return frozenset()
    entries = cast("Mapping[str, object]", document).get("contexts") if _mapping(document) else None
    contexts = cast("list[object]", entries) if isinstance(entries, list) else []
    return frozenset(
        cast("Mapping[str, object]", each).get("name") for each in contexts if _mapping(each)
    )


def _mapping(value: object) -> bool:
    return isinstance(value, Mapping)
