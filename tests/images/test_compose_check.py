"""`make compose-check` finds what is wrong, and this repository's own files have nothing of that."""

import shutil
from pathlib import Path

import pytest

from tests.images.compose import FILE, PROJECT
from tests.images.compose_check import EXAMPLE, find_faults, find_problems

NAMED = ("deploy", ".env.example", "Dockerfile.api", "Dockerfile.ui", "Dockerfile.training", FILE)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The compose file and all that it names, to be spoilt."""
    for name in NAMED:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name)
        else:
            shutil.copy(source, tmp_path / name)
    return tmp_path


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_the_repositorys_own_files_have_nothing_wrong(copy: Path) -> None:
    assert find_problems(copy) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("${API_PORT:-8000}:8000", "${API_PORTS:-8000}:8000", "does not tell of API_PORTS"),
        ("${API_PORT:-8000}:8000", "${API_PORT:-8080}:8000", "says API_PORT=8000, but"),
        ("${API_PORT:-8000}:8000", "$API_PORT:8000", "'$API_PORT:8000\"]' is no reference"),
        ("${API_PORT:-8000}:8000", "${API_PORT:?say which}:8000", "is no reference"),
        ("MENAGERIE_WORKERS:", "MENAGERIE_WORKER:", "tells of MENAGERIE_WORKERS, which"),
        ("${GRAFANA_PORT:-3000}", "${MLFLOW_PORT:-5000}", "mlflow publishes 127.0.0.1:5000, and grafana"),
        ("${API_PORT:-8000}:8000", "${API_PORT:-99999}:8000", "is not ADDRESS:PORT:PORT"),
        ("secrets: [metrics_key]", "secrets: [metrics_keys]", "secret metrics_keys, which is not defined"),
        ("postgres:/var/lib/postgresql/data", "data:/var/lib/postgresql/data", "volume data, which is not"),
        ("  prometheus:\n  grafana:\n\n", "  grafana:\n\n", "volume prometheus, which is not defined"),
        ("./deploy/monitoring/rules.yml:", "./deploy/monitoring/rule.yml:", "rule.yml, which is not there"),
        ("/metrics_key\n", "/metrics\n", "no-secrets/metrics, which is not there"),
        ("dockerfile: Dockerfile.ui", "dockerfile: Dockerfile.page", "Dockerfile.page, which is not there"),
        ("      prepare:\n", "      preparation:\n", "waits for preparation, which is no service"),
        (
            "    required: false\n",
            "    required: true\n",
            "waits for postgres, which only the profile",
        ),
        ("condition: service_healthy\n    ports", "condition: service_started\n    ports", "backs"),
    ],
)
def test_a_fault_is_told(copy: Path, old: str, new: str, problem: str) -> None:
    replace(copy / FILE, old, new)
    problems = find_faults(copy)
    assert any(problem in found for found in problems), problems


def test_a_word_that_the_specification_does_not_know_is_told(copy: Path) -> None:
    replace(copy / FILE, "restart: unless-stopped", "restrat: unless-stopped")
    (problem,) = find_problems(copy)
    assert "restrat" in problem


def test_waiting_for_the_health_of_what_tells_none_is_a_fault(copy: Path) -> None:
    replace(copy / "Dockerfile.api", "HEALTHCHECK", "LABEL a=b\n# ")
    assert "ui waits for api to be healthy, which has no health check" in find_faults(copy)


def test_ones_own_env_file_counts_and_what_it_sets_in_vain_is_told(copy: Path) -> None:
    own = copy / ".env"
    own.write_text("# a comment\nUI_PORT=8000\nAPI_PROT=1\nSECRETS_FOLDER=./secrets\n", "utf-8")
    problems = find_faults(copy)
    assert "api publishes 127.0.0.1:8000, and ui publishes 127.0.0.1:8000" in problems
    assert any(".env sets API_PROT, which" in found for found in problems)
    assert "grafana_password needs ./secrets/grafana_password, which is not there" in problems


def test_a_port_published_everywhere_collides_with_one_on_loopback(copy: Path) -> None:
    (copy / ".env").write_text("MENAGERIE_BIND=0.0.0.0\nGRAFANA_PORT=8501\n", "utf-8")
    assert "ui publishes 0.0.0.0:8501, and grafana publishes 127.0.0.1:8501" in find_faults(copy)


def test_a_variable_that_is_documented_for_nothing_is_told(copy: Path) -> None:
    with (copy / EXAMPLE).open("a", encoding="utf-8") as example:
        example.write("# OF_OLD=1\n")
    assert any("tells of OF_OLD, which" in found for found in find_faults(copy))


def test_profiles_may_be_chosen_in_ones_own_env_file_as_far_as_there_are_such(copy: Path) -> None:
    (copy / ".env").write_text("COMPOSE_PROFILES=postgres, monitoring\n", "utf-8")
    assert find_faults(copy) == []
    (copy / ".env").write_text("COMPOSE_PROFILES=postgre,s3\n", "utf-8")
    (problem,) = find_faults(copy)
    assert problem.startswith(".env chooses the profile postgre, which no service has: gpu, mlflow,")
