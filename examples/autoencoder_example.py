"""An autoencoder from end to end: compress pictures of digits, restore them, look at both, and use the encoder on its own.

    python examples/autoencoder_example.py                        # MNIST, about two minutes on a laptop
    python examples/autoencoder_example.py --data demo:digits     # built in, a few seconds, no download

The network is the one of the textbooks, 784-256-128-64-128-256-784 on MNIST: ReLU inside, sigmoid at the end.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

import diabolo
from diabolo import Autoencoder
from diabolo.parts.networks import Mlp


def main(data: str = "mnist", epochs: int | str = "auto", folder: str = "autoencoder-example") -> dict[str, float]:
    """Run the example; returns the figures it prints.

    data: a data set's name. epochs: passes over the training part. folder: where model and pictures go.
    """
    # 1. Data. Pictures keep their own dtype; one part is never trained on.
    reading = diabolo.read(data)
    images, labels = reading.array(), reading.labels
    train, test, train_labels, test_labels = train_test_split(images, labels, test_size=0.15, random_state=0)
    print(f"{len(train)} pictures of {train.shape[1]}×{train.shape[2]} to learn from, {len(test)} to judge by")

    # 2. The model: 256 and 128 numbers on the way to a code of 64 (the decoder mirrors that), ReLU between the layers.
    #    The last function is a sigmoid because pixels lie in [0, 1]; the loss is the squared error.
    pixels = train[0].size
    widths, code = ((256, 128), 64) if pixels > 128 else ((48, 32), 16)
    ae = Autoencoder("deep", network=Mlp(widths=widths, activation="relu"), latent_dim=code, epochs=epochs, random_state=0)
    ae.fit(train)

    # 3. Compress: every picture becomes a short code. Restore: every code becomes a picture again.
    codes = ae.transform(test)  # (n, code)
    restored = ae.inverse_transform(codes)  # like test: same shape, dtype and range
    error = float(ae.reconstruction_error(test).mean())
    print(f"{pixels} numbers become {codes.shape[1]}; mean squared error on unseen pictures {error:.4f}")

    # 4. Is that good? PCA is the best *linear* way to do the same, fitted on the same pictures, with as many numbers.
    judged = ae.evaluate(test, test_labels)
    errors = {row.name: row.errors["mse"] for row in judged.table}
    print(f"PCA with {code} numbers {errors['pca']:.4f}; the mean picture {errors['mean']:.4f}")

    # 5. Look: inputs above what came back, and the learning curves.
    out = Path(folder)
    ae.save(out / "model", overwrite=True)
    ae.plot.reconstructions(test[:10]).savefig(out / "reconstructions.png", dpi=120)
    ae.plot.history().savefig(out / "history.png", dpi=120)
    print(f"pictures and model: {out}")

    # 6. Use the encoder again, tomorrow and elsewhere: here its codes feed a classifier that has few labels.
    encoder = diabolo.load(out / "model")
    few = 500
    classifier = LogisticRegression(max_iter=2000).fit(encoder.transform(train[:few]), train_labels[:few])
    accuracy = float(classifier.score(encoder.transform(test), test_labels))
    print(f"a linear classifier on the codes of {few} labelled pictures: {accuracy:.1%} right on unseen ones")
    assert restored.shape == test.shape
    return {"mse": error, "pca": errors["pca"], "mean": errors["mean"], "accuracy": accuracy}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--epochs", type=int, default="auto")
    parser.add_argument("--folder", default="autoencoder-example")
    arguments = parser.parse_args()
    main(arguments.data, arguments.epochs, arguments.folder)
