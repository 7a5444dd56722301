"""What a stack plans where nothing exists, and what it has after its first `up`."""

from __future__ import annotations

import base64
import re
import subprocess

import pytest

from offline.render import PROJECT

from .aws_kinds import TOKEN
from .deployment import Stages
from .grafana_kinds import DATA_SOURCE, POLICY, RULE_GROUP
from .kubernetes_kinds import STATEFUL_SET
from .project import OPENSHIFT, Project
from .values import text_at

pytestmark = pytest.mark.engine

WRITING = ("create", "update", "delete")


def test_a_preview_plans_everything_where_nothing_is_known(stages: Stages) -> None:
    """The provider reveals no output, so no apply that shapes a resource may hide from preview."""
    planned = {(step.type, step.name) for step in stages.first_plan.steps}
    made = {(made.kind.type, made.name) for made in stages.deployed.cloud.made.values()}
    assert {step.op for step in stages.first_plan.steps} == {"create"}
    assert made <= planned


def test_a_preview_touches_nothing(stages: Stages) -> None:
    writing = [call for call in stages.first_calls if call.verb in WRITING]
    assert writing
    assert [call for call in writing if not call.preview] == []
    assert stages.first_made == ()


def test_a_second_preview_finds_nothing_to_do(deployed: Project) -> None:
    plan = deployed.preview("--expect-no-changes")
    assert str(plan) == "nothing"


def test_no_rule_is_made_before_what_it_asks_and_what_leads_its_alerts(deployed: Project) -> None:
    (source,), (policy,) = deployed.cloud.all(DATA_SOURCE), deployed.cloud.all(POLICY)
    (agents,) = (each for each in deployed.cloud.all(STATEFUL_SET) if each.name == "collector")
    rules = deployed.cloud.all(RULE_GROUP)
    assert rules
    for each in (source, policy, agents):
        assert each.created < min(rule.created for rule in rules), each.name


def test_a_shell_reads_the_outputs_that_runbooks_name(deployed: Project) -> None:
    runbooks = "".join(path.read_text() for path in (PROJECT / "docs" / "runbooks").glob("*.md"))
    shell = deployed.must("stack", "output", "--shell").output
    outputs = set(re.findall(r"^(?:export )?(\w+)=", shell, re.MULTILINE))
    named = sorted(set(re.findall(r"\$\{(\w+):\?\}", runbooks)) & outputs)
    assert "prometheus_workspace" in named
    script = f"{shell}\n" + "".join(f'test -n "${{{name}:?}}"\n' for name in named)
    read = subprocess.run(["bash", "-euc", script], check=False, capture_output=True, text=True)
    assert (read.returncode, read.stderr) == (0, "")


def test_no_resource_uses_a_default_provider(deployed: Project) -> None:
    providers = {text_at(item, "provider") for item in deployed.resources()} - {""}
    assert providers
    assert [provider for provider in providers if "::default" in provider] == []


def test_no_secret_lies_in_the_state(deployed: Project) -> None:
    state = deployed.state()
    credentials = {
        **deployed.secrets,
        **{f"token {token.name}": token.text("key") for token in deployed.cloud.all(TOKEN)},
    }
    assert credentials
    for name, value in credentials.items():
        encoded = base64.b64encode(value.encode()).decode()
        assert value not in state, name
        assert encoded not in state, name


def test_every_secret_reaches_the_service_that_needs_it(deployed: Project) -> None:
    """Encrypted in the state, and yet the value itself where it is used."""
    used = "\n".join(str(made.inputs) for made in deployed.cloud.all())
    # Nothing keeps a kubeconfig: what is in the cluster was reached by it.
    led = {"kubeconfig"} if deployed.cloud.all(scope=OPENSHIFT) else set[str]()
    for name, value in deployed.secrets.items():
        assert value in used or name in led, name
