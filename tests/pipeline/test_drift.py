"""What is told of a night: which commit was deployed, and one issue for each stack."""

from __future__ import annotations

from pathlib import Path

import pytest

from .forge import COMMIT, TOKEN, Forge
from .steps import Done, checkout, step

ISSUES = "/repos/shop/gallery/issues"
DEPLOYMENTS = "/repos/shop/gallery/deployments"


def told(forge: Forge, directory: Path, drifted: str | None) -> Done:
    file = checkout(directory) / "build" / "drift.md"
    file.parent.mkdir(exist_ok=True)
    file.unlink(missing_ok=True)
    if drifted is not None:
        file.write_text(drifted)
    values = {
        "matrix.stack": "prod",
        "github.token": TOKEN,
        "github.server_url": "https://forge",
        "github.repository": "shop/gallery",
        "github.run_id": "1",
    }
    found = step("drift.yml", "tell", "python3 -m ci.issue")
    here = {"GITHUB_API_URL": forge.root, "GITHUB_REPOSITORY": "shop/gallery"}
    return found.done(directory, values, **here)


def deployed(forge: Forge, directory: Path) -> Done:
    found = step("drift.yml", "look", "python3 -m ci.deployed")
    values = {"matrix.stack": "prod", "github.token": TOKEN, "vars.PULUMI_BACKEND_URL": ""}
    return found.done(
        checkout(directory),
        values,
        GITHUB_API_URL=forge.root,
        GITHUB_REPOSITORY="shop/gallery",
        GITHUB_OUTPUT=str(directory / "output"),
    )


def test_one_issue_is_opened_kept_up_to_date_and_closed(forge: Forge, tmp_path: Path) -> None:
    other = {"login": "mallory"}
    forge.lists[ISSUES] = [
        {"number": n, "user": other, "state": "open", "body": "<!-- gallery-drift:prod -->"}
        for n in range(3)
    ]
    assert told(forge, tmp_path, "").code == 0
    assert len(forge.lists[ISSUES]) == 3
    told(forge, tmp_path, "- update `hosts-metrics` (SecurityGroup)\n")
    told(forge, tmp_path, "- delete `pager` (ContactPoint)\n")
    assert len(forge.lists[ISSUES]) == 4
    issue = forge.lists[ISSUES][3]
    assert issue["title"] == "prod is not as it was deployed"
    assert "`pager`" in issue["body"]
    assert "hosts-metrics" not in issue["body"]
    assert "https://forge/shop/gallery/actions/runs/1" in issue["body"]
    told(forge, tmp_path, "")
    assert issue["state"] == "closed"
    assert all(each["state"] == "open" for each in forge.lists[ISSUES][:3])
    told(forge, tmp_path, "- update `hosts-metrics` (SecurityGroup)\n")
    assert len(forge.lists[ISSUES]) == 5


def test_a_night_on_which_nobody_could_look_is_told(forge: Forge, tmp_path: Path) -> None:
    assert told(forge, tmp_path, None).code == 0
    [issue] = forge.lists[ISSUES]
    assert issue["title"] == "Nobody knows whether prod is as it was deployed"
    told(forge, tmp_path, "")
    assert issue["state"] == "closed"


@pytest.mark.parametrize("refused", ["GET", "POST"])
def test_an_issue_that_is_refused_fails_the_job(forge: Forge, tmp_path: Path, refused: str) -> None:
    forge.refused = {refused}
    done = told(forge, tmp_path, "- update `hosts-metrics` (SecurityGroup)\n")
    assert done.code == 1
    assert "403 Forbidden; the job's token needs `issues: write`" in done.error


def test_what_is_compared_is_the_commit_that_was_deployed_last(
    forge: Forge, tmp_path: Path
) -> None:
    # The newest first, as GitHub lists them.
    commits = {9: "f" * 40, 8: "e" * 40, 7: COMMIT, 6: "c" * 40}
    forge.lists[DEPLOYMENTS] = [
        {"id": 99, "environment": "dev", "sha": "d" * 40},
        *({"id": n, "environment": "prod", "sha": sha} for n, sha in commits.items()),
    ]
    states = {
        99: ["success"],
        9: ["waiting"],
        8: ["failure"],
        7: ["inactive", "in_progress", "success"],
    }
    for number, found in states.items():
        forge.lists[f"{DEPLOYMENTS}/{number}/statuses"] = [{"state": each} for each in found]
    done = deployed(forge, tmp_path)
    assert done.code == 0, done.error
    assert (tmp_path / "output").read_text() == f"commit={COMMIT}\n"


def test_without_a_deployment_it_says_what_to_do(forge: Forge, tmp_path: Path) -> None:
    done = deployed(forge, tmp_path)
    assert done.code == 1
    assert "no deployment to prod has succeeded yet; deploy it by the workflow" in done.error
