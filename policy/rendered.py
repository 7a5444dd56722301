"""`python -m policy.rendered DIR`: judge what `rehearsal render` wrote, with no engine.

Exit status 0: every rule is kept; 1: the violations are printed, or the directory is none.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from policy.rules import RULES
from policy.rules.model import Deployment, Resource


def deployment(directory: Path) -> Deployment:
    """The stack in a directory that `rehearsal render --out` wrote. Raises OSError."""
    entries = json.loads((directory / "deployed" / "resources.json").read_text())
    resources = [
        Resource(
            type=entry["type"],
            name=entry["name"],
            inputs=entry["inputs"],
            urn=entry["urn"],
            protect=bool(entry["options"].get("protect")),
            secrets=entry["secrets"],
        )
        for entry in entries
    ]
    return Deployment(resources=resources)


def violations(found: Deployment) -> Iterator[str]:
    """A line for each violation of any rule."""
    for rule in RULES:
        for violation in rule.judge(found):
            yield f"{rule.name}: {violation.resource.name} {violation.why}. {rule.reason}"


def main(arguments: list[str]) -> int:
    """Judge the directory that is named; the exit status."""
    match arguments:
        case [directory]:
            pass
        case _:
            print("python -m policy.rendered takes the directory of a render", file=sys.stderr)
            return 2
    try:
        found = list(violations(deployment(Path(directory))))
    except FileNotFoundError as missing:
        print(
            f"policy: {missing.filename} is missing; write it with "
            f"`python -m rehearsal render --out {directory}`",
            file=sys.stderr,
        )
        return 1
    print("\n".join(found) or f"all of {len(RULES)} rules are kept")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
