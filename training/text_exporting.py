"""CLIP's half for texts to the files of a bundle."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from backend.inference.manifest import TEXT_GOLDEN, TEXT_MODEL, TOKENIZER, Text, TextAgreement
from backend.inference.runtime import EMBEDDING
from backend.inference.text import TEXTS, TOKENS, TextEncoder
from training.dataset import spread
from training.errors import BadExport
from training.networks.clip import TextSide, prompts
from training.onnx_graphs import write_graph

# They differ in length, case, script, and in what a tokenizer must put in order before it begins.
GOLDEN_TEXTS = (
    "cat",
    "a black cat on a sofa",
    "A photo  of 2 Snow-Leopards, taken at 5:30 o'clock; it's raining!",
    "Ein müder Bär schläft",
    "犬と🐕",
)
AGREEING_TEXTS = 32
MOST_DIFFERENCE = 1e-4  # of a value of an embedding, between the network and its export


def export_text(side: TextSide, labels: Sequence[str], folder: Path, *, aligned: bool) -> Text:
    """Writes `text.onnx`, `tokenizer.json` and `text_golden.npz`; returns what a manifest tells of them.

    What is expected of the golden texts comes from transformers and torch, so that loading the bundle tests
    the tokenizer too. The export is compared with the network on prompts of some of the `labels`. `aligned`:
    see `Text`.

    Raises:
        BadBundle: the golden texts do not come out.
        BadExport: a value of an embedding differs by more than 1e-4.
    """
    example = side.tokens(GOLDEN_TEXTS[:2])
    length = torch.export.Dim("length", min=2, max=side.context_length)
    free = {0: torch.export.Dim("n"), 1: length}
    write_graph(folder / TEXT_MODEL, side.tower, {TOKENS: example}, [EMBEDDING], free)
    tokenizer = Tokenizer.from_str(side.tokenizer.backend_tokenizer.to_str())
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.save(str(folder / TOKENIZER))
    longest = " ".join(["a"] * (side.context_length - 2))
    texts = [text for text in (*GOLDEN_TEXTS, longest) if side.fits(text)]
    golden: dict[str, Any] = {TEXTS: np.array(texts), EMBEDDING: side.embed(texts).numpy()}
    np.savez_compressed(folder / TEXT_GOLDEN, **golden)
    text = Text(context_length=side.context_length, pad_id=side.pad_id, aligned=aligned)
    encoder = TextEncoder(folder, text, golden[EMBEDDING].shape[1])
    prompted = [prompts(label)[0] for label in spread(labels, AGREEING_TEXTS)]
    agreement = check_texts(side, encoder, [text for text in (*texts, *prompted) if side.fits(text)])
    return text.model_copy(update={"agreement": agreement})


def check_texts(side: TextSide, encoder: TextEncoder, texts: Sequence[str]) -> TextAgreement:
    """Compares exported files with the network that they came from.

    Raises:
        BadBundle: the golden texts do not come out.
        BadExport: a value of an embedding differs by more than 1e-4.
    """
    worst = float(np.abs(encoder.encode(texts) - side.embed(texts).numpy()).max())
    if not worst <= MOST_DIFFERENCE:
        raise BadExport(
            f"the exported network's embeddings of texts differ from CLIP's own by {worst:.2g}, at most "
            f"{MOST_DIFFERENCE:g} is borne"
        )
    return TextAgreement(texts=len(texts), worst_difference=worst)
