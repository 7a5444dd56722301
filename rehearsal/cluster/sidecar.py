"""The proxy that a mesh gives each pod, as the API adds it here.

Istio's webhook renders it from a template; here a MutatingAdmissionPolicy adds what that template
has for a native sidecar behind the CNI plugin: the container, its port of metrics, its security
context, and the resources that annotations ask for. Pods are counted and judged with it.
Source: istio/istio, manifests/charts/istio-control/istio-discovery/files/injection-template.yaml.
"""

from __future__ import annotations

from rehearsal.stand_in.documents import Document

CONTAINER = "istio-proxy"
PORT_NAME = "http-envoy-prom"
_PORT = 15090
_USER = 1337
_NAME = "sidecar"
_GROUP = "admissionregistration.k8s.io/v1"
_INJECT = "sidecar.istio.io/inject"
# What a pod may ask for, and what it has otherwise (values.yaml of the same chart).
_RESOURCES = {
    "requests": {"cpu": ("proxyCPU", "100m"), "memory": ("proxyMemory", "128Mi")},
    "limits": {"cpu": ("proxyCPULimit", "2000m"), "memory": ("proxyMemoryLimit", "1024Mi")},
}


def policies() -> list[Document]:
    """The policy, and what puts it in force."""
    policy = {
        "apiVersion": _GROUP,
        "kind": "MutatingAdmissionPolicy",
        "metadata": {"name": _NAME},
        "spec": {
            "failurePolicy": "Fail",
            "reinvocationPolicy": "Never",
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE"],
                        "resources": ["pods"],
                    }
                ]
            },
            "matchConditions": [
                {"name": "pod-takes-it", "expression": _TAKEN},
            ],
            "mutations": [
                {
                    # The other kind of patch may touch no list that is replaced as a whole.
                    "patchType": "JSONPatch",
                    "jsonPatch": {"expression": _ADDED},
                }
            ],
        },
    }
    bindings = [
        {
            "apiVersion": _GROUP,
            "kind": "MutatingAdmissionPolicyBinding",
            "metadata": {"name": f"{_NAME}-{by}"},
            "spec": {
                "policyName": _NAME,
                "matchResources": {"namespaceSelector": {"matchExpressions": asked}},
            },
        }
        for by, asked in _ASKED.items()
    ]
    return [policy, *bindings]


_ENABLED = ["enabled"]
# A namespace asks by either label, and is given no second one where it has both.
_ASKED: dict[str, list[Document]] = {
    "injection": [{"key": "istio-injection", "operator": "In", "values": _ENABLED}],
    "revision": [
        {"key": "istio.io/rev", "operator": "Exists"},
        {"key": "istio-injection", "operator": "NotIn", "values": _ENABLED},
    ],
}
_TAKEN = f'object.metadata.?labels[?"{_INJECT}"].orValue("true") == "true"'


def _bounds(bound: str) -> str:
    """The requests, or the limits, as a map of CEL."""
    return ", ".join(
        f'"{kind}": object.metadata.?annotations[?"sidecar.istio.io/{annotation}"]'
        f'.orValue("{otherwise}")'
        for kind, (annotation, otherwise) in _RESOURCES[bound].items()
    )


# CEL has no map of several types, and the API fails at a list of objects (kube-apiserver 1.36.3):
# the container is put together piece by piece, from path and value.
_PIECES = {
    "": f'{{"name": "{CONTAINER}", "image": "istio/proxyv2", "restartPolicy": "Always"}}',
    "/ports": f'[{{"name": "{PORT_NAME}", "protocol": "TCP"}}]',
    "/ports/0/containerPort": str(_PORT),
    "/resources": f'{{"requests": {{{_bounds("requests")}}}, "limits": {{{_bounds("limits")}}}}}',
    "/securityContext": """{"allowPrivilegeEscalation": false, "privileged": false,
      "readOnlyRootFilesystem": true, "runAsNonRoot": true}""",
    "/securityContext/capabilities": '{"drop": ["ALL"]}',
    "/securityContext/runAsGroup": str(_USER),
    "/securityContext/runAsUser": str(_USER),
}
_FIRST = "/spec/initContainers/0"


def _patch(path: str, value: str) -> str:
    return f'JSONPatch{{op: "add", path: "{path}", value: {value}}}'


_PUT = ",\n".join(_patch(_FIRST + path, value) for path, value in _PIECES.items())
_ADDED = f"""
(has(object.spec.initContainers) ? [] : [{_patch("/spec/initContainers", "[]")}]) + [
{_PUT}
]
""".strip()
