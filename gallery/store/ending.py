"""How a pod ends: how long it still answers, how long it may take, how many end at once.

All in seconds. A pod that is told to end and its callers hear of it at the same moment, so it goes
on answering until every caller, proxy and load balancer has stopped calling it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

# A new pod is ready for so long before the next old one is ended. So pods of one workload never
# end faster one after the other, and how many end at once has a bound, which the quota counts.
SETTLED_SECONDS = 10
# The mesh and the nodes' rules follow within seconds; a load balancer's targets take longer.
_CALLED_FROM_INSIDE = 10
_CALLED_FROM_OUTSIDE = 20
# After that the process is told to end, and some wait to be killed: the language's runtime leaves
# the signal to the program where it is the first process of its container.
_TO_FINISH = 20
# What was asked before it was told to end is still answered, through its proxy.
_LAST_ANSWERS = 5


@dataclass(frozen=True, kw_only=True)
class Ending:
    """`answers` is how long a pod goes on as before, `finishes` what its process may take then."""

    answers: int
    finishes: int = _TO_FINISH

    @property
    def grace(self) -> int:
        """When what is left of the pod is killed."""
        return self.answers + self.finishes

    @property
    def proxy(self) -> int:
        """How long a proxy stays that is told to end together with the pod, and not after it."""
        return self.answers + _LAST_ANSWERS

    @property
    def at_once(self) -> int:
        """How many pods of one workload may be ending at any moment of a rollout."""
        return ceil(self.grace / SETTLED_SECONDS)


CALLED = Ending(answers=_CALLED_FROM_INSIDE)
CALLED_FROM_OUTSIDE = Ending(answers=_CALLED_FROM_OUTSIDE)
# There is no other to call, and each second of answering is one more until there is.
ALONE = Ending(answers=0)
# Nobody waits for its answers.
UNCALLED = Ending(answers=0, finishes=10)
