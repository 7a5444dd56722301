from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from offline.render import PROJECT

SOURCES = sorted(
    path
    for folder in (
        "bootstrap",
        "ci",
        "gallery",
        "components",
        "offline",
        "policy/rules",
        "rehearsal",
        "tests",
    )
    for path in (PROJECT / folder).rglob("*.py")
)
# The folders of `gallery/` in the direction in which data flows: none imports a later one.
ROOMS = (
    "store",
    "contact_points",
    "metrics",
    "objectives",
    "alerts",
    "stack_file",
    "plan",
    "dashboards",
    "render",
)
# What is offered to other modules; one that offers more has two subjects.
MOST_PUBLIC_NAMES = 20
WORLDLY = ("datetime", "time", "os", "pathlib", "socket", "urllib", "http", "requests", "boto3")


def below(folder: str) -> list[Path]:
    return [path for path in SOURCES if path.is_relative_to(PROJECT / folder)]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def offenders(folder: str, *forbidden: str) -> list[str]:
    return [
        f"{path.relative_to(PROJECT)} imports {name}"
        for path in below(folder)
        for name in imports(path)
        if name in forbidden or name.startswith(tuple(f"{one}." for one in forbidden))
    ]


def calls_open(path: Path) -> bool:
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open"
        for node in ast.walk(ast.parse(path.read_text()))
    )


def test_the_scan_sees_imports() -> None:
    assert "gallery.plan.model.Plan" in set(imports(PROJECT / "components" / "store.py"))


def test_every_folder_of_the_gallery_has_its_place_in_the_direction() -> None:
    folders = {path.name for path in (PROJECT / "gallery").iterdir() if path.name != "__pycache__"}
    assert folders == {*ROOMS, "__init__.py"}


@pytest.mark.parametrize("room", ROOMS)
def test_no_import_runs_back_up(room: str) -> None:
    later = ROOMS[ROOMS.index(room) + 1 :]
    assert not offenders(f"gallery/{room}", *(f"gallery.{each}" for each in later))


@pytest.mark.parametrize("room", ["store", "contact_points", "metrics", "objectives", "alerts"])
def test_the_catalogue_imports_nothing_of_the_stack_file(room: str) -> None:
    assert not offenders(f"gallery/{room}", "gallery.stack_file")


def test_what_the_store_promises_knows_nothing_of_pulumi() -> None:
    pulumi = ("pulumi", "pulumi_aws", "pulumi_kubernetes", "pulumiverse_grafana")
    assert not offenders("gallery", *pulumi, "components", "offline", "rehearsal", "configuration")


@pytest.mark.parametrize("folder", ["components", "gallery/dashboards", "gallery/render"])
def test_what_is_deployed_reads_a_plan_and_no_stack_file(folder: str) -> None:
    assert not offenders(folder, "gallery.stack_file", "configuration", "offline", "rehearsal")


def test_running_the_program_offline_needs_no_rehearsal() -> None:
    assert not offenders("offline", "rehearsal")


def test_the_job_that_holds_a_token_needs_no_package() -> None:
    ours = ("ci", "offline.errors")
    foreign = {
        name
        for path in below("ci")
        for name in imports(path)
        if name.split(".")[0] not in sys.stdlib_module_names
        and not any(name == each or name.startswith(f"{each}.") for each in ours)
    }
    assert not foreign


@pytest.mark.parametrize("folder", ["components", "gallery"])
def test_neither_components_nor_gallery_read_files_network_or_clock(folder: str) -> None:
    assert not offenders(folder, *WORLDLY)
    assert not [str(path) for path in below(folder) if calls_open(path)]


def test_configuration_is_read_in_one_place() -> None:
    readers = [
        str(path.relative_to(PROJECT))
        for path in [*SOURCES, PROJECT / "__main__.py", PROJECT / "configuration.py"]
        if "pulumi.Config" in path.read_text() and "tests" not in path.parts
    ]
    assert readers == ["bootstrap/configuration.py", "configuration.py"]


def public(path: Path) -> list[str]:
    return [
        node.name
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]


@pytest.mark.parametrize(
    "path",
    [path for path in SOURCES if "tests" not in path.parts],
    ids=lambda path: str(path.relative_to(PROJECT)),
)
def test_a_module_has_one_subject(path: Path) -> None:
    assert len(public(path)) <= MOST_PUBLIC_NAMES


def test_the_program_is_one_screen() -> None:
    assert len((PROJECT / "__main__.py").read_text().splitlines()) <= 120
