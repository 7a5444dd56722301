"""The comments below a change, and the one among them that is ours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Comment:
    """One that this pipeline's account wrote."""

    number: int
    body: str


class Conversation(Protocol):
    """Where comments are read and written."""

    def own(self) -> Iterable[Comment]:
        """What this account has written there, the oldest first."""
        ...

    def add(self, body: str) -> None:
        """Write a new one."""
        ...

    def replace(self, comment: Comment, body: str) -> None:
        """Write over one."""
        ...


def keep(conversation: Conversation, marker: str, body: str, *, nothing: bool) -> str:
    """Have one comment that begins with the marker say this; what was done, in a word.

    Where there is `nothing` to say, a comment is not begun, but one that is there is not left
    with what was true before.
    """
    found = next((each for each in conversation.own() if each.body.startswith(marker)), None)
    text = f"{marker}\n{body}"
    if found is None:
        if nothing:
            return "no comment is needed"
        conversation.add(text)
        return "commented"
    if found.body.strip() == text.strip():
        return "the comment says so already"
    conversation.replace(found, text)
    return "the comment is updated"
