"""README's timeline: a drill on dev, put between its markers as it was printed.

`python -m rehearsal.readme` starts dev and stops it. Exit status 0: written; 1: the drill failed,
and README is as it was; 130: interrupted, and the same.
"""

from __future__ import annotations

from rehearsal.machine import interruption

if __name__ == "__main__":
    interruption.end_at_once()

import sys
from collections.abc import Callable
from pathlib import Path

from offline.errors import UserError
from offline.render import PROJECT
from rehearsal.machine.lines import wrapped

README = PROJECT / "README.md"
BEGIN, END = "<!-- timeline -->", "<!-- /timeline -->"
STACK = "dev"
SERVICE = "cartservice"
COMMAND = "python -m rehearsal drill endpoint-down"

Write = Callable[[str], None]


def timeline(readme: str) -> tuple[str, ...]:
    """The lines between the markers, without the fence. Raises UserError."""
    _, block, _ = _parts(readme)
    return tuple(line for line in block.strip("\n").split("\n") if not line.startswith("```"))


def with_timeline(readme: str, lines: list[str]) -> str:
    """The text with these lines between its markers. Raises UserError where it has none."""
    before, _, after = _parts(readme)
    block = "\n".join(["```text", f"$ {COMMAND}", *(line.rstrip() for line in lines), "```"])
    return f"{before}{BEGIN}\n{block}\n{END}{after}"


def rewrite(path: Path, play: Callable[[Write], bool]) -> bool:
    """Put what `play` writes into the file, where it says that all went well."""
    text, lines = path.read_text(), list[str]()
    # A README without markers is found before a drill is played for it.
    _parts(text)

    def write(text: str) -> None:
        for line in wrapped(text):
            print(line, flush=True)
            lines.append(line)

    if not play(write):
        return False
    path.write_text(with_timeline(text, lines))
    return True


def _parts(readme: str) -> tuple[str, str, str]:
    before, begin, rest = readme.partition(BEGIN)
    block, end, after = rest.partition(END)
    if not begin or not end:
        raise UserError(f"README.md has no place between {BEGIN} and {END}")
    return before, block, after


def _endpoint_down(write: Write) -> bool:
    # Drills import the whole platform.
    from rehearsal.drill import play_endpoint  # noqa: PLC0415
    from rehearsal.machine import platform  # noqa: PLC0415

    # What it refuses to start is not ours to stop.
    platform.up(STACK, lambda line: print(line, file=sys.stderr, flush=True))
    try:
        return bool(play_endpoint(SERVICE, "refuse", write)["ok"])
    finally:
        platform.down()


def main() -> int:
    """Play the drill and write README; the exit status."""
    return interruption.exit_status("timeline", lambda: 0 if rewrite(README, _endpoint_down) else 1)


if __name__ == "__main__":
    sys.exit(main())
