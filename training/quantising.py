"""A variant of a network in 8-bit integers, which serves only where it is no worse and faster."""

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from backend.inference.manifest import INT8_MODEL, MODEL, Candidate, Serving
from backend.inference.preprocessing import Preprocessing, normalise
from backend.inference.runtime import INPUT, OnnxModel
from databases.library import LibraryImage
from training.dataset import Dataset, spread
from training.explaining import evidence_for_likeliest
from training.exporting import golden_pixels, write_golden
from training.latency import paired_medians_ms
from training.pictures import read_pixels, run_model
from training.progress import Progress
from training.trained import Trained

CALIBRATION_PICTURES = 100
CALIBRATION_BATCH = 8
JUDGED_PICTURES = 500
MOST_LOST = 0.005  # of accuracy on pictures held out
LEAST_FASTER = 1.2  # less is not worth embedding the library anew
ROUNDS = 30
# Kernels of other processors round elsewhere; a wrong model is wrong by more.
GOLDEN_TOLERANCE = 0.05
# What convolutional networks spend their time on. The pooling, the length-1 embedding, the head and the
# animal gate behind them stay in float32.
OPERATORS = ["Conv", "Clip", "Relu", "Add", "MaxPool"]

Images = NDArray[np.float32]


def choose_serving(draft: Path, dataset: Dataset, trained: Trained, progress: Progress) -> Serving:
    """Quantises the draft's `model.onnx` and says which of the two serves; the int8 file stays only if it
    does."""
    learnt = spread(dataset.train, CALIBRATION_PICTURES)
    judged, held_out = _judged(dataset, trained)
    with progress.track("Quantising", len(learnt) + 2 * len(judged)) as advance:
        images = normalise(read_pixels(learnt, trained.preprocessing, advance), trained.preprocessing)
        quantise(draft / MODEL, draft / INT8_MODEL, images)
        models = [OnnxModel(draft / name) for name in (MODEL, INT8_MODEL)]
        exact, int8 = (run_model(model, judged, trained.preprocessing, advance).logits for model in models)
    if held_out is not None:
        # The head has learnt from these pictures and is too sure of them. What quantising moves is added to
        # what heads said that had not.
        exact, int8 = held_out, held_out + (int8 - exact)
    targets = np.array(dataset.targets(judged))
    shares = [float((logits.argmax(axis=1) == targets).mean()) for logits in (exact, int8)]
    times = one_picture_ms(models, images[:1])
    serving = decide(
        Candidate(file=MODEL, accuracy=shares[0], latency_ms=times[0]),
        Candidate(file=INT8_MODEL, accuracy=shares[1], latency_ms=times[1]),
        len(judged),
    )
    if serving.file != INT8_MODEL:
        (draft / INT8_MODEL).unlink()
    return serving


def _judged(dataset: Dataset, trained: Trained) -> tuple[tuple[LibraryImage, ...], Images | None]:
    """Pictures to judge by: val, or, where the method cross-validated, of train and val with the held-out
    logits."""
    if trained.held_out is None:
        return dataset.val, None
    images = dataset.train + dataset.val
    rows = spread(range(len(images)), JUDGED_PICTURES)
    return tuple(images[row] for row in rows), trained.held_out.logits[list(rows)]


def quantise(source: Path, target: Path, images: Images) -> None:
    """Static quantisation: weights in int8 by channel, activations in uint8, their ranges the least and
    greatest on `images`, float32 [n, 3, size, size].

    Percentiles and entropy took five times as long to find and were no more accurate; signed activations are
    no faster than float32 on x86.
    """
    with _quietly(), tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / MODEL
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            prepared,
            target,
            _Reader(images),
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=OPERATORS,
        )


def noise(count: int, size: int) -> NDArray[np.uint8]:
    """Pictures by chance, uint8 [count, size, size, 3], the same each time: to calibrate a network with for
    which there are no photographs. Amplitudes fall with the frequency about as those of photographs do
    (Field 1987, doi:10.1364/JOSAA.4.002379), and the channels go together as theirs do.

    EfficientNet-Lite0's embedding of photographs is then nearly as close to float32's (cosine 0.994, the
    median) as where 161 photographs calibrated it (0.995).
    """
    chance = np.random.default_rng(0)
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size)))
    frequency[0, 0] = 1
    pictures = []
    for fall in chance.uniform(0.7, 1.6, count):
        white = np.fft.fft2(chance.normal(size=(3, size, size)))
        channels = np.fft.ifft2(white / frequency**fall).real
        mixed = np.tensordot(1 + np.eye(3) / 2 + chance.normal(size=(3, 3)), channels, 1)
        mixed -= mixed.mean(axis=(1, 2), keepdims=True)
        mixed /= mixed.std(axis=(1, 2), keepdims=True)
        contrast, brightness = chance.uniform((30, 70), (75, 190), (3, 2)).T
        pixels = contrast[:, None, None] * mixed + brightness[:, None, None]
        pictures.append(pixels.clip(0, 255).astype(np.uint8).transpose(1, 2, 0))
    return np.stack(pictures)


def one_picture_ms(models: Sequence[OnnxModel], image: Images) -> list[float]:
    """The median milliseconds of each for one picture alone, float32 [1, 3, size, size]."""
    return paired_medians_ms([partial(model.run, image) for model in models], ROUNDS)


def expect_of_integers(draft: Path, spec: Preprocessing) -> None:
    """Writes a draft's `golden.npz` anew, as `model.int8.onnx` answers."""
    pixels = golden_pixels(spec.size)
    given = OnnxModel(draft / INT8_MODEL).run(normalise(pixels, spec), features=True)
    write_golden(draft, pixels, given, evidence_for_likeliest(draft, given))


def decide(exact: Candidate, int8: Candidate, pictures: int) -> Serving:
    """int8 serves if it loses at most half a point of accuracy and is clearly faster."""
    lost = exact.accuracy - int8.accuracy
    verb = "gains" if lost < 0 else "loses"
    told = (
        f"on {pictures} held-out pictures int8 {verb} {100 * abs(lost):.1f} points; it takes "
        f"{int8.latency_ms:.1f} ms a picture, float32 {exact.latency_ms:.1f} ms"
    )
    candidates = (exact, int8)
    # Accuracies are shares of whole pictures: the rounding must not decide.
    if lost <= MOST_LOST + 1e-9 and LEAST_FASTER * int8.latency_ms <= exact.latency_ms:
        return Serving(file=INT8_MODEL, reason=told, golden_tolerance=GOLDEN_TOLERANCE, candidates=candidates)
    return Serving(file=MODEL, reason=told, candidates=candidates)


class _Reader(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime carries no types
    """Gives the pictures in batches, then None."""

    def __init__(self, images: Images) -> None:
        self._batches = iter(np.array_split(images, max(1, len(images) // CALIBRATION_BATCH)))

    def get_next(self) -> dict[str, Any] | None:
        batch = next(self._batches, None)
        return None if batch is None else {INPUT: batch}


@contextmanager
def _quietly() -> Iterator[None]:
    """Keeps ONNX Runtime's advice to its own developers off the person's screen."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
