"""Starts a program under the system calls that a unit of systemd allows: `sandbox UNIT PROGRAM …`.

What is refused answers EPERM, as the unit says. Lines of SystemCallFilter are taken in their
order, as systemd takes them: the first is what is allowed, later ones add to it, and those that
begin with `~` take from it (systemd.exec(5)). The sets are those of this machine's systemd, the
filter is made by libseccomp: a container or a runner without systemd as its first process has
both.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import errno
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_UNKNOWN = -1


def library() -> str | None:
    """The name of libseccomp where this machine has it."""
    return ctypes.util.find_library("seccomp")


def allowed(unit: str, systemd_analyze: str) -> frozenset[str]:
    """The system calls that a unit's text allows."""
    calls = set[str]()
    for line in re.findall(r"^SystemCallFilter=(.*)$", unit, re.MULTILINE):
        named = _expanded(line.removeprefix("~").split(), systemd_analyze)
        calls = calls - named if line.startswith("~") else calls | named
    return frozenset(calls)


def _expanded(names: Iterable[str], systemd_analyze: str) -> set[str]:
    """System calls, and those of sets, which may hold other sets."""
    calls = set[str]()
    for name in names:
        if not name.startswith("@"):
            calls.add(name)
            continue
        run = subprocess.run(
            [systemd_analyze, "syscall-filter", "--no-pager", name],
            capture_output=True,
            text=True,
            check=True,
        )
        members = [line.strip() for line in run.stdout.splitlines()[1:]]
        calls |= _expanded(
            (each for each in members if each and not each.startswith("#")), systemd_analyze
        )
    return calls


def _confine(calls: Iterable[str], name: str) -> None:
    """Refuse this process, and what it becomes, every other system call."""
    seccomp = ctypes.CDLL(name)
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(_ERRNO | errno.EPERM))
    # What starts the program itself, before the filter would be the unit's.
    for call in {*calls, "execve"}:
        number = seccomp.seccomp_syscall_resolve_name(call.encode())
        if number != _UNKNOWN:
            seccomp.seccomp_rule_add(context, ctypes.c_uint32(_ALLOW), number, 0)
    if seccomp.seccomp_load(context):
        raise OSError("the filter of system calls cannot be set")


def main(file: str, analyze: str, command: list[str]) -> None:
    """Become the program, confined."""
    calls = allowed(Path(file).read_text(), analyze)
    name = library()
    if name is None:
        raise OSError("libseccomp is not on this machine")
    _confine(calls, name)
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
