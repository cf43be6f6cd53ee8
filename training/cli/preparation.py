"""What `demo` does before anything is served."""

import hashlib
from pathlib import Path

from sqlalchemy.orm import Session

from databases import registry
from databases.errors import RootConflict
from training import starter
from training.cli.answering import answer_for
from training.cli.console import Bars, quote, say
from training.cli.learning import recipe_for, train_task
from training.cli.models import index_for, promote_version
from training.cli.pictures import check_name, ingest_sources, print_report, slug
from training.cli.state import State
from training.dataset import load_dataset
from training.errors import NotPromoted
from training.ingestion.run import SplitPlan


def prepare_starter(state: State) -> str:
    """Sees that the starter is there; returns its task."""
    return starter.ensure_starter(state.engine, state.bundles, Bars()).task


def prepare_task(state: State, images: Path) -> str:
    """Sees that a model of today's pictures in `images` is there; returns its task."""
    name = check_name(slug(images.resolve().name))
    try:
        (report,) = ingest_sources(state, [images], [name], name, SplitPlan())
    except RootConflict:  # another folder of that name: tell them apart by where they lie
        name = f"{name}-{hashlib.sha256(str(images.resolve()).encode()).hexdigest()[:6]}"
        (report,) = ingest_sources(state, [images], [name], name, SplitPlan())
    print_report(report)
    dataset = load_dataset(state.engine, name)
    with Session(state.engine) as session:
        known = [
            m for m in registry.list_models(session, name) if m.dataset_fingerprint == dataset.fingerprint
        ]
        champion = registry.champion(session, name)
    if champion is not None and champion.dataset_fingerprint == dataset.fingerprint:
        say(f"A model of these very pictures is there already: {quote(champion.version)} serves.")
        index_for(state, champion, name)
        answer_for(state, champion)
        return name
    # One that is no champion was refused before, or a kill came between: promotion decides, without
    # training again.
    version = known[0].version if known else _train(state, name)
    try:
        champion = promote_version(state, version, force=False)
    except NotPromoted as error:
        say(f"[yellow]{quote(str(error))}[/yellow]")
    else:
        # Who looks at the Review page for the first time is to find there what the model doubts.
        answer_for(state, champion)
    return name


def _train(state: State, task: str) -> str:
    manifest = train_task(state, task, recipe_for({}))
    assert manifest is not None  # there is one process
    return manifest.version
