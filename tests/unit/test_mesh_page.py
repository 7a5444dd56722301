from __future__ import annotations

from gallery.plan.catalogue import STORE
from gallery.render.mesh_page import mesh_document
from offline.render import PROJECT


def test_the_page_on_the_mesh_is_that_of_the_call_graph() -> None:
    written = (PROJECT / "docs" / "mesh.md").read_text()
    assert written == mesh_document(STORE), "run: make mesh"


def test_every_call_is_one_mark_on_it() -> None:
    document = mesh_document(STORE)
    calls = sum(len(call.methods) or 1 for each in STORE.workloads for call in each.calls)
    entrance = STORE.services[0]
    probes = len(STORE.services)
    assert document.count("●") == calls + probes + len(entrance.methods)


def test_whoever_does_without_says_what_it_does() -> None:
    document = mesh_document(STORE)
    assert "- Without `adservice`, `frontend` shows no advertisement." in document
