"""The comment that a reviewer reads: every section, within what a forge takes."""

from __future__ import annotations

from collections.abc import Iterator

from offline.errors import UserError
from rehearsal.diff.markdown import code
from rehearsal.diff.sections import Section, sections
from rehearsal.diff.tree import Tree

# GitHub refuses a comment above 65,536 characters (422); a character is up to four bytes.
LIMIT_BYTES = 60_000


def comment(base: Tree, head: Tree, *, whole: bool = False) -> str:
    """The Markdown; empty where nothing changes.

    Unless the `whole` is asked for, blocks are left out from the bottom where it is above
    LIMIT_BYTES, and it says so. Raises UserError for trees of different stacks.
    """
    if base.stack != head.stack:
        raise UserError(
            f"{base.directory} is stack {base.stack} and {head.directory} stack {head.stack}; "
            "compare two trees of one stack"
        )
    found = sections(base, head)
    if not found:
        return ""
    blocks = [_title(head.stack), *_blocks(found)]
    kept = len(blocks)
    while not whole and len(_written(blocks, kept).encode()) > LIMIT_BYTES:
        kept -= 1
    return _written(blocks, kept)


def _title(stack: str) -> str:
    """The first line is how a pipeline finds its comment again, to update it in place."""
    return f"<!-- gallery-diff:{stack} -->\n## What changes for stack {code(stack)}"


def _blocks(found: tuple[Section, ...]) -> Iterator[str]:
    for section in found:
        first, *others = section.blocks
        yield f"### {section.title}\n\n{first}"
        yield from others


def _written(blocks: list[str], kept: int) -> str:
    left_out = len(blocks) - kept
    note = (
        f"{left_out} of {len(blocks)} parts were left out, since a comment takes no more than "
        f"{LIMIT_BYTES} bytes: `python -m rehearsal diff BASE HEAD --whole` prints all of it."
    )
    return "\n\n".join((*blocks[:kept], *([note] if left_out else ()))) + "\n"
