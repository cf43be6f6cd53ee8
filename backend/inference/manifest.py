"""A bundle's manifest: all that a loader must know of a model, as data."""

import json
from pathlib import Path
from typing import Annotated, Final, Literal

from annotated_types import Ge, Gt, Le, MinLen
from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError, model_validator

from backend.inference.errors import BadBundle
from backend.inference.preprocessing import Preprocessing

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
ModelFile = Literal["model.onnx", "model.int8.onnx"]
MODEL: Final = "model.onnx"
INT8_MODEL: Final = "model.int8.onnx"
GOLDEN = "golden.npz"
TEXT_MODEL: Final = "text.onnx"
TEXT_GOLDEN: Final = "text_golden.npz"
TOKENIZER: Final = "tokenizer.json"
EVIDENCE_MODEL: Final = "evidence.onnx"
# float32 sums differ by processor and library version in the last digits; a wrong model differs in the first.
FLOAT32_TOLERANCE: Final = 1e-3

Fraction = Annotated[float, Ge(0), Le(1)]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Outputs(Part):
    """What the graph gives besides `logits` float32 [n, labels] and `embedding` float32 [n, embedding_size].

    `animal_logit` float32 [n], where it is named: the log-odds that the picture shows an animal at all.
    `open_set`: the labels' scores leave room for no animal, P(label) = P(label | animal) P(animal).
    """

    embedding_size: Annotated[int, Gt(0)]
    animal_logit: bool
    open_set: bool


class Calibration(Part):
    """Logits are divided by `temperature` before the softmax (Guo et al. 2017, arXiv:1706.04599, 4.2); it
    is 1 where none helped. `ece_before`, `ece_after`: the expected calibration error without and with it, on
    the pictures that it was fitted on."""

    temperature: Annotated[float, Gt(0)]
    fitted_on: Literal["val", "cross-validation"] | None
    ece_before: Fraction | None = None
    ece_after: Fraction | None = None


class Thresholds(Part):
    """`confidence`: the score from which an answer is confident, chosen so that `target_precision` of such
    answers are right. `novelty`: the highest novelty at which a label is still given, chosen so that
    `target_refusals` of the task's own pictures get none; none where the graph tells no novelty."""

    confidence: Fraction
    novelty: Fraction | None
    target_precision: Fraction | None = None
    target_refusals: Fraction | None = None


class Novelty(Part):
    """How the graph's output `strangeness`, float32 [n], becomes a novelty.

    `quantiles` are those of the strangeness of `pictures` pictures of the task's own, none of which was among
    the `references` that it was compared with: evenly spaced from the least to the greatest.
    """

    neighbours: Annotated[int, Gt(0)]
    references: Annotated[int, Gt(0)]
    pictures: Annotated[int, Gt(0)]
    quantiles: Annotated[tuple[float, ...], MinLen(2)]


class Agreement(Part):
    """The exported file beside the network it came from: the largest difference of any probability on
    `pictures` real pictures."""

    pictures: Annotated[int, Gt(0)]
    worst_difference: Annotated[float, Ge(0)]


class Candidate(Part):
    """A file that might serve: its accuracy on pictures held out, and its median milliseconds a picture."""

    file: ModelFile
    accuracy: Fraction
    latency_ms: Annotated[float, Gt(0)]


class Serving(Part):
    """The file that serves, why, and what was measured. The golden outputs are this file's, and may differ by
    `golden_tolerance` of their largest value."""

    file: ModelFile = MODEL
    reason: str = "the only candidate"
    golden_tolerance: Annotated[float, Gt(0), Le(0.1)] = FLOAT32_TOLERANCE
    candidates: tuple[Candidate, ...] = ()


class Metrics(Part):
    """Measured through the exported bundle, on the pictures that `fingerprint` tells.

    `accuracy_interval`: 95 %, by Wilson's score. `ece`: the expected calibration error. Where there are exact
    copies among the pictures, `grouped_accuracy` counts each of `groups` contents once. Where `leaked` of
    them look like some that were learnt from or chosen by, `apart_accuracy` is of the others, if any.
    """

    split: Literal["val", "test"]
    pictures: Annotated[int, Gt(0)]
    accuracy: Fraction
    accuracy_interval: tuple[Fraction, Fraction]
    macro_f1: Fraction
    log_loss: Annotated[float, Ge(0)]
    fingerprint: str
    ece: Fraction | None = None
    groups: Annotated[int, Gt(0)] | None = None
    grouped_accuracy: Fraction | None = None
    grouped_accuracy_interval: tuple[Fraction, Fraction] | None = None
    leaked: Annotated[int, Gt(0)] | None = None
    apart_accuracy: Fraction | None = None
    apart_accuracy_interval: tuple[Fraction, Fraction] | None = None


class Explanation(Part):
    """What on a picture speaks for each label, by class activation maps (Zhou et al. 2016, arXiv:1512.04150).

    The graph for pictures also gives `features`, float32 [n, channels, rows, columns]: what it has found at
    each place of the picture, just before it forgets the places. `model` makes of them `evidence`, float32
    [n, labels, rows, columns], what each place adds to each label's logit, and `rest`, float32 [n, labels],
    what no place does: together they are the logits.
    """

    model: Literal["evidence.onnx"] = EVIDENCE_MODEL
    channels: Annotated[int, Gt(0)]
    rows: Annotated[int, Gt(0)]
    columns: Annotated[int, Gt(0)]

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.channels, self.rows, self.columns


class TextAgreement(Part):
    """The exported network for texts beside the one it came from: the largest difference of any value of an
    embedding, on so many texts."""

    texts: Annotated[int, Gt(0)]
    worst_difference: Annotated[float, Ge(0)]


class Text(Part):
    """A network for texts beside the one for pictures, where the architecture is CLIP.

    `model` takes `tokens` int64 [n, length] and gives `embedding` float32 [n, embedding_size] of length 1, to
    be compared with those of pictures. `tokenizer` makes the tokens, start and end among them: at most
    `context_length`, and `pad_id` behind the end of shorter ones.

    `aligned`: the network for pictures is still the one that learnt together with this one. Where it was
    trained on, no text knows what it was taught since: texts find pictures the worse, the further it moved.
    """

    model: Literal["text.onnx"] = TEXT_MODEL
    tokenizer: Literal["tokenizer.json"] = TOKENIZER
    golden: Literal["text_golden.npz"] = TEXT_GOLDEN
    context_length: Annotated[int, Ge(3)]
    pad_id: Annotated[int, Ge(0)]
    aligned: bool
    agreement: TextAgreement | None = None

    @property
    def files(self) -> set[str]:
        return {self.model, self.tokenizer, self.golden}


class Manifest(Part):
    """`labels` are in output order; `files` maps each other file of the bundle to its SHA-256. `label_prior`:
    which share of what it learnt from each of the labels had; none where nobody knows.

    Two bundles with the same `embedder` give the same embeddings. `explanation` is none where a logit is no
    sum over places, as VGG's and ViT's are not, and in bundles of the first kind.
    """

    format_version: Literal[1]
    version: Annotated[str, MinLen(1)]
    task: Annotated[str, MinLen(1)]
    labels: Annotated[tuple[str, ...], MinLen(2)]
    label_prior: tuple[Fraction, ...] | None = None
    preprocessing: Preprocessing
    outputs: Outputs
    calibration: Calibration
    thresholds: Thresholds
    novelty: Novelty | None = None
    agreement: Agreement | None = None
    serving: Serving = Serving()
    text: Text | None = None
    explanation: Explanation | None = None
    metrics: Metrics | None
    dataset_fingerprint: str | None
    architecture: str
    embedder: str
    training: dict[str, JsonValue]
    libraries: dict[str, str]
    created_at: str
    files: dict[str, str]

    @property
    def recorded_metrics(self) -> dict[str, JsonValue] | None:
        """The metrics as JSON, for the registry."""
        return None if self.metrics is None else self.metrics.model_dump(mode="json")

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "Manifest":
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("a label stands twice in labels")
        if self.label_prior is not None:
            _check_prior(self.label_prior, self.labels)
        tells_novelty = self.outputs.animal_logit or self.novelty is not None
        if (self.thresholds.novelty is not None) != tells_novelty:
            raise ValueError("thresholds.novelty goes with outputs.animal_logit or novelty")
        if self.outputs.open_set and not self.outputs.animal_logit:
            raise ValueError("outputs.open_set needs outputs.animal_logit")
        wanted = {MODEL, GOLDEN, self.serving.file} | (self.text.files if self.text else set())
        wanted |= {self.explanation.model} if self.explanation else set()
        if missing := wanted - self.files.keys():
            raise ValueError(f"files lacks {', '.join(sorted(missing))}")
        if strange := [name for name in self.files if Path(name).name != name]:
            raise ValueError(f"files names {strange[0]!r}, which is not a plain file name")
        return self


def _check_prior(prior: tuple[float, ...], labels: tuple[str, ...]) -> None:
    if len(prior) != len(labels) or abs(sum(prior) - 1) > 1e-6:
        raise ValueError("label_prior is not a share for each of labels, which come to 1 together")


def read_manifest(folder: Path) -> Manifest:
    """Reads and validates `folder`/manifest.json.

    Raises:
        BadBundle: it is absent, no JSON, of another format version, or holds a value that is not understood.
    """
    path = folder / MANIFEST
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadBundle(f"no readable manifest at {path}: {error.strerror}") from error
    return parse_manifest(content, str(path))


def parse_manifest(data: bytes, path: str) -> Manifest:
    """Validates the bytes of a manifest, which were read at `path`.

    Raises:
        BadBundle: they are no JSON, of another format version, or hold a value that is not understood.
    """
    try:
        content = json.loads(data)
    except ValueError as error:
        raise BadBundle(f"{path} is no JSON: {error}") from error
    found = content.get("format_version") if isinstance(content, dict) else None
    if found != FORMAT_VERSION:
        raise BadBundle(f"{path} has format_version {found!r}, this version reads {FORMAT_VERSION}")
    try:
        return Manifest.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "manifest"
        raise BadBundle(f"unknown {name} {first['input']!r:.80} in {path}: {first['msg']}") from error
