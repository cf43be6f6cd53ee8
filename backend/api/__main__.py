"""`python -m backend.api`: serves what the environment says."""

import sys

from backend.api.server import serve
from backend.api.settings import Settings
from backend.inference.errors import InferenceError
from backend.listening import CannotListen, check_free
from databases.errors import DatabaseError
from databases.settings import SettingsError, load_settings

OTHERS = "menagerie serve --host and --port, or MENAGERIE_HOST and MENAGERIE_PORT"


def main() -> None:
    try:
        settings = load_settings(Settings)
        check_free(settings.host, settings.port, others=OTHERS)
        serve(settings)
    except (SettingsError, CannotListen, DatabaseError, InferenceError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
