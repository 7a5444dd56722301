"""Who may reach whom, and who may do what, as sentences.

A leave opens when it comes; a bar, without which leaves mean nothing, opens when it goes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from rehearsal.stand_in.documents import Document

_EVERYBODY = "everybody"
_ANYWHERE = {"0.0.0.0/0", "::/0"}
_NAMESPACE = "kubernetes.io/metadata.name"


def leaves(resource: Document) -> frozenset[str]:
    """What the resource lets somebody do; nothing where its kind lets nobody do anything."""
    read = _READERS.get(resource["type"])
    return frozenset(read(resource["name"], resource["inputs"])) if read else frozenset()


def bars(resource: Document) -> frozenset[str]:
    """What the resource refuses; nothing where its kind refuses nothing."""
    read = _BARS.get(resource["type"])
    return frozenset(read(resource["inputs"].get("spec", {}))) if read else frozenset()


def area(sentence: str) -> str:
    """What guards it: `mesh`, `network`, `security group` or `IAM`."""
    return sentence.partition(":")[0]


def _barred_network(spec: Document) -> Iterator[str]:
    own = _pods(spec.get("podSelector", {}))
    for way, words in (("Ingress", "into"), ("Egress", "out of")):
        if way in spec.get("policyTypes", ()):
            yield f"network: what no policy lets {words} {own} is refused"


def _barred_mesh(spec: Document) -> Iterator[str]:
    own = _pods(spec.get("selector", {}))
    action = spec.get("action", "ALLOW")
    if action == "ALLOW":
        yield f"mesh: what no policy allows is refused by {own}"
    elif action == "DENY":
        yield f"mesh: {json.dumps(spec.get('rules', []), sort_keys=True)} is refused by {own}"


def _barred_plain_text(spec: Document) -> Iterator[str]:
    if spec.get("mtls", {}).get("mode") == "STRICT":
        own = _pods(spec.get("selector", {}))
        yield f"mesh: whoever has no certificate of the mesh is refused by {own}"


def _network_policy(_name: str, inputs: Document) -> Iterator[str]:
    spec: Document = inputs["spec"]
    own = _pods(spec.get("podSelector", {}))
    for rule in spec.get("ingress", ()):
        for peer in _peers(rule.get("from", ())):
            yield f"network: {peer} may connect to {own} at {_ports(rule.get('ports', ()))}"
    for rule in spec.get("egress", ()):
        for peer in _peers(rule.get("to", ())):
            yield f"network: {own} may connect to {peer} at {_ports(rule.get('ports', ()))}"


def _peers(peers: Sequence[Document]) -> Iterator[str]:
    if not peers:
        yield _EVERYBODY
    for peer in peers:
        if "ipBlock" in peer:
            block = peer["ipBlock"]
            but = "".join(f" but {each}" for each in block.get("except", ()))
            yield f"{_block(block['cidr'])}{but}"
        else:
            yield _pods(peer.get("podSelector", {}), peer.get("namespaceSelector"))


def _pods(selector: Document, namespaces: Document | None = None) -> str:
    labels = dict(selector.get("matchLabels", {}))
    pods = labels.pop("app", "") if set(labels) == {"app"} else _labelled(selector)
    if namespaces is None:
        return pods or "every pod of the namespace"
    named = namespaces.get("matchLabels", {}).get(_NAMESPACE)
    where = (
        f"namespace {named}" if named else f"namespaces {_labelled(namespaces) or 'of any name'}"
    )
    return f"{pods or 'every pod'} of {where}"


def _labelled(selector: Document) -> str:
    """A selector's own words; empty for one that takes everything."""
    parts = [f"{key}={value}" for key, value in sorted(selector.get("matchLabels", {}).items())]
    parts += [
        f"{each['key']} {each['operator']} {','.join(each.get('values', ()))}".strip()
        for each in selector.get("matchExpressions", ())
    ]
    return " ".join(parts)


def _ports(ports: Sequence[Document]) -> str:
    if not ports:
        return "every port"
    return ", ".join(sorted(f"{_port(each)}/{each.get('protocol', 'TCP')}" for each in ports))


def _port(port: Document) -> str:
    first = str(port.get("port", "every port"))
    return f"{first}-{port['endPort']}" if "endPort" in port else first


def _block(cidr: str) -> str:
    return f"{_EVERYBODY} ({cidr})" if cidr in _ANYWHERE else cidr


def _authorization_policy(_name: str, inputs: Document) -> Iterator[str]:
    spec: Document = inputs.get("spec", {})
    if spec.get("action", "ALLOW") != "ALLOW":
        return
    own = _pods(spec.get("selector", {}))
    for rule in spec.get("rules", ()):
        callers = [
            name
            for each in rule.get("from", ())
            for name in each["source"].get("principals", [f"{each['source']}"])
        ]
        for caller in callers or [_EVERYBODY]:
            for asked in rule.get("to", ({"operation": {}},)):
                yield f"mesh: {caller} may ask {own} for {_operation(asked['operation'])}"


def _operation(operation: Document) -> str:
    verbs = ", ".join(operation.get("methods", ())) or "anything"
    paths = ", ".join(operation.get("paths", ()))
    ports = ", ".join(map(str, operation.get("ports", ())))
    return verbs + (f" {paths}" if paths else "") + (f" at {ports}" if ports else "")


def _ingress_rule(name: str, inputs: Document) -> Iterator[str]:
    yield f"security group: {_peer(inputs)} may connect to {name} at {_range(inputs)}"


def _egress_rule(name: str, inputs: Document) -> Iterator[str]:
    yield f"security group: {name} may connect to {_peer(inputs)} at {_range(inputs)}"


def _peer(inputs: Document) -> str:
    for key in ("cidrIpv4", "cidrIpv6"):
        if key in inputs:
            return _block(inputs[key])
    return str(inputs.get("referencedSecurityGroupId") or inputs.get("prefixListId", "nobody"))


def _range(inputs: Document) -> str:
    protocol = inputs["ipProtocol"]
    if str(protocol) == "-1":
        return "every port"
    first, last = inputs.get("fromPort"), inputs.get("toPort")
    return f"{first}/{protocol}" if first == last else f"{first}-{last}/{protocol}"


def _policy(key: str, who: str) -> Callable[[str, Document], Iterator[str]]:
    def read(name: str, inputs: Document) -> Iterator[str]:
        document = inputs.get(key)
        if not isinstance(document, str):
            return
        for statement in _each(json.loads(document)["Statement"]):
            if statement["Effect"] == "Allow":
                yield f"IAM: {_subject(who, name, statement)} {_may(statement)}"

    return read


def _subject(who: str, name: str, statement: Document) -> str:
    principal = statement.get("Principal")
    if principal is None:
        return f"{who} {name}"
    if principal == "*":
        return _EVERYBODY
    named: Document = principal
    return ", ".join(str(one) for each in named.values() for one in _each(each))


def _may(statement: Document) -> str:
    actions = ", ".join(sorted(str(each) for each in _each(statement.get("Action", []))))
    resources = ", ".join(sorted(str(each) for each in _each(statement.get("Resource", []))))
    condition = statement.get("Condition")
    where = f" where {json.dumps(condition, sort_keys=True)}" if condition else ""
    return f"may {actions}" + (f" on {resources}" if resources else "") + where


def _each(value: Any) -> Iterable[Any]:  # noqa: ANN401 - one or a list of them, as IAM has it
    return cast("list[Any]", value) if isinstance(value, list) else [value]


_BARS: Mapping[str, Callable[[Document], Iterator[str]]] = {
    "kubernetes:networking.k8s.io/v1:NetworkPolicy": _barred_network,
    "kubernetes:security.istio.io/v1:AuthorizationPolicy": _barred_mesh,
    "kubernetes:security.istio.io/v1:PeerAuthentication": _barred_plain_text,
}
_READERS: Mapping[str, Callable[[str, Document], Iterator[str]]] = {
    "kubernetes:networking.k8s.io/v1:NetworkPolicy": _network_policy,
    "kubernetes:security.istio.io/v1:AuthorizationPolicy": _authorization_policy,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _ingress_rule,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _egress_rule,
    "aws:iam/rolePolicy:RolePolicy": _policy("policy", "the role of"),
    "aws:iam/role:Role": _policy("assumeRolePolicy", "the role"),
    "aws:sns/topicPolicy:TopicPolicy": _policy("policy", "the topic"),
    "aws:kms/key:Key": _policy("policy", "the key"),
}
