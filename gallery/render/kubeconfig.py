"""A kubeconfig without a secret in it."""

from __future__ import annotations

from typing import Any


def eks_kubeconfig(name: str, region: str, endpoint: str, authority: str) -> dict[str, Any]:
    """A kubeconfig that asks the AWS CLI for a token at each use.

    `authority` is the cluster's certificate, base64. Source: Amazon EKS user guide, "Create
    kubeconfig".
    """
    command = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "aws",
        "args": ["--region", region, "eks", "get-token", "--cluster-name", name],
        "interactiveMode": "Never",
    }
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": name,
                "cluster": {"server": endpoint, "certificate-authority-data": authority},
            }
        ],
        "users": [{"name": name, "user": {"exec": command}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
