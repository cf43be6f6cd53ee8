"""`make compose-check` refuses values that an engine or a program would refuse later, or worse, take."""

from pathlib import Path

import pytest

from tests.images.compose import FILE, PROJECT
from tests.images.compose_check import EXAMPLE, find_faults
from tests.images.compose_values import rule_of
from tests.images.interpolation import read_examples, read_settings, references
from tests.images.test_compose_check import copy as copy

# Where they name what is not there, that is told.
ANY = {"PICTURES", "SECRETS_FOLDER"}


def faults(copy: Path, *lines: str) -> list[str]:
    (copy / ".env").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return find_faults(copy)


def test_whatever_the_compose_file_holds_itself_has_a_rule() -> None:
    names = {reference.name for reference in references((PROJECT / FILE).read_text("utf-8"))}
    assert {name for name in names if rule_of(name) is None} == ANY


def test_all_that_is_shown_as_an_example_may_be_set(copy: Path) -> None:
    told = read_examples(copy / EXAMPLE) | {"COMPOSE_PROFILES": "postgres,s3", "PICTURES": "/"}
    assert faults(copy, *(f"{name}={value}" for name, value in told.items())) == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("API_MEMORY=lots", "API_MEMORY='lots': say how much, such as 512m or 3g"),
        ("API_MEMORY=3", "API_MEMORY='3': say how much, such as 512m or 3g, 6m at least"),
        ("API_MEMORY=-1g", "API_MEMORY='-1g': say how much"),
        ("POSTGRES_SHM=0", "POSTGRES_SHM='0': say how much"),
        ("API_CPUS=all", "API_CPUS='all': say how many cores, such as 2 or 0.5"),
        ("API_PORT=http", "API_PORT='http': a port is a whole number from 1 to 65535"),
        ("UI_PORT=70000", "UI_PORT='70000': a port is"),
        ("GRAFANA_PORT=0", "GRAFANA_PORT='0': a port is"),
        (
            "MENAGERIE_BIND=0.0.0.0",
            "MENAGERIE_BIND='0.0.0.0': beyond this machine browsers call the page by other",
        ),
        (
            "UI_HOSTS=a.example,b.example",
            "UI_HOSTS='a.example,b.example': say names without ports, separated by",
        ),
        ("UI_HOSTS=a.example:8501", "UI_HOSTS='a.example:8501': say names without ports"),
        ("MENAGERIE_BIND=localhost", "MENAGERIE_BIND='localhost': say an IP address"),
        (
            "MENAGERIE_BIND=::1",
            "MENAGERIE_BIND='::1': say an IP address, such as 127.0.0.1, 0.0.0.0 or [::1]",
        ),
        ("API_STOP_GRACE=long", "API_STOP_GRACE='long': say how long, such as 40s or 1m30s"),
        (
            "PROMETHEUS_RETENTION=for ever",
            "PROMETHEUS_RETENTION='for ever': say how long, such as 30d or 12h",
        ),
        ("S3_IMAGE=https://example.org/x", "S3_IMAGE='https://example.org/x': an image is NAME:TAG"),
        ("MENAGERIE_TAG=a b", "MENAGERIE_TAG='a b': a tag is"),
        ("MENAGERIE_WORKERS=many", "MENAGERIE_WORKERS='many': Input should be a valid integer"),
        ("MENAGERIE_WORKERS=0", "MENAGERIE_WORKERS='0': Input should be greater than or equal to 1"),
        ("MENAGERIE_LOG_FORMAT=xml", "MENAGERIE_LOG_FORMAT='xml': Input should be 'text' or 'json'"),
        ("MENAGERIE_CORS_ORIGINS=a.example", "MENAGERIE_CORS_ORIGINS='a.example': 'a.example' is no origin"),
        ("MENAGERIE_TRACKING=maybe", "MENAGERIE_TRACKING='maybe': Input should be a valid boolean"),
        ("MENAGERIE_DUPLICATES=none", "MENAGERIE_DUPLICATES='none': Input should be 'hash' or 'embedding'"),
        ("MENAGERIE_ARCHIVE_MAX_FILES=0", "MENAGERIE_ARCHIVE_MAX_FILES='0': Input should be greater"),
        ("MENAGERIE_API_KEY=my key", "MENAGERIE_API_KEY: a key holds no spaces"),
        (
            "DATABASE_URL=mysql://me:secret@db/x",
            "DATABASE_URL='mysql://...@db/x': DATABASE_URL names 'mysql'; only sqlite and "
            "postgresql are known",
        ),
        ("DATABASE_URL=images.db", "DATABASE_URL='images.db': DATABASE_URL is not a database URL"),
        (
            "DATABASE_URL=sqlite:///images.db",
            "DATABASE_URL='sqlite:///images.db': no volume of the containers",
        ),
        (
            "MENAGERIE_BUNDLES=./bundles",
            "MENAGERIE_BUNDLES='./bundles': no volume of the containers keeps that",
        ),
        (
            "MENAGERIE_BUNDLES=/pictures/b",
            "MENAGERIE_BUNDLES='/pictures/b': no volume of the containers keeps",
        ),
        (
            "MLFLOW_TRACKING_URI=sqlite:////srv/x.db",
            "MLFLOW_TRACKING_URI='sqlite:////srv/x.db': no volume of the containers keeps that; say "
            "a path below /state",
        ),
        (
            "DATABASE_URL=postgresql://menagerie@postgres/menagerie",
            "DATABASE_URL='postgresql://...@postgres/menagerie': only the profile postgres starts what that "
            "asks; say COMPOSE_PROFILES=postgres",
        ),
        ("AWS_ENDPOINT_URL=s3.example", "AWS_ENDPOINT_URL='s3.example': an address begins with http:// or"),
        (
            "MENAGERIE_CHECKPOINTS=s3://me:secret@x/y",
            "MENAGERIE_CHECKPOINTS='s3://...@x/y': ",
        ),
        ("AWS_ENDPOINT_URL=http://s3:8333", "AWS_ENDPOINT_URL='http://s3:8333': only the profile s3 starts"),
        ("API_STOP_GRACE=20s", "API_STOP_GRACE='20s': it has to be longer than the API's own time to end,"),
        ("API_STOP_GRACE=30s", "API_STOP_GRACE='30s': it has to be longer"),
        ("MENAGERIE_DRAIN_SECONDS=60", "API_STOP_GRACE='40s': it has to be longer than the API's own time"),
    ],
)
def test_a_wrong_value_is_told_once_with_its_variable_and_what_is_allowed(
    copy: Path, line: str, told: str
) -> None:
    (problem,) = faults(copy, line)
    assert problem.startswith(told)
    assert "secret" not in problem


@pytest.mark.parametrize(
    "lines",
    [
        ("API_MEMORY=512m", "UI_MEMORY=1.5GB", "MLFLOW_MEMORY=0", "TRAINING_SHM=64m", "API_CPUS=1.5"),
        ("API_STOP_GRACE=1m30s", "MENAGERIE_DRAIN_SECONDS=80", "PROMETHEUS_RETENTION=1y6h"),
        ("MENAGERIE_BIND=[::1]",),
        ("MENAGERIE_BIND=0.0.0.0", "UI_HOSTS=animals.example *.b.example 192.168.1.7 fe80::1"),
        ("MENAGERIE_BIND=0.0.0.0", "UI_HOSTS=*"),
        ("PYTHON_IMAGE=registry.example:5000/a/python:3.11@sha256:" + 64 * "0",),
        ("DATABASE_URL=postgresql://me:word@db.example:5432/animals",),
        ("DATABASE_URL=postgresql://menagerie@postgres/menagerie", "COMPOSE_PROFILES=monitoring,postgres"),
        ("AWS_ENDPOINT_URL=http://s3:8333", "COMPOSE_PROFILES=*"),
        ("MENAGERIE_BUNDLES=s3://postgres/bundles", "MENAGERIE_CORS_ORIGINS=https://s3"),
        ("MENAGERIE_BUNDLES=s3://menagerie/bundles", "DATABASE_URL=sqlite:////state/other/images.db"),
        ("DATABASE_URL=postgresql://me:se$$cret@db.example/animals", "MENAGERIE_TASK='$a ${b'  # $5"),
        (r'MENAGERIE_TASK="\$a$$b"', "MLFLOW_TRACKING_PASSWORD=$$$$"),
        ('API_MEMORY="3g"', "API_PORT='8000'", "MENAGERIE_WORKERS=2  # a core each", "API_CPUS="),
    ],
)
def test_what_an_engine_and_the_programs_take_is_left_in_peace(copy: Path, lines: tuple[str, ...]) -> None:
    assert faults(copy, *lines) == []


@pytest.mark.parametrize(
    "value", ["se$cret", "${SECRET}", "'secret'$x", '"se$cret"', "secret$", "se$$$cret", r"se\$cret"]
)
def test_a_dollar_sign_that_an_engine_would_take_for_a_variables_is_told_with_its_line(
    copy: Path, value: str
) -> None:
    for name in ("MLFLOW_TRACKING_PASSWORD", "DATABASE_URL", "API_MEMORY", "COMPOSE_PROFILES"):
        (problem,) = faults(copy, "# $HOME", "", f"{name}={value}")
        assert problem.startswith(f".env, line 3: in {name} an engine takes `$` and what is behind it for a")
        assert "say $$ for a dollar sign" in problem
        assert "cret" not in problem


def test_an_escaped_dollar_sign_is_read_as_the_programs_get_it(tmp_path: Path) -> None:
    own = tmp_path / ".env"
    own.write_text("A=a$$b\nB='a$b$$'\nC=\"\\$a$$b\"  # $\n", "utf-8")
    assert read_settings(own) == {"A": "a$b", "B": "a$b$$", "C": "$a$b"}


def test_several_wrong_values_are_told_a_line_each(copy: Path) -> None:
    told = faults(copy, "MENAGERIE_WORKERS=many", "MENAGERIE_THREADS=0", "API_MEMORY=lots")
    assert [problem.partition("=")[0] for problem in told] == [
        "API_MEMORY",
        "MENAGERIE_WORKERS",
        "MENAGERIE_THREADS",
    ]


def test_secrets_count_as_they_do_in_the_containers(copy: Path) -> None:
    for name in (copy / "deploy" / "no-secrets").iterdir():
        name.write_text("word\n", "utf-8")
    (problem,) = faults(copy, "DATABASE_URL=postgresql://db.example/animals")
    assert problem.endswith("it names no user, whose DATABASE_PASSWORD would be")


@pytest.mark.parametrize("line", ["export API_PORT=http", "  API_PORT = http", "API_PORT =http # a port"])
def test_a_line_counts_however_an_engine_lets_one_write_it(copy: Path, line: str) -> None:
    (problem,) = faults(copy, line)
    assert problem.startswith("API_PORT='http': a port is")


def test_a_line_that_sets_nothing_and_a_name_that_nobody_reads_are_told(copy: Path) -> None:
    assert faults(copy, "", "  # a comment", "API_PORT 8001", "api_port=8001") == [
        ".env, line 3, is not NAME=value",
        ".env sets api_port, which docker-compose.yml does not use",
    ]
