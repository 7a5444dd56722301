from __future__ import annotations

import json
from typing import Any

import pytest

from gallery.contact_points.kinds import KINDS
from gallery.contact_points.model import Kind
from gallery.stack_file.credentials import placeholder, require_credentials
from gallery.stack_file.errors import StackFileError
from gallery.stack_file.parse import parse
from gallery.store.roles import ROLE_NAMES
from tests.unit.components import OPENSHIFT
from tests.unit.stack_files import with_value

HEX = "0123456789abcdef0123456789abcdef"
SLACK = "https://hooks.slack.com/services/T0123ABCD/B0123ABCD/0123456789abcdefABCDEF01"
OFFICE = "https://example.webhook.office.com/webhookb2/0123@4567/IncomingWebhook/89ab/cdef"
FLOW = (
    "https://prod-1.westeurope.logic.azure.com:443/workflows/0/triggers/manual/paths/invoke?sig=x"
)

RIGHT: dict[str, tuple[str, ...]] = {
    "pagerduty": (HEX, "R0123456789ABCDEFGHIJKLMNOPQRSTU"),
    "slack": (SLACK, SLACK.replace("slack.com", "slack-gov.com")),
    "teams": (OFFICE, FLOW),
    "webhook": ("https://tracker.example.org/hooks/1?key=2",),
}
WRONG: dict[str, tuple[str, ...]] = {
    # A REST key, an address in the place of a key.
    "pagerduty": ("u+0123456789abcdef-_", SLACK),
    # A bot's token, a trigger of a workflow, another host.
    "slack": (
        "xoxb-0123456789-abcdef",
        "https://hooks.slack.com/triggers/T0123ABCD/1/2",
        SLACK.replace("hooks.slack.com", "hooks.slack.com.example.org"),
        HEX,
    ),
    "teams": (SLACK, OFFICE.replace("https:", "http:")),
    "webhook": ("tracker.example.org", HEX),
}
WITH_SECRET = [kind for kind in KINDS.values() if "secret" in kind.required]


def told_by(point: dict[str, Any]) -> dict[str, Any]:
    """A stack in which everybody is told by one contact point."""
    config = with_value("alerting.contact_points", {"somebody": point})
    config["gallery:alerting"]["roles"] = {role: ["somebody"] for role in ROLE_NAMES}
    return config


def refused(kind: str, value: str) -> tuple[str, ...]:
    """What is said of a contact point of this kind whose secret has this value."""
    point: dict[str, Any] = {"kind": kind, "secret": "the-key"}
    if kind == "slack":
        point["channel"] = "#alerts"
    settings = parse(told_by(point))
    try:
        require_credentials(settings, {"the-key": value})
    except StackFileError as error:
        return error.errors
    return ()


@pytest.mark.parametrize("kind", WITH_SECRET, ids=str)
def test_a_kind_with_a_secret_says_what_it_looks_like(kind: Kind) -> None:
    assert kind.credential, f"give kind {kind.name} a credential"
    assert kind.name in RIGHT
    assert kind.name in WRONG


@pytest.mark.parametrize(
    ("kind", "value"), [(kind, value) for kind, values in RIGHT.items() for value in values]
)
def test_what_a_receiver_hands_out_is_taken(kind: str, value: str) -> None:
    assert not refused(kind, value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [(kind, value) for kind, values in WRONG.items() for value in values]
    + [(kind, f"{values[0]}{end}") for kind, values in RIGHT.items() for end in ("\n", " ")]
    + [(kind, f'"{values[0]}"') for kind, values in RIGHT.items()]
    + [(kind, "") for kind in RIGHT],
)
def test_what_a_receiver_would_refuse_is_refused_and_never_shown(kind: str, value: str) -> None:
    (found,) = refused(kind, value)
    assert found.startswith(f'secret "the-key" is not what contact point "somebody" of kind {kind}')
    assert "run `pulumi config set --secret gallery:the-key`" in found
    assert not value or value.strip() not in found
    assert ("white space" in found) == (value != value.strip())


@pytest.mark.parametrize("kind", RIGHT)
def test_nothing_is_asked_of_what_stands_for_a_secret_where_nothing_is_deployed(kind: str) -> None:
    assert not refused(kind, placeholder("the-key"))
    assert refused(kind, placeholder("another"))


def kubeconfig_refused(text: str) -> tuple[str, ...]:
    settings = parse(with_value("cluster", {"existing": OPENSHIFT}))
    try:
        require_credentials(settings, {"kubeconfig": text})
    except StackFileError as error:
        return error.errors
    return ()


def test_a_kubeconfig_has_the_context_that_the_stack_file_names() -> None:
    assert not kubeconfig_refused(json.dumps({"contexts": [{"name": "gallery", "context": {}}]}))


@pytest.mark.parametrize(
    "text", ["", "a token", "{", "contexts: nothing", "contexts: [{name: another}]", "[1, 2]"]
)
def test_a_secret_that_is_no_kubeconfig_with_the_context_is_refused(text: str) -> None:
    (found,) = kubeconfig_refused(text)
    assert 'secret "kubeconfig" is no kubeconfig with the context "gallery"' in found
    assert not text or text not in found


@pytest.mark.parametrize("value", [HEX, "a-b_c" * 4])
def test_a_password_that_redis_and_its_callers_take_is_taken(value: str) -> None:
    settings = parse(with_value("store.redis", {"secret": "carts"}))
    require_credentials(settings, {"carts": value})
    require_credentials(settings, {"carts": placeholder("carts")})


@pytest.mark.parametrize(
    "value", ["short", f"{HEX},ssl=true", f"{HEX} ", f'"{HEX}"', "$(PATH)" * 4, "é" * 20]
)
def test_a_password_that_would_end_a_connection_string_is_refused_and_not_shown(value: str) -> None:
    settings = parse(with_value("store.redis", {"secret": "carts"}))
    with pytest.raises(StackFileError) as raised:
        require_credentials(settings, {"carts": value})
    (error,) = raised.value.errors
    assert 'secret "carts" is no password for gallery:store.redis' in error
    assert "pulumi config set --secret gallery:carts" in error
    assert value.strip() not in error
