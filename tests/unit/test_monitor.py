from __future__ import annotations

from collections.abc import Callable

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s
import pytest

from offline.monitor import ProgramError, Recording, record


def provider() -> aws.Provider:
    return aws.Provider("aws", region="eu-west-1")


def explicit() -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(provider=provider())


def twice() -> None:
    opts = explicit()
    aws.sns.Topic("bell", opts=opts)
    aws.sns.Topic("bell", opts=opts)


def without_provider() -> None:
    aws.sns.Topic("bell")


def undeclared_output() -> None:
    opts = explicit()
    topic = aws.sns.Topic("bell", opts=opts)
    aws.sns.Topic("other", name=topic.owner, opts=opts)


def none_in_a_document() -> None:
    opts = explicit()
    topic = aws.sns.Topic("bell", opts=opts)
    # `fifo_topic` is no text, so the mock leaves it out as a real one would not.
    aws.sns.Topic("other", name=topic.fifo_topic.apply(lambda it: f"{it}api/v1"), opts=opts)


def none_in_the_name_of_a_service() -> None:
    opts = pulumi.ResourceOptions(provider=k8s.Provider("kubernetes", kubeconfig="{}"))
    k8s.core.v1.Service("bell", metadata={"name": "None"}, spec={"cluster_ip": "None"}, opts=opts)


def unknown_data_source() -> None:
    aws.get_partition_output(opts=pulumi.InvokeOutputOptions(provider=provider()))


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (twice, "bell is registered twice"),
        (without_provider, "bell has no explicit provider"),
        (undeclared_output, "output owner of aws:sns/topic:Topic"),
        (none_in_a_document, "contains the text None"),
        # Kubernetes' own word for a Service without an address is none.
        (none_in_the_name_of_a_service, "bell: metadata.name contains the text None"),
        (unknown_data_source, "getPartition"),
    ],
)
def test_what_an_engine_or_a_cloud_would_refuse_is_a_fault(
    program: Callable[[], None], words: str
) -> None:
    with pytest.raises(ProgramError) as raised:
        record(program)
    (line,) = str(raised.value).splitlines()
    assert words in line


def bell_with_a_secret() -> None:
    parent = pulumi.ComponentResource("test:Tower", "tower", None, explicit())
    aws.sns.Topic(
        "bell",
        name="bell",
        display_name=pulumi.Output.secret("quiet"),
        opts=pulumi.ResourceOptions(parent=parent, protect=True),
    )
    parent.register_outputs({"height": 30})
    pulumi.export("fake", "here")


@pytest.fixture(scope="module")
def recording() -> Recording:
    return record(bell_with_a_secret)


def test_a_recording_has_wire_names_parents_and_options(recording: Recording) -> None:
    bell = recording.one("aws:sns/topic:Topic", "bell")
    assert bell.inputs["displayName"] == "quiet"
    assert bell.parent.endswith("test:Tower::tower")
    assert bell.provider
    assert bell.options == {"protect": True}


def test_a_recording_knows_which_inputs_are_secret(recording: Recording) -> None:
    assert recording.one("aws:sns/topic:Topic", "bell").secrets == ("displayName",)


def test_outputs_of_components_and_of_the_stack_are_recorded(recording: Recording) -> None:
    assert {"height": 30} in recording.outputs.values()
    assert recording.stack_outputs == {"fake": "here"}


def test_a_missing_resource_is_named(recording: Recording) -> None:
    with pytest.raises(KeyError, match="gong"):
        recording.one("aws:sns/topic:Topic", "gong")
