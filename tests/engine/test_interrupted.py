"""A deployment that is cut off goes on, and nothing is left that the state does not know."""

from __future__ import annotations

import json
import random
import subprocess
from copy import deepcopy
from dataclasses import dataclass, field
from typing import cast

import pytest

from .cloud import Made
from .interruption import Interruption, Victim
from .project import TIMEOUT_SECONDS, Project
from .server import attached
from .values import Json, at, text_at

pytestmark = pytest.mark.engine

SEED = 3
# Who ends, and whether the service has then done what it was asked. Of a provider that ends with
# the answer on its lips there is a test of its own; what is destroyed runs no program.
DEPLOYING = (
    (Victim.RUN, False),
    (Victim.RUN, True),
    (Victim.PROGRAM, True),
    (Victim.PROVIDER, False),
)
DESTROYING = tuple(end for end in DEPLOYING if end[0] is not Victim.PROGRAM)


@dataclass(kw_only=True)
class Cuts:
    """Runs of one stack, cut off at random writes until `left` cuts are made."""

    project: Project
    left: int
    chance: random.Random = field(
        default_factory=lambda: random.Random(SEED)  # noqa: S311 - to be the same again
    )
    made: list[tuple[str, Victim, bool]] = field(default_factory=list[tuple[str, Victim, bool]])

    def through(self, verb: str, *, cuts: int, within: int) -> None:
        """Run until it is through, cut off at most so often, each time within so many writes."""
        for _ in range(min(cuts, self.left)):
            if not self._cut(verb, self.chance.randint(1, within)):
                break
            resume(self.project)
            assert pending(self.project) == []
            assert orphans(self.project, leaving=verb == "destroy") == set()
        _ = self.project.must(verb, "--yes", "--skip-preview", "-s", self.project.stack)
        assert there(self.project) == known(self.project)

    def _cut(self, verb: str, write: int) -> bool:
        """Whether the run was cut off, and not through before."""
        ends = DESTROYING if verb == "destroy" else DEPLOYING
        victim, done = ends[self.left % len(ends)]
        interruption = Interruption(victim=victim, done=done, at=write)
        code = run(self.project, verb, interruption)
        if interruption.writes < write:
            assert code == 0
            return False
        assert code != 0
        self.made.append((verb, victim, done))
        self.left -= 1
        return True


def run(project: Project, verb: str, interruption: Interruption) -> int:
    """The exit status of a run that is to be cut off."""
    with (
        attached(project.cloud, interruption) as providers,
        (project.directory / "cut.log").open("w") as log,
        subprocess.Popen(
            ["pulumi", verb, "--yes", "--skip-preview", "--non-interactive", "-s", project.stack],
            cwd=project.directory,
            env={**project.environment, "PULUMI_DEBUG_PROVIDERS": providers},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        interruption.run = process.pid
        return process.wait(TIMEOUT_SECONDS)


def resume(project: Project) -> None:
    """What docs/troubleshooting.md says of a run that was cut off, done by a person."""
    stack = ("--yes", "-s", project.stack)
    _ = project.must("cancel", *stack)
    if pending(project):
        for made in unheard_of(project):
            project.cloud.delete(made)
        _ = project.must("refresh", "--skip-preview", "--clear-pending-creates", *stack)


def unheard_of(project: Project) -> list[Made]:
    """Of what the state says was being made, what a person finds that is there."""
    ids = known(project)
    making = {
        (text_at(operation, "resource.type"), text_at(operation, "resource.urn").split("::", 3)[3])
        for operation in pending(project)
        if text_at(operation, "type") == "creating"
    }
    return [
        made
        for made in project.cloud.all()
        if (made.kind.type, made.name) in making and (made.kind.type, made.id) not in ids
    ]


def pending(project: Project) -> list[Json]:
    """What the state says was under way when the last run ended."""
    document = cast("Json", json.loads(project.state()))
    operations = at(document, "checkpoint.latest.pending_operations")
    return operations if isinstance(operations, list) else []


def known(project: Project) -> set[tuple[str, str]]:
    """The resources of services that the state knows, by type and id."""
    return {
        (text_at(item, "type"), text_at(item, "id"))
        for item in project.resources()
        if item.get("custom") is True and not text_at(item, "type").startswith("pulumi:")
    }


def orphans(project: Project, *, leaving: bool) -> set[tuple[str, str]]:
    """What only the state knows, and what only the services do.

    `leaving`: what lives in a Grafana that is to be deleted goes with it, and before it from the
    state.
    """
    ids = known(project)
    going = {
        made.text(made.kind.houses)
        for made in project.cloud.all()
        if leaving and made.kind.houses and (made.kind.type, made.id) in ids
    }
    housed = {(made.kind.type, made.id) for made in project.cloud.all() if made.scope in going}
    return (there(project) ^ ids) - (housed - ids)


def there(project: Project) -> set[tuple[str, str]]:
    """The resources that exist, by the services' own record."""
    return {(made.kind.type, made.id) for made in project.cloud.all()}


@pytest.fixture
def checkpointed(configured: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """One stack, whose state is written after every step, as it is for whoever deploys."""
    if at(dict(configured.configuration()), "gallery:environment") != "dev":
        pytest.skip("the stack that is cut off is one for development")
    monkeypatch.delitem(configured.environment, "PULUMI_SKIP_CHECKPOINTS")
    # S3 replaces an object whole. A folder does so too, but for the files of attributes beside it.
    backend = configured.environment["PULUMI_BACKEND_URL"]
    monkeypatch.setitem(configured.environment, "PULUMI_BACKEND_URL", f"{backend}?metadata=skip")
    return configured


def test_a_deployment_that_is_cut_off_leaves_no_orphan(
    checkpointed: Project, pytestconfig: pytest.Config
) -> None:
    """While it is made, changed and destroyed: twenty times with `--every-proof`."""
    moments = 20 if pytestconfig.getoption("--every-proof") else 4
    cuts = Cuts(project=checkpointed, left=moments)
    hosts = checkpointed.configuration()["gallery:hosts"]
    while cuts.left:
        checkpointed.configure({"gallery:hosts": hosts})
        cuts.through("up", cuts=moments // 2, within=12)
        assert str(checkpointed.preview("--expect-no-changes")) == "nothing"
        checkpointed.configure({"gallery:hosts": _next_generation(hosts)})
        cuts.through("up", cuts=moments // 4, within=2)
        assert str(checkpointed.preview("--expect-no-changes")) == "nothing"
        cuts.through("destroy", cuts=moments // 4, within=20)
        assert there(checkpointed) == set()
    assert {(victim, done) for _, victim, done in cuts.made} == {*DEPLOYING}
    assert {verb for verb, *_ in cuts.made} == {"up", "destroy"}


@pytest.mark.parametrize("write", [1, 12, 30])
def test_of_a_provider_that_dies_one_thing_is_not_known(checkpointed: Project, write: int) -> None:
    """What it was making: the engine takes the broken call for one that did nothing."""
    end = Interruption(victim=Victim.PROVIDER, done=True, at=write)
    assert run(checkpointed, "up", end) != 0
    assert pending(checkpointed) == []
    (orphan,) = there(checkpointed) - known(checkpointed)
    assert known(checkpointed) < there(checkpointed)
    (made,) = (one for one in checkpointed.cloud.all() if (one.kind.type, one.id) == orphan)
    if made.kind.identity:
        # Its service lets nobody make it twice, and says so.
        refused = checkpointed.attempt("up")
        assert not refused.ok
        assert "already exists" in refused.output
        assert made.name in refused.output
    checkpointed.cloud.delete(made)
    _ = checkpointed.up()
    assert there(checkpointed) == known(checkpointed)


def _next_generation(hosts: Json) -> Json:
    """Hosts that are replaced."""
    assert isinstance(hosts, list)
    return [{**group, "generation": 2} for group in deepcopy(hosts) if isinstance(group, dict)]
