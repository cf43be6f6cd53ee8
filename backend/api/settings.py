"""What may be set from outside. A wrong value stops the program at the start, naming variable and value."""

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from backend.api.guard_settings import GuardSettings
from backend.inference.cpu import available_cpus

# What multipart wraps around files: boundaries, headers, a few small fields.
ENVELOPE = 64 * 1024


class Settings(GuardSettings):
    """Each is an environment variable with the prefix MENAGERIE_; DATABASE_URL has none.

    `task`: whose champion serves; by default that of the task which was promoted to last when the service
    starts: it stays with that task. `workers`: processes that share the port and the cores. `threads`: how
    many cores the model takes; by default all of the process. `max_batch_items`, `max_batch_bytes`: of one
    request that sends many pictures; the bytes of a zip count unpacked as well. `max_waiting`: pictures of
    one process that wait for a core; more are refused. `waiting_seconds`: how long one waits at most,
    `upload_seconds` how long its bytes may take to come, and `drain_seconds` how long what is in work may
    take when the service ends. `max_held_bytes`: of all bodies that are in work or wait. `cached_answers`:
    how many of the last answers are kept, for who sends the same picture again. `max_kept_bytes`: of the
    pictures that people let the service keep.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    task: str | None = None
    workers: int = Field(default=1, ge=1, le=256)
    threads: int | None = Field(default=None, ge=1)
    max_upload_bytes: int = Field(default=32 * 2**20, ge=1)
    max_pixels: int = Field(default=64_000_000, ge=1)
    max_batch_items: int = Field(default=64, ge=1)
    max_batch_bytes: int = Field(default=256 * 2**20, ge=1)
    max_waiting: int = Field(default=64, ge=0)
    waiting_seconds: float = Field(default=10, gt=0)
    upload_seconds: float = Field(default=60, gt=0)
    max_held_bytes: int = Field(default=512 * 2**20, validate_default=True)
    cached_answers: int = Field(default=1000, ge=0)
    drain_seconds: int = Field(default=30, ge=1)
    max_kept_bytes: int = Field(default=2**30, ge=0)
    log_level: Literal["critical", "error", "warning", "info", "debug"] = "info"
    log_format: Literal["text", "json"] = "text"

    @field_validator("max_held_bytes")
    @classmethod
    def _check_held(cls, held: int, others: ValidationInfo) -> int:
        least = max(others.data.get("max_upload_bytes", 0), others.data.get("max_batch_bytes", 0)) + ENVELOPE
        if held < least:
            told = "a body may have {least} bytes, so at least as many must be held"
            raise PydanticCustomError("held", told, {"least": least})
        return held

    @property
    def cores(self) -> int:
        """How many cores are this worker's."""
        return max(1, available_cpus() // self.workers)
