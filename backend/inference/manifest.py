"""A bundle's manifest: all that a loader must know of a model, as data."""

import json
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, MinLen
from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError, model_validator

from backend.inference.errors import BadBundle
from backend.inference.preprocessing import Preprocessing

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
MODEL = "model.onnx"
GOLDEN = "golden.npz"

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
    """Logits are divided by `temperature` before the softmax (Guo et al. 2017, arXiv:1706.04599, 4.2)."""

    temperature: Annotated[float, Gt(0)]
    fitted_on: Literal["val", "cross-validation"] | None


class Thresholds(Part):
    """`confidence`: the score from which an answer is confident. `novelty`: the highest probability of
    showing no animal at which a label is still given; none where the graph has no `animal_logit`."""

    confidence: Fraction
    novelty: Fraction | None


class Metrics(Part):
    """Measured through the exported bundle, on the pictures that `fingerprint` tells.

    `accuracy_interval`: 95 %, by Wilson's score.
    """

    split: Literal["val", "test"]
    pictures: Annotated[int, Gt(0)]
    accuracy: Fraction
    accuracy_interval: tuple[Fraction, Fraction]
    macro_f1: Fraction
    log_loss: Annotated[float, Ge(0)]
    fingerprint: str


class Manifest(Part):
    """`labels` are in output order; `files` maps each other file of the bundle to its SHA-256.

    Two bundles with the same `embedder` give the same embeddings.
    """

    format_version: Literal[1]
    version: Annotated[str, MinLen(1)]
    task: Annotated[str, MinLen(1)]
    labels: Annotated[tuple[str, ...], MinLen(2)]
    preprocessing: Preprocessing
    outputs: Outputs
    calibration: Calibration
    thresholds: Thresholds
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
        if (self.thresholds.novelty is not None) != self.outputs.animal_logit:
            raise ValueError("thresholds.novelty goes with outputs.animal_logit")
        if self.outputs.open_set and not self.outputs.animal_logit:
            raise ValueError("outputs.open_set needs outputs.animal_logit")
        if missing := {MODEL, GOLDEN} - self.files.keys():
            raise ValueError(f"files lacks {', '.join(sorted(missing))}")
        if strange := [name for name in self.files if Path(name).name != name]:
            raise ValueError(f"files names {strange[0]!r}, which is not a plain file name")
        return self


def read_manifest(folder: Path) -> Manifest:
    """Reads and validates `folder`/manifest.json.

    Raises:
        BadBundle: it is absent, no JSON, of another format version, or holds a value that is not understood.
    """
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadBundle(f"no readable manifest at {path}: {error.strerror}") from error
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
