"""One measurement in a process of its own: `python -m rehearsal.bench.measure WHAT [COUNT]`.

Prints seconds as JSON. A fresh process, because imports are paid once in each.
"""

from __future__ import annotations

import importlib
import json
import sys
import time

BEGAN = time.process_time()

# The parts of the SDKs that the program's components name.
_AWS = (
    "pulumi_aws.amp",
    "pulumi_aws.cloudwatch",
    "pulumi_aws.ec2",
    "pulumi_aws.eks",
    "pulumi_aws.grafana",
    "pulumi_aws.iam",
    "pulumi_aws.kms",
    "pulumi_aws.secretsmanager",
    "pulumi_aws.sns",
    "pulumi_aws.ssm",
    "pulumi_aws.vpc",
)
_KUBERNETES = (
    "pulumi_kubernetes.apps.v1",
    "pulumi_kubernetes.autoscaling.v2",
    "pulumi_kubernetes.core.v1",
    "pulumi_kubernetes.networking.v1",
    "pulumi_kubernetes.policy.v1",
    "pulumi_kubernetes.rbac.v1",
)
_GRAFANA = ("pulumiverse_grafana.alerting", "pulumiverse_grafana.oss")
_OTHERS = ("pydantic", "yaml", "grafana_foundation_sdk.models.dashboard")


def _imports() -> None:
    """Import what the program imports of other packages."""
    for name in (*_AWS, *_KUBERNETES, *_GRAFANA, *_OTHERS):
        importlib.import_module(name)


def _bare(count: int) -> None:
    """Register this many resources that say next to nothing."""
    import pulumi  # noqa: PLC0415
    import pulumi_aws as aws  # noqa: PLC0415

    from offline.monitor import record  # noqa: PLC0415

    def program() -> None:
        provider = aws.Provider("aws", region="eu-west-1")
        opts = pulumi.ResourceOptions(provider=provider)
        for number in range(count):
            aws.ec2.Instance(f"host-{number}", ami="ami-0", instance_type="t4g.small", opts=opts)

    record(program)


def _stack() -> int:
    from offline.render import recording  # noqa: PLC0415

    return len(recording("dev").resources)


def _hosts(count: int) -> None:
    """Render dev with so many hosts."""
    import runpy  # noqa: PLC0415

    from offline.monitor import record  # noqa: PLC0415
    from offline.render import PROJECT, stack_file  # noqa: PLC0415

    found = stack_file("dev")
    groups = json.loads(found.config["gallery:hosts"])
    groups[0]["count"] = count
    record(
        lambda: runpy.run_path(str(PROJECT / "__main__.py"), run_name="__main__"),
        config=found.config | {"gallery:hosts": json.dumps(groups)},
        secret_keys=found.secret_keys,
    )


def main(what: str, count: int) -> dict[str, float]:
    """Seconds from the start of the process, `after_imports` among them, and resources."""
    if what == "stack":
        resources = _stack()
        return {"seconds": time.process_time() - BEGAN, "resources": resources}
    _imports()
    imported = time.process_time()
    if what == "hosts":
        # Once with a single host, so that what is imported late is imported by now.
        _hosts(1)
        imported = time.process_time()
        _hosts(count)
    else:
        _bare(count)
    done = time.process_time()
    return {"seconds": done - BEGAN, "after_imports": done - imported}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
