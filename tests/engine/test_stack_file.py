"""The rehearsal reads a stack file as the CLI does: the same files are given to both."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from gallery.stack_file.parse import structured
from offline.errors import UserError
from offline.stack_file import read

from .deployment import stack_names
from .project import ROOT
from .values import Json, Properties

pytestmark = pytest.mark.engine

# Plain words: each stands once as a value of its own and once in a list.
WORDS = (
    *("0", "7", "-7", "+5", "-0", "09.5", "0x10", "-0x10", "0X1F"),
    *("0x", "0o17", "+0o7", "0o8", "0b11", "0b2", "1_000", "1__0", "_1", "1_0.5", "1e3", "1E3"),
    *("1e400", ".5", "-.5e-3", "1.", "12.40", "1.0", "0.1", "1e21", "1e-7", "1.2.3", "1:30"),
    *("9223372036854775807", "-9223372036854775808", "-9223372036854775809"),
    *("123456789012345678901234567890", "true", "True", "TRUE", "tRue", "false", "False", "yes"),
    *("no", "on", "off", "y", "~", "null", "NULL", "nUll", "''", '""', '"010"', "'true'", "5s"),
    *("!!str 5", "!!int '5'", "!!float 5", "!!bool 'true'", '"\\u00e9"', "a#b", "a:b", "é"),
)
# Whole files. `CIPHER` becomes a text that this stack's key has encrypted.
FILES = (
    "",
    "config:",
    "config: {}",
    "encryptionsalt: SALT",
    "config: {hosts: [1]}",
    "config: {gallery:hosts: [1]}",
    "config: {gallery:config:hosts: [1]}",
    "config: {aws:region: eu-west-1, other:key: 1}",
    "config: {'gallery:': 1}",
    "config: {':hosts': 1}",
    "config: {a: {b: {c: [1, {d: 2}]}}}",
    "config:\n  a: |\n    one\n    two\n",
    "config:\n  a: >\n    one\n    two\n",
    "config:\n  a: one\n    two\n",
    "\ufeffconfig: {a: 1}",
    "config: {a: &a {x: 1}, b: *a}",
    "config: {a: &a {x: 1, y: 2}, b: {<<: *a, x: 3}}",
    "config: {a: &a {x: 1, y: 2}, b: {x: 3, <<: *a}}",
    "config: {a: &a {x: 1, y: 2}, b: &b {y: 5, z: 6}, c: {<<: [*a, *b], z: 7}}",
    "config: {a: &a {x: 1}, b: &b {<<: *a, y: 2}, c: {<<: *b}}",
    'config: {a: &a {x: 1}, b: {"<<": *a}}',
    "config: {<<: {a: 1, b: 2}, b: 3}",
    "config: {a: {secure: CIPHER}}",
    "config: {a: {x: {secure: CIPHER}}}",
    "config: {a: [{secure: CIPHER}]}",
    "config: {a: {secure: CIPHER, x: 1}}",
    "config: {a: {secure: 5}}",
    # What the CLI refuses too.
    "config: {a: 1, a: 2}",
    "config: {a: {x: 1, x: 2}}",
    "config: {a: {x: 1, 'x': 2}}",
    "config: {a: &a {x: 1}, b: {<<: *a, <<: *a}}",
    "config: {a: &a [*a]}",
    "config: {a: &a {x: *a}}",
    "config: {a: *nothing}",
    "config: {a: {<<: [1]}}",
    "config: {a: {<<: 1}}",
    "config: {a:b:c: 1}",
    "config: {a: [1, 2}",
    "config: [a]",
    "config: foo",
    "config: {1: a}",
    "- config",
    "config",
    "config:\n\ta: 1",
    "config: {a: .inf}",
    "config: {a: !!int x}",
)
# What the CLI takes, and the rehearsal does not: it would mean something else than it says.
STRICTER = (
    "config: {a: 010}",
    "config: {a: [-08]}",
    "config: {}\nhosts: []",
    "config: {a: 2026-01-01}",
    "config: {a: [2026-01-01T10:00:00Z]}",
    "config: {hosts: 1, gallery:hosts: 2}",
    "config: {a: 1}\n---\nconfig: {a: 2}",
    "config: {a: {1: x}}",
    "config: {a: {true: x}}",
    "config: {~: a}",
    "config: {a: !mine x}",
)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a reader finds: plain values by key, and which keys are secrets, whose value only the
    CLI knows.
    """

    values: Mapping[str, object]
    secret_keys: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A project of one stack, its configuration read by the CLI and by the rehearsal."""

    directory: Path
    environment: Mapping[str, str]
    salt: str
    cipher: str

    def write(self, text: str) -> None:
        filled = text.replace("CIPHER", self.cipher).replace("SALT", self.salt)
        if "encryptionsalt" not in filled and "config:" in filled:
            filled = f"{filled.rstrip()}\nencryptionsalt: {self.salt}\n"
        _ = (self.directory / "stacks" / "Pulumi.dev.yaml").write_text(filled)

    def by_the_cli(self) -> Seen | None:
        done = _pulumi(self, "config", "--json", "--show-secrets", "-s", "dev")
        if done.returncode:
            return None
        found: dict[str, Properties] = json.loads(done.stdout)
        secret = frozenset(key for key, item in found.items() if item["secret"])
        values = {
            key: structured(key, str(item["value"]))
            for key, item in found.items()
            if key not in secret
        }
        return Seen(values=values, secret_keys=secret)

    def by_the_rehearsal(self) -> Seen | None:
        try:
            found = read(self.directory, "dev")
        except UserError:
            return None
        secret = frozenset(found.secret_keys)
        values = {key: value for key, value in found.values().items() if key not in secret}
        return Seen(values=values, secret_keys=secret)


def _pulumi(reader: Reader, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["pulumi", *arguments, "--non-interactive", "--color", "never"],
        cwd=reader.directory,
        env=dict(reader.environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def reader(cli: None, tmp_path_factory: pytest.TempPathFactory) -> Reader:  # noqa: ARG001 (skips)
    directory = tmp_path_factory.mktemp("reader")
    for folder in ("stacks", "backend", "home"):
        (directory / folder).mkdir()
    _ = shutil.copy(ROOT / "Pulumi.yaml", directory)
    _ = (directory / "__main__.py").write_text("")
    made = Reader(
        directory=directory,
        environment={
            "PATH": os.environ["PATH"],
            "HOME": str(directory / "home"),
            "PULUMI_BACKEND_URL": f"file://{directory / 'backend'}",
            "PULUMI_CONFIG_PASSPHRASE": secrets.token_hex(8),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        },
        salt="",
        cipher="",
    )
    for arguments in (
        ("stack", "init", "dev"),
        ("config", "set", "--secret", "a", "secret", "-s", "dev"),
    ):
        done = _pulumi(made, *arguments)
        assert done.returncode == 0, done.stderr
    document: dict[str, Json] = yaml.safe_load(
        (directory / "stacks" / "Pulumi.dev.yaml").read_text()
    )
    config = document["config"]
    assert isinstance(config, dict)
    encrypted = config["gallery:a"]
    assert isinstance(encrypted, dict)
    return Reader(
        directory=directory,
        environment=made.environment,
        salt=str(document["encryptionsalt"]),
        cipher=str(encrypted["secure"]),
    )


def test_there_are_a_hundred_files() -> None:
    assert len({*WORDS, *FILES, *STRICTER}) >= 100


@pytest.mark.parametrize("word", WORDS)
def test_a_word_means_the_same_to_both(reader: Reader, word: str) -> None:
    reader.write(f"config:\n  a: {word}\n  b: [{word}]\n")
    seen = reader.by_the_cli()
    assert seen is not None
    assert reader.by_the_rehearsal() == seen


@pytest.mark.parametrize("text", FILES)
def test_a_file_means_the_same_to_both(reader: Reader, text: str) -> None:
    reader.write(text)
    assert reader.by_the_rehearsal() == reader.by_the_cli()


@pytest.mark.parametrize("stack", list(stack_names(ROOT / "stacks")))
def test_a_shipped_stack_means_the_same_to_both(reader: Reader, stack: str) -> None:
    reader.write((ROOT / "stacks" / f"Pulumi.{stack}.yaml").read_text())
    seen = reader.by_the_cli()
    assert seen is not None
    assert reader.by_the_rehearsal() == seen


@pytest.mark.parametrize("text", STRICTER)
def test_what_would_mean_something_else_is_refused_by_the_rehearsal(
    reader: Reader, text: str
) -> None:
    reader.write(text)
    assert reader.by_the_cli() is not None
    assert reader.by_the_rehearsal() is None
