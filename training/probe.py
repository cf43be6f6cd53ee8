"""A linear probe: the head that best tells the labels apart on frozen, pretrained features."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler

# Inverse regularisation strengths to try, on standardised features.
STRENGTHS = (0.0001, 0.001, 0.01, 0.1, 1.0)


@dataclass(frozen=True)
class LinearHead:
    """Logits are `features @ weight.T + bias`: weight float32 [labels, features], bias float32 [labels]."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    strength: float
    val_log_loss: float


def fit_head(
    train: NDArray[np.float32],
    train_targets: Sequence[int],
    val: NDArray[np.float32],
    val_targets: Sequence[int],
) -> LinearHead:
    """Multinomial logistic regression on features float32 [n, features]; the strength is chosen on `val`."""
    scaler = StandardScaler().fit(train)
    labels = sorted(set(train_targets))
    heads = []
    for strength in STRENGTHS:
        model = LogisticRegression(C=strength, max_iter=1000).fit(scaler.transform(train), train_targets)
        loss = log_loss(val_targets, model.predict_proba(scaler.transform(val)), labels=labels)
        heads.append(_fold(model, scaler, strength, float(loss)))
    return min(heads, key=lambda head: head.val_log_loss)


def _fold(model: LogisticRegression, scaler: StandardScaler, strength: float, loss: float) -> LinearHead:
    """Takes the standardisation into the head, so that the served model needs none."""
    coefficients, intercepts = model.coef_, model.intercept_
    if len(coefficients) == 1:  # two labels: scikit-learn keeps the one log-odds, softmax wants both halves
        coefficients = np.concatenate([-coefficients, coefficients]) / 2
        intercepts = np.concatenate([-intercepts, intercepts]) / 2
    weight = coefficients / scaler.scale_
    bias = intercepts - weight @ scaler.mean_
    return LinearHead(weight.astype(np.float32), bias.astype(np.float32), strength, loss)
