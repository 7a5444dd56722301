"""A copy of the project, and the Pulumi CLI run in it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, cast
from urllib.parse import urlsplit

import yaml

from gallery.store.companions import COMPANIONS
from gallery.store.services import SERVICES

from .cloud import Cloud
from .values import Json, Properties, at, text_at

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("pulumi", "pulumi-language-python")
# What a run of the program never reads, and what must not be there twice.
LEFT_OUT = (".git", ".venv", ".tools", "build", "tests", "docs", "__pycache__", ".*_cache")
TIMEOUT_SECONDS = 300
OPENSHIFT = "https://api.gallery.example.org:6443"
# What stands in the shipped stacks as an example, and what might stand there in truth.
OWN = {
    "vpc-0abc": "vpc-0a1b2c3d4e5f60718",
    "subnet-0a": "subnet-0a000000000000001",
    "subnet-0b": "subnet-0b000000000000002",
    "subnet-0c": "subnet-0c000000000000003",
    "example.org": "gallery.internal",
    "00000000-0000-4000-8000": "1a2b3c4d-5e6f-4708-91a2",
}
RUNBOOKS = "https://git.gallery.internal/gallery/docs/runbooks"
# Runs before the program: the calendar that it reads is so many days ahead of the machine's.
CALENDAR = """
import datetime, os

days = float(os.environ.get("GALLERY_TEST_DAYS_AHEAD", "0"))
if days:
    class Ahead(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return super().now(tz) + datetime.timedelta(days=days)

    datetime.datetime = Ahead
"""

Environment: TypeAlias = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Run:
    """What the CLI said."""

    code: int
    output: str

    @property
    def ok(self) -> bool:
        return self.code == 0

    @property
    def message(self) -> str:
        """What a person reads: of `--json`, the diagnostics alone."""
        if not self.output.startswith("{"):
            return self.output
        found = at(cast("Json", json.loads(self.output)), "diagnostics")
        messages = found if isinstance(found, list) else []
        return "\n".join(str(at(item, "message")) for item in messages)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a plan."""

    op: str
    type: str
    name: str
    before: Properties = field(repr=False)
    after: Properties = field(repr=False)

    def __str__(self) -> str:
        return f"{self.op} {self.type} {self.name}"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a preview intends; steps that change nothing are left out."""

    steps: tuple[Step, ...]

    def of(self, type_token: str) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.type == type_token)

    def doing(self, *ops: str) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.op in ops)

    @property
    def destructive(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if "delete" in step.op or "replace" in step.op)

    def __str__(self) -> str:
        return "\n".join(map(str, self.steps)) or "nothing"


class PulumiError(AssertionError):
    """The CLI failed where the test needs it to succeed."""


@dataclass(kw_only=True)
class Project:
    """One stack of a copy of the project, on a backend of its own.

    `environment` is all that the CLI sees: no AWS_* variable of the person running the tests.
    """

    directory: Path
    stack: str
    cloud: Cloud
    environment: Environment
    secrets: dict[str, str] = field(default_factory=dict)

    def pulumi(self, *arguments: str) -> Run:
        """Run the CLI; never raises for its failure."""
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        return Run(code=done.returncode, output=done.stdout)

    def must(self, *arguments: str) -> Run:
        """Run the CLI; its output is the message where it fails."""
        run = self.pulumi(*arguments)
        if not run.ok:
            raise PulumiError(f"pulumi {' '.join(arguments)}\n{run.message}")
        return run

    def preview(self, *arguments: str) -> Plan:
        """The plan of a preview that succeeds."""
        run = self.must("preview", "--json", "-s", self.stack, *arguments)
        return _plan(run.output)

    def up(self, *arguments: str) -> Run:
        """Deploy at once, or fail the test; a test that wants the preview as well asks for it."""
        return self.must("up", "--yes", "--skip-preview", "-s", self.stack, *arguments)

    def attempt(self, verb: str) -> Run:
        """Run `up` or `destroy` as a person does: with its preview first."""
        return self.pulumi(verb, "--yes", "-s", self.stack)

    @contextmanager
    def changed(self, module: str, change: Callable[[str], str]) -> Generator[None]:
        """The program with another text of one of its modules, by its path in the project."""
        path = self.directory / module
        text = path.read_text()
        other = change(text)
        if other == text:
            raise ValueError(f"{module} is as it was")
        _ = path.write_text(other)
        try:
            yield
        finally:
            _ = path.write_text(text)

    def protected(self, type_token: str) -> bool:
        """Whether the state protects any resource of a type."""
        return any(
            item.get("protect") is True and text_at(item, "type") == type_token
            for item in self.resources()
        )

    def state(self) -> str:
        """The state as it lies in the backend."""
        return self.state_file.read_text()

    @property
    def state_file(self) -> Path:
        stacks = self.backend / ".pulumi" / "stacks"
        return stacks / str(self._program["name"]) / f"{self.stack}.json"

    @property
    def backend(self) -> Path:
        """The folder that keeps the state."""
        return Path(urlsplit(self.environment["PULUMI_BACKEND_URL"]).path)

    def resources(self) -> list[Properties]:
        """Every resource in the state."""
        document = cast("Json", json.loads(self.state()))
        found = at(document, "checkpoint.latest.resources")
        return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []

    @property
    def stack_file(self) -> Path:
        folder = str(self._program.get("stackConfigDir", "."))
        return self.directory / folder / f"Pulumi.{self.stack}.yaml"

    @property
    def _program(self) -> Properties:
        """What the engine is told of the program, in Pulumi.yaml."""
        return cast("Properties", yaml.safe_load((self.directory / "Pulumi.yaml").read_text()))

    def configuration(self) -> Properties:
        """The stack file's `config`."""
        document = cast("Properties", yaml.safe_load(self.stack_file.read_text()))
        config = document["config"]
        if not isinstance(config, dict):
            raise TypeError(self.stack_file)
        return config

    @property
    def cluster(self) -> Properties:
        """The cluster that the stack file names."""
        found = at(dict(self.configuration()), "gallery:cluster.existing")
        if not isinstance(found, dict):
            raise TypeError(self.stack_file)
        return found

    def configure(self, changes: Mapping[str, Json]) -> None:
        """Replace whole keys of the stack file's `config`; None removes one."""
        document = cast("Properties", yaml.safe_load(self.stack_file.read_text()))
        merged = {**self.configuration(), **changes}
        document["config"] = {key: value for key, value in merged.items() if value is not None}
        _ = self.stack_file.write_text(yaml.safe_dump(document, sort_keys=False))

    @contextmanager
    def turned(self, *, days: float) -> Generator[None]:
        """Let days pass, for the program's calendar and for the services alike."""
        self.cloud.advance(days * 86400)
        self.environment["GALLERY_TEST_DAYS_AHEAD"] = str(days)
        try:
            yield
        finally:
            del self.environment["GALLERY_TEST_DAYS_AHEAD"]

    def start(self) -> None:
        """Make the stack and set every secret that its file refers to."""
        self._forget_secrets()
        self._fill_in()
        if self.cluster["platform"] == "openshift":
            self.cloud.adopt([OPENSHIFT])
        _ = self.must("stack", "init", self.stack)
        self.set_secrets()

    def _forget_secrets(self) -> None:
        """Drop what another passphrase or key has encrypted in the copied stack file."""
        kept = {
            key: value
            for key, value in self.configuration().items()
            if not (isinstance(value, dict) and "secure" in value)
        }
        _ = self.stack_file.write_text(yaml.safe_dump({"config": kept}, sort_keys=False))

    def _fill_in(self) -> None:
        """Put values of one's own in the place of the example's, as whoever deploys must."""
        text = self.stack_file.read_text()
        for example, own in OWN.items():
            # A file in which that was done stays as it is.
            text = re.sub(re.escape(example) + r"(?!\w)", own, text)
        _ = self.stack_file.write_text(text)
        alerting = self.configuration()["gallery:alerting"]
        if not isinstance(alerting, dict):
            raise TypeError(self.stack_file)
        self.configure({"gallery:alerting": alerting | {"runbooks": RUNBOOKS}})
        self._pin_images()

    def _pin_images(self) -> None:
        """Give production the digests of its images, as whoever deploys must."""
        if self.configuration()["gallery:environment"] != "prod":
            return
        store = self.configuration()["gallery:store"]
        if not isinstance(store, dict):
            raise TypeError(self.stack_file)
        pinned: Properties = {
            each.name: f"{each.image}@sha256:{hashlib.sha256(each.image.encode()).hexdigest()}"
            for each in (*SERVICES, *COMPANIONS)
        }
        self.configure({"gallery:store": {**store, "images": pinned}})

    def set_secrets(self) -> None:
        """Set every secret that the stack file refers to, anew."""
        context = str(at(dict(self.cluster), "kubeconfig.context"))
        names = referenced(self.configuration())
        self.secrets = {name: _secret(name, context) for name in names}
        assignments = [f"gallery:{name}={value}" for name, value in self.secrets.items()]
        pairs = [part for assignment in assignments for part in ("--secret", assignment)]
        _ = self.must("config", "set-all", "-s", self.stack, *pairs)


def referenced(value: Json) -> list[str]:
    """Every secret that a stack file refers to by `secret: NAME`."""
    found: set[str] = set()
    if isinstance(value, list):
        found.update(name for item in value for name in referenced(item))
    elif isinstance(value, dict):
        for key, item in value.items():
            found.update([item] if key == "secret" and isinstance(item, str) else referenced(item))
    return sorted(found)


def _secret(name: str, context: str) -> str:
    """A credential of the form that its name promises, never the same twice.

    `context` is the one that the stack uses in a kubeconfig.
    """
    text = secrets.token_hex(16)
    if "kubeconfig" in name:
        return _kubeconfig(text, context)
    if "webhook" in name:
        return f"https://hooks.slack.com/services/T{text[:8]}/B{text[8:16]}/{text[16:]}"
    return text


def _kubeconfig(token: str, context: str) -> str:
    """The way into an OpenShift cluster, as `oc login` writes it."""
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "gallery", "cluster": {"server": OPENSHIFT}}],
            "users": [{"name": "deployer", "user": {"token": token}}],
            "contexts": [{"name": context, "context": {"cluster": "gallery", "user": "deployer"}}],
            "current-context": context,
        }
    )


def _plan(output: str) -> Plan:
    document = cast("Properties", json.loads(output[output.index("{") :]))
    steps = document.get("steps")
    return Plan(steps=tuple(_steps(steps if isinstance(steps, list) else [])))


def _steps(raw: list[Json]) -> Iterator[Step]:
    for step in raw:
        op, urn = str(at(step, "op")), str(at(step, "urn"))
        if op in {"same", "read"}:
            continue
        before, after = at(step, "oldState.inputs"), at(step, "newState.inputs")
        yield Step(
            op=op,
            type=urn.split("::")[2].rpartition("$")[2],
            name=urn.split("::", 3)[3],
            before=before if isinstance(before, dict) else {},
            after=after if isinstance(after, dict) else {},
        )


def missing_program() -> str | None:
    """The first program of the Pulumi CLI that PATH does not have."""
    return next((program for program in PROGRAMS if shutil.which(program) is None), None)


def copied(directory: Path) -> Path:
    """A copy of the project whose virtual environment is the one that runs the tests."""
    target = directory / "gallery"
    _ = shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns(*LEFT_OUT))
    (target / ".venv").symlink_to(sys.prefix)
    return target


def environment(directory: Path, providers: str) -> Environment:
    """What the CLI sees: a backend and a home below the directory, and no credentials."""
    backend, home = directory / "backend", directory / "home"
    backend.mkdir()
    home.mkdir()
    calendar = directory / "calendar"
    calendar.mkdir()
    _ = (calendar / "sitecustomize.py").write_text(CALENDAR)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PULUMI_HOME": str(home / ".pulumi"),
        "PULUMI_BACKEND_URL": f"file://{backend}",
        "PULUMI_CONFIG_PASSPHRASE": secrets.token_hex(8),
        "PULUMI_DEBUG_PROVIDERS": providers,
        "PYTHONPATH": str(calendar),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        # The state is written once at the end and not after each step: a third of the time.
        "PULUMI_EXPERIMENTAL": "true",
        "PULUMI_SKIP_CHECKPOINTS": "true",
    }
