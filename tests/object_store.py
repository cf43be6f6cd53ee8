"""An S3 server of the tests' own, as a real process on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from tests.processes import free_port, running

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "tests",
    "AWS_SECRET_ACCESS_KEY": "tests",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@dataclass(frozen=True)
class Bucket:
    """A bucket, filled and looked at past the code that is tried."""

    name: str
    client: Any

    @property
    def url(self) -> str:
        return f"s3://{self.name}"

    def put(self, key: str, data: bytes) -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=data)

    def put_folder(self, folder: Path, prefix: str) -> None:
        for path in sorted(folder.rglob("*.*")):
            self.put(f"{prefix}/{path.relative_to(folder).as_posix()}", path.read_bytes())

    def get(self, key: str) -> bytes:
        data: bytes = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return data

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket=self.name, Key=key)

    def names(self) -> list[str]:
        listed = self.client.list_objects_v2(Bucket=self.name)
        return [entry["Key"] for entry in listed.get("Contents", [])]


@contextmanager
def s3_server(log: Path) -> Iterator[dict[str, str]]:
    """The AWS_* variables by which a server is reached that runs until the block ends."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = ["moto.server", "--host", "127.0.0.1", "--port", str(port)]
    with running(command, {}, f"{address}/moto-api/", log):
        yield CREDENTIALS | {"AWS_ENDPOINT_URL": address}


def make_bucket(name: str, settings: dict[str, str]) -> Bucket:
    client = boto3.client(
        "s3",
        endpoint_url=settings["AWS_ENDPOINT_URL"],
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
        region_name=settings["AWS_DEFAULT_REGION"],
    )
    client.create_bucket(Bucket=name)
    return Bucket(name, client)
