"""`python -m rehearsal`: a stack on this machine. Nothing is deployed, no AWS credential is read.

Progress goes to standard error, results to standard output. Exit status 0: done; 1: a fault,
told in one message; 130: interrupted, with everything stopped that was being started.
"""

# Each command imports what it needs: Pulumi takes longer to import than `down` takes to run.
# ruff: noqa: PLC0415

from __future__ import annotations

from rehearsal.machine import interruption

if __name__ == "__main__":
    interruption.end_at_once()

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rehearsal.machine.addresses import Address

_BANNER = "rehearsing on this machine: nothing is deployed, no AWS credentials are read"


def main(arguments: list[str]) -> int:
    """Run one command; its exit status."""
    chosen, rest = _parser().parse_known_args(arguments)
    if rest and chosen.command != "drill":
        _parser().error(f"unknown arguments: {' '.join(rest)}")
    return interruption.exit_status("rehearsal", lambda: _COMMANDS[chosen.command](chosen, rest))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rehearsal", description=_BANNER)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("render", "write what the stack would deploy, and what stands in for it here"),
        ("up", "start the stack; returns when everything works"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--stack", required=True, help="the NAME of stacks/Pulumi.NAME.yaml")
        if name == "render":
            command.add_argument("--out", required=True, type=Path, help="the directory to fill")
    commands.add_parser("drill", add_help=False, help="play an outage; `drill list` names them")
    commands.add_parser("status", help="what runs, and whether it still does")
    commands.add_parser("down", help="stop everything")
    commands.add_parser("tools", help="find or fetch the programs that a rehearsal runs")
    return parser


def _render(chosen: argparse.Namespace, _rest: list[str]) -> int:
    from offline.out_directory import refuse_unfillable
    from offline.render import render
    from rehearsal.stand_in.derive import derive

    refuse_unfillable(chosen.out)
    derive(render(chosen.stack, chosen.out), chosen.out / "stand-in")
    print(chosen.out)
    return 0


def _up(chosen: argparse.Namespace, _rest: list[str]) -> int:
    from rehearsal.machine import platform

    print(_BANNER, file=sys.stderr)
    for name, address in platform.up(chosen.stack, _progress()).items():
        print(_where(name, address))
    return 0


def _where(name: str, address: Address) -> str:
    return f"{name:<20} {address.url()}"


def _drill(_chosen: argparse.Namespace, rest: list[str]) -> int:
    from rehearsal import drill

    return drill.main(rest)


def _status(_chosen: argparse.Namespace, _rest: list[str]) -> int:
    from rehearsal.machine.platform import STATE, addresses
    from rehearsal.machine.processes.supervisor import Supervisor

    journal = Supervisor(STATE).journal()
    if journal is None:
        print("nothing is up")
        return 0
    print(f"stack {journal.stack}{'' if journal.healthy else ' (never healthy)'}")
    for entry in journal.entries:
        state = "running" if entry.alive() else "NOT RUNNING"
        number = "" if entry.identity is None else entry.identity.pid
        listens = " ".join(str(address) for address in entry.child.listens[:1])
        print(f"  {entry.child.name:<22} {state:<12} {number:<8} {listens}")
    print("where to look:")
    for name, address in addresses().items():
        print(f"  {_where(name, address)}")
    return 0 if all(entry.alive() for entry in journal.entries) else 1


def _down(_chosen: argparse.Namespace, _rest: list[str]) -> int:
    from rehearsal.machine import platform

    stopped = platform.down()
    print(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")
    return 0


def _tools(_chosen: argparse.Namespace, _rest: list[str]) -> int:
    from rehearsal.machine.tools import provide

    for tool, path in provide(progress=_progress()).items():
        print(f"{tool.names[0]:<20} {path}")
    return 0


_COMMANDS: dict[str, Callable[[argparse.Namespace, list[str]], int]] = {
    "render": _render,
    "up": _up,
    "drill": _drill,
    "status": _status,
    "down": _down,
    "tools": _tools,
}


def _progress() -> Callable[[str], None]:
    began = time.monotonic()

    def line(text: str) -> None:
        print(f"{time.monotonic() - began:5.1f} s  {text}", file=sys.stderr)

    return line


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
