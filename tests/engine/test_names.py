"""Names in AWS, and what a change of the rule for them or of the cluster behind one does."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace

import pytest

from .aws_kinds import TOKEN
from .kubernetes_kinds import NAMESPACE
from .project import Project

pytestmark = pytest.mark.engine

REBUILT = "https://rebuilt.gr7.eu-west-1.eks.amazonaws.com"


def test_another_rule_for_names_replaces_nothing_that_exists(configured: Project) -> None:
    with _named(configured, "gallery-of-old"):
        _ = configured.up()
    before = {(made.kind.type, made.name, made.id) for made in configured.cloud.all()}
    plan = configured.preview()
    # A token is replaced each week, and holds nothing.
    assert {step.type for step in plan.destructive} == {TOKEN}, str(plan)
    assert {step.op for step in plan.steps if step.type != TOKEN} <= {"update"}
    _ = configured.up()
    after = {(made.kind.type, made.name, made.id) for made in configured.cloud.all()}
    assert {kind for kind, *_ in before ^ after} == {TOKEN}
    assert str(configured.preview("--expect-no-changes")) == "nothing"


@pytest.mark.usefixtures("on_eks")
def test_two_stacks_of_one_environment_share_an_account(deployed: Project) -> None:
    before = len(deployed.cloud.all())
    other = replace(deployed, stack=f"{deployed.stack}-two")
    _ = other.stack_file.write_text(deployed.stack_file.read_text())
    try:
        other.configure({"gallery:cluster": {"existing": {"platform": "eks", "name": "other"}}})
        other.start()
        _ = other.up()
    finally:
        other.stack_file.unlink()
    assert len(deployed.cloud.all()) == 2 * before


@pytest.mark.usefixtures("on_eks")
def test_a_rebuilt_cluster_of_the_same_name_is_another(deployed: Project) -> None:
    (old,) = {made.scope for made in deployed.cloud.all(NAMESPACE)}
    content = _inside(deployed, old)
    deployed.cloud.cluster = {"endpoint": REBUILT}
    if deployed.protected(NAMESPACE):
        # What holds data is given up by a person alone.
        run = deployed.attempt("up")
        assert not run.ok
        assert "protect" in run.output
        assert _inside(deployed, old) == content
        return
    _ = deployed.up()
    assert _inside(deployed, REBUILT) == content


def test_a_cluster_that_stays_is_the_same_whatever_it_was_called_by(deployed: Project) -> None:
    """The provider was once given the cluster's ARN to go by."""

    def identified(text: str) -> str:
        return text.replace("context=args", 'cluster_identifier="arn:aws:eks:x", context=args')

    with deployed.changed("components/kubernetes.py", identified):
        _ = deployed.up()
    plan = deployed.preview()
    assert {step.op for step in plan.steps} == {"update"}, str(plan)
    assert [step.type for step in plan.steps] == ["pulumi:providers:kubernetes"]


def _named(project: Project, prefix: str) -> AbstractContextManager[None]:
    """The program as it was when everything's name began otherwise."""
    otherwise = (
        f"\n\nStack.prefix = property(lambda self: {prefix!r})\n"
        f'Stack.iam_name = lambda self, part: f"{prefix}-{{part}}"\n'
    )
    return project.changed("gallery/plan/stack.py", lambda text: text + otherwise)


def _inside(project: Project, scope: str) -> set[tuple[str, str]]:
    return {(made.kind.type, made.name) for made in project.cloud.all(scope=scope)}
