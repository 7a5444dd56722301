"""Once for each account: where the state lives, and the roles of the workflows."""

import json
import sys
from pathlib import Path

import pulumi
import pulumi_aws as aws

# Pulumi runs this folder, and what it imports is called as it is from the repository.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bootstrap import policies
from bootstrap.account import Role, RoleArgs, State, provider
from bootstrap.configuration import settings

said = settings()
cloud = aws.Provider(
    "aws", region=said.region, default_tags={"tags": {"gallery:environment": "bootstrap"}}
)
in_cloud = pulumi.ResourceOptions(providers=[cloud])
account = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(provider=cloud)).account_id

state = State("state", said.bucket, in_cloud)
github = provider(said.provider_arn, pulumi.ResourceOptions(provider=cloud))
of_state = pulumi.Output.all(account, state.bucket_arn, state.key_arn)

preview = Role(
    "preview",
    RoleArgs(
        trust=github.apply(
            lambda arn: policies.trust(
                provider_arn=arn, subjects=policies.preview_subjects(said.repository)
            )
        ),
        policy=of_state.apply(
            lambda known: policies.preview_policy(
                account=known[0], region=said.region, bucket_arn=known[1], key_arn=known[2]
            )
        ),
    ),
    in_cloud,
)
deploy = Role(
    "deploy",
    RoleArgs(
        trust=github.apply(
            lambda arn: policies.trust(
                provider_arn=arn, subjects=policies.deploy_subjects(said.repository, said.stacks)
            )
        ),
        policy=of_state.apply(
            lambda known: policies.deploy_policy(
                account=known[0], region=said.region, bucket_arn=known[1], key_arn=known[2]
            )
        ),
    ),
    in_cloud,
)

# The variables of the repository, as the workflows read them.
pulumi.export("AWS_REGION", said.region)
pulumi.export("PULUMI_BACKEND_URL", f"s3://{said.bucket}?region={said.region}")
pulumi.export("STACKS", json.dumps([*said.stacks]))
pulumi.export("PREVIEW_ROLE", preview.arn)
pulumi.export("DEPLOY_ROLE", deploy.arn)
