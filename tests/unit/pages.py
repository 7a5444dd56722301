"""The pages that people read: README, CONTRIBUTING and `docs/`, as tests look into them."""

from __future__ import annotations

import re
from pathlib import Path

from offline.render import PROJECT

README = PROJECT / "README.md"
CONTRIBUTING = PROJECT / "CONTRIBUTING.md"
DOCS = PROJECT / "docs"
LINK = re.compile(r"\[[^\]]*\]\((?!https?://)([^)#]*)(?:#([^)]*))?\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`([^`\n]+)`")


def documents() -> list[Path]:
    return [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]


def guide() -> str:
    """What a person follows step by step; runbooks and decisions have tests of their own."""
    return "\n".join(
        path.read_text() for path in (README, CONTRIBUTING, *sorted(DOCS.glob("*.md")))
    )


def commands(program: str) -> list[list[str]]:
    """The words after `program` wherever the guide has it as a command."""
    text = guide()
    blocks = [block for language, block in FENCE.findall(text) if language == "sh"]
    lines = [line for block in blocks for line in re.split(r"\n|&&", block.replace("\\\n", " "))]
    spans: list[str] = SPAN.findall(FENCE.sub("", text))
    given = (line.strip().removeprefix(".venv/bin/") for line in (*lines, *spans))
    return [
        line.partition("#")[0].split()[len(program.split()) :]
        for line in given
        if line.startswith(f"{program} ")
    ]


def section(page: Path, title: str) -> str:
    _, found, rest = page.read_text().partition(f"\n## {title}\n")
    assert found, title
    return rest.partition("\n## ")[0]


def code(language: str, text: str) -> str:
    """The one block in this language in a section."""
    [block] = [block for each, block in FENCE.findall(text) if each == language]
    return str(block)


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}
