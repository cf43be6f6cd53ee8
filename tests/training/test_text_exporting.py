"""What reads texts is exported as it is, or not at all."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedTokenizerFast

from backend.inference.manifest import Text
from backend.inference.text import TextEncoder
from tests.tiny_bundle import make_bundle
from tests.tiny_text import CONTEXT, MEANINGS, PAD, TEXT, add_text, make_tokenizer
from training.errors import BadExport
from training.networks.clip import TextSide
from training.text_exporting import check_texts

TEXTS = ["red", "blue green", "a red thing"]


class Words(nn.Module):
    """What the tiny bundle's network for texts does; `off`: and a little more."""

    def __init__(self, off: float) -> None:
        super().__init__()
        self.off = off

    def forward(self, tokens: Tensor) -> Tensor:
        return functional.normalize(torch.from_numpy(MEANINGS)[tokens].sum(1)) + self.off


def side(off: float) -> TextSide:
    kind: Any = PreTrainedTokenizerFast  # untyped
    tokenizer = kind(tokenizer_object=make_tokenizer(), pad_token="<pad>")
    return TextSide(Words(off), tokenizer, CONTEXT, PAD)


@pytest.fixture
def encoder(bundles: Path) -> TextEncoder:
    folder = make_bundle(bundles)
    add_text(folder)
    return TextEncoder(folder, Text.model_validate(TEXT), 3)


def test_an_export_that_reads_as_the_network_does_is_measured(encoder: TextEncoder) -> None:
    agreement = check_texts(side(off=0), encoder, TEXTS)
    assert agreement.texts == 3
    assert agreement.worst_difference < 1e-6


def test_an_export_that_reads_otherwise_than_the_network_is_refused(encoder: TextEncoder) -> None:
    with pytest.raises(BadExport, match=r"embeddings of texts differ from CLIP's own by 0\.001"):
        check_texts(side(off=0.001), encoder, TEXTS)
