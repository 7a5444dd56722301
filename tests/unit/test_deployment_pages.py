"""What the pages on deploying, adopting and troubleshooting quote is what the program says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from gallery.stack_file.errors import StackFileError
from gallery.stack_file.parse import parse, require_secrets
from offline.render import PROJECT
from tests.unit.pages import DOCS, SPAN, code, section
from tests.unit.recordings import recorded
from tests.unit.stack_files import errors, values, with_value

DEPLOYING, ADOPTING = DOCS / "deploying.md", DOCS / "adopting.md"
TROUBLESHOOTING = DOCS / "troubleshooting.md"


def test_the_missing_secrets_of_prod_are_quoted_as_the_program_says_them() -> None:
    settings = parse(values("prod"))
    with pytest.raises(StackFileError) as raised:
        require_secrets(settings, ())
    assert code("text", section(DEPLOYING, "Secrets")) == f"error: {raised.value}\n"


@pytest.mark.parametrize(
    "right",
    [
        "iam:PassRole",
        "kms:CreateGrant",
        "logs:CreateLogDelivery",
        "logs:DescribeResourcePolicies",
        "logs:PutResourcePolicy",
        "organizations:DescribeOrganization",
        "sso:CreateManagedApplicationInstance",
        "sso:DeleteManagedApplicationInstance",
    ],
)
def test_a_right_that_no_resource_is_named_after_is_listed(right: str) -> None:
    """What AWS demands beside the rights on what is made."""
    assert f"`{right}`" in section(DEPLOYING, "Rights")


def test_the_number_of_resources_is_the_one_that_dev_registers() -> None:
    # The stack is one too, and no registration of the program's.
    count = len(recorded("dev").resources) + 1
    said = re.search(r"`dev` makes about (\d+) resources\.", DEPLOYING.read_text())
    assert said
    # One service more does not make it wrong.
    assert abs(int(said[1]) - count) < count / 10


def test_the_refusal_of_an_existing_grafana_is_quoted_as_the_program_says_it() -> None:
    [error] = errors(with_value("grafana", {"existing": "g-0123456789"}))
    assert code("text", ADOPTING.read_text()) == f"{error}\n"


@pytest.mark.parametrize(
    ("path", "value", "stack"),
    [
        ("monitoring.scrap", "5s", "dev"),
        ("monitoring.scrape", 5, "dev"),
        ("network", {"cidr": "10.40.0.0/16"}, "dev"),
        ("alerting.roles.incident-response", ["chat"], "prod"),
        ("slack-webhook", "https://hooks.slack.com/services/T/B/x", "dev"),
    ],
)
def test_a_fault_of_a_stack_file_stands_in_troubleshooting_as_it_is_said(
    path: str, value: object, stack: str
) -> None:
    quoted: list[str] = SPAN.findall(TROUBLESHOOTING.read_text())
    known = [text.partition("…")[0].rstrip() for text in quoted if len(text) > 20]
    said = errors(with_value(path, value, stack))
    assert any(error.startswith(text) for error in said for text in known)


@pytest.mark.parametrize(
    ("message", "cure"),
    [
        ("AWS account ID not allowed", "gallery:account"),
        ("the stack is currently locked", "pulumi cancel"),
        ("error reading from server: EOF", "pulumi stack --show-ids"),
        ("failed to load checkpoint: EOF", ".json.attrs"),
        ("configured Kubernetes cluster is unreachable", "PULUMI_K8S_DELETE_UNREACHABLE=true"),
        ("`409` from Grafana", "Run `pulumi up` again"),
        ("timeout while waiting for state to become 'ACTIVE'", "pulumi import"),
    ],
)
def test_what_stops_a_deployment_halfway_stands_in_troubleshooting(message: str, cure: str) -> None:
    [row] = [line for line in TROUBLESHOOTING.read_text().splitlines() if message in line]
    assert cure in row.split(" | ", 1)[1]


def _literals() -> Iterator[str]:
    """What the rehearsal's messages are made of, between the values that they name."""
    for path in (PROJECT / "rehearsal").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_what_the_rehearsal_says_stands_in_troubleshooting_as_it_is_said() -> None:
    rows = re.findall(
        r"^\| `+(.*?)`+ .*\|", section(TROUBLESHOOTING, "The rehearsal"), re.MULTILINE
    )
    quoted = [re.sub("^rehearsal: |…", "", row).strip() for row in rows]
    assert len(quoted) > 10
    literals = [text.strip() for text in _literals() if len(text) > 10]
    for quote in quoted:
        # A name may come first, and what follows may be cut off.
        ends = tuple(quote[start:] for start in range(len(quote) - 10))
        assert [text for text in literals if text in quote or text.startswith(ends)], quote
