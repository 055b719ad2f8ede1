"""The doctor: each planted fault is found, and no other; a healthy model has a clean bill, and everything says its figures."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from diabolo import Autoencoder
from diabolo.jobs.codes.reconstruct import reconstruct
from diabolo.jobs.companions import CODES, TWIN
from diabolo.jobs.diagnosis.activity import activity
from diabolo.jobs.diagnosis.copying import COPIES
from diabolo.jobs.diagnosis.curves import GAP
from diabolo.jobs.diagnosis.diagnose import Diagnosis, diagnose
from diabolo.jobs.diagnosis.remarks import in_english
from diabolo.jobs.generation.holes import HOLES
from diabolo.jobs.inference import codes
from diabolo.metrics.codes import ACTIVE
from diabolo.parts.bottlenecks.gaussian import Gaussian
from diabolo.trained import Companion, Trained
from tests.helpers import little_images, low_rank, quick


def waves(rows: int, seed: int) -> np.ndarray:
    """Sines of three numbers, (rows, 20): a curved set of three dimensions that no plane of three holds."""
    random = np.random.default_rng(seed)
    ways = np.random.default_rng(9).normal(size=(3, 20))
    return (np.sin(random.normal(size=(rows, 3)) @ ways) + 0.05 * random.normal(size=(rows, 20))).astype(np.float32)


X, HELD = waves(1000, 0), waves(250, 1)
FAST = {"learning_rate": 0.01, "batch_size": 64}
KNOWN = {"holes", "unfinished training"}  # notes that say no fault: codes are no normal distribution; few epochs


@cache
def healthy() -> Trained:
    return quick(X, latent_dim=5, epochs=25, optimizer="adamw", **FAST)


@cache
def variational() -> Trained:
    return quick(X, "vae", latent_dim=4, epochs=25, optimizer="adamw", **FAST)


def changed(trained: Trained, change: Callable[[Any], None]) -> Trained:
    """A copy of the model with other weights."""
    model = copy.deepcopy(trained.model)
    with torch.no_grad():
        change(model)
    return dataclasses.replace(trained, model=model)


def layers(part: torch.nn.Module) -> list[torch.nn.Linear]:
    return [m for m in part.modules() if isinstance(m, torch.nn.Linear)]


def found(diagnosis: Diagnosis) -> dict[str, str]:
    return {c.name: c.severity for c in diagnosis.findings if c.name not in KNOWN}


@pytest.mark.parametrize("make", [healthy, variational])
def test_a_healthy_model_has_a_clean_bill(make: Callable[[], Trained]) -> None:
    diagnosis = diagnose(make(), HELD, training=X)
    assert found(diagnosis) == {}, str(diagnosis)
    assert diagnosis.healthy
    assert diagnosis.rows == 250
    assert "Nothing is wrong" in str(diagnosis)
    assert diagnosis.errors["model"] < diagnosis.errors["pca"] < diagnosis.errors["mean"]
    json.dumps(diagnosis.to_dict(), allow_nan=False)


def test_a_collapsed_posterior() -> None:
    trained = quick(X[:400], "vae", latent_dim=4, epochs=8, bottleneck=Gaussian(beta=1e5), **FAST)
    diagnosis = diagnose(trained, HELD)
    assert found(diagnosis) == {"collapsed code": "fault"}, str(diagnosis)
    check = diagnosis.check("collapsed code")
    assert check.measured is not None
    assert check.measured < ACTIVE == check.threshold
    assert "Burda et al. 2016" in in_english(check.said)
    assert check.remedy is not None
    assert "bottleneck.beta" in in_english(check.remedy)
    assert "Explained" in in_english(diagnosis.check("underfitting").said)


def test_some_collapsed_numbers_are_worth_a_note() -> None:
    def still(model: Any) -> None:
        last = layers(model.encoder)[-1]  # means first, then raw spreads
        last.weight[1:3] = 0

    diagnosis = diagnose(changed(variational(), still), HELD)
    check = diagnosis.check("collapsed code")
    assert (check.severity, check.measured) == ("note", 0.5)
    assert "2 of 4" in in_english(check.said)
    assert "latent_dim=2" in in_english(check.remedy or check.said)


def relu() -> Trained:
    return quick(
        X, latent_dim=5, epochs=4, network={"name": "mlp", "activation": "relu", "widths": [32, 32]}, learning_rate=1e-3
    )


def test_dead_layers() -> None:
    trained = relu()
    assert "dead layers" not in found(diagnose(trained, HELD))
    all_dead = diagnose(changed(trained, lambda m: layers(m.encoder)[1].bias.fill_(-1e4)), HELD)
    assert found(all_dead) == {"dead layers": "fault"}, str(all_dead)
    assert "32 of the 32 units" in in_english(all_dead.check("dead layers").said)
    assert "ReLU" in in_english(all_dead.check("dead layers").said)
    some = diagnose(changed(trained, lambda m: layers(m.encoder)[1].bias[:8].fill_(-1e4)), HELD)
    assert some.check("dead layers").severity == "warning"
    assert some.check("dead layers").measured is not None
    assert some.check("dead layers").measured >= 0.25


def test_activity_counts_what_a_loop_counts() -> None:
    trained = changed(relu(), lambda m: layers(m.encoder)[0].bias[:5].fill_(-1e4))
    source = trained.kind.read(HELD)
    first = activity(trained, source)[0]
    x = trained.kind.encode(source.take(torch.arange(len(source))))
    h = torch.relu(layers(trained.model.encoder)[0](x))
    assert (first.units, first.dead, first.function) == (32, int((h.amax(0) - h.amin(0) == 0).sum()), "ReLU")
    assert first.dead >= 5


def test_a_code_that_never_varies_and_one_with_dead_numbers() -> None:
    def still(model: Any) -> None:
        layers(model.encoder)[-1].weight.zero_()

    diagnosis = diagnose(changed(healthy(), still), HELD, training=X)
    assert found(diagnosis) == {"dead code": "fault"}, str(diagnosis)
    some = diagnose(changed(healthy(), lambda m: layers(m.encoder)[-1].weight[:1].zero_()), HELD)
    assert some.check("dead code").severity == "note"
    assert "4 of 5" in in_english(some.check("dead code").said)


def test_saturated_numbers() -> None:
    trained = quick(X, latent_dim=5, epochs=2, bottleneck={"name": "plain", "activation": "tanh"}, **FAST)
    assert diagnose(trained, HELD).check("saturated units").severity == "fine"
    stuck = diagnose(changed(trained, lambda m: layers(m.encoder)[-1].weight.mul_(1e4)), HELD)
    assert stuck.check("saturated units").severity == "fault"
    assert "5 of 5 units of bottleneck" in in_english(stuck.check("saturated units").said)
    network = {"name": "mlp", "activation": "sigmoid", "widths": [16]}
    hidden = changed(quick(X, latent_dim=5, epochs=1, network=network), lambda m: layers(m.encoder)[0].weight.mul_(1e4))
    assert "encoder" in in_english(diagnose(hidden, HELD).check("saturated units").said)


def test_exploding_codes() -> None:
    def large(model: Any) -> None:
        """The same model with codes a million times larger."""
        layers(model.encoder)[-1].weight.mul_(1e6)
        layers(model.encoder)[-1].bias.mul_(1e6)
        layers(model.decoder)[0].weight.mul_(1e-6)

    diagnosis = diagnose(changed(healthy(), large), HELD)
    assert found(diagnosis) == {"exploding codes": "warning"}, str(diagnosis)
    wide = HELD.copy()
    wide[7] *= 1e7
    one = diagnose(quick(X, "simple", latent_dim=5, epochs=1), wide).check("exploding codes")
    assert "A few codes are huge" in in_english(one.said)


def test_rows_known_by_heart() -> None:
    trained = quick(X[:30], latent_dim=8, epochs=200, validation_fraction=0.0, **FAST)
    diagnosis = diagnose(trained, HELD, training=X[:30])
    assert found(diagnosis) == {"overfitting": "warning"}, str(diagnosis)
    check = diagnosis.check("overfitting")
    error = lambda rows: np.square(standard(trained, rows) - standard(trained, reconstruct(trained, rows))).mean()  # noqa: E731
    assert check.measured == pytest.approx(error(HELD) / error(X[:30]), rel=1e-3)
    assert check.threshold == GAP
    assert found(diagnose(trained, HELD)) == {"overfitting": "warning"}  # by the history's training error
    assert diagnose(trained).check("overfitting").severity == "skipped"


def standard(trained: Trained, rows: np.ndarray) -> np.ndarray:
    return trained.kind.encode(torch.from_numpy(np.asarray(rows, dtype=np.float32))).numpy()


def test_a_code_of_one_number_is_narrow() -> None:
    diagnosis = diagnose(quick(X, latent_dim=1, epochs=15, **FAST), HELD)
    assert found(diagnosis) == {"narrow code": "warning"}, str(diagnosis)


def test_a_model_that_learned_nothing_and_one_behind_pca() -> None:
    untrained = quick(X, latent_dim=5, epochs=1, learning_rate=1e-7)
    assert found(diagnose(untrained, HELD)) == {"underfitting": "fault"}
    assert "no better than that of the mean" in str(diagnose(untrained, HELD))
    behind = quick(X, latent_dim=5, epochs=2, learning_rate=1e-3)
    assert found(diagnose(behind, HELD)) == {"underfitting": "warning"}
    priced = quick(X, "denoising", latent_dim=5, epochs=4, learning_rate=1e-3)
    assert found(diagnose(priced, HELD)) == {"underfitting": "note"}


def test_a_network_that_copies() -> None:
    x = np.random.default_rng(3).normal(size=(400, 6)).astype(np.float32) @ np.eye(6, dtype=np.float32)

    def identity(model: Any) -> None:
        for half in (model.encoder, model.decoder):
            layers(half)[0].weight.copy_(torch.eye(6))
            layers(half)[0].bias.zero_()

    trained = changed(quick(x, "simple", latent_dim=6, epochs=1), identity)
    diagnosis = diagnose(trained, x, training=x)
    assert found(diagnosis) == {"copying": "warning"}, str(diagnosis)
    assert diagnosis.copying is not None
    assert diagnosis.copying.noise == pytest.approx(1, abs=1e-6)
    assert diagnosis.copying.pca == pytest.approx(1, abs=1e-4)
    assert diagnosis.check("copying").threshold == COPIES


def test_unsteady_codes() -> None:
    """An encoder that reads digits behind the point: sines of a thousand times the data."""
    x = low_rank(300)

    def shaky(model: Any) -> None:
        layers(model.encoder)[0].weight.mul_(300)

    trained = changed(quick(x, latent_dim=3, epochs=1, network={"name": "mlp", "activation": "tanh", "widths": [64]}), shaky)
    check = diagnose(trained, x).check("unsteady codes")
    assert check.severity == "note"
    assert "denoising" in in_english(check.remedy or check.said)


def test_without_pca_steadiness_is_measured_and_not_judged() -> None:
    companions = {k: v for k, v in healthy().companions.items() if k != TWIN}
    diagnosis = diagnose(dataclasses.replace(healthy(), companions=companions), HELD)
    check = diagnosis.check("unsteady codes")
    assert (check.severity, check.said.key, check.threshold, check.found) == ("measured", "diagnosis.steady.alone", None, False)
    assert check.measured == diagnose(healthy(), HELD).check("unsteady codes").measured
    asked = sum(c.severity not in ("skipped", "measured") for c in diagnosis.checks)
    assert diagnosis.verdict.values["checks"] == asked
    assert "[measured] unsteady codes: Noise of a quarter" in str(diagnosis)


def test_without_data_the_model_is_judged_by_what_travels_with_it() -> None:
    diagnosis = diagnose(healthy())
    assert diagnosis.rows == 0
    assert diagnosis.check("copying").severity == "skipped"
    assert "give data" in in_english(diagnosis.check("dead layers").said)
    assert diagnosis.check("underfitting").severity == "fine"
    assert diagnosis.check("holes").severity in ("note", "fine")
    assert diagnosis.errors["pca"] == pytest.approx(diagnose(healthy(), X).errors["pca"], rel=0.1)
    assert diagnose(variational()).check("holes").severity == "skipped"
    bare = dataclasses.replace(healthy(), history=(), companions={})
    assert all(c.severity == "skipped" for c in diagnose(bare).checks)
    json.dumps(diagnosis.to_dict(), allow_nan=False)


def test_a_plain_code_says_which_density_mends_it() -> None:
    diagnosis = diagnose(healthy(), HELD)
    assert diagnosis.spread is not None
    check = diagnosis.check("holes")
    assert (check.severity, check.said.key) == ("note", "diagnosis.holes.plain")
    assert check.remedy is not None
    assert f"density='{diagnosis.spread.mends}'" in in_english(check.remedy)
    gaussian, mended = diagnosis.spread.of("gaussian"), diagnosis.spread.of(diagnosis.spread.mends or "")
    assert gaussian is not None
    assert mended is not None
    assert check.measured == gaussian.far > 2 * mended.far
    assert diagnosis.spread.normal > 10 * diagnosis.spread.chance  # no standard normal


def test_a_hollow_prior_is_a_warning_and_a_filled_one_is_not() -> None:
    """Means moved to one side leave the prior without codes."""
    assert diagnose(variational(), HELD).check("holes").severity == "fine"

    def aside(model: Any) -> None:
        layers(model.encoder)[-1].bias[:4] += 8

    hollow = changed(variational(), aside)
    z = codes(hollow, hollow.kind.read(X)).numpy()
    check = diagnose(hollow.with_companion(CODES, Companion({"rows": len(z)}, {"z": z})), HELD).check("holes")
    assert (check.severity, check.threshold) == ("warning", HOLES)
    assert check.said.key == "diagnosis.holes.prior"
    assert check.measured is not None
    assert check.measured > 0.5
    assert "99 %" in in_english(check.said)


def test_pictures_labels_and_pairs() -> None:
    images, y = little_images(60), np.arange(60) % 2
    told = Autoencoder.from_trained(quick(images, "cvae", y=y))
    assert told.diagnose(images, y, training=images, training_labels=y).check("overfitting").measured == pytest.approx(1)
    assert diagnose(quick(images, "conv"), images).copying is not None
    pairs = diagnose(quick(images, target=255 - images), images)
    assert pairs.check("underfitting").severity == "skipped"
    assert pairs.copying is None
    few = diagnose(quick(images), images[:3])
    assert few.check("holes").severity == "skipped"


def test_few_rows_of_many_are_looked_at() -> None:
    diagnosis = diagnose(healthy(), HELD, rows=50)
    assert diagnosis.rows == 50
    assert diagnosis.check("underfitting").measured == pytest.approx(diagnose(healthy(), HELD).errors["model"], rel=0.4)
