"""The ground of the Red Hat Gallery, top to bottom as a person would explain it."""

import pulumi
import pulumi_aws as aws

import configuration
from components.alerting import Alerting, AlertingArgs
from components.collector import Collector, CollectorArgs
from components.dashboards import Dashboards, DashboardsArgs
from components.encryption import Encryption, EncryptionArgs
from components.grafana import Grafana, GrafanaArgs
from components.hosts import Hosts, HostsArgs
from components.installed_mesh import InstalledMesh, InstalledMeshArgs
from components.kubernetes import Kubernetes, KubernetesArgs
from components.offerings import require_offered
from components.prometheus import Prometheus, PrometheusArgs
from components.store import Store, StoreArgs
from components.topics import Topics, TopicsArgs
from gallery.render.next_steps import next_steps
from gallery.render.reports import reports

plan = configuration.plan()
secrets = configuration.secrets(plan)

# The account: everything carries the stack's tags, and nothing uses a default provider.
cloud = aws.Provider(
    "aws",
    region=plan.region,
    allowed_account_ids=[plan.account] if plan.account else None,
    default_tags={"tags": {"gallery:environment": plan.environment}},
)
in_cloud = pulumi.ResourceOptions(providers=[cloud])
account = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(provider=cloud)).account_id

# The ground is asked first: what cannot carry the stack is refused before anything is made.
require_offered(plan.hosts, plan.network, cloud)
kubernetes = Kubernetes("kubernetes", KubernetesArgs(plan=plan, secrets=secrets), in_cloud)

# Where series live, encrypted, and the topics on which machines speak to people without Grafana.
key = Encryption("encryption", EncryptionArgs(stack=plan.stack, account=account), in_cloud)
prometheus = Prometheus("prometheus", PrometheusArgs(plan=plan, kms_key_arn=key.key_arn), in_cloud)
topics = Topics(
    "topics",
    TopicsArgs(plan=plan, account=account, key_arn=key.key_arn, publisher_arn=prometheus.arn),
    in_cloud,
)

# Where people look.
grafana = Grafana(
    "grafana",
    GrafanaArgs(
        plan=plan,
        account=account,
        key_arn=key.key_arn,
        prometheus_arn=prometheus.arn,
        topic_arns=list(topics.arns.values()),
        week=configuration.week(),
    ),
    in_cloud,
)

# The shop itself, in its namespace, and what watches it from there.
in_cluster = pulumi.ResourceOptions(providers=[cloud, kubernetes.provider])
mesh = InstalledMesh("mesh", InstalledMeshArgs(plan=plan), in_cluster)
store = Store("store", StoreArgs(plan=plan, secrets=secrets, after=mesh.steps), in_cluster)
collector = Collector(
    "collector",
    CollectorArgs(
        plan=plan,
        namespace=store.namespace,
        account=account,
        workspace_arn=prometheus.arn,
        remote_write_url=prometheus.remote_write_url,
        grafana_url=grafana.url,
    ),
    in_cluster,
)

# Hosts outside the cluster, open to the collector alone.
hosts = Hosts(
    "hosts",
    HostsArgs(
        stack=plan.stack,
        cluster=plan.cluster.name,
        hosts=plan.hosts,
        network=plan.network,
        sources=kubernetes.sources,
        kms_key_arn=key.key_arn,
    ),
    in_cloud,
)

# What is on the wall, and who is told of what.
in_grafana = pulumi.ResourceOptions(providers=[cloud, grafana.provider])
dashboards = Dashboards(
    "dashboards", DashboardsArgs(plan=plan, prometheus=prometheus, grafana=grafana), in_grafana
)
Alerting(
    "alerting",
    AlertingArgs(
        plan=plan,
        account=account,
        key_arn=key.key_arn,
        prometheus=prometheus,
        grafana=grafana,
        dashboards=dashboards,
        collector=collector,
        secrets=secrets,
        topics=topics.arns,
    ),
    in_grafana,
)

pulumi.export("grafana_url", grafana.url)
pulumi.export("prometheus_endpoint", prometheus.endpoint)
pulumi.export("prometheus_workspace", prometheus.workspace_id)
pulumi.export("prometheus_log", prometheus.log)
for name, report in reports(plan).items():
    pulumi.export(name, report)
pulumi.export("next_steps", grafana.url.apply(lambda url: next_steps(plan, url)))
