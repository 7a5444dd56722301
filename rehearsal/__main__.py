"""`python -m rehearsal`: a stack on this machine. Nothing is deployed, no AWS credential is read.

Progress goes to standard error, results to standard output. Exit status 0: done; 1: a fault,
told in one message; 2: not asked for as it must be; 130: interrupted, with everything stopped that
was being started.
"""

# Each command imports what it needs: Pulumi takes longer to import than `down` takes to run.
# ruff: noqa: PLC0415

from __future__ import annotations

from rehearsal.machine import interruption

if __name__ == "__main__":
    interruption.end_at_once()

import functools
import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, ParamSpec

import typer

from rehearsal.diff.limit import LIMIT_BYTES
from rehearsal.machine.addresses import WALL
from rehearsal.machine.screen import Screen

_BANNER = "rehearsing on this machine: nothing is deployed, no AWS credentials are read"
_P = ParamSpec("_P")

app = typer.Typer(
    help="A stack on this machine: nothing is deployed, no AWS credentials are read.",
    epilog="Exit status 0: done; 1: a fault, told in one message; 130: interrupted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main(arguments: list[str]) -> int:
    """Run one command; its exit status."""
    try:
        # However it was called: what a shell completes is a program of one name.
        app(arguments, prog_name="rehearsal")
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def _command(run: Callable[_P, int]) -> Callable[_P, None]:
    """Make a command of a function that gives its exit status."""

    @app.command()
    @functools.wraps(run)
    def command(*arguments: _P.args, **options: _P.kwargs) -> None:
        status = interruption.exit_status("rehearsal", lambda: run(*arguments, **options))
        raise typer.Exit(status)

    return command


def _collect_nothing() -> None:
    """Leave garbage for the end, which is near: the SDKs' modules stay, and are looked through."""
    gc.disable()


def _stacks() -> list[str]:
    from offline import stack_file
    from rehearsal.machine.tools import ROOT

    return [*stack_file.known_stacks(ROOT)]


def _scenarios() -> list[tuple[str, str]]:
    from rehearsal.drill import choices

    return choices()


def _services() -> list[str]:
    from gallery.store.services import SERVICES

    return [service.name for service in SERVICES]


_Stack = Annotated[
    str, typer.Option(help="the NAME of stacks/Pulumi.NAME.yaml", autocompletion=_stacks)
]


@_command
def render(stack: _Stack, out: Annotated[Path, typer.Option(help="the directory to fill")]) -> int:
    """Write what the stack would deploy, and what stands in for it here."""
    _collect_nothing()
    from offline.out_directory import refuse_unfillable
    from offline.render import render as rendered
    from rehearsal.stand_in.derive import derive

    refuse_unfillable(out)
    derive(rendered(stack, out), out / "stand-in")
    print(out)
    return 0


@_command
def diff(
    base: Annotated[Path, typer.Argument(help="what `render` wrote before the change")],
    head: Annotated[Path, typer.Argument(help="what it wrote after it")],
    *,
    whole: Annotated[
        bool, typer.Option("--whole", help="all of it, though no forge takes so long a comment")
    ] = False,
    limit: Annotated[
        int, typer.Option(min=1000, help="bytes, above which parts are left out from the bottom")
    ] = LIMIT_BYTES,
) -> int:
    """What a change does to whoever is on call, in Markdown; nothing where it does nothing."""
    from rehearsal.diff.comment import comment
    from rehearsal.diff.tree import read

    print(comment(read(base), read(head), None if whole else limit), end="")
    return 0


@_command
def touched(
    base: Annotated[Path, typer.Argument(help="what `render` wrote before the change")],
    head: Annotated[Path, typer.Argument(help="what it wrote after it")],
) -> int:
    """What of a change can be played or drawn: rules and routes by their alerts, dashboards."""
    import json

    from rehearsal.diff.touched import dashboards, routes, rules
    from rehearsal.diff.tree import read

    sides = read(base), read(head)
    print(json.dumps({each.__name__: each(*sides) for each in (rules, routes, dashboards)}))
    return 0


@_command
def backtest(
    *,
    rules: Annotated[Path, typer.Option(metavar="DIR", help="what `render` wrote")],
    since: Annotated[str, typer.Option(metavar="TIME", help="how far back, as 30d")],
    against: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="what it wrote before: only what differs is judged"),
    ] = None,
    prometheus: Annotated[
        str | None, typer.Option(metavar="URL", help="a Prometheus that has the past")
    ] = None,
    amp: Annotated[
        str | None,
        typer.Option(metavar="WORKSPACE", help="the AMP workspace, asked with your credentials"),
    ] = None,
    blocks: Annotated[
        Path | None, typer.Option(metavar="DIR", help="a Prometheus' data, which is left as it is")
    ] = None,
    json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="write all of it there too")
    ] = None,
) -> int:
    """What new and changed rules would have told in the past, and whom, in Markdown."""
    from rehearsal.backtest.command import backtest as judged
    from rehearsal.backtest.document import document
    from rehearsal.backtest.report import markdown
    from rehearsal.stand_in.documents import write_json

    screen = Screen(sys.stderr)
    with screen.live():
        found = judged(
            rules,
            against,
            prometheus=prometheus,
            amp=amp,
            blocks=blocks,
            since=since,
            progress=screen.does,
        )
    if json is not None:
        write_json(json, document(found))
    print(markdown(found), end="")
    return 0


@_command
def up(
    stack: _Stack,
    *,
    grafana: Annotated[
        bool, typer.Option("--grafana", help="run Grafana itself, which must be on PATH")
    ] = False,
    cluster: Annotated[
        bool,
        typer.Option("--cluster", help="let a Kubernetes API judge every object of the stack"),
    ] = False,
    mesh: Annotated[
        bool,
        typer.Option("--mesh", help="run istiod on that API, and a real proxy for each workload"),
    ] = False,
) -> int:
    """Start the stack; returns when everything works."""
    _collect_nothing()
    from rehearsal.cluster import judge
    from rehearsal.machine import platform

    print(_BANNER, file=sys.stderr)
    screen = Screen(sys.stderr)
    with screen.live():
        platform.up(stack, screen.does, grafana=grafana, cluster=cluster, mesh=mesh)
    if cluster or mesh:
        print("\n".join(judge.verdict(platform.STATE).lines()))
    print(_wall())
    return 0


def _wall() -> str:
    return f"the wall: {WALL.url('/')}"


@_command
def drill(
    scenario: Annotated[
        str,
        typer.Argument(help="a name of `drill list`, `list`, or `all`", autocompletion=_scenarios),
    ],
    service: Annotated[
        str | None,
        typer.Option(
            help="the service to break, where the scenario concerns one", autocompletion=_services
        ),
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="the host to break, where the scenario concerns one")
    ] = None,
    json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="write the report, or the list, there too")
    ] = None,
) -> int:
    """Play an outage on the stack that is up, and judge what is delivered to whom.

    Exit status 0: all came in time, each once, and nothing forbidden came; 1: not so, or a fault.
    """
    from rehearsal import drill as played

    return played.main(scenario, service=service, host=host, json=json)


@_command
def matrix() -> int:
    """Ask every service for everything, as everybody, on the stack that is up with its mesh.

    Exit status 0: whatever the plan allows was answered, and nothing else; 1: not so, or a fault.
    """
    from rehearsal.mesh.running import running

    mesh = running()
    mesh.refuse_refusals()
    found = mesh.matrix.play()
    print("\n".join(found.lines()))
    return 1 if found.wrong else 0


@_command
def picture(
    dashboard: Annotated[str, typer.Argument(help="its uid, as gallery-api-health")],
    out: Annotated[Path, typer.Option(metavar="FILE.png", help="the file to write")],
    shown: Annotated[str | None, typer.Option(metavar="TIME", help="how far back, as 15m")] = None,
    theme: Annotated[
        Literal["dark", "light"], typer.Option(help="the colours of the page")
    ] = "dark",
    width: Annotated[int, typer.Option(help="of the window, in pixels")] = 1280,
    *,
    whole: Annotated[bool, typer.Option("--whole", help="the whole page, not one window")] = False,
) -> int:
    """Draw a dashboard of the stack that is up, as the wall shows it."""
    from rehearsal.wall.picture import Size
    from rehearsal.wall.picture import picture as draw

    draw(dashboard, out, shown=shown, theme=theme, size=Size(width=width), whole=whole)
    print(out)
    return 0


@_command
def status() -> int:
    """What runs, and whether it still does."""
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
        print(f"  {entry.child.name:<24} {state:<12} {number:<8} {listens}")
    print("where to look:")
    for name, address in addresses().items():
        print(f"  {name:<24} {address.url()}")
    print(_wall())
    return 0 if all(entry.alive() for entry in journal.entries) else 1


@_command
def down() -> int:
    """Stop everything."""
    from rehearsal.machine import platform

    stopped = platform.down()
    print(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")
    return 0


@_command
def tools(
    *,
    cluster: Annotated[
        bool, typer.Option("--cluster", help="those of `up --cluster` too: built once, for minutes")
    ] = False,
    mesh: Annotated[
        bool, typer.Option("--mesh", help="those of `up --mesh` too: built once, for minutes")
    ] = False,
) -> int:
    """Find or fetch the programs that a rehearsal runs."""
    from rehearsal.cluster.installed import provide as provide_cluster
    from rehearsal.machine.tools import provide
    from rehearsal.mesh.installed import provide as provide_mesh

    screen = Screen(sys.stderr)
    with screen.live():
        found = {tool.names[0]: path for tool, path in provide(progress=screen.does).items()}
        if cluster or mesh:
            found |= provide_cluster(screen.does).programs
        if mesh:
            found |= provide_mesh(screen.does).programs
    for name, path in found.items():
        print(f"{name:<24} {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
