"""`python -m backend.api`: serves what the environment says."""

import sys

import uvicorn

from backend.api import logs
from backend.api.app import create_app
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
        app = create_app(settings)
    except (SettingsError, CannotListen, DatabaseError, InferenceError) as error:
        sys.exit(f"error: {error}")
    logs.configure(settings.log_format, settings.log_level)
    # Requests are logged by the app itself, which knows more of them.
    uvicorn.run(
        app, host=settings.host, port=settings.port, log_config=None, access_log=False, server_header=False
    )


if __name__ == "__main__":
    main()
