"""The rules. None of them imports a policy SDK: each is a function of resources.

`ON_ENGINE` are judged by the Pulumi engine, which gives a policy pack secrets in clear text and
without a mark; `RULES` are all, and are judged on what `rehearsal render` writes.
"""

from __future__ import annotations

from .access import IAM_WITHOUT_WILDCARDS, INGRESS_FROM_KNOWN, INSTANCES_ASK_FOR_TOKENS
from .data import ENCRYPTED, PROTECTED
from .delivery import ALERTS_DELIVERED
from .model import Rule
from .secrets import SECRETS_MARKED
from .workloads import LIMITED, PROBED

ON_ENGINE: tuple[Rule, ...] = (
    INGRESS_FROM_KNOWN,
    INSTANCES_ASK_FOR_TOKENS,
    IAM_WITHOUT_WILDCARDS,
    ENCRYPTED,
    PROTECTED,
    PROBED,
    LIMITED,
    ALERTS_DELIVERED,
)
RULES: tuple[Rule, ...] = (*ON_ENGINE, SECRETS_MARKED)
