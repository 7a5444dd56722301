"""Judges once what several stacks prove alike.

A rule and its cases name the stack's place, its environment and its cluster, and hardly anything
else that stacks differ by. Proofs that read the same without it are one proof: promtool only
compares these labels. What speaks of the place in any other way reads otherwise, and is judged by
itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TypeVar

from gallery.alerts.model import Scope
from gallery.metrics import labels
from tests.rules.promtool import Proof, Verdict

Name = TypeVar("Name")
Run = Callable[[Mapping[Name, Proof]], Mapping[Name, Verdict]]
# No stack file takes such a name.
_SOMEWHERE = "*"


def content(proof: Proof, scope: Scope) -> str:
    """What a proof says, wherever its stack stands."""
    text = json.dumps([proof.rules, proof.tests], sort_keys=True)
    place = {labels.ENVIRONMENT: scope.environment, labels.CLUSTER: scope.cluster}
    for label, value in place.items():
        # In a matcher, and in the labels of a rule or of what it fires.
        for written in (f'{label}=\\"{{}}\\"', f'"{label}": "{{}}"'):
            text = text.replace(written.format(value), written.format(_SOMEWHERE))
    return text


def judged_once(
    run: Run[Name], proofs: Mapping[Name, Proof], scopes: Mapping[Name, Scope]
) -> dict[Name, Verdict]:
    """The verdict on every proof, of which those that say the same are run once."""
    contents = {name: content(proof, scopes[name]) for name, proof in proofs.items()}
    firsts = {text: name for name, text in reversed(contents.items())}
    found = run({name: proofs[name] for name in firsts.values()})
    return {name: found[firsts[text]] for name, text in contents.items()}
