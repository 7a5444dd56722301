"""`python3 -m ci.policies`: whether every stack, as it would be deployed, keeps the policies.

Judges what `ci.compare` has rendered of this checkout, without credentials. Exit status 0: all are
kept; 1: `build/comparison/broken.md` says which are not, beside what was found.
"""

from __future__ import annotations

import sys

from ci.compare import BROKEN, FOUND, OUT, Checkout
from ci.fenced import fenced
from ci.surroundings import exit_status
from offline.errors import UserError


def main(arguments: list[str]) -> int:
    """Run the command; its exit status."""
    return exit_status(lambda: _judge(arguments))


def _judge(arguments: list[str]) -> None:
    if arguments:
        raise UserError("say `python3 -m ci.policies`, after `python3 -m ci.compare BASE`")
    if not (OUT / FOUND).is_file():
        raise UserError("nothing is compared yet: `python3 -m ci.compare BASE` comes first")
    head = Checkout.head()
    problems = [problem for stack in sorted(head.stacks()) if (problem := _broken(head, stack))]
    if problems:
        text = "\n".join(problems)
        (OUT / BROKEN).write_text(f"{fenced(text)}\n")
        raise UserError(text)
    print("every stack keeps the policies")


def _broken(head: Checkout, stack: str) -> str:
    """What the stack breaks, or why nobody knows; empty where it keeps all."""
    arguments = ("-m", "policy.rendered", str(head.rendered(stack)))
    try:
        _ = head.python(arguments, f"stack {stack} breaks a policy")
    except UserError as error:
        return str(error)
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
