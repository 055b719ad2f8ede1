"""The contenders of speed.py: the same network, data and machine, each used as its own documentation shows.

A contender is a function ``(data, epochs, seed) -> Outcome``. Clocks run over all that a user waits for once the library is
imported and the data are in memory: building, compiling, training, and in Diabolo's case what it fits beside the model.
"""

from __future__ import annotations

import itertools
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

WIDTHS = (784, 256, 128, 64)
VAE_WIDTHS = (784, 200, 200)
VAE_LATENT = 50
BATCH = 128


@dataclass(frozen=True)
class Data:
    """MNIST: train (60000, 28, 28) and test (10000, 28, 28), uint8."""

    train: np.ndarray
    test: np.ndarray

    @property
    def test_rows(self) -> np.ndarray:
        """(10000, 784) float32 in [0, 1]."""
        return rows(self.test)


@dataclass(frozen=True)
class Outcome:
    """seconds: of the whole fit. error: on the test images (mean squared error, or −ELBO in nats). steps: of the optimizer."""

    seconds: float
    error: float
    steps: int = 0
    note: str = ""


def rows(images: np.ndarray) -> np.ndarray:
    """uint8 images as flat float32 rows in [0, 1]."""
    return images.reshape(len(images), -1).astype(np.float32) / 255


def mse(x: np.ndarray, x_hat: np.ndarray) -> float:
    """Mean squared error of all pixels."""
    return float(np.square(x.reshape(len(x), -1) - np.asarray(x_hat).reshape(len(x), -1)).mean())


# --- fully connected: 784-256-128-64-128-256-784, ReLU inside, sigmoid out -----------------------------------------------


def diabolo_ae(data: Data, epochs: int, seed: int, **options: Any) -> Outcome:
    """Diabolo, its automatic choices."""
    from diabolo import Autoencoder
    from diabolo.parts.networks import Mlp

    tick = time.perf_counter()
    network = Mlp(widths=WIDTHS[1:-1], activation="relu")
    ae = Autoencoder("deep", network=network, latent_dim=WIDTHS[-1], epochs=epochs, random_state=seed, **options).fit(
        data.train
    )
    seconds = time.perf_counter() - tick
    plan = ae.trained_.config.plan
    note = f"{plan['optimizer']['name']}, batch {plan['batch_size']}, {plan['precision']}, {plan['threads']} threads"
    return Outcome(seconds, float(ae.reconstruction_error(data.test).mean()), int(ae.history_[-1]["step"]), note)


def keras_ae(data: Data, epochs: int, seed: int) -> Outcome:
    """Keras 3 on JAX, as the tutorials have it: Adam, 0.001, batches of 128."""
    keras = _keras(seed)
    x, test = rows(data.train), data.test_rows
    layers = keras.layers
    tick = time.perf_counter()
    net = keras.Sequential([layers.Input((WIDTHS[0],))])
    for width in (*WIDTHS[1:], *WIDTHS[-2:0:-1]):
        net.add(layers.Dense(width, activation="linear" if width == WIDTHS[-1] else "relu"))
    net.add(layers.Dense(WIDTHS[0], activation="sigmoid"))
    net.compile(optimizer="adam", loss="mse")
    net.fit(x, x, epochs=epochs, batch_size=BATCH, verbose=0)
    return Outcome(time.perf_counter() - tick, mse(test, net.predict(test, verbose=0)), epochs * -(-len(x) // BATCH))


def tutorial_ae(data: Data, epochs: int, seed: int) -> Outcome:
    """PyTorch as most tutorials have it: a Dataset that makes a float tensor of one image, a DataLoader, Adam, loss.item()."""
    import torch
    from torch.utils.data import DataLoader, Dataset

    class Images(Dataset):
        def __len__(self) -> int:
            return len(data.train)

        def __getitem__(self, i: int) -> torch.Tensor:
            return torch.from_numpy(data.train[i]).float().div(255).flatten()

    return _torch_ae(DataLoader(Images(), batch_size=BATCH, shuffle=True), data, epochs, seed)


def tensor_ae(data: Data, epochs: int, seed: int) -> Outcome:
    """The same with a TensorDataset."""
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    stored = TensorDataset(torch.from_numpy(rows(data.train)))
    return _torch_ae(DataLoader(stored, batch_size=BATCH, shuffle=True), data, epochs, seed)


def _torch_ae(loader: Any, data: Data, epochs: int, seed: int) -> Outcome:
    import torch

    torch.manual_seed(seed)
    tick = time.perf_counter()
    encoder, decoder = _torch_halves()
    net = torch.nn.Sequential(encoder, decoder, torch.nn.Sigmoid())
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    total = 0.0
    for _ in range(epochs):
        for batch in loader:
            x = batch[0] if isinstance(batch, list) else batch
            loss = torch.nn.functional.mse_loss(net(x), x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
    seconds = time.perf_counter() - tick
    with torch.no_grad():
        error = mse(data.test_rows, net(torch.from_numpy(data.test_rows)).numpy())
    return Outcome(seconds, error, epochs * len(loader))


def _torch_halves() -> tuple[Any, Any]:
    from torch import nn

    def stack(widths: tuple[int, ...]) -> Any:
        layers: list[Any] = []
        for a, b in itertools.pairwise(widths):
            layers += [nn.Linear(a, b), nn.ReLU()]
        return nn.Sequential(*layers[:-1])

    return stack(WIDTHS), stack(WIDTHS[::-1])


def pythae_ae(data: Data, epochs: int, seed: int) -> Outcome:
    """Pythae's AE and BaseTrainer; its learning rate raised from 1e-4 to 1e-3, the batch from 64 to 128."""
    import torch

    seconds, trained = pythae_trained(data, epochs, seed)
    with torch.no_grad():
        x_hat = trained(_pythae_rows(data.test_rows)).recon_x.numpy()
    return Outcome(seconds, mse(data.test_rows, x_hat), epochs * -(-len(data.train) // BATCH))


def pythae_trained(data: Data, epochs: int, seed: int) -> tuple[float, Any]:
    """The seconds it took, and the model."""
    import torch
    from pythae.models import AE, AEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder

    class Encoder(BaseEncoder):
        def __init__(self) -> None:
            super().__init__()
            self.net = _torch_halves()[0]

        def forward(self, x: torch.Tensor) -> Any:
            return ModelOutput(embedding=self.net(x.flatten(1)))

    class Decoder(BaseDecoder):
        def __init__(self) -> None:
            super().__init__()
            self.net = _torch_halves()[1]

        def forward(self, z: torch.Tensor) -> Any:
            return ModelOutput(reconstruction=torch.sigmoid(self.net(z)))

    torch.manual_seed(seed)
    model = AE(AEConfig(input_dim=(WIDTHS[0],), latent_dim=WIDTHS[-1]), Encoder(), Decoder())
    return _pythae_fit(model, data, epochs, seed)


def _pythae_rows(x: np.ndarray) -> Any:
    import torch
    from pythae.data.datasets import DatasetOutput

    return DatasetOutput(data=torch.from_numpy(x))


def _pythae_fit(model: Any, data: Data, epochs: int, seed: int) -> tuple[float, Any]:
    import logging

    from pythae.pipelines import TrainingPipeline
    from pythae.trainers import BaseTrainerConfig

    logging.disable(logging.INFO)
    x = rows(data.train)
    with tempfile.TemporaryDirectory() as folder:
        config = BaseTrainerConfig(
            output_dir=folder, num_epochs=epochs, per_device_train_batch_size=BATCH, learning_rate=1e-3, seed=seed, no_cuda=True
        )
        tick = time.perf_counter()
        pipeline = TrainingPipeline(model=model, training_config=config)
        pipeline(train_data=x)
        seconds = time.perf_counter() - tick
    return seconds, pipeline.model.eval()


def pyod_ae(data: Data, epochs: int, seed: int) -> Outcome:
    """PyOD's AutoEncoder with the same widths, without its batch normalization, dropout and scaling; its output is linear.

    Its fit also scores the training rows, which an outlier detector needs.
    """
    import torch
    from pyod.models.auto_encoder import AutoEncoder

    x = rows(data.train)
    tick = time.perf_counter()
    detector = AutoEncoder(
        preprocessing=False,
        epoch_num=epochs,
        batch_size=BATCH,
        hidden_neuron_list=list(WIDTHS[1:]),
        batch_norm=False,
        dropout_rate=0.0,
        verbose=0,
        random_state=seed,
        device=torch.device("cpu"),
    ).fit(x)
    seconds = time.perf_counter() - tick
    with torch.no_grad():
        x_hat = detector.model.eval()(torch.from_numpy(data.test_rows)).numpy()
    return Outcome(seconds, mse(data.test_rows, x_hat), epochs * -(-len(x) // BATCH))


def _keras(seed: int) -> Any:
    os.environ["KERAS_BACKEND"] = "jax"
    import keras

    keras.utils.set_random_seed(seed)
    return keras


# --- convolutional: filters 16-8-8 of 3×3, max pooling, as in Keras's own tutorial ---------------------------------------


def keras_conv(data: Data, epochs: int, seed: int) -> Outcome:
    """The network of https://blog.keras.io/building-autoencoders-in-keras.html, with its cross-entropy as loss and Adam."""
    keras = _keras(seed)
    layers = keras.layers
    x, test = (rows(part).reshape(-1, 28, 28, 1) for part in (data.train, data.test))
    tick = time.perf_counter()
    net = keras.Sequential([layers.Input((28, 28, 1))])
    for filters in (16, 8, 8):
        net.add(layers.Conv2D(filters, 3, activation="relu", padding="same"))
        net.add(layers.MaxPooling2D(2, padding="same"))
    for filters, padding in ((8, "same"), (8, "same"), (16, "valid")):
        net.add(layers.Conv2D(filters, 3, activation="relu", padding=padding))
        net.add(layers.UpSampling2D(2))
    net.add(layers.Conv2D(1, 3, activation="sigmoid", padding="same"))
    net.compile(optimizer="adam", loss="binary_crossentropy")
    net.fit(x, x, epochs=epochs, batch_size=BATCH, verbose=0)
    return Outcome(time.perf_counter() - tick, mse(test, net.predict(test, verbose=0)), epochs * -(-len(x) // BATCH))


def diabolo_conv(data: Data, epochs: int, seed: int, **options: Any) -> Outcome:
    """The same modules in Diabolo's engine."""
    from torch import nn

    from diabolo import Autoencoder, Custom

    encoder, decoder = [], []
    for a, b in ((1, 16), (16, 8), (8, 8)):
        encoder += [nn.Conv2d(a, b, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True)]
    for a, b, padding in ((8, 8, 1), (8, 8, 1), (8, 16, 0)):
        decoder += [nn.Conv2d(a, b, 3, padding=padding), nn.ReLU(), nn.Upsample(scale_factor=2)]
    decoder.append(nn.Conv2d(16, 1, 3, padding=1))
    tick = time.perf_counter()
    network = Custom(nn.Sequential(*encoder), nn.Sequential(*decoder), code_positions=(4, 4))
    ae = Autoencoder("plain", network=network, latent_dim=8, likelihood="bce", epochs=epochs, random_state=seed, **options).fit(
        data.train
    )
    seconds = time.perf_counter() - tick
    plan = ae.trained_.config.plan
    note = f"{plan['optimizer']['name']}, batch {plan['batch_size']}, {plan['precision']}"
    return Outcome(seconds, float(ae.reconstruction_error(data.test).mean()), int(ae.history_[-1]["step"]), note)


# --- variational: 784-200-200-50, cross-entropy -------------------------------------------------------------------------


def diabolo_vae(data: Data, epochs: int, seed: int, **options: Any) -> Outcome:
    """Diabolo's vae; the error is −ELBO in nats on the test images."""
    from diabolo import Autoencoder
    from diabolo.parts.networks import Mlp

    tick = time.perf_counter()
    network = Mlp(widths=VAE_WIDTHS[1:], activation="tanh")
    ae = Autoencoder(
        "vae", network=network, latent_dim=VAE_LATENT, likelihood="bce", epochs=epochs, random_state=seed, **options
    ).fit(data.train)
    seconds = time.perf_counter() - tick
    found = ae.evaluate(data.test).elbo
    assert found is not None
    return Outcome(seconds, found["negative_elbo"], int(ae.history_[-1]["step"]))


def pythae_vae(data: Data, epochs: int, seed: int) -> Outcome:
    """Pythae's VAE with the same layers."""
    import torch
    from pythae.models import VAE, VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from torch import nn

    class Encoder(BaseEncoder):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Sequential(nn.Linear(784, 200), nn.Tanh(), nn.Linear(200, 200), nn.Tanh())
            self.mean, self.log_var = nn.Linear(200, VAE_LATENT), nn.Linear(200, VAE_LATENT)

        def forward(self, x: torch.Tensor) -> Any:
            h = self.net(x.flatten(1))
            return ModelOutput(embedding=self.mean(h), log_covariance=self.log_var(h))

    class Decoder(BaseDecoder):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Sequential(
                nn.Linear(VAE_LATENT, 200), nn.Tanh(), nn.Linear(200, 200), nn.Tanh(), nn.Linear(200, 784), nn.Sigmoid()
            )

        def forward(self, z: torch.Tensor) -> Any:
            return ModelOutput(reconstruction=self.net(z))

    torch.manual_seed(seed)
    model = VAE(VAEConfig(input_dim=(784,), latent_dim=VAE_LATENT, reconstruction_loss="bce"), Encoder(), Decoder())
    seconds, trained = _pythae_fit(model, data, epochs, seed)
    with torch.no_grad():
        losses = [float(trained(_pythae_rows(x)).loss) for x in np.array_split(data.test_rows, 20)]
    return Outcome(seconds, float(np.mean(losses)), epochs * -(-len(data.train) // BATCH))


Contender = Callable[[Data, int, int], Outcome]

CONTENDERS: Mapping[str, Mapping[str, Contender]] = {
    "ae": {
        "diabolo": diabolo_ae,
        "keras-jax": keras_ae,
        "tutorial": tutorial_ae,
        "tensor-loader": tensor_ae,
        "pythae": pythae_ae,
        "pyod": pyod_ae,
    },
    "conv": {"diabolo": diabolo_conv, "keras-jax": keras_conv},
    "vae": {"diabolo": diabolo_vae, "pythae": pythae_vae},
}
