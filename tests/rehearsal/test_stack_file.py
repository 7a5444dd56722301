"""A stack file that cannot be read is refused with what is wrong and how to put it right."""

from __future__ import annotations

from pathlib import Path

import pytest

from offline.errors import UserError
from offline.stack_file import read


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.prod.yaml").write_text("config: {}\n")
    return tmp_path


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, 'stack "dev" has no file; '),
        (b"config: [", "Pulumi.dev.yaml is not YAML"),
        (b"config: {gallery:owner: \xff}", "Pulumi.dev.yaml is not UTF-8 text"),
        (b"- config", "Pulumi.dev.yaml is a list; write keys with values, as `config:`"),
        (b"gallery", 'Pulumi.dev.yaml is "gallery"; write keys'),
        (b"config: foo", 'Pulumi.dev.yaml: config is "foo"; write keys with values'),
        (b"config: [a]", "Pulumi.dev.yaml: config is a list; write keys with values"),
        (b"config: {1: a, false: b}", "config has keys that are no names: 1, false; write each as"),
    ],
    ids=["unknown", "no YAML", "no text", "a list", "text", "text in it", "a list in it", "keys"],
)
def test_a_stack_that_cannot_be_read_is_refused(
    project: Path, content: bytes | None, words: str
) -> None:
    if content is not None:
        (project / "stacks" / "Pulumi.dev.yaml").write_bytes(content)
    with pytest.raises(UserError) as error:
        read(project, "dev")
    assert words in str(error.value)


@pytest.mark.parametrize("content", ["", "config:\n", "encryptionsalt: v1:abc\n"])
def test_a_stack_file_may_say_nothing(project: Path, content: str) -> None:
    (project / "stacks" / "Pulumi.dev.yaml").write_text(content)
    assert read(project, "dev").config == {}
