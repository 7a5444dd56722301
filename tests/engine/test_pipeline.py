"""What the pipelines do with the Pulumi CLI, by the commands of their workflows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline.steps import Done, step

from .project import ROOT, Project
from .test_changes import TOKEN, WRITING

pytestmark = pytest.mark.engine

SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"


def ran(project: Project, file: str, job: str, command: str) -> Done:
    """The step, with the summary of its run at the end of what it printed."""
    values = {"matrix.stack": project.stack, "vars.PULUMI_BACKEND_URL": ""}
    summary = project.directory / "summary.md"
    summary.unlink(missing_ok=True)
    env = {**project.environment, "GITHUB_STEP_SUMMARY": str(summary)}
    done = step(file, job, command).done(project.directory, values, **env)
    if done.code == 0 and summary.exists():
        assert summary.read_text() in done.out
    assert not [name for name, value in project.secrets.items() if value in done.out + done.error]
    return done


def previewed(project: Project) -> Done:
    return ran(project, "cloud.yml", "preview", "python3 -m ci.stack preview")


def judged(project: Project) -> Done:
    return ran(project, "cloud.yml", "preview", "python3 -m ci.stack policies")


def deploy(project: Project) -> Done:
    return ran(project, "deploy.yml", "deploy", "python3 -m ci.stack deploy")


def night(project: Project) -> tuple[Done, str | None]:
    done = ran(project, "drift.yml", "look", "python3 -m ci.stack drift")
    file = project.directory / "build" / "drift.md"
    return done, file.read_text() if file.is_file() else None


def written(project: Project) -> set[str]:
    return {call.type for call in project.cloud.calls if call.verb in WRITING and not call.preview}


def test_a_preview_names_what_would_change_and_changes_nothing(deployed: Project) -> None:
    done = previewed(deployed)
    assert (done.code, done.out.split("\n\n")[1]) == (0, "Nothing.\n"), done.error
    with deployed.changed("components/topics.py", _other_address):
        done = previewed(deployed)
    assert done.code == 0, done.error
    assert "(TopicSubscription)" in done.out
    assert "somebody-else" not in done.out
    assert not written(deployed)


def _other_address(text: str) -> str:
    return text.replace("endpoint=", 'endpoint="somebody-else@gallery.internal" or ')


def test_the_policies_are_judged_and_what_breaks_one_is_red(configured: Project) -> None:
    """With the pack's own Python; where it is not installed the job says what installs it."""
    pack = configured.directory / "policy" / ".venv"
    if not pack.exists():
        done = judged(configured)
        assert done.code == 1
        assert "`make policy` installs what the pack needs" in done.error
        installed = ROOT / "policy" / ".venv"
        if not installed.exists():
            pytest.skip("the policy pack's environment is not there; `make policy` installs it")
        pack.symlink_to(installed)
    done = judged(configured)
    assert done.code == 0, done.out + done.error
    assert "gallery@v1.0.0" in done.out
    with configured.changed("components/hosts.py", _lax):
        done = judged(configured)
    assert done.code == 1
    assert "instances-ask-for-tokens" in done.out
    assert "breaks a policy" in done.error
    assert not written(configured)


def _lax(text: str) -> str:
    return text.replace('"http_tokens": "required"', '"http_tokens": "optional"')


def test_a_preview_that_fails_fails_the_job_in_the_engines_words(configured: Project) -> None:
    configured.configure({"gallery:environment": "elsewhere"})
    done = previewed(configured)
    assert done.code == 1
    assert "gallery:environment" in done.error
    assert "Traceback" not in done.error


def test_a_deployment_ends_with_nothing_left_to_do(configured: Project) -> None:
    done = deploy(configured)
    assert done.code == 0, done.error
    assert done.out.endswith("What there is is what was declared.\n")
    assert previewed(configured).out.endswith("Nothing.\n")


def test_a_deployment_after_which_something_is_missing_fails(deployed: Project) -> None:
    deployed.cloud.delete(deployed.cloud.all(SUBSCRIPTION)[0])
    done = deploy(deployed)
    assert done.code == 1
    assert "differs from what was declared:\n- create `topics-" in done.error
    assert f"`pulumi up --refresh -s {deployed.stack}`" in done.error


def test_a_quiet_night_finds_nothing_and_writes_nothing(deployed: Project) -> None:
    done, drift = night(deployed)
    assert (done.code, drift) == (0, ""), done.error
    assert not written(deployed)


def test_a_new_week_turns_the_token_and_is_no_drift(deployed: Project) -> None:
    with deployed.turned(days=7):
        done, drift = night(deployed)
    assert (done.code, drift) == (0, ""), done.error
    assert written(deployed) == {TOKEN}


def test_what_somebody_took_away_or_changed_is_told_and_not_put_back(deployed: Project) -> None:
    cloud = deployed.cloud
    gone, changed = cloud.all(SUBSCRIPTION)[0], cloud.all("aws:sns/topic:Topic")[0]
    cloud.delete(gone)
    _ = cloud.update(changed, {**changed.inputs, "displayName": "by hand"})
    done, drift = night(deployed)
    assert done.code == 0, done.error
    assert drift is not None
    assert sorted(drift.splitlines()) == [
        f"- create `{gone.name}` (TopicSubscription)",
        f"- update `{changed.name}` (Topic): `displayName`",
    ]
    assert not written(deployed)


def test_a_night_deploys_nothing_that_nobody_approved(deployed: Project) -> None:
    with deployed.turned(days=7), deployed.changed("components/topics.py", _other_address):
        done, drift = night(deployed)
    assert done.code == 0, done.error
    assert drift is not None
    assert "(TopicSubscription)" in drift
    assert not written(deployed)


def test_a_night_that_cannot_look_leaves_no_report(deployed: Project) -> None:
    report = deployed.directory / "build" / "drift.md"
    report.parent.mkdir(exist_ok=True)
    Path(report).write_text("")
    deployed.configure({"gallery:environment": "elsewhere"})
    done, drift = night(deployed)
    assert (done.code, drift) == (1, None)
