"""The log, to standard error: a line a person reads, or a line of JSON a machine does."""

import json
import logging
import logging.config
from datetime import UTC, datetime
from typing import Any, Literal

Format = Literal["text", "json"]


class JsonLines(logging.Formatter):
    """One object a record: time, level, logger, message, what was found out, and the traceback of a bug."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= getattr(record, "facts", {})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def configure(form: Format, level: str) -> None:
    """Sends what the service, its server and its libraries log one way. Requests are logged by us alone."""
    formatters: dict[str, Any] = {
        "text": {"format": "%(asctime)s %(levelname)-7s %(message)s"},
        "json": {"()": JsonLines},
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": formatters,
            "handlers": {"error": {"class": "logging.StreamHandler", "formatter": form}},
            "root": {"handlers": ["error"], "level": level.upper()},
            "loggers": {
                "alembic": {"level": "WARNING"},
                "python_multipart": {"level": "ERROR"},  # a line for each malformed form
            },
        }
    )
