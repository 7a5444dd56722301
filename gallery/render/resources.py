"""CPU and memory as Kubernetes itself writes them: another form of the same would look changed."""

from __future__ import annotations

from gallery.store.services import Resources

_THOUSAND = 1000
_KIBI = 1024


def cpu(millicores: int) -> str:
    """`2` for 2000, `250m` for 250."""
    whole, rest = divmod(millicores, _THOUSAND)
    return f"{millicores}m" if rest else str(whole)


def memory(mebibytes: int) -> str:
    """`1Gi` for 1024, `1536Mi` for 1536."""
    whole, rest = divmod(mebibytes, _KIBI)
    return f"{mebibytes}Mi" if rest else f"{whole}Gi"


def requests(resources: Resources) -> dict[str, str]:
    """What a container is given."""
    return _at(resources, 0)


def limits(resources: Resources) -> dict[str, str]:
    """What a container may not exceed."""
    return _at(resources, 1)


def _at(resources: Resources, bound: int) -> dict[str, str]:
    return {
        "cpu": cpu(resources.cpu[bound]),
        "memory": memory(resources.memory[bound]),
        "ephemeral-storage": memory(resources.storage[bound]),
    }
