"""`python3 -m ci.compare BASE`: what this checkout changes since commit BASE, for every stack.

Renders both, which needs no credentials, and writes `build/comparison/found.md`, empty where
nothing changes; or, with exit status 1, `failed.md`, which says why nothing is known.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ci.fenced import fenced
from ci.surroundings import exit_status
from offline.errors import UserError

FOUND, FAILED, BROKEN, PLAYED = "found.md", "failed.md", "broken.md", "played.md"
OUT = Path("build", "comparison")
_TREES = Path("build", "trees")
_BASE = Path("build", "base")
_REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")
# What was played, and what making harmless adds, has room below the limit of a comment.
_BYTES = 44_000


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """A version of the repository; `name` says which, as a reader calls it.

    `network` tells its rehearsals apart from those of others that are up at the same time.
    """

    name: str
    directory: Path
    network: str

    @classmethod
    def head(cls) -> Checkout:
        """Where the command is run."""
        return cls(name="head", directory=Path(), network="0")

    @classmethod
    def base(cls) -> Checkout:
        """Where a comparison has checked out what this is merged into."""
        return cls(name="base", directory=_BASE, network="1")

    def stacks(self) -> set[str]:
        """The stacks that it has a file of."""
        files = (self.directory / "stacks").glob("Pulumi.*.yaml")
        return {file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in files}

    def rendered(self, stack: str) -> Path:
        """Where a render of the stack lies once there is one."""
        return (_TREES / self.name / stack).resolve()

    def tree(self, stack: str) -> Path:
        """Where the stack is rendered now. Raises UserError with what the render said."""
        out = self.rendered(stack)
        shutil.rmtree(out, ignore_errors=True)
        command = ("-m", "rehearsal", "render", "--stack", stack, "--out", str(out))
        self.python(command, f"the {self.name} does not render stack {stack}")
        return out

    def python(self, arguments: Sequence[str], failure: str) -> str:
        """What a command of its own prints. Raises UserError, which begins with `failure`."""
        python = self.directory.resolve() / ".venv/bin/python"
        return _run(
            [str(python), *arguments], self.directory, failure, GALLERY_NETWORK=self.network
        )


def main(arguments: list[str]) -> int:
    """Run the command; its exit status."""
    return exit_status(lambda: _compare(arguments))


def _compare(arguments: list[str]) -> None:
    match arguments:
        case [base] if not base.startswith("-"):
            pass
        case _:
            raise UserError("say `python3 -m ci.compare BASE`, BASE being a commit")
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    head = Checkout.head()
    try:
        text = "\n".join(_found(_checked_out(base), head))
    except UserError as error:
        (OUT / FAILED).write_text(f"{fenced(str(error))}\n")
        raise
    (OUT / FOUND).write_text(text)
    print(text or "nothing changes")


def _checked_out(commit: str) -> Checkout:
    """The base, beside this checkout, with packages of its own where it needs others."""
    git = ["git", "worktree"]
    if _BASE.exists():
        _run([*git, "remove", "--force", str(_BASE)], Path(), f"{_BASE} cannot be removed")
    _run([*git, "prune"], Path(), "git keeps no worktrees here")
    failure = f"commit {commit} cannot be checked out"
    _run([*git, "add", "--quiet", "--detach", str(_BASE), commit], Path(), failure)
    if all((_BASE / name).read_bytes() == Path(name).read_bytes() for name in _REQUIREMENTS):
        (_BASE / ".venv").symlink_to(Path(".venv").resolve())
    else:
        _run(["make", "install"], _BASE, "the packages of the base cannot be installed")
    return Checkout.base()


def _found(base: Checkout, head: Checkout) -> Iterator[str]:
    before, now = base.stacks(), head.stacks()
    both = sorted(before & now)
    for stack in sorted(now - before):
        # What cannot be rendered is no stack yet.
        _ = head.tree(stack)
        yield f"## Stack `{stack}` is new\n"
    yield from (f"## Stack `{stack}` has no file any more\n" for stack in sorted(before - now))
    for stack in both:
        with ThreadPoolExecutor() as at_once:
            trees = [*at_once.map(Checkout.tree, (base, head), (stack, stack))]
        limit = str(_BYTES // len(both))
        command = ("-m", "rehearsal", "diff", *map(str, trees), "--limit", limit)
        if found := head.python(command, f"the trees of stack {stack} cannot be compared"):
            yield found


def _run(command: Sequence[str], directory: Path, failure: str, **variables: str) -> str:
    done = subprocess.run(  # noqa: S603 - programs of the checkout itself
        command,
        cwd=directory,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise UserError(f"{failure}:\n{done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
