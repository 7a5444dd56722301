"""The bootstrap on the real engine, by the commands of docs/deploying.md."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipeline.steps import WORKFLOWS
from tests.unit.pages import DOCS, FENCE, section

from .aws_account_kinds import BUCKET, OIDC_PROVIDER
from .aws_kinds import KEY, ROLE
from .cloud import Cloud
from .deployment import Moment, kept, restore
from .project import Project, copied, environment
from .server import attached
from .test_changes import WRITING

pytestmark = pytest.mark.engine

# What the page has in the places of one's own.
PAGE = section(DOCS / "deploying.md", "State and its key").replace("OWNER/NAME", "shop/gallery")
MAKING, MOVING = (block for language, block in FENCE.findall(PAGE) if language == "sh")
BUCKET_NAME = "my-gallery-state"


def typed(project: Project, commands: str, **env: str) -> str:
    """What the commands print that a person types; the confirmation is given beforehand."""
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", commands],
        cwd=project.directory,
        env={**project.environment, "PULUMI_SKIP_CONFIRMATIONS": "true", **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def made(
    cli: None,  # noqa: ARG001 (skips)
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Project, Moment]]:
    """The account after the page's commands, and how to come back to it."""
    directory = tmp_path_factory.mktemp("account")
    cloud = Cloud()
    with attached(cloud) as providers:
        root = copied(directory)
        project = Project(
            directory=root / "bootstrap",
            stack="account",
            cloud=cloud,
            # The passphrase is that of the page.
            environment=environment(directory, providers) | {"PULUMI_CONFIG_PASSPHRASE": ""},
        )
        _ = typed(project, MAKING.removeprefix("cd bootstrap\n"))
        yield project, kept(project, directory / "made")


@pytest.fixture
def account(made: tuple[Project, Moment]) -> Project:
    project, moment = made
    restore(project, moment)
    return project


def written(project: Project) -> list[str]:
    return [str(call) for call in project.cloud.calls if call.verb in WRITING and not call.preview]


def test_a_second_up_changes_nothing(account: Project) -> None:
    assert len(account.cloud.all(BUCKET)) == len(account.cloud.all(KEY)) == 1
    assert len(account.cloud.all(OIDC_PROVIDER)) == 1
    assert str(account.preview("--expect-no-changes")) == "nothing"
    _ = account.up()
    assert written(account) == []


def test_its_outputs_are_what_the_workflows_read(account: Project) -> None:
    outputs = json.loads(account.must("stack", "output", "--json", "-s", account.stack).output)
    text = "".join(file.read_text() for file in WORKFLOWS.glob("*.yml"))
    assert outputs.keys() == set(re.findall(r"\bvars\.(\w+)", text))
    roles = {role.text("name"): role.text("arn") for role in account.cloud.all(ROLE)}
    assert roles == {
        "workflow-of-gallery-preview": outputs["PREVIEW_ROLE"],
        "workflow-of-gallery-deploy": outputs["DEPLOY_ROLE"],
    }
    (bucket,) = account.cloud.all(BUCKET)
    region = outputs["AWS_REGION"]
    assert outputs["PULUMI_BACKEND_URL"] == f"s3://{bucket.id}?region={region}"
    assert json.loads(outputs["STACKS"]) == ["dev", "prod"]


def test_a_role_trusts_the_provider_that_was_made(account: Project) -> None:
    (provider,) = account.cloud.all(OIDC_PROVIDER)
    for role in account.cloud.all(ROLE):
        (statement,) = json.loads(role.text("assumeRolePolicy"))["Statement"]
        assert statement["Principal"] == {"Federated": provider.text("arn")}


def test_what_holds_the_state_is_given_up_by_a_person_alone(account: Project) -> None:
    before = account.cloud.all()
    run = account.attempt("destroy")
    assert not run.ok
    assert "protect" in run.output
    assert account.cloud.all() == before
    _ = account.must("state", "unprotect", "--all", "--yes", "-s", account.stack)
    assert account.attempt("destroy").ok
    assert account.cloud.all() == []


def test_another_name_of_the_bucket_does_not_replace_the_state(account: Project) -> None:
    before = account.cloud.all(BUCKET)
    _ = account.must("config", "set", "bucket", "another-state", "-s", account.stack)
    run = account.attempt("up")
    assert not run.ok
    assert "protect" in run.output
    assert account.cloud.all(BUCKET) == before


def test_its_own_state_moves_into_the_bucket_that_it_made(
    account: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What chooses the backend on the page is `pulumi login`; of this one a folder stands in for S3.
    first = account.environment["PULUMI_BACKEND_URL"]
    monkeypatch.delitem(account.environment, "PULUMI_BACKEND_URL")
    _ = typed(account, f"pulumi login {first}")
    second = tmp_path / BUCKET_NAME
    second.mkdir()
    moving = re.sub(rf"s3://{BUCKET_NAME}[^\"]*", second.as_uri(), MOVING)
    assert moving != MOVING
    _ = typed(account, moving)
    monkeypatch.setitem(account.environment, "PULUMI_BACKEND_URL", second.as_uri())
    assert str(account.preview("--expect-no-changes")) == "nothing"
    assert account.protected(BUCKET)


def test_what_is_not_said_is_answered_with_its_cure(account: Project) -> None:
    _ = account.must("config", "rm", "stacks", "-s", account.stack)
    run = account.attempt("up")
    assert not run.ok
    assert "pulumi config set stacks dev,prod" in run.output
    assert "Traceback" not in run.output
