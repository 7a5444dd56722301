"""The workflows as files: judged by two linters, pinned, with few rights, each command run here."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from offline.render import PROJECT
from rehearsal.cluster.modules import ACTIONLINT, build, missing

from .steps import WORKFLOWS, document, steps

FILES = sorted(WORKFLOWS.glob("*.yml"))
PINNED = re.compile(r"^[\w-]+/[\w-]+@[0-9a-f]{40}$")
# Where each command of a step is run as its file has it.
PLAYED = {
    ".ci/run": "the continuous integration of this repository",
    "make install": "tests/unit/test_makefile.py",
    "python3 -m ci.compare HEAD^1": "tests/pipeline/test_compare.py",
    'python3 -m ci.compare "$CI_MERGE_REQUEST_DIFF_BASE_SHA"': "tests/pipeline/test_compare.py",
    "python3 -m ci.policies": "tests/pipeline/test_policies.py",
    "python3 -m ci.play": "tests/pipeline/test_play.py",
    "python3 -m ci.comment github build/comparison": "tests/pipeline/test_comment.py",
    "python3 -m ci.comment gitlab build/comparison": "tests/pipeline/test_comment.py",
    'python3 -m ci.stack preview "$STACK"': "tests/engine/test_pipeline.py",
    "make policy": "tests/unit/test_makefile.py",
    'python3 -m ci.stack policies "$STACK"': "tests/engine/test_pipeline.py",
    'python3 -m ci.stack deploy "$STACK"': "tests/engine/test_pipeline.py",
    'python3 -m ci.stack drift "$STACK"': "tests/engine/test_pipeline.py",
    'python3 -m ci.deployed "$STACK"': "tests/pipeline/test_drift.py",
    'python3 -m ci.issue "$STACK" build/drift.md': "tests/pipeline/test_drift.py",
}


def job_permissions(workflow: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {
        name: job.get("permissions", workflow["permissions"])
        for name, job in workflow["jobs"].items()
    }


def zizmor(*files: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("zizmor")
    return subprocess.run(
        [program, "--offline", "--no-progress", *files], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def actionlint() -> Path:
    if missing(ACTIONLINT, ["actionlint"]):
        if shutil.which("go") is None:
            pytest.skip("actionlint is built with Go, and there is no Go")
        build(ACTIONLINT, ["actionlint"], print)
    return ACTIONLINT.kept / "actionlint"


def linted(actionlint: Path, *files: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([actionlint, *files], capture_output=True, text=True, check=False)


def test_actionlint_finds_nothing(actionlint: Path) -> None:
    done = linted(actionlint, *FILES)
    assert done.returncode == 0, done.stdout


def test_zizmor_finds_nothing() -> None:
    done = zizmor(*FILES)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("runs-on: ubuntu-24.04", "run-on: ubuntu-24.04"),
        ("on: pull_request", "on: pull_requests"),
        ("if: always()", "if: allways()"),
    ],
)
def test_actionlint_would_find_a_misspelt_word(
    actionlint: Path, tmp_path: Path, right: str, wrong: str
) -> None:
    text = (WORKFLOWS / "preview.yml").read_text()
    assert right in text
    file = tmp_path / "preview.yml"
    file.write_text(text.replace(right, wrong))
    assert linted(actionlint, file).returncode == 1


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("on: pull_request\n", "on: pull_request_target\n"),
        ("@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7"),
        ("ci.compare HEAD^1", "ci.compare ${{ github.head_ref }}"),
        ("persist-credentials: false", "clean: true"),
    ],
)
def test_zizmor_would_find_what_a_fork_could_use(tmp_path: Path, right: str, wrong: str) -> None:
    text = (WORKFLOWS / "preview.yml").read_text()
    assert right in text
    file = tmp_path / "preview.yml"
    file.write_text(text.replace(right, wrong))
    assert zizmor(file).returncode > 10


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_action_is_pinned_by_its_commit(file: Path) -> None:
    used = re.findall(r"uses: (\S+)( # v[\d.]+)?$", file.read_text(), re.MULTILINE)
    assert used
    for action, version in used:
        assert PINNED.match(action), action
        assert version, action


def test_one_version_of_an_action_is_used_everywhere() -> None:
    used = {
        each
        for file in FILES
        for each in re.findall(r"uses: (.+)$", file.read_text(), re.MULTILINE)
    }
    assert len({each.partition("@")[0] for each in used}) == len(used)


def test_who_may_write_what() -> None:
    found = {
        (file.stem, job, right)
        for file in FILES
        for job, rights in job_permissions(document(file)).items()
        for right, level in rights.items()
        if level == "write"
    }
    assert found == {
        ("comment", "comment", "pull-requests"),
        ("cloud", "preview", "id-token"),
        ("deploy", "preview", "id-token"),
        ("deploy", "deploy", "id-token"),
        ("drift", "look", "id-token"),
        ("drift", "tell", "issues"),
    }


def test_a_job_that_gets_a_role_runs_no_code_of_a_fork() -> None:
    for file in FILES:
        workflow = document(file)
        for name, job in workflow["jobs"].items():
            if "id-token" not in job_permissions(workflow)[name]:
                continue
            if workflow["on"] == "pull_request":
                assert job["environment"] == "preview"
                assert "head.repo.full_name == github.repository" in job["if"]
            else:
                first = workflow["jobs"][job.get("needs", name)]
                assert "github.ref == 'refs/heads/main'" in first["if"]


def test_the_job_that_comments_checks_out_nothing_of_the_pull_request() -> None:
    [job] = document(WORKFLOWS / "comment.yml")["jobs"].values()
    checkouts = [each for each in job["steps"] if "checkout" in each.get("uses", "")]
    assert [each["with"] for each in checkouts] == [{"persist-credentials": False}]


def test_what_writes_one_stack_waits_for_the_other() -> None:
    deploy = document(WORKFLOWS / "deploy.yml")["jobs"]["deploy"]["concurrency"]
    drift = document(WORKFLOWS / "drift.yml")["jobs"]["look"]["concurrency"]
    assert deploy == drift == {"group": "stack-${{ matrix.stack }}", "cancel-in-progress": False}


def test_every_command_of_a_step_is_run_by_a_test() -> None:
    assert {each.run for each in steps()} == set(PLAYED)
    for command, place in PLAYED.items():
        if place.startswith(("tests/pipeline", "tests/engine")):
            beginning = " ".join(command.split()[:3])
            assert f'"{beginning}' in (PROJECT / place).read_text(), command
