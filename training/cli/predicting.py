"""`menagerie predict`: answers to files and folders, without the service."""

from collections import Counter
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from training.cli.state import open_state_to_read
from training.cli.workplaces import Address, Engine, EngineOption, Workplace, workplace

if TYPE_CHECKING:
    from collections.abc import Generator

    from backend.inference.bundle import Bundle
    from training.answers_file import AnswersFile
    from training.bulk import Answered
    from training.questions import Question
    from training.resuming import Left


@dataclass
class _Tally:
    """How often answers ended how, and how many are answers indeed."""

    ends: Counter[str] = field(default_factory=Counter)
    readable: int = 0


def predict(
    images: Annotated[
        list[Path],
        typer.Argument(
            metavar="PICTURE...", help="Files, folders, and .csv tables of pictures.", show_default=False
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write the answers here, as .csv or .jsonl; the same command goes on where it was broken "
            "off, and asks again what could not be read or was replaced. Default: they are printed."
        ),
    ] = None,
    model: Annotated[str | None, typer.Option(help="For example cats-dogs-2. Default: what serves.")] = None,
    task: Annotated[str | None, typer.Option(help="Default: the task that was promoted to last.")] = None,
    engine: EngineOption = Engine.LOCAL,
    address: Address = None,
) -> None:
    """Say what pictures show: any number of them, on all cores, with no service running.

    A file that cannot be read gets an error where its answer would stand, and stops nothing.
    """
    from training.errors import Interrupted

    try:
        _predict(images, out, model, task, workplace(engine, address))
    except KeyboardInterrupt:
        if out is None:
            raise
        raise Interrupted("stopped, and no answer is lost; to go on, run the same command again") from None


def _predict(
    images: list[Path], out: Path | None, model: str | None, task: str | None, place: Workplace
) -> None:
    from backend.inference.bundle import load_bundle
    from training.answers_file import answering_into
    from training.cli.registered import serving_model
    from training.questions import from_paths

    state = open_state_to_read()
    chosen = serving_model(state, model, task)
    questions = from_paths(images, frozenset())
    bundle = load_bundle(state.bundle(chosen))
    with nullcontext() if out is None else answering_into(out):
        _answer_left(bundle, questions, out, place)


def _answer_left(
    bundle: "Bundle", questions: "tuple[Question, ...]", out: Path | None, place: Workplace
) -> None:
    from training.answers_file import AnswersFile
    from training.cli.console import counted, quote, say
    from training.errors import BadFiles

    version = bundle.manifest.version
    file = None if out is None else AnswersFile(out, version, bundle.manifest.labels)
    left = _left(questions, file)
    if not left.questions:
        return
    with place.opened():
        tally = _answer(place.answer_all(bundle, left.questions), len(left.questions), file)
    summary = ", ".join(f"{count} {end}" for end, count in tally.ends.most_common())
    say(f"{quote(version)} on {counted(len(left.questions), 'picture')}: {summary}")
    if not (left.answered or tally.readable):
        where = "above" if file is None else f"in {file.name}"
        raise BadFiles(f"no picture could be read; the reasons stand {where}")


def _left(questions: "tuple[Question, ...]", file: "AnswersFile | None") -> "Left":
    """What is to be asked now; answers that hold good no more are taken out of the file."""
    from training.cli.console import counted, quote, say
    from training.resuming import left_of

    left = left_of(questions, {} if file is None else file.rows)
    if file is None:
        return left
    file.forget({one.written for one in left.unreadable + left.replaced})
    name = quote(file.name)
    if not left.questions:
        say(f"{counted(left.answered, 'picture')} answered in {name} already: nothing is left to do")
    elif left.answered:
        say(f"{counted(left.answered, 'picture')} answered in {name} already")
    for again, reason in ((left.unreadable, "not readable last time"), (left.replaced, "replaced since")):
        if again:
            say(f"{counted(len(again), 'picture')} asked again: {reason}")
    return left


def _answer(
    answers: "Generator[list[Answered], None, None]", count: int, file: "AnswersFile | None"
) -> _Tally:
    from training.bulk import Refusal
    from training.cli.console import Bars

    tally = _Tally()
    with Bars().track("Answering", count) as advance, closing(answers) as batches:
        for answered in batches:
            if file is None:
                _print(answered)
            else:
                file.append(answered)
            tally.ends.update(_end(one) for one in answered)
            tally.readable += sum(not isinstance(one.answer, Refusal) for one in answered)
            advance(len(answered))
    return tally


def _print(answered: "list[Answered]") -> None:
    from training.bulk import Refusal
    from training.cli.console import quote, say

    for one in answered:
        if isinstance(one.answer, Refusal):
            say(f"{quote(one.question.name)}: [yellow]{quote(one.answer.reason)}[/yellow]")
        else:
            say(f"{quote(one.question.name)}: {quote(one.answer.sentence)}")


def _end(one: "Answered") -> str:
    from training.bulk import Refusal

    if isinstance(one.answer, Refusal):
        return f"not readable ({one.answer.code})"
    return one.answer.verdict.replace("_", " ")
