from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.render import PROJECT

SOURCES = sorted(
    path
    for folder in ("gallery", "components", "rehearsal", "tests")
    for path in (PROJECT / folder).rglob("*.py")
)
LARGEST = 20 * 1024
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
    assert "gallery.plan.Plan" in set(imports(PROJECT / "components" / "store.py"))


def test_what_the_store_promises_knows_nothing_of_pulumi() -> None:
    pulumi = ("pulumi", "pulumi_aws", "pulumi_kubernetes", "pulumiverse_grafana")
    assert not offenders("gallery", *pulumi, "components", "rehearsal", "configuration")


def test_components_read_a_plan_and_no_settings() -> None:
    assert not offenders("components", "gallery.settings", "configuration", "rehearsal")


def test_renders_read_a_plan_and_no_settings() -> None:
    assert not offenders("gallery/render", "gallery.settings")


@pytest.mark.parametrize("module", ["services", "roles", "contact_points", "alerts"])
def test_the_catalogue_imports_nothing_of_settings(module: str) -> None:
    assert not [
        fault
        for fault in offenders("gallery", "gallery.settings", "gallery.plan")
        if fault.startswith(f"gallery/{module}")
    ]


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
    assert readers == ["configuration.py"]


def test_no_file_has_grown_too_large() -> None:
    written = [*SOURCES, *PROJECT.glob("*.*"), *(PROJECT / "docs").rglob("*.md")]
    assert PROJECT / "README.md" in written
    assert not [str(path) for path in written if path.stat().st_size > LARGEST]


def test_the_program_is_one_screen() -> None:
    assert len((PROJECT / "__main__.py").read_text().splitlines()) <= 120
