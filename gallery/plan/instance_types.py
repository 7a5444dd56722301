"""What an EC2 instance type says of its machine."""

from __future__ import annotations

import re
from enum import StrEnum

# A family is a series, a generation and its attributes: m7gd, c6gn, x2gd. The attribute g means
# Graviton; the series g (g4dn, g6e) means graphics, and a1 was Graviton before attributes.
_GRAVITON = re.compile(r"a1\.|[a-z]+\d+[a-z]*g[a-z]*[.-]")


class Architecture(StrEnum):
    """A processor architecture, as AWS and Amazon Linux write it."""

    ARM64 = "arm64"
    X86_64 = "x86_64"


def architecture(instance_type: str) -> Architecture:
    """The architecture of `t4g.small` and its like.

    Source: AWS, "Amazon EC2 instance type naming conventions".
    """
    return Architecture.ARM64 if _GRAVITON.match(instance_type) else Architecture.X86_64
