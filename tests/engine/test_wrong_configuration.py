"""A wrong stack file is answered at preview, whole, in words, before anything exists."""

from __future__ import annotations

from copy import deepcopy

import pytest

from .project import Project, referenced
from .values import at

pytestmark = pytest.mark.engine


def _refused(project: Project) -> str:
    """What `up` says in its preview, having touched nothing."""
    output = _stopped(project)
    assert "Traceback" not in output
    assert "unhandled exception" not in output
    return output


def _stopped(project: Project) -> str:
    """What `up` says where it fails in its preview; what a provider refuses, the SDK traces."""
    run = project.attempt("up")
    assert not run.ok
    assert project.cloud.all() == []
    # What an answer of a service refuses may come while others are being previewed.
    made = [call for call in project.cloud.calls if call.verb == "create" and not call.preview]
    assert made == []
    return run.output


def test_a_missing_secret_is_answered_with_the_command_that_sets_it(configured: Project) -> None:
    names = referenced(configured.configuration())
    assert names
    configured.configure({f"gallery:{name}": None for name in names})
    output = _refused(configured)
    for name in names:
        assert f"pulumi config set --secret gallery:{name}" in output


def test_all_faults_of_a_stack_file_come_at_once(configured: Project) -> None:
    alerting = deepcopy(configured.configuration()["gallery:alerting"])
    assert isinstance(alerting, dict)
    alerting["overrides"] = {"EndpointDwon": {"hold": "1m"}}
    configured.configure(
        {
            "gallery:alerting": alerting,
            "gallery:environment": "production",
            "gallery:promehteus": {"retention": "150d"},
        }
    )
    output = _refused(configured)
    for wrong, nearest in (
        ("EndpointDwon", "EndpointDown"),
        ("production", "prod"),
        ("promehteus", "prometheus"),
    ):
        assert wrong in output
        assert nearest in output.replace(wrong, "")


def test_a_credential_in_plain_text_is_refused_and_not_repeated(configured: Project) -> None:
    name = referenced(configured.configuration())[0]
    value = configured.secrets[name]
    configured.configure({f"gallery:{name}": value})
    output = _refused(configured)
    assert f"gallery:{name}" in output
    assert value not in output


def test_an_existing_grafana_that_is_too_old_is_refused(configured: Project) -> None:
    configured.cloud.grafana_version = "10.4"
    configured.configure(
        {"gallery:grafana": {"existing": "g-0123456789", "replace_notification_policy": True}}
    )
    configured.set_secrets()
    output = _refused(configured)
    assert "gallery:grafana.existing is g-0123456789: Grafana 10.4 is too old" in output


def test_another_account_is_refused_before_anything_is_made(configured: Project) -> None:
    configured.configure({"gallery:account": configured.cloud.account})
    configured.cloud.account = "999988887777"
    assert "AWS account ID not allowed: 999988887777" in _stopped(configured)


def test_a_profile_in_the_stack_file_is_refused_with_its_cure(configured: Project) -> None:
    configured.configure({"aws:profile": "somebody-else"})
    output = _refused(configured)
    assert "aws:profile is not read" in output
    assert "log in with AWS_PROFILE" in output


def test_a_key_that_its_receiver_would_refuse_is_refused_and_not_repeated(
    configured: Project,
) -> None:
    name = next(name for name in configured.secrets if "pagerduty" in name)
    value = f"{configured.secrets[name]} "
    _ = configured.must(
        "config", "set", "-s", configured.stack, "--secret", f"gallery:{name}", value
    )
    output = _refused(configured)
    assert f'secret "{name}" is not what contact point' in output
    assert f"pulumi config set --secret gallery:{name}" in output
    assert value.strip() not in output


def test_what_the_cli_does_not_hand_over_is_refused_as_well(configured: Project) -> None:
    text = configured.stack_file.read_text()
    _ = configured.stack_file.write_text(f"{text}\ngallery:hosts: []\n")
    output = _refused(configured)
    assert "the key gallery:hosts stands beside config: and would be read by nobody" in output


def test_a_key_of_another_name_is_refused_with_the_nearest(configured: Project) -> None:
    configured.configure({"galery:hosts": [], "pulumi:disable-default-providers": None})
    output = _refused(configured)
    assert 'galery:hosts is read by nobody; did you mean "gallery:hosts"?' in output
    assert "pulumi:disable-default-providers is missing" in output


@pytest.mark.usefixtures("on_eks")
def test_a_cluster_that_cannot_carry_the_stack_is_refused_with_all_its_faults(
    configured: Project,
) -> None:
    configured.cloud.addons.clear()
    configured.cloud.cluster = {
        "status": "CREATING",
        "version": "1.28",
        "kubernetesNetworkConfigs": [{"ipFamily": "ipv6"}],
    }
    output = _refused(configured)
    for words in ("it is CREATING", "Kubernetes 1.28", "IPv6", "eks-pod-identity-agent"):
        assert words in output


@pytest.mark.usefixtures("on_eks")
def test_a_cluster_that_nobody_knows_is_refused_by_its_name(configured: Project) -> None:
    configured.cloud.no_cluster = True
    output = _refused(configured)
    assert "gallery:cluster.existing.name is " in output
    assert "couldn't find resource" in output


def test_a_type_that_a_zone_does_not_have_is_refused_by_its_group(configured: Project) -> None:
    config = dict(configured.configuration())
    group, kind = (str(at(config, f"gallery:hosts.{key}")) for key in ("name", "instance_type"))
    configured.cloud.unoffered = {(kind, f"eu-west-1{letter}") for letter in "abc"}
    output = _refused(configured)
    assert f"the group {group} is of {kind}, which EC2 does not offer in" in output


@pytest.mark.usefixtures("on_eks")
def test_auto_mode_needs_no_agent(configured: Project) -> None:
    configured.cloud.addons.clear()
    configured.cloud.cluster = {"computeConfigs": [{"enabled": True}]}
    assert configured.preview().doing("create")


def test_what_is_left_of_the_example_is_told_and_production_refuses_it(
    configured: Project,
) -> None:
    alerting = deepcopy(configured.configuration()["gallery:alerting"])
    assert isinstance(alerting, dict)
    alerting |= {"independent_path": {"emails": ["oncall@example.org"]}}
    configured.configure({"gallery:alerting": alerting})
    words = "independent_path.emails[0] is still the example's oncall@example.org"
    if configured.configuration()["gallery:environment"] == "prod":
        assert words in _refused(configured)
    else:
        run = configured.must("preview", "-s", configured.stack)
        assert "warning: what is deployed still has values of the example" in run.output
        assert words in run.output
