"""The policy pack on the engine: it passes every stack, stops what breaks a rule, never hangs."""

from __future__ import annotations

from pathlib import Path

import pytest

from .project import ROOT, Project

pytestmark = pytest.mark.engine

_PACK = ROOT / "policy"


@pytest.fixture
def packed(configured: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The stack, and the pack's own Python first on PATH."""
    programs = _PACK / ".venv" / "bin"
    if not programs.exists():
        pytest.skip("the policy pack's environment is not there; `make policy` installs it")
    path = f"{programs}:{configured.environment['PATH']}"
    monkeypatch.setitem(configured.environment, "PATH", path)
    return configured


def test_every_stack_passes(packed: Project) -> None:
    done = packed.must("preview", "-s", packed.stack, "--policy-pack", str(_PACK))
    assert "gallery@v1.0.0" in done.output
    assert "mandatory" not in done.output


def test_what_breaks_a_rule_is_stopped_before_anything_is_made(packed: Project) -> None:
    def lax(text: str) -> str:
        return text.replace('"http_tokens": "required"', '"http_tokens": "optional"')

    with packed.changed("components/hosts.py", lax):
        done = packed.pulumi("up", "--yes", "-s", packed.stack, "--policy-pack", str(_PACK))
    assert not done.ok
    assert "instances-ask-for-tokens" in done.output
    assert "set metadataOptions.httpTokens: required" in done.output
    assert packed.cloud.all() == []


def test_a_missing_environment_is_said(
    configured: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "python3"
    bare.write_text('#!/bin/sh\necho "no pulumi here" >&2\nexit 1\n')
    bare.chmod(0o755)
    path = f"{tmp_path}:{configured.environment['PATH']}"
    monkeypatch.setitem(configured.environment, "PATH", path)
    done = configured.pulumi("preview", "-s", configured.stack, "--policy-pack", str(_PACK))
    assert not done.ok
    assert "policy pack not started" in done.output
