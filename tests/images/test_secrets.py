"""`deploy/secrets.sh`: makes what compose mounts, once."""

import json
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.images.compose import PROJECT, read_compose


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    (tmp_path / "deploy").mkdir()
    shutil.copy(PROJECT / "deploy" / "secrets.sh", tmp_path / "deploy")
    return tmp_path


def make(clone: Path, *arguments: str) -> str:
    command = [str(clone / "deploy" / "secrets.sh"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout


def test_every_secret_of_the_compose_file_is_made_and_named_in_env(clone: Path) -> None:
    make(clone)
    assert (clone / ".env").read_text() == "SECRETS_FOLDER=./secrets\n"
    for secret in read_compose({"SECRETS_FOLDER": "./secrets"}).secrets.values():
        assert (clone / secret.file).is_file(), secret.file
    folder = clone / "secrets"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len((folder / "database_password").read_text()) == 48
    assert (folder / "database_password").read_text() != (folder / "grafana_password").read_text()


def test_the_object_store_and_who_asks_it_have_the_same_credentials(clone: Path) -> None:
    make(clone)
    asking = ConfigParser()
    asking.read(clone / "secrets" / "aws_credentials")
    (identity,) = json.loads((clone / "secrets" / "s3_identities").read_text())["identities"]
    assert identity["credentials"] == [
        {
            "accessKey": asking["default"]["aws_access_key_id"],
            "secretKey": asking["default"]["aws_secret_access_key"],
        }
    ]


def test_credentials_of_ones_own_store_are_never_written_over(clone: Path) -> None:
    (clone / "secrets").mkdir()
    own = clone / "secrets" / "aws_credentials"
    own.write_text("[default]\naws_access_key_id = MINE\n")
    command = [str(clone / "deploy" / "secrets.sh")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    assert own.read_text() == "[default]\naws_access_key_id = MINE\n"
    assert (clone / "secrets" / "s3_identities").read_text() == ""
    assert "the profile s3 wants both" in done.stderr


def test_what_was_made_before_stays(clone: Path) -> None:
    make(clone, "mine")
    made = {path.name: path.read_text() for path in (clone / "mine").iterdir()}
    (clone / "mine" / "menagerie_api_key").write_text("mng_1")
    assert make(clone, "mine") == ""
    assert {path.name: path.read_text() for path in (clone / "mine").iterdir()} == made | {
        "menagerie_api_key": "mng_1"
    }
    assert (clone / ".env").read_text() == "SECRETS_FOLDER=./mine\n"


def test_a_last_line_of_env_that_has_no_end_stays_a_line_of_its_own(clone: Path) -> None:
    (clone / ".env").write_text("API_PORT=8001")
    make(clone)
    assert (clone / ".env").read_text() == "API_PORT=8001\nSECRETS_FOLDER=./secrets\n"
