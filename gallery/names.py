"""Names and uids that several programs must agree on: constants, never built by `apply`."""

from __future__ import annotations

import re
from hashlib import sha256

FOLDER_UID = "gallery"
FOLDER_TITLE = "Gallery"
DATA_SOURCE_UID = "gallery-amp"
DATA_SOURCE_NAME = "Gallery metrics"

# Dashboard uids.
API_HEALTH = "gallery-api-health"
HOSTS = "gallery-hosts"

# Recorded series. The expected ones say what the plan contains, so that what vanished is missed.
PROBE_EXPECTED = "gallery:probe_expected"
TARGETS_EXPECTED = "gallery:targets_expected"
HOSTS_EXPECTED = "gallery:hosts_expected"
COLLECTOR_EXPECTED = "gallery:collector_expected"
RECEIVE_RATE = "gallery:host_receive_bytes:rate5m"
TRANSMIT_RATE = "gallery:host_transmit_bytes:rate5m"
RECEIVE_USUAL = "gallery:host_receive_bytes:usual7d"
TRANSMIT_USUAL = "gallery:host_transmit_bytes:usual7d"

# Grafana refuses a longer uid.
_UID_LENGTH = 40
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def rule_uid(alert: str, part: str | None = None) -> str:
    """The uid of an alert's rule in Grafana: `gallery-endpoint-down`.

    `part` tells the rules of one alert apart, as the owner of a host group does. A uid that
    would be longer than Grafana's 40 characters is cut and ends in eight digits of a hash.
    """
    words = ["gallery", *_WORD.split(alert), *([part] if part else [])]
    whole = "-".join(words).lower()
    if len(whole) <= _UID_LENGTH:
        return whole
    return f"{whole[: _UID_LENGTH - 9]}-{sha256(whole.encode()).hexdigest()[:8]}"


# The group of message templates in Grafana.
MESSAGE_TEMPLATE = "gallery"
