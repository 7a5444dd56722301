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
        (b"config: {1: a, false: b}", "line 1: the key 1 is no name"),
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


def config(project: Path, text: str) -> dict[str, object]:
    (project / "stacks" / "Pulumi.dev.yaml").write_text(f"config:\n{text}\n")
    return read(project, "dev").values()


def refusal(project: Path, text: str) -> str:
    with pytest.raises(UserError) as error:
        config(project, text)
    return str(error.value)


def test_a_key_without_prefix_is_the_projects(project: Path) -> None:
    assert config(project, "  hosts: []") == {"gallery:hosts": []}
    (project / "Pulumi.yaml").write_text("name: mine\n")
    assert config(project, "  hosts: []") == {"mine:hosts": []}


def test_words_mean_what_they_mean_to_the_cli(project: Path) -> None:
    assert config(project, "  hosts: [0o10, 0x10, no]") == {"gallery:hosts": [8, 16, "no"]}


def test_what_is_merged_gives_way_to_what_stands_there(project: Path) -> None:
    text = "  a: &a {x: 1, y: 2}\n  b: &b {y: 5, z: 6}\n  c: {<<: [*a, *b], x: 3}"
    assert config(project, text)["gallery:c"] == {"x": 3, "y": 2, "z": 6}


def test_a_structure_that_holds_an_encrypted_value_is_a_secret(project: Path) -> None:
    config(project, "  a: {x: [{secure: v1:abc}]}")
    assert read(project, "dev").secret_keys == ("gallery:a",)


def test_every_key_that_stands_twice_is_told_with_its_lines(project: Path) -> None:
    found = refusal(project, "  a: {x: 1, x: 2}\n  b: 1\n  b: 2")
    assert 'line 2: the key "x" stands on line 2 already' in found
    assert 'line 4: the key "b" stands on line 3 already' in found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("  hosts: 1\n  gallery:hosts: 2", "gallery:hosts is given twice"),
        ("  a:b:c: 1", "the key a:b:c has too many colons"),
        ("  a: &a [*a]", "line 2: an anchor contains itself"),
        ("  a: " + "[" * 40 + "]" * 40, "line 2 is nested too deeply"),
        ("  a: " + "[" * 4000 + "]" * 4000, "Pulumi.dev.yaml is nested too deeply"),
        ("  a: 2026-01-01", "2026-01-01 is a date"),
        ("  a: 010", "line 2: 010 begins with a nought, which makes it 8; write that"),
        ("  a: 1\nhosts: []", "the key hosts stands beside config: and would be read"),
        ("  a: 1\nb: 1\ngallery:environment: dev", "the keys b and gallery:environment stand"),
        ("  a: 1\nconfg: {}", 'the key confg is read by nobody; did you mean "config"?'),
        ("  a: .inf", ".inf is no number"),
        ("  a: !mine 5", "the tag !mine is not read"),
        ("  a: {<<: 5}", "`<<` merges mappings"),
    ],
    ids=[
        "two prefixes",
        "colons",
        "cycle",
        "deep",
        "deeper",
        "date",
        "octal",
        "beside",
        "many beside",
        "mistyped",
        "infinite",
        "tag",
        "merge",
    ],
)
def test_what_cannot_be_read_as_it_is_written_is_refused(
    project: Path, text: str, words: str
) -> None:
    assert words in refusal(project, text)


def test_aliases_expand_within_bounds(project: Path) -> None:
    levels = [f"  l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 9)]
    found = refusal(project, "\n".join(["  l0: &l0 [1]", *levels]))
    assert "aliases expand to more than 100000 values" in found


@pytest.mark.parametrize("content", ["", "config:\n", "encryptionsalt: v1:abc\n"])
def test_a_stack_file_may_say_nothing(project: Path, content: str) -> None:
    (project / "stacks" / "Pulumi.dev.yaml").write_text(content)
    assert read(project, "dev").config == {}
