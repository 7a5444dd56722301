"""The order in which a cluster is given objects, and what is said of them, without a cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from offline.errors import UserError
from rehearsal.cluster import declared, verdict
from rehearsal.cluster.api import UnansweredError
from rehearsal.cluster.control_plane import ControlPlane
from rehearsal.cluster.installed import Installed
from rehearsal.cluster.judge import Judge
from rehearsal.cluster.pods import Controller, controllers
from rehearsal.cluster.verdict import Judged, Outcome, Verdict
from rehearsal.machine.lines import LOG_COLUMNS
from rehearsal.machine.processes.supervisor import Supervisor
from rehearsal.stand_in.documents import Document, write_json


def _resource(kind: str, name: str, *dependencies: str, parent: str = "stack") -> Document:
    return {
        "urn": name,
        "type": f"kubernetes:core/v1:{kind}",
        "name": name,
        "parent": parent,
        "inputs": {"apiVersion": "v1", "kind": kind, "metadata": {"namespace": "gallery"}},
        "dependencies": list(dependencies),
    }


def test_each_object_comes_after_what_it_depends_on_and_makers_of_pods_last(
    tmp_path: Path,
) -> None:
    chart = _resource("Release", "e", "z") | {"type": "kubernetes:helm.sh/v3:Release"}
    bucket = _resource("", "y") | {"type": "aws:s3/bucket:Bucket"}
    write_json(
        tmp_path / "resources.json",
        [
            _resource("Deployment", "a", "z"),
            _resource("ConfigMap", "b", "y", "z"),
            _resource("ServiceAccount", "c", "z"),
            _resource("Secret", "d", parent="b"),
            chart,
            bucket,
            _resource("Namespace", "z"),
        ],
    )
    objects = declared.read(tmp_path)
    assert [each.manifest["metadata"]["name"] for each in objects.declared] == [
        "z", "b", "c", "a", "d",
    ]  # fmt: skip
    assert objects.charts == ("e",)


def test_an_autoscalers_least_is_what_its_deployment_must_have() -> None:
    deployment: Document = {
        "kind": "Deployment",
        "metadata": {"name": "frontend", "namespace": "gallery"},
        "spec": {},
    }
    scaler: Document = {
        "kind": "HorizontalPodAutoscaler",
        "spec": {
            "minReplicas": 4,
            "scaleTargetRef": {"kind": "Deployment", "name": "frontend"},
        },
    }
    (alone,) = controllers([deployment])
    (scaled,) = controllers([deployment, scaler])
    assert (alone.least, scaled.least) == (1, 4)


@pytest.mark.parametrize(
    ("kind", "owner", "name", "owns"),
    [
        ("Deployment", "ReplicaSet", "cart-5d8f", True),
        ("Deployment", "ReplicaSet", "cart-service-5d8f", False),
        ("StatefulSet", "StatefulSet", "cart", True),
        ("StatefulSet", "ReplicaSet", "cart-5d8f", False),
    ],
)
def test_pods_are_looked_for_by_who_makes_them(
    kind: str, owner: str, name: str, *, owns: bool
) -> None:
    controller = Controller(kind=kind, namespace="gallery", name="cart", least=1)
    assert controller.owns(owner, name) is owns


def test_a_verdict_is_kept_and_reads_in_the_columns_of_a_log(tmp_path: Path) -> None:
    found = Verdict(
        stack="dev",
        judged=(
            Judged(kind="HorizontalPodAutoscaler", name="cart", outcome=Outcome.ADMITTED),
            Judged(kind="Service", name="cart", outcome=Outcome.REFUSED, why="no such field"),
            Judged(kind="Route", name="shop", outcome=Outcome.NOT_JUDGED, why="no such kind"),
        ),
        pods={"Deployment cart": 2},
        complaints=("Deployment ad has 0 of 1 pods",),
    )
    verdict.write(tmp_path / "verdict.json", found)
    assert verdict.read(tmp_path / "verdict.json") == found
    assert found.faults == ["Service cart: refused, no such field", *found.complaints]
    lines = found.lines()
    assert max(map(len, lines)) <= LOG_COLUMNS
    assert lines[-3].split() == ["all", "3", "1", "1", "1"]
    assert "not judged: Route shop, no such kind" in lines


def test_an_api_that_fails_amid_a_judgement_is_told_with_its_log(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Verdict:
        raise UnansweredError("GET /readyz: connection refused")

    monkeypatch.setattr(Judge, "judge", fail)
    log = supervisor.log("kube-apiserver")
    log.parent.mkdir(parents=True)
    log.write_text("no space left on device\n")
    installed = Installed(programs={}, stages=(), ports=Path(), definitions=())
    plane = ControlPlane(directory=supervisor.directory, installed=installed)
    judge = Judge(plane=plane, supervisor=supervisor, progress=lambda _line: None)
    with pytest.raises(UserError, match=r"(?s)connection refused.*no space left on device"):
        judge.refuse_faulty("dev", supervisor.directory)
