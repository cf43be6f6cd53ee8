"""What may be set from outside. A wrong value stops the program at the start, naming variable and value."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from databases.settings import StateSettings


class Settings(StateSettings):
    """Each is an environment variable with the prefix MENAGERIE_; DATABASE_URL has none.

    `task`: whose champion serves; by default that of the task which was promoted to last when the service
    starts: it stays with that task. `threads`:
    how many cores the model takes; by default all that the process may use. `max_waiting`: pictures that
    wait for a core; more are refused. `thumbnails`: where small pictures are kept; by default beside the
    bundles.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    task: str | None = None
    threads: int | None = Field(default=None, ge=1)
    max_upload_bytes: int = Field(default=32 * 2**20, ge=1)
    max_pixels: int = Field(default=64_000_000, ge=1)
    max_waiting: int = Field(default=64, ge=0)
    thumbnails: Path = Field(default_factory=lambda others: others["bundles"].parent / "thumbnails")
    log_level: Literal["critical", "error", "warning", "info", "debug"] = "info"
    log_format: Literal["text", "json"] = "text"
