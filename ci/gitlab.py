"""The notes of a merge request on GitLab (docs.gitlab.com/api/notes)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ci.api import Api
from ci.conversation import Comment
from ci.surroundings import told


@dataclass(frozen=True, kw_only=True)
class MergeRequest:
    """`path` leads to its notes."""

    api: Api
    path: str

    def own(self) -> Iterator[Comment]:
        """What the token's user has written there."""
        user = self.api.send("GET", "/user", None)["id"]
        for each in self.api.every(f"{self.path}?sort=asc&order_by=created_at&per_page=100"):
            if each["author"]["id"] == user and not each["system"]:
                yield Comment(number=each["id"], body=each["body"])

    def add(self, body: str) -> None:
        """Write a new one."""
        self.api.send("POST", self.path, {"body": body})

    def replace(self, comment: Comment, body: str) -> None:
        """Write over one."""
        self.api.send("PUT", f"{self.path}/{comment.number}", {"body": body})


def merge_request() -> MergeRequest:
    """The merge request of this job."""
    return MergeRequest(
        api=Api(
            root=told("CI_API_V4_URL"),
            headers={"PRIVATE-TOKEN": told("COMMENT_TOKEN")},
            rights="the scope `api` and the role Reporter of this project, as COMMENT_TOKEN",
        ),
        path=f"/projects/{told('CI_PROJECT_ID')}/merge_requests/"
        f"{told('CI_MERGE_REQUEST_IID')}/notes",
    )
