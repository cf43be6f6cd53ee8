"""Texts find pictures, and nothing that is damaged does."""

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.inference.bundle import load_bundle
from backend.inference.errors import BadBundle, NoTextNetwork, UnusableText
from backend.inference.text import TextEncoder
from tests.tiny_bundle import LABELS, SIZE, make_bundle
from tests.tiny_text import FILES, add_text, change_tokenizer, make_tokenizer, meanings, write_text_manifest

TEXTS = ["red", "a Blue thing", "green green red", "nothing that is known", "blue red"]


@pytest.fixture
def folder(bundles: Path) -> Path:
    folder = make_bundle(bundles)
    add_text(folder)
    return folder


@pytest.fixture
def encoder(folder: Path) -> TextEncoder:
    text = load_bundle(folder).text
    assert text is not None
    return text


def test_texts_become_embeddings_of_length_one(encoder: TextEncoder) -> None:
    given = encoder.encode(TEXTS)
    assert given.dtype == np.float32
    np.testing.assert_allclose(given, meanings(TEXTS), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(given, axis=1), 1, atol=1e-6)


def test_as_many_texts_as_one_likes_are_each_embedded_as_if_alone(encoder: TextEncoder) -> None:
    texts = TEXTS * 8
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    np.testing.assert_allclose(encoder.encode(texts), alone, atol=1e-6)
    assert encoder.encode([]).shape == (0, 3)


def test_a_text_finds_the_picture_that_it_tells_of(folder: Path) -> None:
    bundle = load_bundle(folder)
    pictures = np.broadcast_to(np.eye(3, dtype=np.float32)[:, :, None, None], (3, 3, SIZE, SIZE))
    assert bundle.text is not None
    asked = bundle.text.encode([f"something {label}" for label in LABELS])
    assert (asked @ bundle.model.run(np.ascontiguousarray(pictures)).embedding.T).argmax(1).tolist() == [
        0,
        1,
        2,
    ]


def test_threads_may_share_one(encoder: TextEncoder) -> None:
    with ThreadPoolExecutor(4) as threads:
        for given in threads.map(lambda _: encoder.encode(TEXTS), range(8)):
            np.testing.assert_allclose(given, meanings(TEXTS), atol=1e-6)


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("", "empty_text", "is empty"),
        (" \t\n", "empty_text", "is empty"),
        ("red " * 7, "text_too_long", "comes to 7 pieces of words, at most 6"),
        ("red \ud800", "invalid_text", "no Unicode"),
        ("red <end> blue", "invalid_text", "holds '<end>', which is no word"),
        ("<start>", "invalid_text", "holds '<start>'"),
    ],
)
def test_a_text_that_cannot_be_used_is_refused_with_a_code(
    encoder: TextEncoder, text: str, code: str, told: str
) -> None:
    with pytest.raises(UnusableText, match=told) as caught:
        encoder.encode(["red", text])
    assert caught.value.code == code


def test_the_longest_text_is_read_to_its_end(encoder: TextEncoder) -> None:
    np.testing.assert_allclose(
        encoder.encode(["red " * 5 + "blue"]), meanings(["red " * 5 + "blue"]), atol=1e-6
    )


def test_a_mark_that_stands_around_no_text_is_no_word_either(folder: Path) -> None:
    tokenizer = make_tokenizer()
    tokenizer.add_special_tokens(["<mark>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    write_text_manifest(folder)
    text = load_bundle(folder).text
    assert text is not None
    assert text.encode(["red mark"]).shape == (1, 3)
    with pytest.raises(UnusableText, match="holds '<mark>'"):
        text.encode(["red<mark>"])


def test_what_a_tokenizer_file_says_of_cutting_and_padding_does_not_count(folder: Path) -> None:
    cut = {"direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0}
    change_tokenizer(folder, truncation=cut)
    write_text_manifest(folder)
    bundle = load_bundle(folder, whole=True)
    assert bundle.text is not None
    np.testing.assert_allclose(
        bundle.text.encode(["red blue green"]), meanings(["red blue green"]), atol=1e-6
    )


def test_whether_pictures_are_still_where_texts_point_is_told(folder: Path) -> None:
    for aligned in (True, False):
        write_text_manifest(folder, aligned=aligned)
        text = load_bundle(folder).text
        assert text is not None
        assert text.aligned == aligned


def test_a_bundle_that_reads_no_texts_says_so(folder: Path, bundles: Path) -> None:
    assert load_bundle(make_bundle(bundles, "colours-2")).text is None
    path = folder / "manifest.json"  # as of before there were any
    content = json.loads(path.read_text())
    del content["text"]
    path.write_text(json.dumps(content))
    assert load_bundle(folder, whole=True).text is None


@pytest.mark.parametrize("name", FILES)
def test_a_changed_file_is_refused_by_its_checksum(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(BadBundle, match=rf"{name} is not the file that the manifest names"):
        load_bundle(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_there_no_more_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(BadBundle, match=name):
        load_bundle(folder)
    write_text_manifest_without(folder, name)
    with pytest.raises(BadBundle, match=f"files lacks {name}"):
        load_bundle(folder)


def write_text_manifest_without(folder: Path, name: str) -> None:
    path = folder / "manifest.json"
    content = json.loads(path.read_text())
    del content["files"][name]
    path.write_text(json.dumps(content))


def _no_onnx(folder: Path) -> None:
    (folder / "text.onnx").write_bytes(b"not a model")


def _network_for_pictures(folder: Path) -> None:
    (folder / "text.onnx").write_bytes((folder / "model.onnx").read_bytes())


def _no_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{}")


def _other_tokens(folder: Path) -> None:
    change_tokenizer(folder, normalizer={"type": "Replace", "pattern": {"String": "red"}, "content": "blue"})


def _tokens_that_no_network_knows(folder: Path) -> None:
    path = folder / "tokenizer.json"
    content = json.loads(path.read_text())
    content["model"]["vocab"]["red"] = 99
    path.write_text(json.dumps(content))


def _golden(**changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        with np.load(folder / "text_golden.npz") as arrays:
            np.savez_compressed(folder / "text_golden.npz", **dict(arrays) | changes)

    return change


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (_no_onnx, "text.onnx is no ONNX model"),
        (_network_for_pictures, "must have the one input 'tokens'"),
        (_no_tokenizer, "tokenizer.json is no tokenizer"),
        (_other_tokens, "give other embeddings: off by"),
        (_tokens_that_no_network_knows, "give no embedding"),
        (_golden(texts=np.array(["red"])), r"give \(1, 3\), not \(3, 3\)"),
        (_golden(embedding=np.full((3, 3), np.nan, np.float32)), "give other embeddings"),
        (_golden(texts=np.array(["red", "", "blue"])), "give no embedding: the text is empty"),
        (_golden(texts=np.array([{"a": 1}], dtype=object)), "holds no golden texts"),
    ],
)
def test_what_reads_texts_otherwise_than_recorded_never_answers(
    folder: Path, damage: Callable[[Path], None], told: str
) -> None:
    damage(folder)
    write_text_manifest(folder)
    with pytest.raises(BadBundle, match=told):
        load_bundle(folder, whole=True)
    text = load_bundle(folder).text  # pictures are answered all the same
    assert text is not None
    for _ in range(2):
        with pytest.raises(BadBundle, match=told):
            text.encode(["red"])


def test_what_cannot_be_loaded_is_not_tried_again_by_every_text(folder: Path) -> None:
    sound = (folder / "tokenizer.json").read_bytes()
    text = load_bundle(folder).text
    assert text is not None
    _no_tokenizer(folder)
    fresh = []
    for _ in range(2):
        with pytest.raises(NoTextNetwork, match="is no tokenizer") as caught:
            text.encode(["red"])
        fresh.append(caught.value.fresh)
        (folder / "tokenizer.json").write_bytes(sound)
    assert fresh == [True, False]


def test_what_can_be_loaded_again_later_reads_texts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = (folder / "tokenizer.json").read_bytes()
    text = load_bundle(folder).text
    assert text is not None
    _no_tokenizer(folder)
    monkeypatch.setattr("backend.inference.text.RETRY_SECONDS", 0)
    with pytest.raises(NoTextNetwork):
        text.encode(["red"])
    (folder / "tokenizer.json").write_bytes(sound)
    np.testing.assert_allclose(text.encode(["red"]), meanings(["red"]), atol=1e-6)


def test_who_asks_for_no_text_loads_no_tokenizer(folder: Path) -> None:
    program = (
        "import sys, pathlib; from backend.inference.bundle import load_bundle; "
        "load_bundle(pathlib.Path(sys.argv[1])); sys.exit('tokenizers' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, str(folder)], check=True)
