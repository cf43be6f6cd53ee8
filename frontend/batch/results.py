"""What a batch came to: a tally, a table with filters, and a file to take home."""

import base64
from collections.abc import Sequence
from typing import Any, Literal

import streamlit as st

from frontend.answering.markup import fine
from frontend.batch import closeup, filtering, markup
from frontend.batch.job import Progress
from frontend.batch.rows import Row, as_csv, counts
from frontend.batch.wording import VERDICTS, counted, ended, in_short
from frontend.markup import notice
from frontend.wording import Notice

NOTHING = Notice("Nothing passes these filters", "Choose “All”, or another label.")
LOOK = "Tick a picture to see it large, with pictures like it, and to say whether its answer is right."
# What stands for a picture that cannot be shown: a sheet with nothing on it.
BLANK = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='48' height='48'%3E"
    "%3Cpath d='M14 6h14l8 8v28H14zM28 6v8h8' fill='none' stroke='%23888' stroke-width='2'/%3E%3C/svg%3E"
)
ROW_PIXELS, HEAD_PIXELS, MOST_ROWS = 64, 38, 10


def show(rows: Sequence[Row], progress: Progress) -> None:
    st.html(markup.ended_head(ended(progress, counts(rows)["refused"])))
    if not rows:
        return
    st.html(markup.tally(rows))
    filtering.ask(rows)
    places = filtering.places(rows)
    shown = [rows[place] for place in places]
    if shown:
        st.html(fine(LOOK))
        _table(shown, places)
    else:
        st.html(notice(NOTHING))
    with st.container(horizontal=True, key="batch-download"):
        if shown:
            # What a table offers by mouse alone goes by key here.
            st.button(
                "Look at them one by one", icon=":material/search:", on_click=closeup.open_at, args=places[:1]
            )
        st.download_button(
            f"Download {counted(len(shown))} as CSV",
            as_csv(shown),
            file_name="menagerie-batch.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            disabled=not shown,
        )


def _table(rows: Sequence[Row], places: Sequence[int]) -> None:
    """`places`: of the rows in the batch."""
    bar = st.column_config.ProgressColumn
    length: Literal["large"] | None = "large" if any(row.problem for row in rows) else None
    chosen = st.dataframe(
        _columns(rows),
        hide_index=True,
        row_height=ROW_PIXELS,
        height=HEAD_PIXELS + ROW_PIXELS * min(len(rows), MOST_ROWS),
        on_select="rerun",
        selection_mode="single-row",
        key="batch-table",
        alt="The pictures of this batch with their answers",
        column_config={
            "picture": st.column_config.ImageColumn("Picture", width="small"),
            "file": st.column_config.TextColumn("File", width="medium"),
            "answer": st.column_config.TextColumn("Answer"),
            "score": bar("How sure", format="%.0f %%", min_value=0, max_value=100),
            "verdict": st.column_config.TextColumn("Verdict"),
            "agree": bar(
                "Similar pictures agree",
                format="%.0f %%",
                min_value=0,
                max_value=100,
                help="Of the ten most similar pictures of the library, how many carry the same label.",
            ),
            "said": st.column_config.TextColumn("You said"),
            "note": st.column_config.TextColumn("Note", width=length),
        },
    )
    if ticked := chosen.selection.rows:
        closeup.open_at(places[ticked[0]])
        st.rerun()


def _columns(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """Those in which anything stands."""
    # How sure a guess is that was refused says nothing of the answer that took its place.
    told = [row.prediction if row.label else None for row in rows]
    columns: dict[str, list[Any]] = {
        "picture": [_address(row.thumbnail) for row in rows],
        "answer": [row.label or ("No animal" if row.prediction else "—") for row in rows],
        "score": [_sure(one.score) if one else None for one in told],
        "agree": [_percent(one.neighbours_agree) if one else None for one in told],
        "verdict": [VERDICTS[row.kind] for row in rows],
        "said": [in_short(row.word) for row in rows],
        "file": [row.name for row in rows],
        # The widest, and where it is long the only one that reaches beyond the window.
        "note": [row.problem or _second(row) for row in rows],
    }
    return {name: cells for name, cells in columns.items() if any(cell not in (None, "") for cell in cells)}


def _sure(score: float) -> float:
    # Rounded, it would say 100: no model is that sure.
    return min(99.0, 100 * score)


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _second(row: Row) -> str:
    """The next guess, where the first is not sure."""
    told = row.prediction
    if told is None or told.verdict != "unsure" or len(told.top_k) < 2:
        return ""
    return f"or {told.top_k[1].label}"


def _address(thumbnail: bytes | None) -> str:
    return BLANK if thumbnail is None else f"data:image/jpeg;base64,{base64.b64encode(thumbnail).decode()}"
