"""What a model was trained on is kept whole and told apart from everything else; on both databases."""

import hashlib
import zlib

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from databases import dataset_versions
from databases.dataset_versions import Member, fingerprint, read_members
from databases.errors import DamagedDataset, UnknownDataset
from databases.models import DatasetVersion
from tests.databases.filling import content, register

CAT, DOG, OWL = content("a cat"), content("a dog"), content("an owl")
MEMBERS = [Member(OWL, "owl", "test"), Member(CAT, "cat", "train"), Member(DOG, "dog", "val")]


def test_the_fingerprint_is_that_of_the_sorted_lines() -> None:
    lines = sorted(f"{one.sha256}\t{one.label}\t{one.split}\n" for one in MEMBERS)
    expected = hashlib.sha256("".join(lines).encode()).hexdigest()
    assert fingerprint(MEMBERS) == fingerprint(reversed(MEMBERS)) == expected


@pytest.mark.parametrize("label", ["cat", "Löwe 🦁", "a\tlabel", "two\nlines\ttrain\n", " ", "None"])
def test_a_data_set_comes_back_whole_whatever_its_labels(session: Session, label: str) -> None:
    members = [*MEMBERS, Member(content("x"), label, "train"), Member(content("x"), label, "train")]
    key = dataset_versions.record(session, "pets", members)
    assert key == fingerprint(members)
    found = read_members(session, key)
    assert sorted(found, key=repr) == sorted(members, key=repr)
    assert fingerprint(found) == key


def test_the_same_data_set_is_kept_once(session: Session) -> None:
    keys = {dataset_versions.record(session, task, MEMBERS) for task in ("pets", "pets", "zoo")}
    assert len(keys) == 1
    assert session.scalar(select(func.count()).select_from(DatasetVersion)) == 1


def test_those_that_are_kept_are_listed_with_their_models(session: Session) -> None:
    first = dataset_versions.record(session, "pets", MEMBERS)
    second = dataset_versions.record(session, "pets", MEMBERS[:2])
    for version, key, task in (
        ("pets-1", first, "pets"),
        ("pets-2", second, "pets"),
        ("pets-3", first, "pets"),
        ("zoo-1", first, "zoo"),
        ("old-1", "0" * 64, "pets"),
        ("starter-1", None, "starter"),
    ):
        register(session, version, dataset_fingerprint=key, task=task)
    newest, oldest = dataset_versions.list_kept(session, "pets")
    assert (newest.fingerprint, newest.pictures, newest.models) == (second, 2, ("pets-2",))
    assert (oldest.fingerprint, oldest.task, oldest.models) == (first, "pets", ("pets-1", "pets-3", "zoo-1"))
    assert dataset_versions.list_kept(session, "zoo") == [oldest]  # under the name it was first kept
    assert dataset_versions.list_kept(session, "birds") == []
    assert dataset_versions.models_without(session) == ["old-1"]
    assert dataset_versions.models_without(session, "zoo") == []


def test_a_data_set_is_named_by_how_its_fingerprint_begins(session: Session) -> None:
    key = dataset_versions.record(session, "pets", MEMBERS)
    assert dataset_versions.find_kept(session, key[:6].upper()).fingerprint == key
    for prefix in (key[:3], "%%%%", f"{key}0"):
        with pytest.raises(UnknownDataset, match=f"no model and no data set is called '{prefix}'; see: men"):
            dataset_versions.find_kept(session, prefix)
    twin = key[:-1] + ("0" if key[-1] != "0" else "1")
    session.add(DatasetVersion(fingerprint=twin, task="pets", pictures=0, members=b""))
    session.flush()
    with pytest.raises(UnknownDataset, match=f"several data sets begin with '{key[:6]}'"):
        dataset_versions.find_kept(session, key[:6])


@pytest.mark.parametrize(
    "damaged", [b"", b"no zlib", zlib.compress(b"")], ids=["empty", "rubbish", "another"]
)
def test_a_damaged_data_set_is_never_taken_for_what_it_was(session: Session, damaged: bytes) -> None:
    key = dataset_versions.record(session, "pets", MEMBERS)
    session.execute(update(DatasetVersion).values(members=damaged))
    with pytest.raises(DamagedDataset, match=f"data set {key[:12]} is damaged in the database: "):
        read_members(session, key)


def test_a_data_set_that_is_not_kept_is_told(session: Session) -> None:
    with pytest.raises(UnknownDataset, match="data set 000000000000 is not kept; see: menagerie data list"):
        read_members(session, "0" * 64)
