"""What a batch came to: a tally, a table with filters, and a file to take home."""

import base64
from collections.abc import Sequence
from typing import Any

import streamlit as st

from frontend.answering.markup import fine
from frontend.batch import closeup, markup
from frontend.batch.job import Progress
from frontend.batch.rows import Filter, Row, as_csv, counts, labels, passing
from frontend.batch.wording import FILTERS, VERDICTS, ended, in_short
from frontend.markup import notice
from frontend.wording import Notice

NOTHING = Notice("Nothing passes these filters", "Choose “All”, or another label.")
LOOK = "Tick a picture to see it large, with pictures like it, and to say whether its answer is right."
ROW_PIXELS, HEAD_PIXELS, MOST_ROWS = 64, 38, 10


def show(rows: Sequence[Row], progress: Progress) -> None:
    st.html(markup.ended_head(ended(progress)))
    if not rows:
        return
    st.html(markup.tally(rows))
    kind, label = _filters(rows)
    shown = passing(rows, kind, label)
    places = [place for place, row in enumerate(rows) if passing([row], kind, label)]
    closeup.remember(places)
    if shown:
        st.html(fine(LOOK))
        _table(shown, places)
    else:
        st.html(notice(NOTHING))
    with st.container(horizontal=True, key="batch-download"):
        if shown:
            # What a table offers by mouse alone goes by key here.
            st.button(
                "Look at them one by one", icon=":material/search:", on_click=closeup.go, args=places[:1]
            )
        st.download_button(
            f"Download {len(shown):,} rows as CSV",
            as_csv(shown),
            file_name="menagerie-batch.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            disabled=not shown,
        )


def _filters(rows: Sequence[Row]) -> tuple[Filter, str | None]:
    found = counts(rows)
    offered = [kind for kind in FILTERS if kind == "all" or found[kind]]
    with st.container(horizontal=True, vertical_alignment="bottom", key="batch-filters"):
        kind = st.pills(
            "Show",
            offered,
            default="all",
            required=True,
            format_func=lambda one: f"{FILTERS[one]} {len(rows) if one == 'all' else found[one]:,}",
            key="batch-kind",
        )
        every = dict(labels(rows))
        label = st.selectbox(
            "Label",
            list(every),
            index=None,
            placeholder="Every label",
            format_func=lambda one: f"{one} ({every[one]:,})",
            key="batch-label",
        )
    return kind, label


def _table(rows: Sequence[Row], places: Sequence[int]) -> None:
    """`places`: of the rows in the batch."""
    told = [row.prediction for row in rows]
    columns: dict[str, list[Any]] = {
        "picture": [_address(row.thumbnail) for row in rows],
        "answer": [row.label or ("No animal" if row.prediction else "—") for row in rows],
        "score": [_sure(one.score) if one else None for one in told],
        "verdict": [VERDICTS[row.kind] for row in rows],
        "file": [row.name for row in rows],
        "agree": [_percent(one.neighbours_agree) if one else None for one in told],
        "said": [in_short(row.word) for row in rows],
        "note": [row.problem or _second(row) for row in rows],
    }
    bar = st.column_config.ProgressColumn
    chosen = st.dataframe(
        columns,
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
            "note": st.column_config.TextColumn("Note", width="medium"),
        },
    )
    if ticked := chosen.selection.rows:
        closeup.go(places[ticked[0]])
        st.rerun()


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


def _address(thumbnail: bytes | None) -> str | None:
    return None if thumbnail is None else f"data:image/jpeg;base64,{base64.b64encode(thumbnail).decode()}"
