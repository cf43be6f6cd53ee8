"""Where bulk work is done: on this machine, or on a cluster."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from backend.inference.bundle import Bundle
    from training.bulk import Answered
    from training.ingestion.examining import Examiner
    from training.questions import Question
    from training.running import Runner
    from training.tuning.team import Hire

    AnswerAll = Callable[[Bundle, Sequence[Question]], Generator[list[Answered], None, None]]

PANEL = "Where the work is done"


class Engine(StrEnum):
    LOCAL = "local"
    RAY = "ray"


EngineOption = Annotated[
    Engine,
    typer.Option(
        "--engine",
        help="local: on the cores of this machine. ray: on those of a Ray cluster, whose machines see the "
        "same files; needs the extra menagerie\\[cluster]. The results are the same.",
        rich_help_panel=PANEL,
    ),
]
Address = Annotated[
    str | None,
    typer.Option(
        help="The cluster's first machine, HOST:PORT. Default: RAY_ADDRESS, or a cluster of this machine "
        "alone.",
        rich_help_panel=PANEL,
        show_default=False,
    ),
]


@dataclass(frozen=True)
class Workplace:
    """What the options name. All but `opened` may be asked for at any time, and used while it is open."""

    engine: Engine = Engine.LOCAL
    address: str | None = None

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Connects this process to the cluster, where there is to be one, until the block ends.

        Raises:
            ClusterUnavailable: there is none.
        """
        if self.engine is Engine.LOCAL:
            yield
            return
        from training.cluster.connection import connected

        with connected(self.address):
            yield

    @property
    def answer_all(self) -> "AnswerAll":
        if self.engine is Engine.LOCAL:
            from training.bulk import answer_all

            return answer_all
        from training.cluster.answering import answer_all as answer_there

        return answer_there

    @property
    def runner(self) -> "Runner":
        if self.engine is Engine.LOCAL:
            from training.running import run_here

            return run_here
        from training.cluster.running import run_there

        return run_there

    @property
    def examiner(self) -> "Examiner":
        if self.engine is Engine.LOCAL:
            from training.ingestion.examining import examine_here

            return examine_here
        from training.cluster.examining import examine_there

        return examine_there

    @property
    def hire(self) -> "Hire":
        if self.engine is Engine.LOCAL:
            from training.tuning.team import processes

            return processes
        from training.cluster.tuning import trials_there

        return trials_there


HERE = Workplace()


def workplace(engine: Engine, address: str | None) -> Workplace:
    """What two options name.

    Raises:
        BadRecipe: they contradict each other.
    """
    from training.errors import BadRecipe

    if address is not None and engine is not Engine.RAY:
        raise BadRecipe("--address names a Ray cluster: say --engine ray too, or leave it out")
    return Workplace(engine, address)
