"""torchvision's networks, with its ImageNet weights."""

from typing import Any

from torch import Tensor, nn
from torchvision.models import WeightsEnum, get_model, get_model_weights

from backend.inference.preprocessing import Preprocessing
from training.networks.backbone import Anatomy, Backbone, group_parameters
from training.networks.feature_maps import Pooled
from training.networks.weights import Weights, from_hub, load_weights

# Their last layer, which knows ImageNet's classes.
HEADS = {"efficientnet_b0": "classifier.", "resnet18": "fc.", "vgg16": "classifier.6."}
MBCONVS = (1, 2, 2, 3, 3, 4, 1)  # EfficientNet-B0's blocks a stage (Tan and Le 2019, table 1)
VGG_CONVOLUTIONS = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)


def _resnet_map(body: Any, images: Tensor) -> Tensor:
    hidden = body.maxpool(body.relu(body.bn1(body.conv1(images))))
    feature_map: Tensor = body.layer4(body.layer3(body.layer2(body.layer1(hidden))))
    return feature_map


def _efficientnet_map(body: Any, images: Tensor) -> Tensor:
    feature_map: Tensor = body.features(images)
    return feature_map


def _pool(body: Any, feature_map: Tensor) -> Tensor:
    features: Tensor = body.avgpool(feature_map).flatten(1)
    return features


# VGG's dense layers could be asked as those of the plain networks are, but weigh 470 MB, and would lie in a
# bundle twice.
CUTS = {
    "efficientnet_b0": Pooled(_efficientnet_map, _pool),
    "resnet18": Pooled(_resnet_map, _pool),
    "vgg16": None,
}


def torchvision_network(name: str, weights: Weights) -> Backbone:
    """One of `HEADS`, without its last layer.

    Raises:
        WeightsUnavailable: the weights cannot be had.
    """
    body: nn.Module = get_model(name, weights=None)
    known = get_model_weights(name)["IMAGENET1K_V1"]
    pretrained = _load(name, body, known, weights) if weights.pretrained else None
    features = _cut(name, body)
    anatomy = Anatomy(
        name, features, _preprocessing(known), group_parameters(body, _blocks(name)), pretrained, CUTS[name]
    )
    return Backbone(body, anatomy)


def _load(name: str, body: nn.Module, known: WeightsEnum, weights: Weights) -> str:
    if weights.path is not None:
        return load_weights(body, weights.path, head=(HEADS[name],))
    state = from_hub(name, known.url, lambda: known.get_state_dict(progress=True, check_hash=True))
    body.load_state_dict(state)
    return str(known.url).rpartition("/")[2]


def _cut(name: str, body: nn.Module) -> int:
    """Takes the last layer off; returns how many features are left."""
    if name == "resnet18":
        last, body.fc = body.fc, nn.Identity()
    elif name == "vgg16":
        layers = body.classifier
        assert isinstance(layers, nn.Sequential)
        last, body.classifier = layers[-1], layers[:-1]
    else:
        layers = body.classifier
        assert isinstance(layers, nn.Sequential)
        last, body.classifier = layers[-1], nn.Identity()
    assert isinstance(last, nn.Linear)
    return last.in_features


def _blocks(name: str) -> list[str]:
    if name == "resnet18":
        return ["conv1.", "bn1.", *(f"layer{i}.{j}." for i in (1, 2, 3, 4) for j in (0, 1))]
    if name == "vgg16":
        return [*(f"features.{i}." for i in VGG_CONVOLUTIONS), "classifier.0.", "classifier.3."]
    stages = [f"features.{i}.{j}." for i, count in enumerate(MBCONVS, 1) for j in range(count)]
    return ["features.0.", *stages, "features.8."]


def _preprocessing(known: WeightsEnum) -> Preprocessing:
    spec = known.transforms()
    return Preprocessing(
        size=spec.crop_size[0],
        resize="crop",
        crop_fraction=spec.crop_size[0] / spec.resize_size[0],
        interpolation=spec.interpolation.value,
        mean=tuple(spec.mean),
        std=tuple(spec.std),
    )
