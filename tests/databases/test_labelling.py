"""Labels by their properties: whatever is decided in whatever order, and taken back."""

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from databases import corrections, label_operations, library
from databases.labelling import Standing
from databases.models import Image, Root
from databases.schema import open_for_writing
from tests.databases.filling import Library, content

LABELS = ("cat", "dog", "owl")
PICTURES = ("cat/1.jpg", "cat/2.jpg", "dog/3.jpg", "owl/4.jpg", "5.jpg")
tasks = map(str, itertools.count())

# An act is (what, where it works, the label that comes of it).
acts = st.one_of(
    st.tuples(st.just("merge"), st.sampled_from(LABELS), st.sampled_from((*LABELS, "fox"))),
    st.tuples(st.just("drop"), st.sampled_from(LABELS), st.none()),
    st.tuples(st.just("label"), st.sampled_from(PICTURES), st.sampled_from((*LABELS, "fox"))),
    st.tuples(st.sampled_from(("exclude", "include")), st.sampled_from(PICTURES), st.none()),
)
Act = tuple[str, str, str | None]
State = dict[str, Standing]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """One database for all examples; each has a task of its own."""
    engine = open_for_writing(f"sqlite:///{tmp_path_factory.mktemp('labelling') / 'images.db'}")
    with Session(engine) as session:
        yield session
    engine.dispose()


def begin(session: Session) -> str:
    task = next(tasks)
    pictures = Library(session, task, task, f"/{task}")
    for uri in PICTURES:
        label = uri.rpartition("/")[0] or None
        pictures.add(uri, sha256=content(uri), source_label=label, label=label)
    return task


def state(session: Session, task: str) -> State:
    rows = session.execute(select(Image.uri, Image.label, Image.excluded).join(Root).where(Root.task == task))
    return {uri: Standing(label, excluded) for uri, label, excluded in rows}


def do(session: Session, task: str, act: Act) -> list[tuple[str, int]] | None:
    """Does it; returns what was written down as (table, id), or None where there was no such label."""
    what, where, label = act
    if what in ("merge", "drop"):
        if where == label or where not in library.labels(session, task):
            return None
        if label is None:
            label_operations.drop(session, task, [where])
        else:
            label_operations.merge(session, task, [where], label)
        return [("operation", one) for one in label_operations.latest(session, task)]
    corrections.add(session, task, [content(where)], what, label=label)  # type: ignore[arg-type]
    return [("correction", one) for one in corrections.latest(session, task)]


def undo(session: Session, task: str, done: list[tuple[str, int]]) -> None:
    for table, number in done:
        if table == "operation":
            label_operations.undo(session, task, [number])
        else:
            corrections.undo(session, [number])


def as_said(before: State, act: Act) -> State:
    """What an act comes to where nobody included or excluded anything."""
    what, where, label = act
    if what == "label":
        return before | {where: Standing(label, excluded=False)}
    changed = Standing(label, excluded=label is None)
    return {uri: changed if one.label == where else one for uri, one in before.items()}


few = settings(max_examples=25, deadline=None)


@few
@given(st.lists(acts.filter(lambda act: act[0] not in ("exclude", "include")), max_size=8))
def test_each_act_changes_what_stood_when_it_was_made(session: Session, history: list[Act]) -> None:
    task = begin(session)
    for act in history:
        before = state(session, task)
        if do(session, task, act):
            assert state(session, task) == as_said(before, act)


@few
@given(st.lists(acts, min_size=1, max_size=8))
def test_undoing_backwards_passes_through_every_state_before(session: Session, history: list[Act]) -> None:
    task = begin(session)
    seen = []
    for act in history:
        before = state(session, task)
        if done := do(session, task, act):
            seen.append((before, done))
    for before, done in reversed(seen):
        undo(session, task, done)
        assert state(session, task) == before


@few
@given(st.lists(acts, max_size=8), st.randoms(use_true_random=False))
def test_when_all_is_undone_in_any_order_labels_are_what_folders_say(
    session: Session, history: list[Act], chance: object
) -> None:
    task = begin(session)
    before = state(session, task)
    done = [one for act in history if (one := do(session, task, act))]
    chance.shuffle(done)  # type: ignore[attr-defined]
    for one in done:
        undo(session, task, one)
    assert state(session, task) == before
