"""`menagerie audit`: whether the splits keep apart what they should."""

from pathlib import Path
from typing import Annotated

import typer

from training.cli.evaluating import reports
from training.cli.state import only_task, open_state

SHOWN = 20  # groups


def audit(
    task: Annotated[str | None, typer.Option(help="Default: the library's only task.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="The page's folder. Default: reports/audit-TASK beside the bundles.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Print every group, not only the first 20.")] = False,
) -> None:
    """List groups of look-alikes that lie in several splits, and say what accuracy they buy.

    The splits that ingest makes part no group that it knew then; those that folders or tables give may.
    Writes a page with the pictures, and its figures as JSON.
    """
    from sqlalchemy.orm import Session

    from databases import duplicates
    from training.cli.console import Bars, quote, say
    from training.dataset import load_dataset
    from training.duplicates.audit import audit as run
    from training.reporting.audit_page import conclusions
    from training.reporting.writing import write_audit
    from training.workshop import Workshop

    state = open_state()
    task = only_task(state, task)
    dataset = load_dataset(state.engine, task)
    with Session(state.engine) as session:
        unsure = duplicates.count_by_hash_alone(session, task)
    found = run(Workshop(state.engine, state.bundles, Bars()), dataset, unsure)
    for crossing in found.crossings[: None if all_ else SHOWN]:
        say(quote("  ".join(f"{image.split}: {image.root}/{image.uri}" for image in crossing.pictures)))
    if not all_ and len(found.crossings) > SHOWN:
        say(f"and {len(found.crossings) - SHOWN} more groups; --all prints every one")
    for sentence in conclusions(found):
        say(quote(sentence))
    written = write_audit(found, out or reports(state) / f"audit-{task}")
    say(f"With the pictures: {quote(str(written.page))}; its figures are beside it in {written.figures.name}")
