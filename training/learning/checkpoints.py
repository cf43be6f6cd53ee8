"""Checkpoints that appear whole or not at all, and are found where their folder was moved to."""

from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO
from lightning.pytorch.callbacks import ModelCheckpoint


class WholeFiles(TorchCheckpointIO):
    """Writes beside the file's place: Lightning itself goes through the temporary folder, and a move from
    there to another file system may be broken off half-way."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None
    ) -> None:
        del storage_options
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.draft")
        torch.save(checkpoint, draft)
        draft.replace(target)


class Kept(ModelCheckpoint):
    """The checkpoints of one folder, whatever it is called by now."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        names = ("best_model_path", "kth_best_model_path", "last_model_path")
        moved = {name: self._here(state_dict[name]) for name in names}
        scores = {self._here(path): score for path, score in state_dict["best_k_models"].items()}
        super().load_state_dict(state_dict | moved | {"best_k_models": scores, "dirpath": self.dirpath})

    def _here(self, path: str) -> str:
        return str(Path(str(self.dirpath), Path(path).name)) if path else path
