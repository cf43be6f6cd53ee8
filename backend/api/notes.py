"""What is found out about a request while it is answered, for its line in the log and for traces."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal

Stage = Literal["queue", "decode", "infer", "search"]


@dataclass(frozen=True)
class Passed:
    """A stage that a picture has passed: when it `began` (seconds of `time.perf_counter`), and how long it
    took."""

    name: Stage
    began: float
    seconds: float


@dataclass
class Notes:
    """Of one request. Tasks and threads that work for it have the same ones: to note is to append or set.

    `version`: of the model that it was given. `stages`: of all its pictures.
    """

    version: str | None = None
    stages: list[Passed] = field(default_factory=list)

    @property
    def facts(self) -> dict[str, object]:
        """For the log: the model's version, and how many milliseconds its pictures spent in each stage."""
        facts: dict[str, object] = {}
        if self.version is not None:
            facts["model_version"] = self.version
        spent: dict[str, float] = {}
        for passed in self.stages:
            spent[passed.name] = spent.get(passed.name, 0) + 1000 * passed.seconds
        if spent:
            facts["stages_ms"] = {name: round(ms, 2) for name, ms in spent.items()}
        return facts


current: ContextVar[Notes | None] = ContextVar("notes", default=None)
