"""`python -m backend.keeping.uploads list|delete`: what people sent, where there is no `menagerie`."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from backend.keeping.forgetting import delete_pictures
from databases import sent
from databases.errors import DatabaseError
from databases.schema import open_for_serving
from databases.sent import SentPicture, Which
from databases.settings import SettingsError, StateSettings, load_settings


def main() -> None:
    arguments = _parsed()
    which = Which(arguments.by, arguments.before, arguments.prediction)
    listing = arguments.command == "list"
    try:
        settings = load_settings(StateSettings)
        engine = open_for_serving(settings.database_url, read_only=listing)
        with Session(engine) as session:
            found = sent.find(session, which)
        if listing or not arguments.yes:
            _show(found)
        if not listing:
            _delete(engine, settings, found, arguments)
    except (SettingsError, DatabaseError, DBAPIError, OSError) as error:
        sys.exit(f"error: {str(error).splitlines()[0]}")


def _delete(
    engine: Engine, settings: StateSettings, found: Sequence[SentPicture], arguments: argparse.Namespace
) -> None:
    by: str | None = arguments.by
    if arguments.yes:
        done = delete_pictures(engine, settings, found, by, words=arguments.reports)
        sys.stdout.write(
            f"deleted: pictures {done.rows.pictures}, files {done.files}, embeddings {done.rows.embeddings}, "
            f"thumbnails {done.thumbnails}, pages written anew without them {done.pages}, "
            f"reports {done.rows.reports}; older backups still hold them\n"
        )
        sys.stdout.write("".join(f"and so does what a restore set aside: {path}\n" for path in done.aside))
    elif found or arguments.reports:
        sys.stdout.write("nothing was deleted yet: to delete these with the reports on them, say --yes\n")
    with Session(engine) as session:
        words = sent.count_words(session, by) if by is not None and not arguments.reports else 0
    if words and (arguments.yes or not found):
        sys.stdout.write(f"reports by that name without such a picture: {words}; --reports deletes them\n")


def _show(found: Sequence[SentPicture]) -> None:
    for one in found:
        by, label = ", ".join(one.by) or "-", one.label or "-"
        told = (f"{one.id}", f"{one.came_at:%Y-%m-%d %H:%M}", by, one.task, label, f"{one.bytes} bytes")
        sys.stdout.write(f"{'  '.join(map(_printable, told))}\n")
    if not found:
        sys.stdout.write("there are none\n")


def _printable(text: str) -> str:
    """Names and labels may hold what a terminal obeys."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m backend.keeping.uploads", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="show what people sent and let the service keep, oldest first")
    deleting = commands.add_parser("delete", help="delete it: files, rows, embeddings, thumbnails, reports")
    for command in (listing, deleting):
        command.add_argument("--by", help="only what has a report by this name, or this key's")
        command.add_argument("--before", type=_day, help="only what came before this day (UTC), YYYY-MM-DD")
        command.add_argument("--prediction", help="only the one of this answer's id")
    deleting.add_argument("--everybody", action="store_true", help="all that anybody sent")
    deleting.add_argument(
        "--reports", action="store_true", help="with --by: what they said without a picture, too"
    )
    deleting.add_argument("--yes", action="store_true", help="delete; else what would be is only shown")
    given = parser.parse_args()
    if given.command == "delete":
        if not (given.by or given.before or given.prediction or given.everybody):
            deleting.error("say whose: --by NAME, --before DATE, --prediction ID, or --everybody")
        if given.reports and not given.by:
            deleting.error("--reports goes with --by NAME")
    return given


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)


if __name__ == "__main__":
    main()
