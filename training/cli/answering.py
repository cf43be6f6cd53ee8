"""What a model answers to the library's pictures, for Review."""

from typing import TYPE_CHECKING

from training.cli.state import State
from training.cli.workplaces import HERE, Workplace

if TYPE_CHECKING:
    from databases.registry import RegisteredModel


def answer_for(state: State, model: "RegisteredModel", place: Workplace = HERE) -> None:
    """Keeps what a model answers to its task's pictures, and what their neighbours say of that."""
    from contextlib import closing

    from training.answering import answer_library, ask_neighbours
    from training.cli.console import Bars, counted, quote, say
    from training.indexing import open_model_gallery

    answer_library(state.engine, state.bundles, model, model.task, Bars(), place.runner)
    with closing(open_model_gallery(state.engine, state.bundles, model)) as gallery:
        asked = ask_neighbours(state.engine, gallery, model, model.task, Bars())
    new = f" ({counted(asked, 'new answer')})" if asked else ""
    say(f"Review knows what {quote(model.version)} answers to each picture{new}.")


def say_unanswered(state: State, model: "RegisteredModel") -> None:
    """Tells of pictures whose embedding was known before, so that the model was not asked about them."""
    from sqlalchemy.orm import Session

    from databases.answers import count_unanswered
    from training.cli.console import counted, quote, say

    with Session(state.engine) as session:
        lacking = count_unanswered(session, model.id, model.task)
    if lacking:
        say(
            f"For Review it has {counted(lacking, 'picture')} to answer to yet: "
            f"menagerie index --task {quote(model.task)}"
        )
