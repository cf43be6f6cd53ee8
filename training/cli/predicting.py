"""`menagerie predict`: answers to files and folders, without the service."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from training.cli.state import open_state_to_read

if TYPE_CHECKING:
    from training.bulk import Answered


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
            "off. Default: they are printed."
        ),
    ] = None,
    model: Annotated[str | None, typer.Option(help="For example cats-dogs-2. Default: what serves.")] = None,
    task: Annotated[str | None, typer.Option(help="Default: the task that was promoted to last.")] = None,
) -> None:
    """Say what pictures show: any number of them, on all cores, with no service running.

    A file that cannot be read gets an error where its answer would stand, and stops nothing.
    """
    from backend.inference.bundle import load_bundle
    from training.answers_file import AnswersFile
    from training.bulk import answer_all
    from training.cli.console import Bars, counted, quote, say
    from training.cli.registered import serving_model
    from training.questions import from_paths

    state = open_state_to_read()
    chosen = serving_model(state, model, task)
    questions = from_paths(images, frozenset())
    bundle = load_bundle(state.bundles / chosen.bundle_uri)
    file = None if out is None else AnswersFile(out, chosen.version, bundle.manifest.labels)
    if file is not None and file.done:
        questions = tuple(one for one in questions if one.written not in file.done)
        say(f"{counted(len(file.done), 'picture')} answered in {quote(str(out))} already")
    ended: Counter[str] = Counter()
    with Bars().track("Answering", len(questions)) as advance:
        for answered in answer_all(bundle, questions):
            if file is None:
                _print(answered)
            else:
                file.append(answered)
            ended.update(_end(one) for one in answered)
            advance(len(answered))
    summary = ", ".join(f"{count} {end}" for end, count in ended.most_common())
    say(f"{quote(chosen.version)} on {counted(len(questions), 'picture')}{': ' if summary else ''}{summary}")


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
