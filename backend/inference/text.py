"""Texts to embeddings among those of pictures, by CLIP (Radford et al. 2021, arXiv:2103.00020). No torch."""

import threading
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from backend.inference.errors import BadBundle, NoTextNetwork, UnusableText
from backend.inference.manifest import FLOAT32_TOLERANCE, Text
from backend.inference.runtime import EMBEDDING, MAX_BATCH, open_session

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TOKENS = "tokens"
TEXTS = "texts"
RETRY_SECONDS = 60.0

Vectors = NDArray[np.float32]


class TextEncoder:
    """A bundle's network for texts. Threads may share one.

    It is loaded before the first text and not with the bundle: that of ViT-B/32 takes 1.3 s and 320 MB,
    and most bundles are loaded for their pictures alone.
    """

    def __init__(self, folder: Path, text: Text, embedding_size: int, threads: int | None = None) -> None:
        self._folder = folder
        self._text = text
        self._size = embedding_size
        self._threads = threads
        self._lock = threading.Lock()
        self._network: _Network | None = None
        self._failed: tuple[str, float] | None = None  # why it could not be loaded, and when

    @property
    def aligned(self) -> bool:
        """Whether pictures are embedded as they were when texts were learnt: see `Text` of the manifest."""
        return self._text.aligned

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embeddings float32 [n, embedding_size] of length 1: times a picture's, the cosine of both.

        A text that is too long is refused and not cut: what lies behind the cut would be searched for by
        nobody, without a word.

        Raises:
            UnusableText: one is empty, too long, no Unicode, or holds a mark such as CLIP's <|endoftext|>.
            NoTextNetwork: the files cannot be loaded, or give other embeddings than were recorded. That is
                tried once a minute at most.
        """
        return self._open().embed(texts)

    def check(self) -> None:
        """Loads it now.

        Raises:
            NoTextNetwork: as above.
        """
        self._open()

    def _open(self) -> "_Network":
        with self._lock:
            if self._network is not None:
                return self._network
            if self._failed is not None and time.monotonic() < self._failed[1] + RETRY_SECONDS:
                raise NoTextNetwork(self._failed[0], fresh=False)
            try:
                network = _load(self._folder, self._text, self._size, self._threads)
                _check_golden(network, self._folder / self._text.golden)
            except BadBundle as error:
                self._failed = str(error), time.monotonic()
                raise NoTextNetwork(str(error), fresh=True) from error
            self._network = network
            return network


@dataclass(frozen=True)
class _Network:
    """`marks`: ids of what is no word, such as start and end. What a text held behind an end, nobody read."""

    tokenizer: "Tokenizer"
    session: onnxruntime.InferenceSession
    text: Text
    size: int
    marks: frozenset[int]

    def embed(self, texts: Sequence[str]) -> Vectors:
        rows = [self._tokenise(text) for text in texts]
        return np.concatenate([np.empty((0, self.size), np.float32), *self._run_in_batches(rows)])

    def _tokenise(self, text: str) -> list[int]:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise UnusableText("invalid_text", f"the text is no Unicode: {error.reason}") from None
        # One by one: batches start threads of their own, which fork badly.
        encoded = self.tokenizer.encode(text)
        added = encoded.special_tokens_mask  # start and end
        around = sum(added)
        pieces, most = len(encoded.ids) - around, self.text.context_length - around
        if pieces == 0:
            raise UnusableText("empty_text", "the text is empty")
        if pieces > most:
            raise UnusableText(
                "text_too_long",
                f"the text is too long: it comes to {pieces} pieces of words, at most {most} can be read",
            )
        for number, is_added in zip(encoded.ids, added, strict=True):
            mark = self.tokenizer.id_to_token(number) if number in self.marks and not is_added else None
            # A tokenizer may also put a mark where it knows no word: that is read, for better or worse.
            if mark is not None and mark.lower() in text.lower():
                raise UnusableText("invalid_text", f"the text holds {mark!r}, which is no word: leave it out")
        return list(encoded.ids)

    def _run_in_batches(self, rows: Sequence[Sequence[int]]) -> Iterator[Vectors]:
        for start in range(0, len(rows), MAX_BATCH):
            batch = rows[start : start + MAX_BATCH]
            tokens = np.full((len(batch), max(map(len, batch))), self.text.pad_id, np.int64)
            for row, ids in zip(tokens, batch, strict=True):
                row[: len(ids)] = ids
            (vectors,) = self.session.run([EMBEDDING], {TOKENS: tokens})
            yield vectors


def _load(folder: Path, text: Text, size: int, threads: int | None) -> _Network:
    from tokenizers import Tokenizer  # 40 ms, and nobody else's

    path = folder / text.tokenizer
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing narrower
        raise BadBundle(f"{path} is no tokenizer: {error}") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    path = folder / text.model
    session = open_session(path, threads)
    inputs, outputs = (
        [value.name for value in values] for values in (session.get_inputs(), session.get_outputs())
    )
    if (inputs, outputs) != ([TOKENS], [EMBEDDING]):
        raise BadBundle(f"{path} must have the one input {TOKENS!r} and the one output {EMBEDDING!r}")
    return _Network(tokenizer, session, text, size, _marks(tokenizer))


def _marks(tokenizer: "Tokenizer") -> frozenset[int]:
    around = tokenizer.encode("")
    special = (number for number, token in tokenizer.get_added_tokens_decoder().items() if token.special)
    return frozenset([*special, *compress(around.ids, around.special_tokens_mask)])


def _check_golden(network: _Network, path: Path) -> None:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            texts, expected = [str(text) for text in arrays[TEXTS]], arrays[EMBEDDING]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise BadBundle(f"{path} holds no golden texts: {error}") from error
    try:
        given = network.embed(texts)
    except Exception as error:  # ONNX Runtime's own errors share no public root
        raise BadBundle(f"the golden texts of {path.parent} give no embedding: {error}") from error
    if given.shape != (len(texts), network.size) or given.shape != expected.shape:
        raise BadBundle(f"the golden texts of {path.parent} give {given.shape}, not {expected.shape}")
    worst = float(np.abs(given - expected).max(initial=0))
    if not worst <= FLOAT32_TOLERANCE:
        raise BadBundle(f"the golden texts of {path.parent} give other embeddings: off by {worst:.2g}")
