"""The comment that a reviewer reads: every section, within what a forge takes."""

from __future__ import annotations

from collections.abc import Iterator

from offline.errors import UserError
from rehearsal.diff.limit import LIMIT_BYTES
from rehearsal.diff.markdown import code
from rehearsal.diff.sections import Section, sections
from rehearsal.diff.tree import Tree


def comment(base: Tree, head: Tree, limit: int | None = LIMIT_BYTES) -> str:
    """The Markdown; empty where nothing changes.

    Where it is above the limit, in bytes, blocks are left out from the bottom, and it says so.
    Raises UserError for trees of different stacks.
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
    while limit is not None and kept > 1 and len(_written(blocks, kept, limit).encode()) > limit:
        kept -= 1
    return _written(blocks, kept, limit)


def _title(stack: str) -> str:
    return f"## What changes for stack {code(stack)}"


def _blocks(found: tuple[Section, ...]) -> Iterator[str]:
    for section in found:
        first, *others = section.blocks
        yield f"### {section.title}\n\n{first}"
        yield from others


def _written(blocks: list[str], kept: int, limit: int | None) -> str:
    left_out = len(blocks) - kept
    note = (
        f"{left_out} of {len(blocks)} parts were left out, since there is no room here for more "
        f"than {limit} bytes: `python -m rehearsal diff BASE HEAD --whole` prints all of it."
    )
    return "\n\n".join((*blocks[:kept], *([note] if left_out else ()))) + "\n"
