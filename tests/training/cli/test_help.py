"""What the program says of itself, and how fast."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from databases.settings import PROJECT
from tests.training.cli.conftest import Menagerie
from training.cli.main import app

COMMANDS = [
    "demo",
    "ingest",
    "check",
    "train",
    "tune",
    "evaluate",
    "compare",
    "index",
    "export",
    "serve",
    "ui",
    "mlflow",
    "starter",
    "backup",
    "restore",
    "doctor",
    "pictures",
    "roots",
    "labels",
    "data",
    "models",
    "samples",
    "keys",
    "uploads",
    "db",
]
HEAVY = {"torch", "sqlalchemy", "pandas", "numpy", "sklearn", "onnxruntime", "fastapi", "alembic", "PIL"}
HEAVY |= {"optuna", "mlflow"}


def test_help_lists_every_command_and_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from training.cli.main import main\n"
        "sys.argv = ['menagerie', '--help']\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    code = end.code\n"
        f"print('heavy:', sorted({HEAVY} & set(sys.modules)), code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    *help_, heavy = done.stdout.splitlines()
    assert heavy == "heavy: [] 0"
    listed = [words[1] for line in help_ if len(words := line.split()) > 1 and words[0] == "│"]
    assert [word for word in listed if word in COMMANDS] == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    usage, sentence, *_ = (line.strip() for line in result.output.splitlines() if line.strip())
    assert re.search(rf"Usage: .* {command} ", usage)
    assert re.match(r"[A-Z].{9,}", sentence)


def test_the_installed_program_answers() -> None:
    program = Path(sys.executable).parent / "menagerie"
    done = subprocess.run([program], capture_output=True, text=True, timeout=60, check=False)
    assert "Turn folders of animal pictures into an answering service." in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["", "ingest", "models promote", "tune", "data"])
def test_a_flag_has_no_type_beside_it(command: str) -> None:
    out = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "120"}).output
    flags = re.findall(r"│ +--(?:help|version|strict|force|dry-run) .*", out)
    assert flags
    assert "<" not in "".join(flags)


def test_an_option_that_takes_a_value_says_of_which_type() -> None:
    assert re.search(r"--task +<str>", CliRunner().invoke(app, ["ingest", "--help"]).output)


def test_help_says_where_state_lies() -> None:
    out = " ".join(CliRunner().invoke(app, ["--help"]).output.split())
    assert "DATABASE_URL; by default SQLite's file databases/images.db" in out
    assert "MENAGERIE_BUNDLES; by default bundles" in out


def test_the_version_is_that_of_the_project(menagerie: Menagerie) -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert menagerie("--version").out == f"menagerie {project['version']}\n"


def test_a_wrong_option_is_told_with_its_name(menagerie: Menagerie) -> None:
    ran = menagerie("train", "--epochs", "many")
    assert ran.code == 2
    assert "--epochs" in ran.err
