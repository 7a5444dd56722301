"""The AWS resource types that the bootstrap alone uses: a bucket and an OIDC provider.

What replaces a resource is what the provider's schema marks so (ForceNew or RequiresReplace in
hashicorp/terraform-provider-aws, internal/service).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .kinds import Kind, Reference, table
from .values import Properties, text_at

if TYPE_CHECKING:
    from .cloud import Cloud

BUCKET = "aws:s3/bucket:Bucket"
OIDC_PROVIDER = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"


def _arn_of_issuer(cloud: Cloud, inputs: Properties) -> Properties:
    """IAM names a provider by its address without the scheme."""
    issuer = text_at(inputs, "url").removeprefix("https://")
    return {"arn": f"arn:aws:iam::{cloud.account}:oidc-provider/{issuer}"}


AWS_ACCOUNT_KINDS = table(
    Kind(
        type=BUCKET,
        id="{bucket}",
        outputs={
            "arn": "arn:aws:s3:::{bucket}",
            "bucketDomainName": "{bucket}.s3.amazonaws.com",
            "bucketRegion": "{region}",
        },
        identity=("bucket",),
        autonamed="bucket",
        replaced_by=frozenset({"bucket", "bucketPrefix", "objectLockEnabled"}),
    ),
    *(
        Kind(
            type=token,
            id="{bucket}",
            identity=("bucket",),
            replaced_by=frozenset({"bucket", "expectedBucketOwner"}),
            references=(Reference(path="bucket", type=BUCKET),),
        )
        for token in (
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
            "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
            "aws:s3/bucketVersioning:BucketVersioning",
        )
    ),
    Kind(
        type=OIDC_PROVIDER,
        id="{url}",
        derived=_arn_of_issuer,
        derives=("arn",),
        identity=("url",),
        replaced_by=frozenset({"url"}),
    ),
)
