"""Two plain networks for training from scratch: the baselines that anything pretrained has to beat."""

from torch import nn

from backend.inference.preprocessing import Preprocessing
from training.networks.backbone import Anatomy, Backbone, group_parameters
from training.networks.feature_maps import Flattened

HALF = (0.5, 0.5, 0.5)


def simple_cnn() -> Backbone:
    """Two convolutions with pooling and a dense layer, on 64 pixels."""
    body = nn.Sequential(
        nn.Conv2d(3, 32, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64 * 14 * 14, 128),
        nn.ReLU(),
    )
    return _backbone("simple_cnn", body, size=64, features=128)


def deep_cnn() -> Backbone:
    """Two 5 x 5 convolutions with batch norm and pooling and two dense layers, on 224 pixels; initialised as
    He et al. (2015, arXiv:1502.01852) do for rectifiers."""
    body = nn.Sequential(
        nn.Conv2d(3, 32, 5, padding=2, bias=False),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.MaxPool2d(4),
        nn.Conv2d(32, 64, 5, padding=2, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.MaxPool2d(4),
        nn.Flatten(),
        nn.Linear(64 * 14 * 14, 256),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(256, 128),
        nn.ReLU(),
    )
    for layer in body:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return _backbone("deep_cnn", body, size=224, features=128)


def _backbone(architecture: str, body: nn.Sequential, *, size: int, features: int) -> Backbone:
    spec = Preprocessing(
        size=size, resize="squash", crop_fraction=1.0, interpolation="bilinear", mean=HALF, std=HALF
    )
    blocks = group_parameters(body, [f"{i}." for i in range(len(body))])
    flatten = next(i for i, layer in enumerate(body) if isinstance(layer, nn.Flatten))
    return Backbone(body, Anatomy(architecture, features, spec, blocks, None, Flattened(flatten)))
