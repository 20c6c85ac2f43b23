"""The least that an AWS account needs in order to upload a site's files, and how the usual programs do it.

In: the inbox bucket, a site, the region. Out: an IAM policy; lines for a person or a script. docs/uploading.md says
which of them were tried. Nothing is asked of AWS here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from roster.notices import FILES


def policy(
    inbox: str, site: str, partition: str = "aws", *, files: Sequence[str] = FILES, listing: bool = False
) -> dict[str, Any]:
    """The policy, for these files. `listing` lets it see which files are in the folder, and read none of them."""
    bucket = f"arn:{partition}:s3:::{inbox}"
    put = {
        "Sid": "PutThePair",
        "Effect": "Allow",
        "Action": "s3:PutObject",
        "Resource": [f"{bucket}/{site}/{name}" for name in files],
    }
    if not listing:
        return {"Version": "2012-10-17", "Statement": [put]}
    see = {
        "Sid": "ListItsFolder",
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": bucket,
        "Condition": {"StringLike": {"s3:prefix": [f"{site}/*"]}},
    }
    return {"Version": "2012-10-17", "Statement": [put, see]}


def commands(inbox: str, site: str, region: str, files: Sequence[str] = FILES) -> dict[str, list[str]]:
    """What the usual programs are told, one line a file where each needs its own; KEY, SECRET and DIR are left open."""
    where = f"{inbox}/{site}"
    host = f"{inbox}.s3.{region}.amazonaws.com"
    # Without the last three it asks first what is there, which is more than the policy allows.
    rclone = f"--s3-provider AWS --s3-env-auth --s3-region {region} --s3-no-check-bucket --s3-no-head --no-check-dest"
    named = " ".join(files)
    winscp = f'"open s3://KEY:SECRET@s3.{region}.amazonaws.com/{where}/" "put {named} ./" "exit"'
    digest = '"x-amz-content-sha256: $(sha256sum {} | cut -c1-64)"'
    curl = f"curl --fail --aws-sigv4 aws:amz:{region}:s3 --user KEY:SECRET"
    nightly = f"for f in {named}; do aws s3 cp --only-show-errors $f s3://{where}/$f; done"
    powershell = f"Write-S3Object -Region {region} -BucketName {inbox}"
    return {
        "aws CLI": [f"aws s3 cp {name} s3://{where}/{name}" for name in files],
        "rclone": [f"rclone copyto {name} :s3:{where}/{name} {rclone}" for name in files],
        "s3cmd": [f"s3cmd put {name} s3://{where}/{name} --region {region}" for name in files],
        "curl, 7.88 or newer": [
            f"{curl} -H {digest.format(name)} -T {name} https://{host}/{site}/{name}" for name in files
        ],
        "PowerShell, with AWS.Tools.S3": [f"{powershell} -Key {site}/{name} -File {name}" for name in files],
        "WinSCP, with the policy of --list": [f"winscp.com /command {winscp}"],
        "cron, each night at half past two": [f"30 2 * * * cd DIR && {nightly}"],
    }


def lines(inbox: str, site: str, region: str, files: Sequence[str] = FILES) -> list[str]:
    """The same for a person to read."""
    said = ["", f"With that policy, in the folder with {' and '.join(files)}:"]
    for program, told in commands(inbox, site, region, files).items():
        said += ["", f"{program}:", *(f"  {line}" for line in told)]
    return said
