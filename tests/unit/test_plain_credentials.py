"""A credential in plain text is refused wherever it stands, and never shown.

Those below are put together here, so that nobody who scans this repository finds one.
"""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Iterator
from typing import Any, cast

import pytest

from gallery.stack_file.document import document
from gallery.stack_file.errors import StackFileError
from gallery.stack_file.parse import parse
from gallery.stack_file.plain_credentials import kind_of
from tests.unit.stack_files import STACKS, errors, values, with_value

_DICE = random.Random(7)  # noqa: S311 - made to look like secrets, not to be any
_HEX = string.hexdigits[:16]
_WORD = string.ascii_letters + string.digits


def some(letters: str, count: int) -> str:
    return "".join(_DICE.choices(letters, k=count))


def _jwt() -> str:
    parts = ({"alg": "HS256", "typ": "JWT"}, {"sub": some(_WORD, 12)})
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts)
    return ".".join([*(part.rstrip("=") for part in encoded), some(_WORD, 43)])


CREDENTIALS = {
    "AWS access key": "AK" + "IA" + some(string.ascii_uppercase + "234567", 16),
    "AWS session's access key": "AS" + "IA" + some(string.ascii_uppercase + "234567", 16),
    "AWS secret key": "wJalr" + some(_WORD + "+/", 35),
    "GitHub personal": "gh" + "p_" + some(_WORD, 36),
    "GitHub application": "gh" + "s_" + some(_WORD, 36),
    "GitHub fine-grained": "github" + "_pat_" + some(_WORD, 22) + "_" + some(_WORD, 59),
    "GitLab": "glpat" + "-" + some(_WORD, 20),
    "Slack bot": "xox" + "b-" + some(string.digits, 12) + "-" + some(string.digits, 12) + "-x9y8",
    "Slack application": "xa" + "pp-1-A" + some(_WORD, 10),
    "Slack webhook": "https://hooks.slack" + ".com/services/T0AB/B0CD/" + some(_WORD, 24),
    "Teams webhook": "https://x.webhook.office" + ".com/webhookb2/" + some(_HEX, 32),
    "Teams workflow": "https://a.logic.azure" + ".com/workflows/1?sp=2&sig=" + some(_WORD, 43),
    "Discord webhook": "https://discord" + ".com/api/webhooks/1/" + some(_WORD, 68),
    "PagerDuty key": "R0" + some(_HEX, 30),
    "PagerDuty old key": some(_HEX, 30) + "4f",
    "PagerDuty address": "https://events" + ".pagerduty.com/integration/" + some(_HEX, 32),
    "Grafana token": "gl" + "sa_" + some(_WORD, 32) + "_" + some(_HEX, 8),
    "Grafana cloud": "gl" + "c_" + some(_WORD, 60),
    "OpenShift token": "sha256" + "~" + some(_WORD, 43),
    "Pulumi token": "pu" + "l-" + some(_HEX, 40),
    "Google key": "AI" + "za" + some(_WORD, 35),
    "SendGrid": "SG" + "." + some(_WORD, 22) + "." + some(_WORD, 43),
    "Stripe": "sk" + "_live_" + some(_WORD, 24),
    "Twilio": "S" + "K" + some(_HEX, 32),
    "Telegram": some(string.digits, 9) + ":AA" + some(_WORD, 33),
    "PyPI": "pypi" + "-AgEIcHlwaS5vcmc" + some(_WORD, 80),
    "Azure storage": "Account" + "Key=" + some(_WORD, 86) + "==",
    "private key": "-----BEGIN " + "RSA PRIVATE KEY-----\n" + some(_WORD, 64),
    "OpenSSH key": "-----BEGIN " + "OPENSSH PRIVATE KEY-----\n" + some(_WORD, 64),
    "age key": "AGE-SECRET" + "-KEY-1" + some(string.ascii_uppercase, 58),
    "password in an address": "https://deploy:" + some(_WORD, 12) + "@git.example.org/gallery",
    "JSON web token": _jwt(),
}
LEGITIMATE = (
    "arn:aws:iam::123456789012:oidc-provider/oidc.example.org/id/B716D3BC2A86D4B5F7A0E9C1D2E3F405",
    "arn:aws:sns:eu-west-1:123456789012:gallery-production-on-call-notifications",
    "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "906700000a-00000000-0000-4000-8000-000000000001",
    "9067a1b2c3-d4e5f607-1829-4a3b-8c4d-5e6f70819203",
    "a1b2c3d4-e5f6-4789-8abc-def012345678",
    "ws-a1b2c3d4-e5f6-4789-8abc-def012345678",
    "g-0123456789",
    "vpc-0a1b2c3d4e5f60718",
    "subnet-0a1b2c3d4e5f60718",
    "sg-0a1b2c3d4e5f60718",
    "ami-0123456789abcdef0",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
    "oncall@example.org",
    "sre-board+gallery@mail.example.org",
    "#gallery-alerts",
    "https://github.com/RedHatGallery2/gallery/blob/main/docs/runbooks",
    "https://git.example.org:8443/Platform-Team/Observability/gallery/runbooks2026",
    "gallery/api-gallery-example-org:6443/system:admin",
    "these disks are scratch, and tickets of them are of no use: see OPS-1234 (2026-11-26)",
    "the secret of this password is that there is no token",
    "APACmonitoringDatabase",
    "eu-west-1",
    "m7g.metal-48xl",
    "1m30s",
    "productcatalogservice",
    "a-name-of-forty-letters-and-digits-01234",
)


@pytest.mark.parametrize("name", CREDENTIALS)
def test_a_credential_is_known_for_one(name: str) -> None:
    assert kind_of(CREDENTIALS[name])


@pytest.mark.parametrize("name", CREDENTIALS)
@pytest.mark.parametrize("path", ["reason", "runbooks", "own key", "list", "word", "key"])
def test_a_credential_is_refused_wherever_it_stands_and_never_shown(name: str, path: str) -> None:
    credential = CREDENTIALS[name]
    config, where = _spoiled(path, credential)
    found = errors(config)
    assert len(found) == 1, found
    assert where in found[0]
    assert "plain text" in found[0]
    assert "revoke" in found[0]
    assert credential.splitlines()[-1] not in found[0]


def _spoiled(path: str, credential: str) -> tuple[dict[str, Any], str]:
    match path:
        case "reason":
            value = {"hold": "20m", "reason": credential}
            where = "gallery:alerting.overrides.HostDiskFilling.reason"
            return with_value("alerting.overrides.HostDiskFilling", value), where
        case "runbooks":
            return with_value("alerting.runbooks", credential), "gallery:alerting.runbooks"
        case "own key":
            return values() | {"gallery:of-my-own": credential}, "gallery:of-my-own"
        case "list":
            addresses = [credential]
            point = {"kind": "sns", "addresses": addresses}
            config = with_value("alerting.contact_points.chat", point)
            return config, "gallery:alerting.contact_points.chat.addresses[0]"
        case "word":
            key = "gallery:cluster.existing.name"
            return with_value("cluster.existing.name", credential), key
        case _:
            return with_value("store.replicas", {credential: 2}), "gallery:store.replicas"


def test_a_credential_of_no_known_shape_is_known_by_its_key() -> None:
    (found,) = errors(values() | {"gallery:database-password": "hunter2"})
    assert "gallery:database-password holds a credential in plain text" in found
    assert "hunter2" not in found


def test_a_key_that_is_a_credential_is_not_shown() -> None:
    credential = CREDENTIALS["GitHub personal"]
    (found,) = errors(values() | {f"gallery:{credential}": "x"})
    assert "config has a key that is a credential (GitHub Token)" in found
    assert credential not in found


def test_a_credential_beside_other_errors_hides_none_of_them() -> None:
    config = with_value("alerting.runbooks", CREDENTIALS["GitHub personal"])
    config["gallery:monitoring"]["scrape"] = 5
    found = "\n".join(errors(config))
    assert "gallery:alerting.runbooks holds a credential" in found
    assert "gallery:monitoring.scrape: 5 has no unit" in found


@pytest.mark.parametrize("text", LEGITIMATE)
def test_what_only_looks_long_is_no_credential(text: str) -> None:
    assert kind_of(text) is None


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in cast("dict[str, object]", value).items():
            yield key
            yield from _texts(part)
    elif isinstance(value, list):
        for part in cast("list[object]", value):
            yield from _texts(part)
    else:
        yield str(value)


@pytest.mark.parametrize("stack", STACKS)
def test_a_shipped_stack_holds_no_credential(stack: str) -> None:
    found = list(_texts(values(stack)))
    assert len(found) > 50
    assert not [text for text in found if kind_of(text)]


def test_an_encrypted_value_is_not_looked_at() -> None:
    config = values() | {"gallery:pagerduty-key": CREDENTIALS["PagerDuty key"]}
    assert parse(config, ("gallery:pagerduty-key",)).environment == "dev"
    assert "gallery:pagerduty-key holds a credential" in errors(config)[0]


@pytest.mark.parametrize("text", ["a: [{0}", "a: 1\n{0}: 1\n{0}: 2", "*{0}", "a: !{0} x"])
def test_a_file_that_cannot_be_read_shows_none_either(text: str) -> None:
    credential = CREDENTIALS["GitHub personal"]
    with pytest.raises(StackFileError) as raised:
        document(text.format(credential), "Pulumi.dev.yaml")
    assert credential not in str(raised.value)
