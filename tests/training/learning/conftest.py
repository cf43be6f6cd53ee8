"""A small task, and weights for a small network that was never trained."""

from pathlib import Path

import pytest
import timm
import torch
from sqlalchemy import Engine

from tests.drawing import draw_class_folders
from tests.training.making import take_in
from training.dataset import Dataset, load_dataset

SMALL = "timm:test_resnet.r160_in1k"


@pytest.fixture
def dataset(engine: Engine, tmp_path: Path) -> Dataset:
    take_in(engine, draw_class_folders(tmp_path / "pictures", per_label=8))
    return load_dataset(engine, "colours")


@pytest.fixture
def small_weights(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    path = tmp_path / "small.pth"
    torch.save(timm.create_model(SMALL.removeprefix("timm:"), pretrained=False).state_dict(), path)
    return path
