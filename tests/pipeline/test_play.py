"""The drills that a change touches, played on both sides by the command of the pipelines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ci.play import Touched, choose
from ci.played import Played, written
from ci.rehearsed import Drill
from rehearsal.machine.tools import DIRECTORY

from .forge import Forge
from .repository import begun
from .steps import Done, checkout, step
from .test_comment import BRANCH, COMMENTS, on_github
from .test_compare import compared

# What `python` of both checkouts does here: it notes which it is and what it is asked for.
_PYTHON = """\
#!/bin/bash
side=head; case "$PWD" in */build/base) side=base ;; esac
echo "$side $GALLERY_NETWORK ${*:3}" >> "$RAN"
case "$*" in
  *" touched "*) cat "$ANSWERS/touched.json" ;;
  *"drill list"*) cp "$ANSWERS/drills.json" "$6" ;;
  *" drill "*) cp "$ANSWERS/report-$side.json" "$6"; [ ! -e "$ANSWERS/fails-$side" ] ;;
  *" picture "*) [ ! -e "$ANSWERS/blind" ] || { echo "no Chromium" >&2; exit 1; } ;;
  *" up "*) [ ! -e "$ANSWERS/lies-$side" ] || { echo "no room for $side" >&2; exit 1; } ;;
esac
"""
_DRILLS = [
    ("contact-points", 60.0, ["HostDown", "EndpointDown", "EndpointSlow"], True),
    ("endpoint-down", 90.0, ["EndpointDown"], False),
    ("store-down", 80.0, ["EndpointDown", "ShopDoorDown"], False),
    ("errors-slow", None, ["ObjectiveBurningSlowly"], False),
]


def _report(seconds: float | None, why: str = "") -> dict[str, Any]:
    entry = {
        "expected": "must",
        "alert": "EndpointDown",
        "labels": {"environment": "dev", "service": "adservice"},
        "contact_point": "pager",
        "seconds_to_delivery": seconds,
        "seconds_to_resolve": 20.4,
        "notifications": 1,
    }
    nothing = dict[str, str]()
    wrong = {"alert": "EndpointDown", "labels": nothing, "contact_point": "pager", "why": why}
    return {
        "ok": not why,
        "alerts": [entry, {**entry, "expected": "may"}, {**entry, "alert": "ShopDoorDown"}],
        "missing": [wrong] if why else [],
        "unexpected": [],
    }


@dataclass(frozen=True, kw_only=True)
class Project:
    """A checkout that was compared, and what its programs answer."""

    directory: Path

    @property
    def answers(self) -> Path:
        return self.directory / "answers"

    def answer(self, name: str, document: object) -> None:
        (self.answers / f"{name}.json").write_text(json.dumps(document))

    def touch(self, **names: list[str]) -> None:
        self.answer("touched", {"rules": [], "routes": [], "dashboards": [], **names})

    def played(self) -> Done:
        ran = {"RAN": str(self.directory / "ran"), "ANSWERS": str(self.answers)}
        found = step("preview.yml", "compare", "python3 -m ci.play")
        return found.done(self.directory, {}, **ran)

    @property
    def ran(self) -> list[str]:
        return (self.directory / "ran").read_text().splitlines()

    @property
    def text(self) -> str:
        return (self.directory / "build/comparison/played.md").read_text()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    checkout(tmp_path)
    for place in (tmp_path, tmp_path / "build" / "base"):
        (place / ".venv" / "bin").mkdir(parents=True)
        (place / "stacks").mkdir()
        (place / "stacks" / "Pulumi.dev.yaml").touch()
        program = place / ".venv" / "bin" / "python"
        program.write_text(_PYTHON)
        program.chmod(0o755)
    (tmp_path / "build" / "comparison").mkdir()
    (tmp_path / "build" / "comparison" / "found.md").write_text("## What changes\n")
    found = Project(directory=tmp_path)
    found.answers.mkdir()
    names = ("scenario", "at_most_seconds", "alerts", "of_routes")
    found.answer("drills", [dict(zip(names, each, strict=True)) for each in _DRILLS])
    for side, seconds in (("base", 47.2), ("head", 48.1)):
        found.answer(f"report-{side}", _report(seconds))
    return found


def test_a_touched_rule_is_played_on_both_sides_and_the_times_stand_side_by_side(
    project: Project,
) -> None:
    project.touch(rules=["EndpointDown"])
    done = project.played()
    assert done.code == 0, done.error
    assert (
        "| `endpoint-down` | `EndpointDown` adservice | `pager` "
        "| 47 s | 48 s | 20 s | 20 s | 1 | 1 |" in project.text
    )
    # What nothing was changed of is played, but not told.
    assert "ShopDoorDown" not in project.text
    played = [line for line in project.ran if " drill endpoint-down" in line]
    assert {line[:6] for line in played} == {"base 1", "head 0"}
    assert not [line for line in project.ran if "drill store-down" in line]
    assert project.ran[-2:] == ["head 0 down", "base 1 down"]


def test_where_nothing_that_can_be_played_is_touched_nothing_is_started(project: Project) -> None:
    project.touch()
    done = project.played()
    assert (done.code, done.out) == (0, "nothing that can be played is touched\n")
    assert [line.split()[2] for line in project.ran] == ["touched"]
    assert not (project.directory / "build/comparison/played.md").exists()


def test_a_drill_that_fails_now_is_red_and_says_whether_it_failed_before(
    project: Project, forge: Forge
) -> None:
    project.touch(rules=["EndpointDown"])
    project.answer("report-head", _report(None, why="never came"))
    (project.answers / "fails-head").touch()
    done = project.played()
    assert done.code == 1
    assert done.error == ("error: endpoint-down on stack dev: EndpointDown at pager: never came\n")
    assert (
        "**`endpoint-down` fails: EndpointDown at pager: never came (it passed before)**"
        in project.text
    )
    assert "| 47 s | never |" in project.text
    # The job failed, and what was found and played stands below the change all the same.
    forge.pull_request(5, BRANCH)
    assert on_github(forge, project.directory, conclusion="failure").code == 0
    [body] = forge.bodies(COMMENTS)
    assert body.index("## What changes") < body.index("## Played on stack `dev`")


def test_a_drill_that_fails_now_and_could_not_be_played_before_says_so(project: Project) -> None:
    project.touch(rules=["EndpointDown"])
    (project.answers / "lies-base").touch()
    project.answer("report-head", _report(None, why="never came"))
    (project.answers / "fails-head").touch()
    assert project.played().code == 1
    assert "never came (it was not played before)**" in project.text


def test_a_drill_that_failed_before_and_passes_now_is_green(project: Project) -> None:
    project.touch(rules=["EndpointDown"])
    project.answer("report-base", _report(None, why="never came"))
    (project.answers / "fails-base").touch()
    assert project.played().code == 0
    assert "| never | 48 s |" in project.text


@pytest.mark.parametrize(("side", "code"), [("base", 0), ("head", 1)])
def test_a_side_that_does_not_come_up_is_told_and_both_are_stopped(
    project: Project, side: str, code: int
) -> None:
    project.touch(rules=["EndpointDown"], dashboards=["gallery-hosts"])
    (project.answers / f"lies-{side}").touch()
    done = project.played()
    assert done.code == code
    assert ("does not come up" in done.error) is (code == 1)
    word = "before" if side == "base" else "now"
    assert f"**It does not come up {word}:**" in project.text
    assert f"no room for {side}" in project.text
    assert "No drill" not in project.text
    assert [line for line in project.ran if line.startswith(side)][-1].endswith("down")
    assert sum(line.endswith("down") for line in project.ran) == 2


def test_a_changed_dashboard_is_drawn_on_both_sides_where_there_is_a_browser(
    project: Project,
) -> None:
    project.touch(dashboards=["gallery-hosts"])
    assert project.played().code == 0
    assert "Pictures of `gallery-hosts`, before and now" in project.text
    (project.answers / "blind").touch()
    done = project.played()
    assert done.code == 0
    assert "gallery-hosts is not drawn: " in done.out
    assert "Pictures" not in project.text


def test_a_play_without_a_comparison_says_what_comes_first(project: Project) -> None:
    (project.directory / "build/comparison/found.md").unlink()
    done = project.played()
    assert done.code == 1
    assert done.error == (
        "error: nothing is compared yet: `python3 -m ci.compare BASE` comes first\n"
    )


def _drill(name: str, at_most: float, *alerts: str, of_routes: bool = False) -> Drill:
    return Drill(scenario=name, at_most=at_most, alerts=frozenset(alerts), of_routes=of_routes)


def _touched(*, rules: tuple[str, ...] = (), routes: tuple[str, ...] = ()) -> Touched:
    return Touched(stack="dev", rules=rules, routes=routes, dashboards=())


def test_rules_are_played_by_outages_and_routes_by_what_is_posted() -> None:
    posted = _drill("contact-points", 60, "A", "B", "C", of_routes=True)
    drills = [posted, _drill("wide", 30, "A", "B"), _drill("narrow", 90, "A")]

    def chosen(**touched: tuple[str, ...]) -> list[str]:
        return [drill.scenario for drill in choose(drills, _touched(**touched)).drills]

    assert chosen(rules=("A",)) == ["narrow"]
    assert chosen(rules=("A", "B")) == ["wide"]
    assert chosen(routes=("B", "C")) == ["contact-points"]
    assert chosen(rules=("B",), routes=("A",)) == ["wide", "contact-points"]


def test_what_has_no_drill_or_no_time_is_named() -> None:
    drills = [_drill("quick", 900, "A"), _drill("slow", 1000, "B")]
    chosen = choose(drills, _touched(rules=("A", "B", "C")))
    assert [drill.scenario for drill in chosen.drills] == ["quick"]
    assert [drill.scenario for drill in chosen.late] == ["slow"]
    assert chosen.unplayed == ("C",)
    text = written(
        Played(
            stack="dev",
            touched=frozenset("ABC"),
            late=[("slow", 600.0)],
            unplayed=("C",),
            not_up={"before": "", "now": ""},
        )
    )
    assert "There was no time for `slow`, which takes up to 10 min: " in text
    assert "No drill here plays `C`; their cases are judged by `make test`." in text


@pytest.mark.drill
@pytest.mark.long
def test_a_longer_hold_is_played_and_the_page_comes_later(tmp_path: Path) -> None:
    repository = begun(tmp_path)
    (repository.directory / ".tools").symlink_to(DIRECTORY)
    with (repository.directory / ".git/info/exclude").open("a") as file:
        file.write(".tools\n")
    repository.edit("    overrides:\n", "    overrides:\n      EndpointDown: {hold: 50s}\n")
    assert compared(repository).code == 0
    done = step("preview.yml", "compare", "python3 -m ci.play").done(repository.directory, {})
    assert done.code == 0, done.error
    [row] = [
        line
        for line in repository.comparison["played.md"].splitlines()
        if "`EndpointDown`" in line and "`pager`" in line
    ]
    cells = [cell.strip().removesuffix(" s") for cell in row.strip("|").split("|")]
    before, now = map(int, cells[3:5])
    assert 10 <= now - before <= 30
    assert cells[7:] == ["1", "1"]
