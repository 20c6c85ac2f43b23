"""Uploads by the usual programs, as `roster-admin uploader policy` prints them, with an account that has that policy.

The emulator enforces it. Only where to find the emulator is added to a line. rclone and s3cmd are tried where they are.
"""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError

from local.emulator import REGION, clean_environment
from roster_commands import upload_policy
from tests.deployed import SEED, Site, client
from tests.flow.conftest import Command


@dataclass(frozen=True)
class Account:
    """Who may upload for one site, in a folder with its pair."""

    site: Site
    key: str
    secret: str
    folder: Path

    def run(self, program: str, line: str) -> subprocess.CompletedProcess[str]:
        """Run a line as a person's shell would."""
        keys = {"AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": self.secret, "AWS_DEFAULT_REGION": REGION}
        endpoint = self.site.cloud.endpoint_url
        host = urlsplit(endpoint).netloc
        bucket = self.site.cloud.inbox_bucket
        line = line.replace("KEY:SECRET", f"{self.key}:{self.secret}")
        line = line.replace(f"https://{bucket}.s3.{REGION}.amazonaws.com/", f"{endpoint}/{bucket}/")
        here = {
            "rclone": f" --config /dev/null --retries 1 --s3-provider Other --s3-endpoint {endpoint}",
            "s3cmd": f" --config /dev/null --no-ssl --host {host} --host-bucket {host}",
        }
        environment = clean_environment() | keys | {"AWS_ENDPOINT_URL": endpoint}
        return subprocess.run(
            ["sh", "-c", line + here.get(program, "")],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def client(self) -> Any:
        session = boto3.Session(self.key, self.secret, region_name=REGION)
        return session.client("s3", endpoint_url=self.site.cloud.endpoint_url)

    def is_refused(self, act: Callable[[], object]) -> bool:
        with pytest.raises(ClientError) as refused:
            act()
        return refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.fixture
def account(school: Site, command: Command, tmp_path: Path) -> Iterator[Account]:
    """An IAM user with the printed policy and nothing else."""
    policy = command("roster-admin", "uploader", "policy", school.name, "--json").stdout
    iam = client(school.cloud, "iam")
    iam.create_user(UserName=school.name)
    iam.put_user_policy(UserName=school.name, PolicyName="uploads", PolicyDocument=policy)
    made = iam.create_access_key(UserName=school.name)["AccessKey"]
    for name, data in SEED.items():
        (tmp_path / name).write_bytes(data)
    yield Account(school, made["AccessKeyId"], made["SecretAccessKey"], tmp_path)
    iam.delete_access_key(UserName=school.name, AccessKeyId=made["AccessKeyId"])
    iam.delete_user_policy(UserName=school.name, PolicyName="uploads")
    iam.delete_user(UserName=school.name)


def uploaded(site: Site) -> dict[str, bytes]:
    s3, bucket = client(site.cloud, "s3"), site.cloud.inbox_bucket
    found = s3.list_objects_v2(Bucket=bucket, Prefix=f"{site.name}/").get("Contents", [])
    return {
        each["Key"].partition("/")[2]: s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in found
    }


@pytest.mark.parametrize("program", ["aws CLI", "rclone", "s3cmd", "curl, 7.88 or newer", "cron, each night"])
def test_each_program_should_upload_a_pair_with_the_printed_policy(program: str, account: Account) -> None:
    site = account.site
    told = upload_policy.commands(site.cloud.inbox_bucket, site.name, REGION)
    (lines,) = [lines for name, lines in told.items() if name.startswith(program)]
    for line in lines:
        line = line.removeprefix("30 2 * * * cd DIR && ")
        name = line.split()[0]
        if name != "for" and not shutil.which(name):
            pytest.skip(f"there is no {name} here")
        done = account.run(name, line)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    assert uploaded(site) == SEED
    for line in lines:  # and no other file
        other = line.replace("students.csv", "settings.json").replace("teachers.csv", "settings.json")
        (account.folder / "settings.json").write_text("{}")
        assert account.run(name, other.removeprefix("30 2 * * * cd DIR && ")).returncode != 0
    assert uploaded(site) == SEED


def test_boto3_should_upload_a_large_file_in_parts_with_the_printed_policy(account: Account) -> None:
    site, large = account.site, account.folder / "large.csv"
    large.write_bytes(b"version,1\nusername,class\n" + b"pupil,class\n" * 800_000)
    account.client().upload_file(str(large), site.cloud.inbox_bucket, f"{site.name}/students.csv")
    assert uploaded(site)["students.csv"] == large.read_bytes()


def test_the_printed_policy_should_allow_nothing_else(account: Account, running: Site) -> None:
    s3, bucket, name = account.client(), account.site.cloud.inbox_bucket, account.site.name
    account.site.upload("students.csv", SEED["students.csv"])
    for key in (f"{name}/settings.json", f"{running.name}/students.csv", f"{name}/sub/students.csv", "students.csv"):
        assert account.is_refused(lambda key=key: s3.put_object(Bucket=bucket, Key=key, Body=b"x")), key  # type: ignore[misc]
    mine = {"Bucket": bucket, "Key": f"{name}/students.csv"}
    assert account.is_refused(lambda: s3.get_object(**mine))
    assert account.is_refused(lambda: s3.delete_object(**mine))
    assert account.is_refused(lambda: s3.list_objects_v2(Bucket=bucket, Prefix=f"{name}/"))
    assert account.is_refused(lambda: s3.list_object_versions(Bucket=bucket))


def test_the_policy_with_a_list_should_show_its_own_folder_alone(
    account: Account, command: Command, running: Site
) -> None:
    more = command("roster-admin", "uploader", "policy", account.site.name, "--list", "--json").stdout
    iam = client(running.cloud, "iam")
    iam.put_user_policy(UserName=account.site.name, PolicyName="uploads", PolicyDocument=more)
    s3, bucket, name = account.client(), running.cloud.inbox_bucket, account.site.name
    assert s3.list_objects_v2(Bucket=bucket, Prefix=f"{name}/")["KeyCount"] == 0
    for prefix in ("", f"{running.name}/", name):
        assert account.is_refused(lambda prefix=prefix: s3.list_objects_v2(Bucket=bucket, Prefix=prefix)), prefix  # type: ignore[misc]


def test_should_print_the_policy_alone_on_standard_output_and_the_lines_beside_it(
    command: Command, school: Site
) -> None:
    done = command("roster-admin", "uploader", "policy", school.name)
    (statement,) = json.loads(done.stdout)["Statement"]
    inbox = f"arn:aws:s3:::{school.cloud.inbox_bucket}/{school.name}"
    assert statement["Resource"] == [f"{inbox}/teachers.csv", f"{inbox}/students.csv"]
    for lines in upload_policy.commands(school.cloud.inbox_bucket, school.name, REGION).values():
        assert all(line in done.stderr for line in lines)
