"""Text that a fork's code wrote, made harmless where it will stand under this repository's name."""

from __future__ import annotations

import re

# GitHub takes no comment above 65,536 characters.
LIMIT_BYTES = 60_000
_KEPT_TAGS = re.compile(r"</?(?:details|summary|code)>")
# What begins a tag, a mention, a link, an address, or a reference to an issue.
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_ACTIVE = re.compile(r"@(?=\w)|\](?=[(\[:])|:(?=//)|#(?=\d)|\bGH-(?=\d)|\bwww(?=\.)", re.IGNORECASE)
# Has no width: it reads as it was written, and begins nothing.
_BREAK = "\u200b"


def harmless(text: str) -> str:
    """The text without mentions, links, images, HTML but folds, and characters one does not see.

    Above LIMIT_BYTES it ends at a line, and says so.
    """
    seen = "".join(each for each in text if each == "\n" or each.isprintable())
    broken = _ACTIVE.sub(lambda found: found[0] + _BREAK, _without_tags(seen))
    if len(broken.encode()) <= LIMIT_BYTES:
        return broken
    cut = broken.encode()[:LIMIT_BYTES].decode(errors="ignore").rpartition("\n")[0]
    return f"{cut}\n\nThe rest was left out: a comment takes no more."


def _without_tags(text: str) -> str:
    kept: list[str] = []
    end = 0
    for found in _TAG.finditer(text):
        if not _KEPT_TAGS.match(text, found.start()):
            kept += [text[end : found.end()], _BREAK]
            end = found.end()
    return "".join((*kept, text[end:]))
