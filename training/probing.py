"""Heads on frozen features: from pictures by regression, or from the labels' names alone."""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import JsonValue
from torch import Tensor, nn
from torch.nn import functional

from backend.bundles.places import bundle_folder
from backend.inference.manifest import MODEL
from backend.inference.preprocessing import normalise
from databases.library import LibraryImage
from training.dataset import Dataset
from training.errors import WeightsUnavailable
from training.indexing import index, read_features
from training.networks.backbone import Backbone, Classifier
from training.networks.catalogue import CLIP, build_backbone
from training.networks.weights import Weights
from training.pictures import iter_pixels
from training.probe import ProbeFit, fit_probe
from training.progress import Progress
from training.recipe import Recipe
from training.starter import VERSION, ensure_starter
from training.trained import HeldOut, Trained
from training.workshop import Workshop

if TYPE_CHECKING:
    from training.networks.clip import TextSide


def probe_starter(workshop: Workshop, dataset: Dataset, recipe: Recipe) -> Trained:
    """A probe of the starter's own network: its features are kept as the library's embeddings, and its animal
    gate stays beside the head."""
    from training.networks import efficientnet_lite0

    images = dataset.train + dataset.val
    features = starter_features(workshop, dataset, images)
    targets, fit = _fit(workshop, dataset, features, recipe)
    module = efficientnet_lite0.Probe(efficientnet_lite0.EfficientNetLite0(), *_tensors(fit))
    return Trained(
        module=module,
        preprocessing=efficientnet_lite0.PREPROCESSING,
        embedding_size=efficientnet_lite0.EMBEDDING_SIZE,
        architecture=recipe.architecture,
        embedder=efficientnet_lite0.embedder(),
        facts=_facts(recipe, fit),
        held_out=HeldOut(fit.held_out, targets),
        stock=bundle_folder(workshop.bundles, VERSION) / MODEL,
    )


def probe(workshop: Workshop, dataset: Dataset, recipe: Recipe) -> Trained:
    """A probe of any pretrained network.

    Raises:
        WeightsUnavailable: its weights cannot be had.
    """
    backbone = build_backbone(recipe.architecture, Weights(True, recipe.weights), recipe.size).eval()
    features = features_of(backbone, dataset.train + dataset.val, workshop.progress)
    return probe_of(backbone, features, workshop, dataset, recipe)


def probe_of(
    backbone: Backbone,
    features: NDArray[np.float32],
    workshop: Workshop,
    dataset: Dataset,
    recipe: Recipe,
) -> Trained:
    """A probe of a network by its `features` [n, features] of train and val."""
    targets, fit = _fit(workshop, dataset, features, recipe)
    network = Classifier(backbone, len(dataset.labels), dropout=0, cosine=True).eval()
    network.set_head(*_tensors(fit))
    return packed(network, recipe, _facts(recipe, fit), HeldOut(fit.held_out, targets), frozen=True)


def zero_shot(workshop: Workshop, dataset: Dataset, recipe: Recipe) -> Trained:
    """CLIP with a head made of the labels' names; pictures serve to calibrate and to measure it only.

    Raises:
        WeightsUnavailable: its weights cannot be had.
    """
    from training.networks.clip import prompt_head

    weights = Weights(pretrained=True, path=recipe.weights)
    with workshop.progress.track("Reading the labels", 1) as advance:
        backbone = build_backbone(recipe.architecture, weights).eval()
        network = Classifier(backbone, len(dataset.labels), dropout=0, cosine=True).eval()
        network.set_head(*prompt_head(recipe.architecture, weights, dataset.labels))
        advance(1)
    return packed(network, recipe, recipe.facts(), frozen=True)


def packed(
    network: Classifier,
    recipe: Recipe,
    facts: dict[str, JsonValue],
    held_out: HeldOut | None = None,
    *,
    frozen: bool = False,
) -> Trained:
    """A classifier as what can be published. `frozen`: its backbone is as it was before.

    CLIP's half for texts goes with it as it is. It suits a frozen backbone, whose embedding is CLIP's own.
    One that was trained on has moved away from it: see `aligned` in the manifest. Where that half cannot be
    had, `facts` say why: pictures need it not, and hours may have gone into them.
    """
    anatomy = network.backbone.anatomy
    text = None
    try:
        text = _text_of(recipe)
    except WeightsUnavailable as error:
        facts = facts | {"reads_no_texts": str(error)}
    return Trained(
        module=network,
        preprocessing=anatomy.preprocessing,
        embedding_size=anatomy.features,
        architecture=recipe.architecture,
        embedder=_embedder(network.backbone) if frozen else None,
        facts=facts | {"pretrained": anatomy.pretrained},
        held_out=held_out,
        text=text,
    )


def starter_features(
    workshop: Workshop, dataset: Dataset, images: Sequence[LibraryImage], *, whole_task: bool = True
) -> NDArray[np.float32]:
    """Embeddings float32 [n, 1280] of `images` by the starter, kept in the database; those of the whole task
    at once, or only these."""
    starter = ensure_starter(workshop.engine, workshop.bundles, workshop.progress)
    only = None if whole_task else images
    index(workshop.engine, workshop.bundles, starter, dataset.task, workshop.progress, only)
    return read_features(workshop.engine, starter, images)


def features_of(
    backbone: Backbone, images: Sequence[LibraryImage], progress: Progress
) -> NDArray[np.float32]:
    """Embeddings float32 [n, features] of length 1, of pictures as serving sees them."""
    spec = backbone.anatomy.preprocessing
    rows = []
    with progress.track("Computing features", len(images)) as advance, torch.inference_mode():
        for pixels in iter_pixels(images, spec):
            rows.append(functional.normalize(backbone(torch.from_numpy(normalise(pixels, spec)))).numpy())
            advance(len(pixels))
    return np.concatenate(rows)


def _fit(
    workshop: Workshop, dataset: Dataset, features: NDArray[np.float32], recipe: Recipe
) -> tuple[NDArray[np.int64], ProbeFit]:
    # The head learns from train and val together: its strength and its calibration come from
    # cross-validation, so that val need not be held back for them.
    images = dataset.train + dataset.val
    targets = np.array(dataset.targets(images))
    with workshop.progress.track("Fitting the head", 1) as advance:
        fit = fit_probe(features, targets, [image.shown for image in images], recipe.seed)
        advance(1)
    return targets, fit


def _tensors(fit: ProbeFit) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(fit.head.weight), torch.from_numpy(fit.head.bias)


def _facts(recipe: Recipe, fit: ProbeFit) -> dict[str, JsonValue]:
    return recipe.facts() | {"strength": fit.strength, "cross_validated_log_loss": fit.log_loss}


def _text_of(recipe: Recipe) -> "TextSide | None":
    if not recipe.architecture.startswith(CLIP):
        return None
    from training.networks.clip import text_side

    return text_side(recipe.architecture, Weights(True, recipe.weights))


def _embedder(backbone: nn.Module) -> str:
    """Names what makes the embedding: the weights and the preprocessing before them."""
    assert isinstance(backbone, Backbone)
    digest = hashlib.sha256(backbone.anatomy.preprocessing.model_dump_json().encode())
    for name, tensor in backbone.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()
