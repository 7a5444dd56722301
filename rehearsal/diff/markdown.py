"""Markdown whose words another wrote: nothing in it can be a mention, a link or HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

_TICKS = re.compile("`+")


def code(text: str) -> str:
    """The text as it stands, in one line."""
    inner = " ".join(text.split())
    ticks = "`" * (1 + max(map(len, _TICKS.findall(inner)), default=0))
    pad = " " if inner.startswith("`") or inner.endswith("`") else ""
    return f"{ticks}{pad}{inner}{pad}{ticks}" if inner else "nothing"


def codes(texts: Iterable[str], nothing: str = "nobody") -> str:
    """Several of them, or the word for none."""
    return ", ".join(map(code, texts)) or nothing


def fenced(lines: Sequence[str], language: str) -> str:
    """Lines as they stand."""
    longest = max((len(each) for line in lines for each in _TICKS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join((f"{fence}{language}", *lines, fence))


def folded(name: str, what: str, body: str) -> str:
    """What is shown when somebody asks for it: `name` is another's word, `what` our own."""
    # Markdown is not read within the tag.
    summary = f"<code>{html.escape(name)}</code>: {what}"
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def listed(items: Iterable[str]) -> str:
    """A list."""
    return "\n".join(f"- {item}" for item in items)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
