"""`menagerie uploads`: pictures that people sent to the service and let it keep, listed and deleted."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from training.cli.program import Commands
from training.cli.state import open_state, open_state_to_read

if TYPE_CHECKING:
    from rich.table import Table

    from databases.sent import SentPicture, Which

uploads = Commands(
    help="Pictures that people sent to the service, and let it keep. Whose one is tell the reports on it: by "
    "the key's name where keys are needed, else by what they called themselves, if they did.",
)

By = Annotated[
    str | None, typer.Option("--by", "--key", help="Only those with a report by this name, or this key's.")
]
Before = Annotated[
    datetime | None,
    typer.Option(help="Only those that came before this day (UTC).", formats=["%Y-%m-%d"]),
]
PredictionId = Annotated[str | None, typer.Option("--prediction", help="Only the one of this answer's id.")]


@uploads.command("list")
def list_uploads(by: By = None, before: Before = None, prediction: PredictionId = None) -> None:
    """List the pictures that people sent, the oldest first."""
    from sqlalchemy.orm import Session

    from databases import sent
    from training.cli.console import say, show

    with Session(open_state_to_read().engine) as session:
        found = sent.find(session, _which(by, before, prediction))
    if found:
        show(_table(found))
    else:
        say("There are none.")


@uploads.command()
def delete(
    by: By = None,
    before: Before = None,
    prediction: PredictionId = None,
    everybody: Annotated[bool, typer.Option("--everybody", help="All that anybody sent.")] = False,
    reports: Annotated[
        bool, typer.Option("--reports", help="With --by: what they said without a picture, too.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Delete. Without it, only what would be deleted is shown.")
    ] = False,
) -> None:
    """Delete pictures that people sent: files, rows, embeddings, thumbnails, and the reports on them.

    Pages about models that lie in MENAGERIE_REPORTS are written anew without them. Of a picture that others
    reported on too, their words stay. What stays else is a hash of the content, in the list of what was
    asked, in decisions on the picture, on pages, and in the data sets of models that learnt from it; and
    whatever is in backups. docs/operations.md names all places.
    """
    from sqlalchemy.orm import Session

    from databases import sent
    from training.cli.console import say, show

    plan = _Plan(by, reports)
    if by is None and before is None and prediction is None and not everybody:
        raise typer.BadParameter("say whose: --by NAME, --before DATE, --prediction ID, or --everybody")
    if reports and by is None:
        raise typer.BadParameter("--reports goes with --by NAME")
    state = open_state()
    with Session(state.engine) as session:
        found = sent.find(session, _which(by, before, prediction))
        words = sent.count_words(session, by) if by is not None else 0
    if not found and not (reports and words):
        say(f"There are none.{_more(words)}")
        return
    if found and not yes:
        show(_table(found))
    if not yes:
        say(f"Nothing was deleted yet: to delete {plan.told(found, words)}, say --yes.")
        return
    _delete(plan, found)


@dataclass(frozen=True)
class _Plan:
    by: str | None
    reports: bool

    def told(self, found: "list[SentPicture]", words: int) -> str:
        from training.cli.console import counted

        said = f", and all {counted(words, 'report')} by that name" if self.reports else ""
        return f"{counted(len(found), 'picture')} with the reports on them{said}"


def _delete(plan: _Plan, found: "list[SentPicture]") -> None:
    from sqlalchemy.orm import Session

    from backend.keeping.forgetting import delete_pictures
    from databases import sent
    from databases.settings import StateSettings, load_settings
    from training.cli.console import counted, quote, say

    engine = open_state().engine
    done = delete_pictures(engine, load_settings(StateSettings), found, plan.by, words=plan.reports)
    with Session(engine) as session:
        words = sent.count_words(session, plan.by) if plan.by is not None else 0
    rows = done.rows
    shown = f" {counted(done.pages, 'page')} showed them, and no longer." if done.pages else ""
    say(
        f"Deleted: {counted(rows.pictures, 'picture')} ({counted(done.files, 'file')}, "
        f"{done.bytes / 1000:,.0f} kB), {counted(rows.embeddings, 'embedding')}, "
        f"{counted(done.thumbnails, 'thumbnail')}, {counted(rows.reports, 'report')}.{shown} Backups "
        f"that were made before still hold them.{_more(words)}"
    )
    for path in done.aside:
        say(f"So does what a restore set aside: remove {quote(str(path))} when all is well.")


def _more(words: int) -> str:
    from training.cli.console import counted

    return f" {counted(words, 'report')} by that name without such a picture: --reports" if words else ""


def _which(by: str | None, before: datetime | None, prediction: str | None) -> "Which":
    from databases.sent import Which

    return Which(by, None if before is None else before.replace(tzinfo=UTC), prediction)


def _table(found: "list[SentPicture]") -> "Table":
    from training.cli.console import make_table, quote

    table = make_table("picture", "came", "by", "task", "label", "kB")
    for one in found:
        by, label = ", ".join(one.by) or "-", one.label or "-"
        came, size = f"{one.came_at:%Y-%m-%d %H:%M}", f"{one.bytes / 1000:,.0f}"
        table.add_row(str(one.id), came, quote(by), quote(one.task), quote(label), size)
    return table
