"""The uid of a rule in Grafana: a constant of the catalogue, never built by `apply`."""

from __future__ import annotations

import re
from hashlib import sha256

# Grafana refuses a longer uid.
_UID_LENGTH = 40
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def rule_uid(alert: str) -> str:
    """The uid of an alert's rule in Grafana: `gallery-endpoint-down`.

    One that would be longer than Grafana's 40 characters is cut and ends in eight digits of a
    hash.
    """
    whole = "-".join(("gallery", *_WORD.split(alert))).lower()
    if len(whole) <= _UID_LENGTH:
        return whole
    return f"{whole[: _UID_LENGTH - 9]}-{sha256(whole.encode()).hexdigest()[:8]}"
