"""The profile `s3`: its bucket is made, with credentials from a file."""

import os
import subprocess
import sys
from pathlib import Path

from tests.images.compose import environment, read_compose
from tests.object_store import Bucket


def test_the_bucket_is_made_with_the_secrets_credentials_and_a_later_start_finds_it(
    s3: dict[str, str], bucket: Bucket, tmp_path: Path
) -> None:
    secret = tmp_path / "aws_credentials"
    secret.write_text(
        f"[default]\naws_access_key_id = {s3['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {s3['AWS_SECRET_ACCESS_KEY']}\n"
    )
    service = read_compose().services["bucket"]
    told = environment(service, AWS_ENDPOINT_URL=s3["AWS_ENDPOINT_URL"])
    told["AWS_SHARED_CREDENTIALS_FILE"] = str(secret)
    others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    assert service.command is not None
    for _ in range(2):
        made = subprocess.run(
            [sys.executable, *service.command[1:]],
            env=others | told,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert made.returncode == 0, made.stderr
    assert "menagerie" in [each["Name"] for each in bucket.client.list_buckets()["Buckets"]]
