"""A model that runs: ONNX Runtime on the CPU."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from backend.inference.cpu import available_cpus
from backend.inference.errors import BadBundle
from backend.inference.manifest import INT8_MODEL

log = logging.getLogger(__name__)

INPUT = "images"
LOGITS = "logits"
EMBEDDING = "embedding"
ANIMAL_LOGIT = "animal_logit"
STRANGENESS = "strangeness"
FEATURES = "features"

# Larger batches are no faster on CPUs (EfficientNet-Lite0 on 2 cores: 6.1 ms a picture at 1, 6.1 at 16) and
# only cost memory.
MAX_BATCH = 16

FLOAT32 = "tensor(float)"
MOST_SIZE = 2048  # pixels of a side
SATURATED = 1e-3  # by which an embedding of length 1 differs then; else the sums are the same to the bit


@dataclass(frozen=True)
class Raw:
    """Raw outputs, float32: `logits` [n, labels], `embedding` [n, size] of length 1, `animal_logit` [n],
    `strangeness` [n]; where they were asked for, `features` [n, channels, rows, columns]."""

    logits: NDArray[np.float32]
    embedding: NDArray[np.float32]
    animal_logit: NDArray[np.float32] | None
    strangeness: NDArray[np.float32] | None = None
    features: NDArray[np.float32] | None = None


def joined(parts: Sequence[Raw]) -> Raw:
    """Raw outputs of one model, one after the other."""

    def join(arrays: list[NDArray[np.float32] | None]) -> NDArray[np.float32] | None:
        there = [array for array in arrays if array is not None]
        return np.concatenate(there) if there else None

    return Raw(
        np.concatenate([part.logits for part in parts]),
        np.concatenate([part.embedding for part in parts]),
        join([part.animal_logit for part in parts]),
        join([part.strangeness for part in parts]),
        join([part.features for part in parts]),
    )


def open_session(
    path: Path, threads: int | None = None, *, wide_sums: bool = False
) -> onnxruntime.InferenceSession:
    """A graph, ready to run on `threads` cores or all that may be used. `wide_sums`: products of 8-bit
    integers are added up where they always have room, which takes twice as long.

    Raises:
        BadBundle: the file is no graph.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or available_cpus()
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # A thread that sleeps between two nodes wakes too late for the next; one that spins on takes its core
    # from other pictures. EfficientNet-Lite0 on 2 cores, milliseconds of one picture alone, pictures a second
    # of 2 at a time: 6.0 and 182 without, 5.4 and 153 as long as it likes, 5.4 and 188 for so long.
    for name, value in (("allow_spinning", 1), ("spin_duration_us", 20), ("spin_backoff_max", 32)):
        options.add_session_config_entry(f"session.intra_op.{name}", str(value))
    if wide_sums:
        options.add_session_config_entry("session.x64quantprecision", "1")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own errors share no public root
        raise BadBundle(f"{path} is no ONNX model that can run here: {error}") from error


class OnnxModel:
    """An ONNX graph with input `images` float32 [n, 3, size, size] and the outputs that `Raw` names. One in
    8-bit integers runs as fast as this processor does without error.

    Raises:
        BadBundle: the file is no such graph.
    """

    def __init__(self, path: Path, threads: int | None = None) -> None:
        self._path = path
        self._session = open_session(path, threads)
        self._shapes = {output.name: tuple(output.shape) for output in self._session.get_outputs()}
        self.outputs = tuple(self._shapes)
        if missing := {LOGITS, EMBEDDING} - set(self.outputs):
            raise BadBundle(f"{path} lacks the output {', '.join(sorted(missing))}")
        if [entry.name for entry in self._session.get_inputs()] != [INPUT]:
            raise BadBundle(f"{path} must have the one input {INPUT!r}")
        for output in self._session.get_outputs():
            if output.name in (LOGITS, EMBEDDING) and output.type != FLOAT32:
                raise BadBundle(f"{path} gives {output.name} as {output.type}, not {FLOAT32}")
        if path.name == INT8_MODEL:
            exact = open_session(path, threads, wide_sums=True)
            if self._saturates(exact):
                log.warning("8-bit sums saturate on this processor: %s runs in a slower, exact way", path)
                self._session = exact

    def _saturates(self, exact: onnxruntime.InferenceSession) -> bool:
        """Whether noise shows that sums have no room here. x86 without VNNI adds up pairs of products in 16
        bits: EfficientNet-Lite0's embedding is turned by 40 degrees then. Where the graph does not say how
        large its pictures are, or no sensible size, only the golden inputs can tell."""
        (entry,) = exact.get_inputs()
        sizes = entry.shape[1:]
        if not all(isinstance(size, int) and 0 < size <= MOST_SIZE for size in sizes) or sizes[:1] != [3]:
            return False
        noise = np.random.default_rng(0).uniform(-2, 2, (1, *sizes)).astype(np.float32)
        given, expected = (self._run(one, [EMBEDDING], noise)[0] for one in (self._session, exact))
        return float(np.abs(given - expected).max(initial=0)) > SATURATED

    @property
    def features(self) -> tuple[int, int, int] | None:
        """Channels, rows and columns of the feature map, where the graph gives it."""
        if FEATURES not in self._shapes:
            return None
        _, channels, rows, columns = self._shapes[FEATURES]
        return channels, rows, columns

    def run(self, images: NDArray[np.float32], *, features: bool = False) -> Raw:
        """Runs normalised pictures, float32 [n, 3, size, size] with n >= 1. `features`: whether the feature
        map is wanted too; else it is not copied out.

        Raises:
            BadBundle: they have another shape than the graph takes, or it cannot be run.
        """
        wanted = [name for name in self.outputs if features or name != FEATURES]
        return joined(list(self._run_in_batches(images, wanted)))

    def _run_in_batches(self, images: NDArray[np.float32], wanted: Sequence[str]) -> Iterator[Raw]:
        for start in range(0, len(images), MAX_BATCH):
            values = self._run(self._session, wanted, images[start : start + MAX_BATCH])
            named: dict[str, Any] = dict(zip(wanted, values, strict=True))
            yield Raw(
                named[LOGITS],
                named[EMBEDDING],
                named.get(ANIMAL_LOGIT),
                named.get(STRANGENESS),
                named.get(FEATURES),
            )

    def _run(
        self, session: onnxruntime.InferenceSession, wanted: Sequence[str], images: NDArray[np.float32]
    ) -> list[Any]:
        try:
            values: list[Any] = session.run(wanted, {INPUT: images})
        except Exception as error:  # as when it is opened
            raise BadBundle(f"{self._path} cannot be run: {error}") from error
        return values
