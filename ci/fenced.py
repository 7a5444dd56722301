"""Text of others in a comment."""

from __future__ import annotations

import re

_TICKS = re.compile("`{3,}")


def fenced(text: str) -> str:
    """A text as it is, as Markdown."""
    fence = "`" * max(3, 1 + max(map(len, _TICKS.findall(text)), default=0))
    return f"{fence}text\n{text}\n{fence}"
