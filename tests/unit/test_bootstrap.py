"""What an account has before workflows deploy, and what their roles may do."""

from __future__ import annotations

import ast
import json
import runpy
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from bootstrap.rights import ASKED, RESOURCES, actions
from offline.monitor import Recording, record
from offline.render import PROJECT

CONFIG = {
    "aws:region": "eu-west-1",
    "gallery-bootstrap:repository": "shop/gallery",
    "gallery-bootstrap:bucket": "shop-gallery-state",
    "gallery-bootstrap:stacks": "dev,prod",
}
# IAM's bound of what stands in a role itself, without white space.
LONGEST = 10_240


def ran(**changes: str) -> Recording:
    config = CONFIG | {f"gallery-bootstrap:{key}": value for key, value in changes.items()}
    return record(
        lambda: runpy.run_path(str(PROJECT / "bootstrap/__main__.py"), run_name="__main__"),
        config={key: value for key, value in config.items() if value},
    )


@pytest.fixture(scope="module")
def recording() -> Recording:
    return ran()


def document(recording: Recording, type_: str, name: str, key: str) -> list[dict[str, Any]]:
    return json.loads(recording.one(type_, name).inputs[key])["Statement"]


def policy(recording: Recording, role: str) -> list[dict[str, Any]]:
    return document(recording, "aws:iam/rolePolicy:RolePolicy", f"{role}-policy", "policy")


def allowed(statements: list[dict[str, Any]]) -> set[str]:
    return {action for each in statements for action in each["Action"]}


def subjects(recording: Recording, role: str) -> list[str]:
    [trust] = document(recording, "aws:iam/role:Role", f"{role}-role", "assumeRolePolicy")
    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert trust["Principal"].keys() == {"Federated"}
    [condition] = trust["Condition"].values()
    assert condition["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"
    return condition["token.actions.githubusercontent.com:sub"]


def used(text: str) -> Iterator[str]:
    """The tokens of AWS's resources and data sources that a module uses."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Attribute):
            continue
        words = ast.unparse(node).split(".")
        if words[0] != "aws" or len(words) not in {2, 3}:
            continue
        name, home = words[-1], "index" if len(words) == 2 else words[1]
        if name.startswith("get_"):
            first, *rest = name.removesuffix("_output").split("_")
            camel = first + "".join(each.title() for each in rest)
            yield f"aws:{home}/{camel}:{camel}"
        elif len(words) == 3:
            token = getattr(getattr(getattr(aws, home), name), "pulumi_type", None)
            if isinstance(token, str):
                yield token


def needed() -> set[str]:
    files = [PROJECT / "__main__.py", *(PROJECT / "components").rglob("*.py")]
    return {token for file in files for token in used(file.read_text())}


def test_the_rights_are_those_of_what_the_program_declares_and_asks() -> None:
    assert needed() == {*RESOURCES, *ASKED}, "bootstrap/rights.py, and nothing that is not used"


def test_a_new_type_has_no_rights_yet() -> None:
    program = "aws.s3.Bucket('b')\naws.ec2.get_vpc(id='v')\naws.s3.BucketArgs()\n"
    found = set(used(program))
    assert found == {"aws:s3/bucket:Bucket", "aws:ec2/getVpc:getVpc"}
    for each in found:
        with pytest.raises(KeyError, match=each):
            actions(writing=True, kinds=[each])


def test_whoever_previews_only_reads() -> None:
    for action in actions(writing=False):
        assert any(fnmatchcase(action, f"*:{verb}*") for verb in ("Describe", "Get", "List"))
    assert "secretsmanager:GetSecretValue" not in actions(writing=False)


def test_the_roles_may_do_what_the_program_needs_and_use_the_state(recording: Recording) -> None:
    reads, writes = policy(recording, "preview"), policy(recording, "deploy")
    of_state = {"s3:ListBucket", "s3:GetObject", "kms:Decrypt", "kms:DescribeKey"}
    assert allowed(reads) == actions(writing=False) | of_state
    assert allowed(writes) == actions(writing=True) | of_state | {
        "s3:PutObject", "s3:DeleteObject", "kms:Encrypt", "kms:GenerateDataKey",
        "iam:CreateServiceLinkedRole",
    }  # fmt: skip
    assert not [each for each in allowed(reads) | allowed(writes) if "*" in each]


@pytest.mark.parametrize("role", ["preview", "deploy"])
def test_a_role_may_change_of_iam_only_what_the_program_names(
    recording: Recording, role: str
) -> None:
    own = recording.one("aws:iam/role:Role", f"{role}-role").inputs["name"]
    for each in policy(recording, role):
        if not any(action.startswith("iam:") for action in each["Action"]):
            continue
        resources: str | list[str] = each["Resource"]
        assert resources
        for pattern in [resources] if isinstance(resources, str) else resources:
            assert "*" in pattern
            assert not fnmatchcase(f"arn:aws:iam::123456789012:role/{own}", pattern)


@pytest.mark.parametrize("role", ["preview", "deploy"])
def test_what_is_allowed_anywhere_is_allowed_in_one_region(recording: Recording, role: str) -> None:
    for each in policy(recording, role):
        of_all_regions = all(
            action.startswith(("sso:", "organizations:")) for action in each["Action"]
        )
        if each["Resource"] == "*" and not of_all_regions:
            assert each["Condition"] == {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}


@pytest.mark.parametrize("role", ["preview", "deploy"])
def test_a_policy_fits_into_its_role(recording: Recording, role: str) -> None:
    inputs = recording.one("aws:iam/rolePolicy:RolePolicy", f"{role}-policy").inputs
    assert len("".join(inputs["policy"].split())) < LONGEST


def test_who_may_take_a_role(recording: Recording) -> None:
    assert subjects(recording, "preview") == [
        "repo:shop/gallery:environment:preview",
        "repo:shop/gallery:ref:refs/heads/main",
    ]
    assert subjects(recording, "deploy") == [
        "repo:shop/gallery:environment:dev",
        "repo:shop/gallery:environment:nightly",
        "repo:shop/gallery:environment:prod",
    ]


def test_a_repository_is_called_as_its_token_calls_it() -> None:
    found = subjects(ran(repository="shop@12/gallery@34"), "preview")
    assert found[0] == "repo:shop@12/gallery@34:environment:preview"


def test_an_oidc_provider_that_is_there_is_used() -> None:
    kind = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
    arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    assert len(ran().of(kind)) == 1
    recording = ran(oidc_provider=arn)
    assert not recording.of(kind)
    assert arn in recording.one("aws:iam/role:Role", "deploy-role").inputs["assumeRolePolicy"]


def test_the_state_is_encrypted_private_versioned_and_not_deleted(recording: Recording) -> None:
    bucket = recording.one("aws:s3/bucket:Bucket", "state-bucket")
    key = recording.one("aws:kms/key:Key", "state-key")
    assert bucket.options["protect"]
    assert key.options["protect"]
    assert key.inputs["enableKeyRotation"] is True
    private = recording.one(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "state-private"
    )
    assert {value for name, value in private.inputs.items() if name != "bucket"} == {True}
    [versions] = recording.of("aws:s3/bucketVersioning:BucketVersioning")
    assert versions.inputs["versioningConfiguration"] == {"status": "Enabled"}
    [encryption] = recording.of(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    )
    assert (
        encryption.inputs["rules"][0]["applyServerSideEncryptionByDefault"]["sseAlgorithm"]
        == "aws:kms"
    )


def test_the_outputs_are_the_variables_that_the_workflows_read(recording: Recording) -> None:
    text = "".join(file.read_text() for file in Path(PROJECT / ".github/workflows").glob("*.yml"))
    outputs = recording.stack_outputs
    for name, value in outputs.items():
        assert f"vars.{name}" in text
        assert value
    assert set(outputs) == {word.split(" ")[0].rstrip(")}") for word in text.split("vars.")[1:]}
    assert json.loads(outputs["STACKS"]) == ["dev", "prod"]
    assert outputs["PULUMI_BACKEND_URL"] == "s3://shop-gallery-state?region=eu-west-1"


@pytest.mark.parametrize(
    ("key", "value", "cure"),
    [
        ("repository", "gallery", "pulumi config set repository OWNER/NAME"),
        ("repository", "shop/*", "pulumi config set repository OWNER/NAME"),
        ("bucket", "Shop", "pulumi config set bucket NAME"),
        ("stacks", "", "pulumi config set stacks dev,prod"),
        ("stacks", "dev,nightly", "pulumi config set stacks dev,prod"),
    ],
)
def test_what_is_wrong_is_said_with_its_cure(key: str, value: str, cure: str) -> None:
    with pytest.raises(pulumi.RunError, match="the account is not described") as raised:
        ran(**{key: value})
    assert cure in str(raised.value)


def test_everything_that_is_missing_is_said_at_once() -> None:
    with pytest.raises(pulumi.RunError) as raised:
        ran(repository="", bucket="", stacks="")
    assert str(raised.value).count("\n  - ") == 3
