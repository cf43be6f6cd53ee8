"""`python -m backend.keeping backup|restore`: the state as one file, where there is no `menagerie`."""

import argparse
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from backend.inference.errors import InferenceError
from backend.keeping.backup import back_up
from backend.keeping.errors import KeepingError
from backend.keeping.restoring import restore
from backend.keeping.stopping import cleaning_up
from databases.errors import DatabaseError
from databases.settings import SettingsError, StateSettings, load_settings


def main() -> None:
    arguments = _parser().parse_args()
    try:
        settings = load_settings(StateSettings)
        with cleaning_up():
            if arguments.command == "backup":
                _back_up(settings, arguments)
            else:
                _restore(settings, arguments)
    except (SettingsError, DatabaseError, InferenceError, KeepingError, DBAPIError, OSError) as error:
        sys.exit(f"error: {str(error).splitlines()[0]}")


def _back_up(settings: StateSettings, arguments: argparse.Namespace) -> None:
    made = back_up(settings, arguments.target, _tell, pictures=arguments.pictures)
    _warn(f"{name} is missing or damaged" for name in made.contents.lacking)
    _warn(f"the pictures of {name} are not in it: they lie at a URL" for name in made.elsewhere)
    sys.stdout.write(f"{made.path}\n")
    made.check_champions()


def _restore(settings: StateSettings, arguments: argparse.Namespace) -> None:
    restored = restore(
        settings,
        arguments.file,
        _tell,
        force=arguments.force,
        damaged=arguments.damaged,
        pictures_to=arguments.pictures_to,
    )
    _warn(f"{name} does not answer as it did" for name in restored.damaged)
    _warn(f"{path} is another file than was backed up, and stays" for path in restored.left)
    sys.stdout.write("".join(f"set aside: {path}\n" for path in restored.aside))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m backend.keeping", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    backup = commands.add_parser("backup", help="write the state to one file, while the service runs")
    backup.add_argument("target", type=Path, help="the file to write, or a folder to write a new one into")
    backup.add_argument("--pictures", action="store_true", help="the library's pictures in folders too")
    back = commands.add_parser("restore", help="put a backup back; end the service first")
    back.add_argument("file", type=Path, help="a file that backup wrote")
    back.add_argument("--force", action="store_true", help="set aside the state that there is")
    back.add_argument("--damaged", action="store_true", help="even with a champion that is damaged or lacks")
    back.add_argument("--pictures-to", type=Path, help="where the library's pictures go, a folder a root")
    return parser


def _tell(what: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
    del total
    sys.stderr.write(f"{what} ...\n")
    return nullcontext(lambda _: None)


def _warn(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stderr.write(f"warning: {line}\n")


if __name__ == "__main__":
    main()
