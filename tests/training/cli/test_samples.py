"""`samples` as it is typed."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.training.cli.conftest import Menagerie
from tests.training.making import pictures_of
from tests.training.samples.publishing import publish_colours
from tests.training.samples.serving import Site
from training.samples.catalogue import SAMPLES, Archive, Sample


def test_a_set_is_got_by_name_and_ingested_as_it_is_told(
    menagerie: Menagerie, engine: Engine, site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(SAMPLES, "drawn", publish_colours(site, tmp_path))
    out = menagerie("samples", "get", "drawn", "--to", tmp_path / "sets").out
    assert "Licence: CC0" in out
    command = out.rpartition("To use it: menagerie ")[2].split()
    assert menagerie(*command).code == 0
    assert len(pictures_of(engine, "drawn")) == 10


def test_the_sets_are_listed_with_size_licence_and_checksum(menagerie: Menagerie) -> None:
    out = menagerie("samples", "list").out
    for sample in SAMPLES.values():
        assert sample.name in out
        assert f"{sample.bytes / 1e6:.0f} MB" in out
        assert f"licence: {sample.licence}" in out
        for archive in sample.archives:
            assert f"{archive.name}: SHA-256 {archive.sha256}" in out
            assert len(bytes.fromhex(archive.sha256)) == 32


def test_without_a_network_it_is_one_line_and_nothing_is_left(
    menagerie: Menagerie, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nobody = Archive("http://127.0.0.1:9/drawn.zip", 1, "0" * 64)
    monkeypatch.setitem(SAMPLES, "drawn", Sample("drawn", "", "", "", (nobody,), ""))
    ran = menagerie("samples", "get", "drawn", "--to", tmp_path / "sets")
    assert ran.error.startswith("http://127.0.0.1:9/drawn.zip cannot be fetched: ")
    assert ran.err.count("\n") == 1
    assert list((tmp_path / "sets").iterdir()) == []


def test_an_unknown_set_is_told_with_those_there_are(menagerie: Menagerie) -> None:
    assert menagerie("samples", "get", "unicorns").error.startswith(
        "there is no sample set 'unicorns'; there are: oxford-iiit-pet, hymenoptera, cats-and-dogs"
    )
