"""What every part of a stack is named by and guarded by."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

PRODUCTION = "prod"

# IAM refuses a longer name of a role; everything else takes more than a stack's name can hold.
_IAM_LENGTH = 64
_DIGITS = 8
_NOT_IN_KUBERNETES = re.compile(r"[^0-9a-z-]")
# What every service that is named here takes: a stack's name may hold more, such as a dot.
_ODD = re.compile(r"[^0-9A-Za-z_-]")


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Which stack this is, and where it stands. `name` is the Pulumi stack's."""

    name: str
    environment: str
    region: str

    @property
    def production(self) -> bool:
        """Whether what holds data is protected and pages must wake somebody."""
        return self.environment == PRODUCTION

    @property
    def prefix(self) -> str:
        """How the names of its things in AWS begin: one per stack, not per environment."""
        plain = _ODD.sub("-", self.name)
        whole = f"gallery-{plain}"
        return whole if plain == self.name else f"{whole}-{_digits(self.name)}"

    def cluster_name(self, part: str) -> str:
        """The name of what belongs to no namespace of the cluster, which others share.

        Kubernetes takes small letters, digits and dashes; of a stack's name that has others, it
        ends in digits of a hash. It has a rule of its own: pods say it, and roll where it changes.
        """
        plain = _NOT_IN_KUBERNETES.sub("-", self.name.lower())
        whole = f"gallery-{plain}-{part}"
        return whole if plain == self.name else f"{whole}-{_digits(self.name)}"

    def iam_name(self, part: str) -> str:
        """The name of a role or an instance profile: IAM is one for all regions of an account.

        What would be longer than IAM's 64 characters is cut and ends in digits of a hash.
        """
        whole = f"{self.prefix}-{self.region}-{part}"
        if len(whole) <= _IAM_LENGTH:
            return whole
        return f"{whole[: _IAM_LENGTH - _DIGITS - 1]}-{_digits(whole)}"


def _digits(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:_DIGITS]
