"""SNS topics: contact points of that kind, the heartbeats, and the path that needs no Grafana."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.names import keeps_its_name
from gallery.contact_points.model import (
    GRAFANA_HEARTBEAT,
    HEARTBEAT,
    INDEPENDENT_PATH,
    Engine,
)
from gallery.plan.model import Plan
from gallery.render.iam import topic_policy

# CloudWatch's own minimum for a metric of SNS is a minute; two silent periods of five minutes
# tell a dead heartbeat from a late one. Detection takes up to 18 minutes.
_PERIOD_SECONDS = 300
_PERIODS = 2


@dataclass(frozen=True, kw_only=True)
class TopicsArgs:
    """`publisher_arn` is the AMP workspace, whose Alertmanager publishes."""

    plan: Plan
    account: pulumi.Input[str]
    key_arn: pulumi.Input[str]
    publisher_arn: pulumi.Input[str]


class Topics(pulumi.ComponentResource):
    """`arns` are the topics by contact point, existing ones among them."""

    arns: dict[str, pulumi.Output[str]]

    def __init__(
        self, name: str, args: TopicsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("gallery:components:Topics", name, None, opts)
        self._prefix, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        plan = args.plan
        self._made = {topic: self._topic(topic) for topic in _topic_names(plan)}
        self.arns = {topic: made.arn for topic, made in self._made.items()} | {
            point.name: pulumi.Output.from_input(point.topic_arn)
            for point in plan.contact_points
            if point.topic_arn is not None
        }
        for point in plan.contact_points:
            self._subscribe(point.name, point.subscribers)
        self._subscribe(INDEPENDENT_PATH, plan.independent_emails)
        if not plan.independent_emails:
            pulumi.log.warn(
                "nobody hears of it when the pipeline itself dies: set "
                "gallery:alerting.independent_path, as {emails: [oncall@example.org]}",
                self,
            )
        for beat in _beats(plan):
            self._alarm(beat)
        self.register_outputs({"arns": self.arns})

    def _topic(self, topic: str) -> aws.sns.Topic:
        args = self._args
        made = aws.sns.Topic(
            f"{self._prefix}-{topic}",
            name=f"{args.plan.stack.prefix}-{topic}",
            kms_master_key_id=args.key_arn,
            opts=keeps_its_name(self),
        )
        aws.sns.TopicPolicy(
            f"{self._prefix}-{topic}",
            arn=made.arn,
            policy=pulumi.Output.all(made.arn, args.publisher_arn, args.account).apply(
                lambda known: topic_policy(
                    topic_arn=known[0],
                    workspace_arn=known[1],
                    account=known[2],
                    alarms=topic == INDEPENDENT_PATH,
                )
            ),
            opts=self._child,
        )
        return made

    def _subscribe(self, topic: str, addresses: tuple[str, ...]) -> None:
        for address in addresses:
            # AWS sends a message that must be answered before anything is delivered.
            aws.sns.TopicSubscription(
                f"{self._prefix}-{topic}-{address}",
                topic=self.arns[topic],
                protocol="email",
                endpoint=address,
                opts=self._child,
            )
            pulumi.log.info(f"{address} must confirm its subscription to {topic}", self)

    def _alarm(self, beat: str) -> None:
        plan = self._args.plan
        told = [self.arns[INDEPENDENT_PATH]]
        aws.cloudwatch.MetricAlarm(
            f"{self._prefix}-{beat}-silent",
            name=f"{plan.stack.prefix}-{beat}-silent",
            alarm_description=(
                f"No {beat} from {plan.cluster_name} for ten minutes: "
                f"{_MEANING[beat]} Runbook: {_runbook(plan, beat)}"
            ),
            metric_queries=[
                {
                    "id": "beats",
                    "metric": {
                        "namespace": "AWS/SNS",
                        "metric_name": "NumberOfMessagesPublished",
                        "dimensions": {"TopicName": self._made[beat].name},
                        "period": _PERIOD_SECONDS,
                        "stat": "Sum",
                    },
                },
                # Missing data alone would lag: CloudWatch goes back to older points.
                {
                    "id": "filled",
                    "expression": "FILL(beats, 0)",
                    "label": "beats in five minutes",
                    "return_data": True,
                },
            ],
            comparison_operator="LessThanThreshold",
            threshold=1,
            evaluation_periods=_PERIODS,
            datapoints_to_alarm=_PERIODS,
            treat_missing_data="breaching",
            alarm_actions=told,
            ok_actions=told,
            insufficient_data_actions=told,
            opts=keeps_its_name(self),
        )


_MEANING = {
    HEARTBEAT: "the collector, Prometheus or its Alertmanager is dead, and no page would come.",
    GRAFANA_HEARTBEAT: "Grafana does not evaluate or deliver, and no page would come.",
}


def _runbook(plan: Plan, beat: str) -> str:
    [alert] = (planned for planned in plan.alerts if planned.alert.delivery == beat)
    return alert.annotations["runbook_url"]


def _beats(plan: Plan) -> tuple[str, ...]:
    return (HEARTBEAT, GRAFANA_HEARTBEAT) if plan.engine is Engine.GRAFANA else (HEARTBEAT,)


def _topic_names(plan: Plan) -> tuple[str, ...]:
    own = tuple(point.name for point in plan.contact_points if point.needs_topic)
    return (*own, *_beats(plan), INDEPENDENT_PATH)
