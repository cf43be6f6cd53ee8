"""Pretrained weights: from their hub, or from a file of your own."""

import hashlib
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies

import torch
from huggingface_hub import constants
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from backend.inference.bundle import file_sha256
from training.errors import WeightsUnavailable

T = TypeVar("T")
HUB = "https://huggingface.co/"
# Checkpoints that training scripts write keep the weights under one of these.
WRAPPERS = ("state_dict", "model", "model_state_dict")
# What a model's folder calls them, as the Hugging Face hub hands it over: the first that is there.
IN_FOLDERS = ("model.safetensors", "pytorch_model.bin")
# Of a batch norm: how many batches it saw. Files from before PyTorch 0.4.1 say nothing of it, such as
# torchvision's first ones, and no network here makes use of it.
COUNTER = "num_batches_tracked"


@dataclass(frozen=True)
class Weights:
    """`pretrained`: whether there shall be any. `path`: a file or folder to take instead of the hub's."""

    pretrained: bool
    path: Path | None = None


RANDOM = Weights(pretrained=False)


def from_hub(name: str, address: str, fetch: Callable[[], T]) -> T:
    """What `fetch` brings.

    Raises:
        WeightsUnavailable: it cannot be had; says where it lies, and how to do without a network.
    """
    try:
        with _not_asked_in_vain(address):
            return fetch()
    except (OSError, RuntimeError) as error:  # PyTorch tells by the latter that a file came in pieces
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise WeightsUnavailable(
            f"the pretrained weights of {name} cannot be fetched from {address} ({reason}); where there is a "
            "network, fetch them, and name the file or folder with --weights"
        ) from error


@contextmanager
def _not_asked_in_vain(address: str) -> Iterator[None]:
    """Where nobody knows the Hugging Face hub's name, its library asks for half a minute all the same: not in
    this block, where it takes what it has on the disk.

    Raises:
        OSError: that is not there, or is damaged.
    """
    host = urlsplit(constants.ENDPOINT).hostname or ""
    elsewhere = not address.startswith((HUB, constants.ENDPOINT))
    if elsewhere or constants.HF_HUB_OFFLINE or getproxies() or _is_known(host):
        yield
        return
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    except OSError:
        raise OSError(f"there is no network, or none that knows {host}") from None
    finally:
        constants.HF_HUB_OFFLINE = False


def _is_known(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return False
    return True


def load_weights(body: nn.Module, path: Path, *, head: tuple[str, ...]) -> str:
    """Loads a local file, or a folder's, into `body`, whose parameters that begin with one of `head` may be
    absent or differ.

    Returns the file's SHA-256.

    Raises:
        WeightsUnavailable: it is absent, no file of tensors, or of another network.
    """
    path = _file_of(path)
    state = {name: value for name, value in _read(path).items() if not name.startswith(head)}
    own = {name: value for name, value in body.state_dict().items() if not name.startswith(head)}
    if missing := {name for name in own.keys() - state.keys() if not name.endswith(COUNTER)}:
        raise WeightsUnavailable(
            f"{path} holds the weights of another network: it lacks {min(missing)} and "
            f"{len(missing) - 1} other tensors of {len(own)}"
        )
    there = [name for name in own if name in state]
    if strange := [name for name in there if own[name].shape != state[name].shape]:
        raise WeightsUnavailable(
            f"{path} holds the weights of another network: {strange[0]} has shape "
            f"{list(state[strange[0]].shape)}, not {list(own[strange[0]].shape)}"
        )
    body.load_state_dict({name: state[name] for name in there}, strict=False)
    return file_sha256(path)


def weights_sha256(path: Path) -> str:
    """The SHA-256 of a file of weights; of a folder's weights and settings, one of all together."""
    if not path.is_dir():
        return file_sha256(path)
    files = sorted(file for file in path.iterdir() if file.suffix in (".safetensors", ".bin", ".json"))
    lines = "".join(f"{file_sha256(file)} {file.name}\n" for file in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def _file_of(path: Path) -> Path:
    if not path.is_dir():
        return path
    there = [path / name for name in IN_FOLDERS if (path / name).is_file()]
    if not there:
        raise WeightsUnavailable(f"there is no {' or '.join(IN_FOLDERS)} in {path}; name the file itself")
    return there[0]


def _read(path: Path) -> Mapping[str, Tensor]:
    if not path.is_file():
        raise WeightsUnavailable(f"there is no file of weights at {path}")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        # Only tensors are read: a pickle could run anything.
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, RuntimeError, ValueError, EOFError, OSError, KeyError) as error:
        raise _not_weights(path) from error
    except Exception as error:  # pickle's own errors, from bytes that are anything
        raise _not_weights(path) from error
    for wrapper in WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(wrapper), dict):
            content = content[wrapper]
    if not isinstance(content, dict) or not all(isinstance(value, Tensor) for value in content.values()):
        raise _not_weights(path)
    return {name.removeprefix("module."): value for name, value in content.items()}


def _not_weights(path: Path) -> WeightsUnavailable:
    return WeightsUnavailable(
        f"{path} is no file of weights: a .safetensors, or a state_dict that torch saved"
    )
