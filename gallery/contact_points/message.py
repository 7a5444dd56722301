"""The definitions of the message template that contact points ask for, by name."""

from __future__ import annotations

TITLE = "gallery.title"
SUBJECT = "gallery.subject"
TEXT = "gallery.text"
SEVERITY = "gallery.severity"


def call(name: str) -> str:
    """How a field of an integration asks for a definition."""
    return f'{{{{ template "{name}" . }}}}'
