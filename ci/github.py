"""GitHub's REST API, as far as the pipelines use it (docs.github.com/en/rest)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from ci.api import Api, Document
from ci.conversation import Comment
from ci.surroundings import told
from offline.errors import UserError

# Whose words the token of a job are.
_BOT = "github-actions[bot]"
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, kw_only=True)
class GitHub:
    """One repository; `repository` is `OWNER/NAME`."""

    api: Api
    repository: str

    def pull_request(self, branch: str, commit: str) -> int | None:
        """The open pull request whose newest commit this is; `branch` is `OWNER:BRANCH`.

        A run tells nothing of a pull request from a fork, and what a fork's job says of itself is
        not to be believed: GitHub is asked.
        """
        query = urlencode({"state": "open", "head": branch, "per_page": 100})
        found = self.api.every(f"/repos/{self.repository}/pulls?{query}")
        return next((each["number"] for each in found if each["head"]["sha"] == commit), None)

    def deployed(self, environment: str) -> str:
        """The commit that was last deployed there with success. Raises UserError."""
        query = urlencode({"environment": environment, "per_page": 100})
        for each in self.api.every(f"/repos/{self.repository}/deployments?{query}"):
            path = f"/repos/{self.repository}/deployments/{each['id']}/statuses?per_page=100"
            if any(status["state"] == "success" for status in self.api.every(path)):
                commit = str(each["sha"])
                if not _COMMIT.fullmatch(commit):
                    raise UserError(f"{commit} was deployed to {environment}, which is no commit")
                return commit
        raise UserError(
            f"no deployment to {environment} has succeeded yet; deploy it by the workflow `deploy`"
        )

    def issue(self, marker: str) -> Document | None:
        """The open issue of this account whose text begins with the marker."""
        query = urlencode({"state": "open", "creator": _BOT, "per_page": 100})
        for each in self.api.every(f"/repos/{self.repository}/issues?{query}"):
            if "pull_request" not in each and (each["body"] or "").startswith(marker):
                return each
        return None

    def open_issue(self, title: str, body: str) -> None:
        """Open one."""
        self.api.send("POST", f"/repos/{self.repository}/issues", {"title": title, "body": body})

    def change_issue(self, number: int, changes: Document) -> None:
        """Change its `title`, `body` or `state`."""
        self.api.send("PATCH", f"/repos/{self.repository}/issues/{number}", changes)


@dataclass(frozen=True, kw_only=True)
class PullRequest:
    """The comments of a pull request."""

    github: GitHub
    number: int

    def own(self) -> Iterator[Comment]:
        """What jobs have written there."""
        path = f"/repos/{self.github.repository}/issues/{self.number}/comments?per_page=100"
        for each in self.github.api.every(path):
            if each["user"]["login"] == _BOT:
                yield Comment(number=each["id"], body=each["body"])

    def add(self, body: str) -> None:
        """Write a new one."""
        path = f"/repos/{self.github.repository}/issues/{self.number}/comments"
        self.github.api.send("POST", path, {"body": body})

    def replace(self, comment: Comment, body: str) -> None:
        """Write over one."""
        path = f"/repos/{self.github.repository}/issues/comments/{comment.number}"
        self.github.api.send("PATCH", path, {"body": body})


def github(rights: str) -> GitHub:
    """The repository of this job; `rights` are what its `permissions` must grant."""
    headers = {
        "Authorization": f"Bearer {told('GITHUB_TOKEN')}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    api = Api(root=told("GITHUB_API_URL"), headers=headers, rights=rights)
    return GitHub(api=api, repository=told("GITHUB_REPOSITORY"))
