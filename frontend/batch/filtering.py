"""Which of a batch's rows a visitor wants to see. It stands in the page's address: going back, loading it
again and passing it on keep it."""

from collections.abc import Sequence

import streamlit as st

from frontend.batch.rows import Filter, Row, counts, labels, passing
from frontend.batch.wording import FILTERS

KIND, LABEL = "show", "label"  # in the address
KIND_KEY, LABEL_KEY = "batch-kind", "batch-label"


def chosen(rows: Sequence[Row]) -> tuple[Filter, str | None]:
    """The kind and the label that the address asks for, as far as the batch has such rows."""
    kind, label = st.query_params.get(KIND), st.query_params.get(LABEL)
    found = counts(rows)
    known = (one for one in FILTERS if one == kind and found[one])
    return next(known, "all"), label if label in dict(labels(rows)) else None


def places(rows: Sequence[Row]) -> list[int]:
    """Of the rows that pass, in the batch, counted from 0."""
    kind, label = chosen(rows)
    return [place for place, row in enumerate(rows) if passing([row], kind, label)]


def ask(rows: Sequence[Row]) -> None:
    """The filters, to choose from."""
    found, every = counts(rows), dict(labels(rows))
    # The address has the last word, also over what stood here before somebody went back.
    st.session_state[KIND_KEY], st.session_state[LABEL_KEY] = chosen(rows)
    with st.container(horizontal=True, vertical_alignment="bottom", key="batch-filters"):
        st.pills(
            "Show",
            [kind for kind in FILTERS if kind == "all" or found[kind]],
            required=True,
            format_func=lambda one: f"{FILTERS[one]} {len(rows) if one == 'all' else found[one]:,}",
            key=KIND_KEY,
            on_change=_keep,
            args=(KIND, KIND_KEY),
        )
        st.selectbox(
            "Label",
            list(every),
            index=None,
            placeholder="Every label",
            format_func=lambda one: f"{one} ({every[one]:,})",
            key=LABEL_KEY,
            on_change=_keep,
            args=(LABEL, LABEL_KEY),
        )


def clear() -> None:
    """Forgets them, with the batch."""
    for name in (KIND, LABEL):
        st.query_params.pop(name, None)


def _keep(name: str, key: str) -> None:
    said = st.session_state[key]
    if said in (None, "all"):
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = said
