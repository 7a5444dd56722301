"""Go modules of which programs are built, pinned by `go.mod` and `go.sum` in `go/`.

A program is built once and kept in the cache under its module's version, and where the module has
code of its own under that code's digest too.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from offline.errors import UserError
from rehearsal.cluster.cache import cache
from rehearsal.machine.lock import alone

Progress = Callable[[str], None]

_MODULES = Path(__file__).resolve().parent / "go"
# Of a build that takes minutes, a log wants few lines.
_TELL_SECONDS = 20.0
_COMPLAINT_LINES = 5


@dataclass(frozen=True, kw_only=True)
class Module:
    """A module of `go/`: what it requires under which path, and the commands it has.

    `commands` are paths of packages by the program's name, `stamp` the variables that a linker
    gives the version, `tags` what leaves out parts that nobody needs here, `documents` the files
    of the module that a cluster is given, `asked` the option of `up` that needs it. `source` is
    the folder of `go/` where that is not called by its name.
    """

    name: str
    path: str
    commands: Mapping[str, str]
    stamp: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    asked: str = "--cluster"
    source: str = ""

    @property
    def directory(self) -> Path:
        """Where its `go.mod` is."""
        return _MODULES / (self.source or self.name)

    @property
    def version(self) -> str:
        """The version that `go.mod` requires, as `v1.36.3`."""
        text = (self.directory / "go.mod").read_text()
        found = re.search(rf"^(?:require )?\s*{re.escape(self.path)} (v\S+)", text, re.MULTILINE)
        if found is None:
            raise ValueError(f"{self.directory}/go.mod requires no {self.path}")
        return found[1]

    @property
    def kept(self) -> Path:
        """The directory of the cache that has its programs and documents."""
        return cache() / "-".join([self.name, self.version, *self._own_code()])

    def _own_code(self) -> list[str]:
        """The digest of the code that its commands have here; nothing where all are others'."""
        if not any(package.startswith(".") for package in self.commands.values()):
            return []
        text = b"".join(each.read_bytes() for each in sorted(self.directory.rglob("*.go")))
        return [hashlib.sha256(text).hexdigest()[:8]]

    def kept_documents(self) -> tuple[Path, ...]:
        """Its documents in the cache."""
        return tuple(self.kept / Path(each).name for each in self.documents)


KUBERNETES = Module(
    name="kubernetes",
    path="k8s.io/kubernetes",
    commands={
        name: f"k8s.io/kubernetes/cmd/{name}"
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
    },
    stamp=("k8s.io/component-base/version.gitVersion",),
)
KWOK = Module(
    name="kwok",
    path="sigs.k8s.io/kwok",
    commands={"kwok": "sigs.k8s.io/kwok/cmd/kwok"},
    # What a node and a pod do that nobody runs, and the kind that says where a pod's ports lead.
    documents=(
        "kustomize/stage/node/fast/node-initialize.yaml",
        "kustomize/stage/node/heartbeat/node-heartbeat.yaml",
        "kustomize/stage/pod/fast/pod-complete.yaml",
        "kustomize/stage/pod/fast/pod-ready.yaml",
        "kustomize/crd/bases/kwok.x-k8s.io_portforwards.yaml",
    ),
)
ISTIO = Module(
    name="istio",
    path="istio.io/api",
    commands={},
    documents=("kubernetes/customresourcedefinitions.gen.yaml",),
)
# The collector's own version, by its numbers; Debian's has no discovery in Kubernetes.
PROMETHEUS = Module(
    name="prometheus",
    path="github.com/prometheus/prometheus",
    commands={"promtool": "github.com/prometheus/prometheus/cmd/promtool"},
    stamp=("github.com/prometheus/common/version.Version",),
    tags=("remove_all_sd", "enable_kubernetes_sd"),
)
# What AMP's rules cost is measured in one of today's.
PROMETHEUS_SERVER = Module(
    name="prometheus-server",
    source="prometheus",
    path=PROMETHEUS.path,
    commands={"prometheus": "github.com/prometheus/prometheus/cmd/prometheus"},
    stamp=PROMETHEUS.stamp,
    tags=("remove_all_sd",),
    asked="the bench of rules on hosts",
)
# The mesh's control plane, and what keeps a proxy's certificate and configuration: of one version.
ISTIOD = Module(
    name="istiod",
    source="mesh",
    path="istio.io/istio",
    commands={"pilot-discovery": "istio.io/istio/pilot/cmd/pilot-discovery"},
    documents=("tools/packaging/common/envoy_bootstrap.json",),
    asked="--mesh",
)
AGENT = Module(
    name="agent",
    source="mesh",
    path="istio.io/istio",
    commands={"agent": "./agent"},
    asked="--mesh",
)
# What whoever is on call types against it.
ISTIOCTL = Module(
    name="istioctl",
    source="mesh",
    path="istio.io/istio",
    commands={"istioctl": "istio.io/istio/istioctl/cmd/istioctl"},
    asked="--mesh",
)
OF_A_MESH = (ISTIOD, AGENT, ISTIOCTL)
# Judges the workflows, in tests.
ACTIONLINT = Module(
    name="actionlint",
    path="github.com/rhysd/actionlint",
    commands={"actionlint": "github.com/rhysd/actionlint/cmd/actionlint"},
    asked="the test of the workflows",
)
# Of a cluster alone.
MODULES = (KUBERNETES, KWOK, ISTIO, PROMETHEUS)


def missing(module: Module, names: Sequence[str]) -> list[str]:
    """Which of these programs the cache has not, and `documents` where it has not those."""
    absent = [name for name in names if not (module.kept / name).is_file()]
    return absent + ([] if all(map(Path.is_file, module.kept_documents())) else ["documents"])


def build(module: Module, names: Sequence[str], progress: Progress) -> None:
    """Build what the cache has not of these programs. Raises UserError."""
    module.kept.mkdir(parents=True, exist_ok=True)
    otherwise = f"another command is building {module.name}; wait for it, or interrupt it"
    with alone(module.kept / "lock", otherwise):
        for name in missing(module, names):
            if name == "documents":
                _copy_documents(module)
            else:
                _build(module, name, progress)


def _build(module: Module, name: str, progress: Progress) -> None:
    _go(module)
    package = module.commands[name]
    linked = " ".join(["-s", "-w", *(f"-X={each}={module.version}" for each in module.stamp)])
    progress(f"building {name} {module.version} with Go: once, for minutes")
    with tempfile.TemporaryDirectory(dir=module.kept) as scratch:
        # Its name in the cache is given to a whole program only.
        made = Path(scratch) / name
        tags = f"-tags={','.join(module.tags)}"
        arguments = ("build", "-v", tags, f"-ldflags={linked}", "-o", str(made), package)
        _compile(arguments, module, name, progress)
        made.replace(module.kept / name)
    progress(f"{module.kept / name} is built")


def _compile(arguments: Sequence[str], module: Module, name: str, progress: Progress) -> None:
    """Run `go build -v`, which names each package as it comes to it."""
    said, told, packages = list[str](), time.monotonic(), 0
    with _started(arguments, module) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        try:
            for line in process.stdout:
                said = [*said, line.rstrip()][-_COMPLAINT_LINES:]
                packages += not line.startswith("go: ")
                if time.monotonic() - told > _TELL_SECONDS:
                    told = time.monotonic()
                    progress(f"building {name}: {packages} packages compiled")
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        raise UserError(_refusal(f"{name} cannot be built", said))


def _copy_documents(module: Module) -> None:
    source = _downloaded(module)
    for document, target in zip(module.documents, module.kept_documents(), strict=True):
        draft = module.kept / "document.draft"
        # Not copied as they are: Go keeps its modules where nobody may write.
        draft.write_bytes((source / document).read_bytes())
        draft.replace(target)


def _downloaded(module: Module) -> Path:
    """Where Go has unpacked the module."""
    outcome = subprocess.run(
        [_go(module), "mod", "download", "-json", module.path],
        cwd=module.directory,
        env=_environment(),
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if outcome.returncode:
        said = outcome.stderr.splitlines()[-_COMPLAINT_LINES:]
        raise UserError(_refusal(f"{module.path} cannot be fetched", said))
    return Path(json.loads(outcome.stdout)["Dir"])


def _started(arguments: Sequence[str], module: Module) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [_go(module), *arguments],
        cwd=module.directory,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )


def _go(module: Module) -> str:
    found = shutil.which("go")
    if found is None:
        alike = [each for each in (*MODULES, *OF_A_MESH) if each.asked == module.asked]
        names = ", ".join(name for each in alike or [module] for name in each.commands)
        raise UserError(
            f"{module.asked} needs {names}, and neither KUBEBUILDER_ASSETS nor {cache()} has all "
            "of them; they are built with Go, which is not on PATH: go.dev/dl has it for any Linux "
            "(1.26 or later). Install it, and leave the rest to this command"
        )
    return found


def _environment() -> dict[str, str]:
    """What Go sees: one's own proxies and caches, and no flags that change what is built."""
    return {
        **os.environ,
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly -trimpath",
        "GOWORK": "off",
    }


def _refusal(what: str, complaints: Sequence[str]) -> str:
    said = "\n".join(f"  {line}" for line in complaints)
    return (
        f"{what}:\n{said}\n"
        "Go 1.26 or later is needed, and its module proxy (GOPROXY); mend that, then try again."
    )
