"""The definitions of the message template that contact points ask for, and how long a text gets."""

from __future__ import annotations

from dataclasses import dataclass

TITLE = "gallery.title"
SUBJECT = "gallery.subject"
SEVERITY = "gallery.severity"


def text_of(kind: str) -> str:
    """The text for one kind of contact point."""
    return f"gallery.text.{kind}"


def call(name: str) -> str:
    """How a field of an integration asks for a definition."""
    return f'{{{{ template "{name}" . }}}}'


@dataclass(frozen=True, kw_only=True)
class Bound:
    """How many alerts of a message are told in full, and for how long more by their labels.

    `names` is about how many bytes of labels there are; the rest is counted. `text` and `title`
    are how many bytes the receiver takes, as far as it has a limit that a message could meet;
    `source` is who says so.
    """

    in_full: int
    names: int
    text: int | None = None
    title: int | None = None
    source: str
