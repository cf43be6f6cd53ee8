"""`python -m backend.api.keys add|list|revoke`: the keys to the service, where there is no `menagerie`.

A running service knows of what is changed within seconds.
"""

import argparse
import sys

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from databases import keys
from databases.errors import DatabaseError
from databases.schema import open_for_serving
from databases.settings import SettingsError, StateSettings, load_settings


def main() -> None:
    arguments = _parser().parse_args()
    try:
        engine = open_for_serving(load_settings(StateSettings).database_url, read_only=False)
        if arguments.command == "add":
            _add(engine, arguments.name, arguments.scope or ["predict"], arguments.rate_limit)
        elif arguments.command == "revoke":
            _revoke(engine, arguments.name)
        else:
            _list(engine)
    except (SettingsError, DatabaseError, DBAPIError) as error:
        sys.exit(f"error: {str(error).splitlines()[0]}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m backend.api.keys", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    add = commands.add_parser("add", help="make a key, and print its token: it is shown this once")
    add.add_argument("name", help="whose it is; the log tells by it who asked")
    add.add_argument(
        "--scope",
        action="append",
        help=f"what it may do: {', '.join(keys.SCOPES)}; once for each; admin may do all (default: predict)",
    )
    add.add_argument("--rate-limit", type=int, help="requests a minute (default: MENAGERIE_RATE_LIMIT)")
    commands.add_parser("list", help="list the keys, those that were revoked too")
    revoke = commands.add_parser("revoke", help="put a key out of use, for good")
    revoke.add_argument("name", help="its name, as list shows it")
    return parser


def _add(engine: Engine, name: str, scopes: list[str], rate_limit: int | None) -> None:
    with Session(engine) as session, session.begin():
        token = keys.add_key(session, name, scopes, rate_limit)
    sys.stderr.write(f"The key {name} is made. Its token is shown this once:\n")
    sys.stdout.write(f"{token}\n")


def _list(engine: Engine) -> None:
    with Session(engine) as session:
        for key in keys.list_keys(session):
            limit = "" if key.rate_limit is None else f", {key.rate_limit} requests a minute"
            revoked = "" if key.revoked_at is None else f", revoked {key.revoked_at:%Y-%m-%d}"
            held, made = " ".join(key.scopes), f"made {key.created_at:%Y-%m-%d}"
            sys.stdout.write(f"{key.name}  {held}, {made}{limit}{revoked}\n")


def _revoke(engine: Engine, name: str) -> None:
    with Session(engine) as session, session.begin():
        keys.revoke_key(session, name)
    sys.stderr.write(f"The key {name} is revoked.\n")


if __name__ == "__main__":
    main()
