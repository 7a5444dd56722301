"""`python3 -m ci.play`: the outages that a change touches, played on both sides of it at once.

After `ci.compare`, whose renders say what is touched. Writes `build/comparison/played.md` where
anything is, and pictures of changed dashboards beside it, where there is a browser. Exit status 0:
whatever was played came in time on this side; 1: not so, or this side did not come up.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ci.compare import FOUND, OUT, PLAYED, Checkout
from ci.played import Played, written
from ci.rehearsed import Drill, Rehearsed, rehearsed
from ci.surroundings import exit_status
from offline.errors import UserError

# Of one stack. A pull request waits for it, and so does its comment.
_SECONDS_AT_MOST = 1500.0


@dataclass(frozen=True, kw_only=True)
class Touched:
    """What a change touches in a stack: rules and routes by their alerts, dashboards by uid."""

    stack: str
    rules: tuple[str, ...]
    routes: tuple[str, ...]
    dashboards: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Drills to play; `unplayed` are alerts of which no drill is, `late` what has no time."""

    drills: tuple[Drill, ...]
    late: tuple[Drill, ...]
    unplayed: tuple[str, ...]


def main(arguments: list[str]) -> int:
    """Run the command; its exit status."""
    return exit_status(lambda: _play(arguments))


def _play(arguments: list[str]) -> None:
    if arguments:
        raise UserError("say `python3 -m ci.play`, after `python3 -m ci.compare BASE`")
    if not (OUT / FOUND).is_file():
        raise UserError("nothing is compared yet: `python3 -m ci.compare BASE` comes first")
    base, head = Checkout.base(), Checkout.head()
    every = [*_touched(base, head)]
    if every:
        _share_programs(base, head)
    else:
        print("nothing that can be played is touched")
    played = list[Played]()
    for touched in every:
        played.append(_on_both(base, head, touched))
        print(written(played[-1]))
        # An interruption ends all of it, and what was played was played.
        (OUT / PLAYED).write_text("\n".join(map(written, played)))
    if wrong := [fault for each in played for fault in each.faults]:
        raise UserError("\n".join(wrong))


def _touched(base: Checkout, head: Checkout) -> Iterator[Touched]:
    """By stack; an alert that an earlier one has too is not played again."""
    seen = set[tuple[str, str]]()
    for stack in sorted(base.stacks() & head.stacks()):
        trees = (str(base.rendered(stack)), str(head.rendered(stack)))
        command = ("-m", "rehearsal", "touched", *trees)
        found = json.loads(head.python(command, f"what stack {stack} touches is not known"))
        new = {
            kind: tuple(name for name in names if (kind, name) not in seen)
            for kind, names in found.items()
        }
        seen.update((kind, name) for kind, names in new.items() for name in names)
        if any(new.values()):
            yield Touched(stack=stack, **new)


def _share_programs(base: Checkout, head: Checkout) -> None:
    """Let the base run the programs that the head has, which are fetched where they are not."""
    head.python(("-m", "rehearsal", "tools"), "the programs of a rehearsal cannot be had")
    programs = base.directory / ".tools"
    if not programs.is_symlink() and not programs.exists():
        programs.symlink_to(Path(".tools").resolve())


def _on_both(base: Checkout, head: Checkout, touched: Touched) -> Played:
    """What both sides did."""
    with rehearsed(base, touched.stack) as before, rehearsed(head, touched.stack) as now:
        with ThreadPoolExecutor() as at_once:
            _ = [*at_once.map(Rehearsed.up, (before, now))]
        return _plays(before, now, touched)


def _plays(before: Rehearsed, now: Rehearsed, touched: Touched) -> Played:
    chosen = choose(now.drills(), touched)
    played = Played(
        stack=touched.stack,
        touched=frozenset(touched.rules + touched.routes),
        late=[(drill.scenario, drill.at_most) for drill in chosen.late],
        unplayed=() if now.gone else chosen.unplayed,
        not_up={"before": before.gone, "now": now.gone},
    )
    # Before anything is broken, so that both show the same.
    for uid in touched.dashboards:
        drawn = [side.drawn(uid) for side in (before, now)]
        if all(drawn):
            played.pictures.append(uid)
    for drill in chosen.drills:
        print(f"{touched.stack}: {drill.scenario}, at most {drill.at_most:.0f} s", flush=True)
        with ThreadPoolExecutor() as at_once:
            sides = [at_once.submit(side.play, drill.scenario) for side in (before, now)]
            played.drills.append((drill.scenario, sides[0].result(), sides[1].result()))
    return played


def choose(drills: Sequence[Drill], touched: Touched) -> Chosen:
    """Drills in which each of these alerts must come, and few others."""
    of_routes = [drill for drill in drills if drill.of_routes]
    of_rules = [drill for drill in drills if not drill.of_routes]
    taken, late, unplayed = list[Drill](), list[Drill](), set[str]()
    for fitting, names in ((of_rules, touched.rules), (of_routes, touched.routes)):
        wanted = set(names)
        for drill in sorted(fitting, key=lambda one: (len(one.alerts - set(names)), one.at_most)):
            if not wanted & drill.alerts:
                continue
            wanted -= drill.alerts
            in_time = sum(each.at_most for each in (*taken, drill)) <= _SECONDS_AT_MOST
            (taken if in_time else late).append(drill)
        unplayed |= wanted
    return Chosen(drills=tuple(taken), late=tuple(late), unplayed=tuple(sorted(unplayed)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
