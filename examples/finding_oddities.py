"""Finding what does not belong: one digit is normal, the nine others are not. Beside PCA and nearest neighbors.

python examples/finding_oddities.py --data mnist           # about a minute on a laptop
python examples/finding_oddities.py                        # built in, some seconds, no download

The built-in set has about a hundred pictures of each digit. That is few: simpler ways do nearly as well there, and the
threshold comes from ten held-out pictures, so the share of false alarms is rough.
"""

from __future__ import annotations

import argparse
import warnings

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

import diabolo
from diabolo import Autoencoder
from diabolo.errors import UnfamiliarWarning

SQUARE = 2


def main(data: str = "demo:digits", epochs: int | str = "auto", normal: int = 8) -> dict[str, float]:
    """Run the example; returns the ROC-AUC of the model and of what is simpler, and that of the heat map over pixels.

    data: a labeled data set's name. epochs: passes over the training part. normal: the label that is normal.
    """
    reading = diabolo.read(data)
    assert reading.labels is not None  # named sets have labels
    images, labels = reading.array(), np.asarray(reading.labels)
    train, test, train_labels, test_labels = train_test_split(images, labels, test_size=0.3, random_state=0)
    usual = train[train_labels == normal]

    # 1. Learn from normal pictures alone: nobody needs to show what an anomaly looks like.
    judge = Autoencoder("denoising", epochs=epochs, random_state=0).fit(usual)

    # 2. Judge new pictures. Most are digits the model has never seen, and it warns of that; here it is meant so.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnfamiliarWarning)
        found = judge.detect(test, anomalous=test_labels != normal, reference=usual, quantile=0.95)
    assert found.auc is not None  # the truth was given
    alarms = found.is_outlier[test_labels == normal].mean()
    print(f"{found.is_outlier.sum()} of {len(test)} pictures stand out, {(test_labels != normal).sum()} should")
    print(f"false alarms: {alarms:.1%} of the normal ones, promised were {found.false_alarms:.1%}")
    print("ROC-AUC: " + ", ".join(f"{name} {value:.3f}" for name, value in found.auc.items()))

    # 3. Where a picture is odd: a white square in normal pictures that the model has not seen.
    marked, places = with_squares(test[test_labels == normal])
    heat = judge.detect(marked).heat
    pixels = float(roc_auc_score(places.ravel(), heat.ravel()))
    print(f"the heat map finds the pixels of a white square with a ROC-AUC of {pixels:.3f}")
    return {**found.auc, "heat": pixels}


def with_squares(pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (n, H, W) with a white square at a random place, an eighth of the height wide or more, and where it is, bool."""
    random, side = np.random.default_rng(0), max(SQUARE, pictures.shape[1] // 8)
    where = np.zeros(pictures.shape, bool)
    for picture in where:
        top, left = random.integers(0, np.array(picture.shape) - side + 1)
        picture[top : top + side, left : left + side] = True
    return np.where(where, pictures.max(), pictures).astype(pictures.dtype), where


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="demo:digits")
    main(parser.parse_args().data)
