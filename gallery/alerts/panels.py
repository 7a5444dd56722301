"""The dashboards that alerts lead to, by uid: constants, never built by `apply`."""

from __future__ import annotations

# Dashboard uids.
API_HEALTH = "gallery-api-health"
HOSTS = "gallery-hosts"
