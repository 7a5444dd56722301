"""`docs/mesh.md`: who may ask whom for what. `make mesh` writes it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from gallery.plan.catalogue import STORE, Catalogue
from gallery.plan.cluster import OpenShiftCluster
from gallery.plan.mesh import Allowed, Gateway, Mesh, allowed
from gallery.plan.network import reaches
from gallery.plan.patience import patience, tried_again
from gallery.render.without_mesh import losses
from gallery.store.services import Service

_HEALTH = "whether it is well"
_CONNECT = "a connection"
# Everybody who may ask in any stack: played customers, and real ones behind a gateway.
_ANY = Mesh(
    trust_domain="cluster.local",
    namespace="istio-system",
    revision=None,
    gateway=Gateway(namespace="istio-ingress", service_account="istio-ingress", pods={}),
)

# The cluster with the most ports: the other one's are among them.
_CLUSTER = OpenShiftCluster(name="", kubeconfig_secret="", egress_cidrs=(), oidc_provider="")


def mesh_document(catalogue: Catalogue) -> str:
    """Markdown, from the call graph as the catalogue has it."""
    return "\n".join(_lines(catalogue))


def _lines(catalogue: Catalogue) -> Iterator[str]:
    every = allowed(catalogue.services, catalogue.load_generator, _ANY)
    callers = tuple(dict.fromkeys(each.caller for each in every))
    yield "# Who may ask whom"
    yield ""
    yield "What the mesh lets through, from the call graph. Written by `make mesh`. Whatever is not"
    yield "marked here is refused, and so is whoever comes without a certificate of the mesh, but"
    yield "at a proxy's own ports and the prober's. A stack without played customers has no"
    yield "`loadgenerator`, one without a `door` no `gateway`."
    yield "[Why](adr/0031-mutual-tls-and-the-gateway.md)."
    yield ""
    yield f"| service | asked for | waits | again? | {' | '.join(callers)} |"
    yield f"|---|---|---|---|{'---|' * len(callers)}"
    waits = {name: f"{wait.seconds:g} s" for name, wait in patience(catalogue.services).items()}
    for service in catalogue.services:
        mine = tuple(each for each in every if each.callee == service.name)
        yield from _rows(service, mine, callers, waits.get(service.name, ""))
    yield ""
    yield "*waits*: after that time a caller's proxy gives up. It is what all callees of the"
    yield "service may take together, each as often as one request asks for it at most, and half a"
    yield "second. A gateway waits as long with `door.certificate`; without, as its own route says,"
    yield "and not less. The prober's question ends when the prober gives up."
    yield ""
    yield "*again?*: whether it is safe to ask for it a second time. Where it is, and where nobody"
    yield "stands behind the callee, the proxy does so once (*yes*) if no answer began within half"
    yield "the time; elsewhere it never does (*safe, not done*: the callee's own callees are)."
    yield ""
    yield "## What a caller does without"
    yield ""
    yield "Where a callee that is not listed is gone, the caller's own answer is an error."
    yield ""
    for caller in catalogue.workloads:
        for call in caller.calls:
            if call.without:
                yield f"- Without `{call.callee}`, `{caller.name}` {call.without}."
    yield ""
    yield "## What the network lets through"
    yield ""
    yield "Both ways are closed, and opened for the same calls at the same ports, for what the"
    yield "collector scrapes, and for every proxy to the mesh's control plane. These ways out lead"
    yield "anywhere:"
    yield ""
    yield "| out of | ports | why |"
    yield "|---|---|---|"
    yield from _anywhere(catalogue, every)
    yield ""
    yield "5353 and 6443 are OpenShift's."
    yield ""
    yield from _without(catalogue)


def _without(catalogue: Catalogue) -> Iterator[str]:
    yield "## Without a mesh"
    yield ""
    yield "A stack that says `mesh: none` has no proxies, and nothing of the mesh's is declared."
    yield "The network policies stay: the same calls at the same ports. It goes without"
    yield ""
    for loss in losses(catalogue.alerts):
        yield f"- {loss}."
    yield ""


def _anywhere(catalogue: Catalogue, every: tuple[Allowed, ...]) -> Iterator[str]:
    generator = catalogue.load_generator.name
    known = reaches(every, _ANY, _CLUSTER, customers=None, hosts=True, generator=generator)
    ways = dict[tuple[str, str], list[str]]()
    for reach in known:
        for opening in reach.ways_out:
            if opening.why:
                ports = f"{' and '.join(map(str, opening.ports))} ({', '.join(opening.protocols)})"
                ways.setdefault((ports, opening.why), []).append(f"`{reach.app}`")
    for (ports, why), apps in ways.items():
        out_of = "every pod" if len(apps) == len(known) else ", ".join(apps)
        yield f"| {out_of} | {ports} | {why} |"


def _rows(
    service: Service, mine: tuple[Allowed, ...], callers: tuple[str, ...], wait: str
) -> Iterator[str]:
    for method in service.methods:
        safe = "safe, not done" if method.repeatable else "no"
        again = "yes" if tried_again(method, service) else safe
        marked = {each.caller for each in mine if method.name in each.methods}
        yield _row((service.name, f"`{method.name}`", wait, again), marked, callers)
    without = {each.caller for each in mine if not each.methods}
    asked = _HEALTH if service.methods else _CONNECT
    yield _row((service.name, asked, "", "no"), without, callers)


def _row(first: tuple[str, str, str, str], marked: set[str], callers: tuple[str, ...]) -> str:
    service, *others = first
    marks = ("●" if caller in marked else "" for caller in callers)
    return f"| {' | '.join((f'`{service}`', *others, *marks))} |"


if __name__ == "__main__":
    sys.stdout.write(mesh_document(STORE))
