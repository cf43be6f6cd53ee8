"""A linear probe: the head that best tells the labels apart on frozen, pretrained features."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from training.calibration import fit_temperature, mean_log_loss
from training.errors import NoPictures

# Inverse regularisation strengths to try, on standardised features.
STRENGTHS = (0.0001, 0.001, 0.01, 0.1, 1.0)
FOLDS = 5

Features = NDArray[np.float32]
Targets = NDArray[np.int64]


@dataclass(frozen=True)
class LinearHead:
    """Logits are `features @ weight.T + bias`: weight float32 [labels, features], bias float32 [labels]."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    def logits(self, features: Features) -> NDArray[np.float32]:
        """Features float32 [n, features] to logits float32 [n, labels]."""
        return features @ self.weight.T + self.bias


@dataclass(frozen=True)
class ProbeFit:
    """`head` was fitted on all features.

    `held_out`: logits float32 [n, labels] of each picture under a head that was fitted without it, for
    calibration; `strength` gave them their lowest log loss.
    """

    head: LinearHead
    held_out: NDArray[np.float32]
    strength: float
    log_loss: float


def fit_probe(features: Features, targets: Targets, contents: Sequence[str], seed: int) -> ProbeFit:
    """Multinomial logistic regression on features float32 [n, features], its strength cross-validated.

    `targets` are 0..labels-1; pictures that show the same, told by `contents`, stay in one fold.

    Raises:
        NoPictures: a label has fewer than two different pictures.
    """
    folds = _folds(targets, contents, seed)
    labels = int(targets.max()) + 1
    best: tuple[float, float, NDArray[np.float32]] | None = None
    for strength in STRENGTHS:
        held_out = np.empty((len(targets), labels), np.float32)
        for rest, fold in folds:
            held_out[fold] = fit_head(features[rest], targets[rest], strength).logits(features[fold])
        # Judged as it will be used: after calibration.
        loss = mean_log_loss(held_out / fit_temperature(held_out, targets), targets)
        if best is None or loss < best[0]:
            best = loss, strength, held_out
    assert best is not None
    loss, strength, held_out = best
    return ProbeFit(fit_head(features, targets, strength), held_out, strength, loss)


def fit_head(features: Features, targets: Targets, strength: float) -> LinearHead:
    """One regression on standardised features; the standardisation is folded into the head."""
    scaler = StandardScaler().fit(features)
    # Several threads take ten times as long for matrices as small as these: 2.7 s and not 0.2 for 6,000
    # pictures of 8 labels on two cores.
    with threadpool_limits(1, user_api="blas"):
        model = LogisticRegression(C=strength, max_iter=1000).fit(scaler.transform(features), targets)
    coefficients, intercepts = model.coef_, model.intercept_
    if len(coefficients) == 1:  # two labels: scikit-learn keeps the one log-odds, softmax wants both halves
        coefficients = np.concatenate([-coefficients, coefficients]) / 2
        intercepts = np.concatenate([-intercepts, intercepts]) / 2
    weight = coefficients / scaler.scale_
    bias = intercepts - weight @ scaler.mean_
    return LinearHead(weight.astype(np.float32), bias.astype(np.float32))


def _folds(targets: Targets, contents: Sequence[str], seed: int) -> list[tuple[Targets, Targets]]:
    different = {(int(target), content) for target, content in zip(targets, contents, strict=True)}
    fewest = int(np.bincount([target for target, _ in different]).min())
    if fewest < 2:
        raise NoPictures(
            "a label has fewer than two different pictures to learn from: add some, or drop the label"
        )
    labels = len(np.unique(targets))
    for count in range(min(FOLDS, fewest), 1, -1):
        splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
        folds = list(splitter.split(targets, targets, groups=contents))
        # What shows the same may carry several labels, and takes them all out of a fold's rest.
        if all(len(np.unique(targets[rest])) == labels for rest, _ in folds):
            return folds
    raise NoPictures(
        "too few different pictures to learn from: most of a label's show what another label's show too; "
        "menagerie check tells which"
    )
