"""A network for texts beside the tiny bundle's for pictures: the name of a colour lies where pictures of it
do."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from tests.tiny_bundle import sha256, write_manifest

CONTEXT = 8
WORDS = ("<pad>", "<start>", "<end>", "<unknown>", "red", "green", "blue")
PAD, UNKNOWN = 0, 3
# What a word adds: start, end and padding nothing, other words a little of everything.
MEANINGS = np.array([[0, 0, 0]] * 3 + [[0.1, 0.1, 0.1], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
TEXT = {"context_length": CONTEXT, "pad_id": PAD, "aligned": True}
FILES = ("text.onnx", "tokenizer.json", "text_golden.npz")


def add_text(folder: Path) -> None:
    """Gives a bundle that `make_bundle` wrote its network for texts."""
    make_tokenizer().save(str(folder / "tokenizer.json"))
    onnx.save(_graph(), str(folder / "text.onnx"))
    texts = np.array(["red", "blue green red", "something blue"])
    np.savez_compressed(folder / "text_golden.npz", texts=texts, embedding=meanings(list(texts)))
    write_text_manifest(folder)


def write_text_manifest(folder: Path, **changes: Any) -> None:
    """The manifest for the files as they are now. `changes` replace values of its part `text`."""
    names = ("model.onnx", "golden.npz", *FILES)
    files = {name: sha256(folder / name) for name in names if (folder / name).exists()}
    write_manifest(folder, "colours-1", "colours", {"files": files, "text": TEXT | changes})


def meanings(texts: list[str]) -> Any:
    """The embeddings that texts should have, float32 [n, 3], worked out without the network."""
    known = [
        [WORDS.index(word) if word in WORDS else UNKNOWN for word in text.lower().split()] for text in texts
    ]
    sums = np.stack([MEANINGS[ids].sum(axis=0) for ids in known])
    return (sums / np.linalg.norm(sums, axis=1, keepdims=True)).astype(np.float32)


def make_tokenizer() -> Tokenizer:
    """One token a word, between a start and an end, and words in capitals as in small letters."""
    vocabulary = {word: number for number, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unknown>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<start> $A <end>", special_tokens=[("<start>", 1), ("<end>", 2)]
    )
    return tokenizer


def change_tokenizer(folder: Path, **changes: Any) -> None:
    path = folder / "tokenizer.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def _graph() -> onnx.ModelProto:
    initializers = [
        numpy_helper.from_array(MEANINGS, "meanings"),
        numpy_helper.from_array(np.array([1], np.int64), "axis"),
    ]
    nodes = [
        helper.make_node("Gather", ["meanings", "tokens"], ["words"]),
        helper.make_node("ReduceSum", ["words", "axis"], ["sum"], keepdims=0),
        helper.make_node("LpNormalization", ["sum"], ["embedding"], axis=1, p=2),
    ]
    tokens = helper.make_tensor_value_info("tokens", TensorProto.INT64, ["n", "length"])
    embedding = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", 3])
    graph = helper.make_graph(nodes, "meanings", [tokens], [embedding], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return model
