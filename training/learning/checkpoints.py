"""Checkpoints that appear whole or not at all, and are found where their folder was moved to."""

import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

import torch
from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO
from lightning.pytorch.callbacks import ModelCheckpoint

from databases.places import RemoteFile, parse_place

NAME = "checkpoint"


class WholeFiles(TorchCheckpointIO):
    """Writes beside the file's place: Lightning itself goes through the temporary folder, and a move from
    there to another file system may be broken off half-way. What lies behind a URL goes through the temporary
    folder: an object store shows what was sent to it to the end, or what was there before."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None
    ) -> None:
        del storage_options
        target = parse_place(str(path))
        if isinstance(target, RemoteFile):
            with tempfile.TemporaryDirectory() as folder:
                _save(checkpoint, Path(folder, NAME))
                target.send(Path(folder, NAME))
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.draft")
        _save(checkpoint, draft)
        draft.replace(target)

    def load_checkpoint(self, path: str | Path, *others: Any, **options: Any) -> dict[str, Any]:
        """`others`, `options`: as Lightning's and torch.load's."""
        source = parse_place(str(path))
        if isinstance(source, Path):
            return super().load_checkpoint(source, *others, **options)
        with tempfile.TemporaryDirectory() as folder:
            source.fetch(Path(folder, NAME))
            return super().load_checkpoint(Path(folder, NAME), *others, **options)


def _save(checkpoint: dict[str, Any], path: Path) -> None:
    try:
        torch.save(checkpoint, path)
    except RuntimeError as error:  # so PyTorch says that a disk is full
        path.unlink(missing_ok=True)
        raise OSError(f"{path} cannot be written: is the disk full? ({error})") from error


class Kept(ModelCheckpoint):
    """The checkpoints of one folder, whatever it is called by now."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        names = ("best_model_path", "kth_best_model_path", "last_model_path")
        moved = {name: self._here(state_dict[name]) for name in names}
        scores = {self._here(path): score for path, score in state_dict["best_k_models"].items()}
        super().load_state_dict(state_dict | moved | {"best_k_models": scores, "dirpath": self.dirpath})

    def _here(self, path: str) -> str:
        return f"{self.dirpath}/{PurePosixPath(path).name}" if path else path
