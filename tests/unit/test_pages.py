"""Every page says what is so: its commands, its links, its place among the others."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from offline.render import PROJECT
from rehearsal.drill.scenarios import SCENARIOS
from tests.unit.pages import CONTRIBUTING, DOCS, FENCE, LINK, README, anchors, commands, documents
from tests.unit.recordings import deployed

DECISIONS = sorted((DOCS / "adr").glob("0*.md"))


def test_every_target_of_make_that_is_named_exists_and_every_one_that_exists_is_named() -> None:
    makefile = (PROJECT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):.*##", makefile, re.MULTILINE))
    named = {word for words in commands("make") for word in words if "=" not in word}
    assert named | {"help"} == targets | {"help"}


@cache
def usage(subcommand: str) -> str:
    command = [sys.executable, "-m", "rehearsal", subcommand, "--help"]
    run = subprocess.run(
        command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_every_command_of_the_rehearsal_that_is_named_exists_with_its_options() -> None:
    named = commands("python -m rehearsal")
    assert {words[0] for words in named} == {
        "render", "diff", "backtest", "up", "drill", "matrix", "picture", "status", "down",
        "tools",
    }  # fmt: skip
    for subcommand, *words in named:
        for option in (word for word in words if word.startswith("-")):
            assert option in usage(subcommand), (subcommand, option)


def test_every_drill_that_is_named_can_be_played() -> None:
    named = {words[1] for words in commands("python -m rehearsal") if words[0] == "drill"}
    assert len(named) > 3
    assert named <= {scenario.name for scenario in SCENARIOS} | {"list", "all"}


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    for target, anchor in LINK.findall(path.read_text()):
        found = (path.parent / target).resolve() if target else path
        assert found.exists(), target
        if anchor:
            assert anchor in anchors(found.read_text()), f"{target}#{anchor}"


def test_the_links_of_readme_are_seen() -> None:
    assert len(LINK.findall(README.read_text())) > 10


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_its_parts_and_stands_in_the_list(path: Path) -> None:
    text = path.read_text()
    number, _, _ = path.stem.partition("-")
    title = text.splitlines()[0].removeprefix(f"# {number} ")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert f"| [{number}]({path.name}) | {title} |" in (path.parent / "README.md").read_text()


def test_every_page_is_reached_from_readme_by_its_links() -> None:
    reached: set[Path] = set()
    ahead = [README]
    while ahead:
        page = ahead.pop()
        reached.add(page)
        for target, _ in LINK.findall(page.read_text()):
            found = (page.parent / target).resolve()
            pages = found.glob("*.md") if found.is_dir() else [found]
            ahead += [each for each in pages if each.suffix == ".md" and each not in reached]
    assert set(documents()) <= reached


def test_the_layout_is_that_of_the_tree() -> None:
    [layout] = [text for _, text in FENCE.findall(CONTRIBUTING.read_text()) if "stacks/ " in text]
    shown: set[str] = set()
    above = ""
    for line in layout.splitlines():
        name = line.split()[0]
        if not name.endswith("/"):
            continue
        above = above if line.startswith(" ") else name
        shown.add(f"{above}{name}" if line.startswith(" ") else name)
    rooms = {f"{path.parent.relative_to(PROJECT)}/" for path in PROJECT.glob("*/__init__.py")} | {
        f"{path.parent.relative_to(PROJECT)}/"
        for folder in ("gallery", "rehearsal")
        for path in (PROJECT / folder).glob("*/__init__.py")
    }
    assert shown == rooms | {"stacks/", "docs/"}


@pytest.mark.parametrize(
    "coined",
    ["the door", "shop's door", "had lasted", "told after", "over after", "nought", "silence is"],
)
def test_no_word_that_needs_a_second_reading_is_met_at_night(coined: str) -> None:
    """In what people read then: pages and runbooks, dashboards, the texts of alerts."""
    pages = {str(path): path.read_text() for path in documents()}
    rendered = {
        path: text
        for path, text in deployed("prod").items()
        if path.startswith(("grafana/", "prom"))
    }
    assert len(rendered) > 5
    assert not [path for path, text in {**pages, **rendered}.items() if coined in text.lower()]
