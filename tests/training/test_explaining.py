"""What explains a network's answers: that nothing is left out, and which networks can tell."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from backend.inference.bundle import load_bundle
from backend.inference.evidence import Evidence, EvidenceModel
from backend.inference.manifest import EVIDENCE_MODEL, Calibration, Thresholds
from backend.inference.prediction import Predictor
from backend.inference.preprocessing import Box, Preprocessing
from training.explaining import write_evidence
from training.exporting import export_model
from training.fitting import Fitted
from training.networks.backbone import Classifier
from training.networks.catalogue import build_backbone
from training.networks.feature_maps import Explainable, Head
from training.publishing import build_manifest, finish
from training.trained import Trained

SMALL = "timm:test_resnet.r160_in1k"
SPEC = Preprocessing(
    size=64, resize="crop", crop_fraction=1, interpolation="bilinear", mean=(0, 0, 0), std=(1, 1, 1)
)


def classifier(architecture: str, *, cosine: bool) -> Classifier:
    """A random network, ready to answer."""
    torch.manual_seed(0)
    return Classifier(build_backbone(architecture), 3, dropout=0.5, cosine=cosine).eval()


def evidence_of(network: Explainable, feature_map: Tensor, folder: Path) -> Evidence:
    _, *shape = feature_map.shape
    write_evidence(network.logit_head, (shape[0], shape[1], shape[2]), folder)
    return EvidenceModel(folder / EVIDENCE_MODEL).run(feature_map.detach().numpy())


@pytest.mark.parametrize(
    ("architecture", "cosine"),
    [
        ("simple_cnn", False),
        ("deep_cnn", True),
        ("resnet18", True),
        ("efficientnet_b0", False),
        ("efficientnet_lite0", True),
        (SMALL, False),
    ],
)
def test_all_places_and_the_rest_add_up_to_the_logits(
    architecture: str, cosine: bool, tmp_path: Path
) -> None:
    network = classifier(architecture, cosine=cosine)
    size = network.backbone.anatomy.preprocessing.size
    images = torch.rand((2, 3, size, size), generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        cut = network.convolve(images)
        for given, expected in zip(network.answer(cut), network(images), strict=True):
            torch.testing.assert_close(given, expected)
        feature_map = torch.rand_like(cut)  # random networks of many layers give next to none
        logits, _ = network.answer(feature_map)
    found = evidence_of(network, feature_map, tmp_path)
    assert found.places.shape == (2, 3, *cut.shape[2:])
    np.testing.assert_allclose(found.logits, logits, rtol=1e-4, atol=1e-4)
    assert np.abs(found.places.sum((2, 3))).min() > 0.01


def test_a_place_behind_pooling_adds_its_own_features_share(tmp_path: Path) -> None:
    network = classifier(SMALL, cosine=True)
    feature_map = torch.rand(1, network.backbone.anatomy.features, 2, 3)
    found = evidence_of(network, feature_map, tmp_path)
    mean = feature_map.mean((2, 3))
    share = feature_map[0, :, 1, 2] / 6 * network.stretch / mean.norm()
    np.testing.assert_allclose(found.places[0, :, 1, 2], network.head.weight.detach() @ share, rtol=1e-4)
    np.testing.assert_allclose(found.rest[0], network.head.bias.detach(), rtol=1e-5)


def test_a_place_before_dense_layers_adds_its_features_times_their_slopes(tmp_path: Path) -> None:
    network = classifier("simple_cnn", cosine=False)
    feature_map = torch.rand(2, 64, 14, 14, requires_grad=True)
    found = evidence_of(network, feature_map, tmp_path)
    logits, _ = network.answer(feature_map)
    for label in range(3):
        (slopes,) = torch.autograd.grad(logits[:, label].sum(), feature_map, retain_graph=True)
        expected = (slopes * feature_map).sum(1).detach()
        np.testing.assert_allclose(found.places[:, label], expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize(
    ("architecture", "explains"),
    [
        (SMALL, True),
        ("timm:test_efficientnet", True),
        ("timm:test_convnext", False),  # normalises behind its pooling
        ("timm:mobilenetv3_small_050", False),  # one more layer behind it
        ("timm:test_vit", False),
    ],
)
def test_networks_tell_whether_a_logit_is_a_sum_over_places(architecture: str, explains: bool) -> None:
    assert classifier(architecture, cosine=True).explains == explains


class Colours(Explainable):
    """Answers by the mean of a map of three by three patches: how much of a colour each has."""

    explains = True

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 3, 8, stride=8, bias=False)
        colours = torch.eye(3) * 1.5 - 0.5  # so much of its own, so little of the others
        self.patches.weight = nn.Parameter(colours[:, :, None, None].expand(-1, -1, 8, 8) / 64)
        self.head = nn.Linear(3, 3)
        self.head.load_state_dict({"weight": 9 * torch.eye(3), "bias": torch.tensor([0.1, 0.2, 0.3])})

    @property
    def logit_head(self) -> Head:
        return Head(self.head.weight, self.head.bias, length=1.0)

    def convolve(self, images: Tensor) -> Tensor:
        return functional.relu(self.patches(images))

    def answer(self, feature_map: Tensor) -> tuple[Tensor, ...]:
        embedding = functional.normalize(feature_map.mean((2, 3)))
        return self.head(embedding), embedding

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return self.answer(self.convolve(images))


def test_the_heat_of_an_exported_network_lies_on_what_was_drawn(tmp_path: Path) -> None:
    draft = tmp_path / "draft"
    draft.mkdir()
    export_model(Colours(), SPEC, draft)
    fitted = Fitted(
        Calibration(temperature=1, fitted_on=None), Thresholds(confidence=0.5, novelty=None), metrics=None
    )
    trained = Trained(Colours(), SPEC, 3, "colours", "colours", {})
    manifest = build_manifest(draft, "colours-1", "colours", ("red", "green", "blue"), trained, fitted, None)
    assert manifest.explanation is not None
    assert manifest.explanation.shape == (3, 8, 8)
    finish(tmp_path, draft, manifest)
    image = Image.new("RGB", (160, 80), (120, 120, 120))
    image.paste((220, 30, 30), (90, 50, 120, 70))  # off the centre of a square from 40 to 120
    explained = Predictor(load_bundle(tmp_path / "colours-1")).explain(image)
    assert explained.label == "red"
    assert explained.box == Box(0.25, 0, 0.75, 1)
    inside = explained.heat[5:7, 5:8].sum()  # rows of ten pixels each
    assert inside > 0.5 * explained.heat.sum()
