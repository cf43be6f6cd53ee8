"""An error that was foreseen is one line and exit code 1; a bug stays a traceback."""

from pathlib import Path

import pytest

from tests.drawing import picture
from tests.training.cli.conftest import Menagerie
from training.cli.main import app, main

EMPTY_LIBRARY = "the library is empty; run: menagerie ingest DIR"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("train", EMPTY_LIBRARY),
        (
            "train --task pets",
            "task 'pets' has no labelled picture; the library is empty, run: ",
        ),
        ("train --arch resnet", "unknown architecture 'resnet'; there are: simple_cnn, "),
        (
            "train --arch simple_cnn --strategy probe",
            "simple_cnn cannot be trained by 'probe'; there are: scratch",
        ),
        ("train --preset slow", "unknown preset 'slow'; there are: quick, balanced, best"),
        ("train --epochs 0", "--epochs 0: Input should be greater than or equal to 1"),
        (
            "train --device tpu",
            "--device tpu: Input should be 'auto', 'cpu', 'cuda' or 'mps'",
        ),
        ("train --class-weights cat", "class weights 'cat': say balanced, or a list such as cat=2,dog=1"),
        ("train --class-weights cat=2,dog", "class weights 'cat=2,dog': say balanced, or a list such as"),
        ("train --class-weights cat=", "class weights 'cat=': say balanced, or a list such as"),
        ("train --config absent.yaml", "absent.yaml cannot be read as YAML: "),
        ("index", EMPTY_LIBRARY),
        ("check", EMPTY_LIBRARY),
        ("check --task pets", "task 'pets' has no picture; run: menagerie ingest DIR --task pets"),
        ("evaluate", EMPTY_LIBRARY),
        ("evaluate --task pets", "no model was promoted yet; run: menagerie train --task pets --promote"),
        ("evaluate pets-1", "no model is called 'pets-1'; see: menagerie models list"),
        ("evaluate --split train", "unknown split 'train': say test or val"),
        ("export pets-1 --out exported", "there is no database at "),
        ("models promote pets-1", "no model is called 'pets-1'"),
        ("models rollback", "no model was promoted yet, so there is no champion to go back from"),
        ("models rollback --task pets", "no model was promoted yet"),
        ("pictures exclude 1.jpg", EMPTY_LIBRARY),
        ("pictures exclude 1.jpg --task pets", "task 'pets' has no picture '1.jpg': name it by its path"),
        ("labels drop cat", EMPTY_LIBRARY),
        ("labels undo --task pets", "nothing that was done to the labels of task 'pets' holds"),
        ("data list", "there is no database at "),
        ("ingest absent", "there is no folder absent"),
        ("ingest absent --copy-to=", "an empty name is no folder, file or URL"),
        ("ingest absent --name starter", "'starter' is the starter model's own task"),
        ("ingest absent --task a/b", "'a/b' cannot name a task"),
    ],
)
def test_what_cannot_be_done_is_one_line(menagerie: Menagerie, arguments: str, error: str) -> None:
    assert menagerie(*arguments.split()).error.startswith(error)


def test_an_empty_name_is_not_the_folder_one_happens_to_be_in(menagerie: Menagerie) -> None:
    assert menagerie("ingest", "").error == "an empty name is no folder, file or URL"


def test_a_real_process_ends_with_one_line_and_code_1(run_process: Menagerie, tmp_path: Path) -> None:
    ran = run_process("ingest", tmp_path / "absent")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines() == [f"error: there is no folder {tmp_path / 'absent'}"]


def test_a_wrong_database_is_one_line(
    menagerie: Menagerie, environment: dict[str, str], tmp_path: Path
) -> None:
    environment["DATABASE_URL"] = "mysql://localhost/menagerie"
    assert menagerie("models", "list").error.startswith("DATABASE_URL names 'mysql'")
    (tmp_path / "photo.jpg").write_bytes(picture("red"))
    environment["DATABASE_URL"] = f"sqlite:///{tmp_path / 'photo.jpg'}"
    assert menagerie("models", "list").error.endswith("does not answer: file is not a database")


def test_several_tasks_ask_which_one_is_meant(menagerie: Menagerie, pictures: Path) -> None:
    for task in ("pets", "birds"):
        assert menagerie("ingest", pictures, "--name", task).code == 0
    error = "the library has several tasks, name one with --task: birds, pets"
    assert menagerie("train").error == error
    assert menagerie("index").error == error


def test_a_file_that_is_in_the_way_is_one_line(menagerie: Menagerie, pictures: Path) -> None:
    below_a_file = pictures / "red" / "0.jpg" / "store"
    assert menagerie("ingest", pictures, "--copy-to", below_a_file).error.startswith("[Errno 20] Not a dir")


def test_a_bug_stays_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def buggy() -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(app, "registered_commands", list(app.registered_commands))
    app.command("buggy")(buggy)
    monkeypatch.setattr("sys.argv", ["menagerie", "buggy"])
    with pytest.raises(ZeroDivisionError):
        main()
