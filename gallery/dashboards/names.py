"""Names and uids of what dashboards stand in and read: constants, never built by `apply`."""

from __future__ import annotations

FOLDER_UID = "gallery"
FOLDER_TITLE = "Gallery"
DATA_SOURCE_UID = "gallery-amp"
DATA_SOURCE_NAME = "Gallery metrics"
