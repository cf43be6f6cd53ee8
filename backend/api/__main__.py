"""`python -m backend.api`: serves what the environment says."""

import sys

import uvicorn

from backend.api.app import create_app
from backend.api.settings import Settings
from backend.inference.errors import InferenceError
from databases.errors import DatabaseError
from databases.settings import SettingsError, load_settings


def main() -> None:
    try:
        settings = load_settings(Settings)
        app = create_app(settings)
    except (SettingsError, DatabaseError, InferenceError) as error:
        sys.exit(f"error: {error}")
    uvicorn.run(
        app, host=settings.host, port=settings.port, log_level=settings.log_level, server_header=False
    )


if __name__ == "__main__":
    main()
