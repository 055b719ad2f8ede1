"""What a report and the command line say of discrete codes."""

from __future__ import annotations

import dataclasses

import pytest

from diabolo.cli.results import details
from diabolo.jobs.evaluation.contenders import EVEN
from diabolo.jobs.evaluation.evaluate import evaluate
from diabolo.parts.bottlenecks import VectorQuantized
from diabolo.report import build_report
from diabolo.report.language import language
from diabolo.trained import Trained
from tests.helpers import little_images, quick

X = little_images(160)


@pytest.fixture(scope="module")
def trained() -> Trained:
    return quick(X, "vqvae", network="mlp", latent_dim=6, bottleneck=VectorQuantized(entries=16, group=3))


@pytest.mark.parametrize(("lang", "said"), [("en", "PCA at as many bits"), ("ru", "PCA при том же числе бит")])
def test_the_page_speaks_of_bits(lang: str, said: str, trained: Trained) -> None:
    found = evaluate(trained, X)
    page = build_report(trained, trained.kind.read(X), evaluation=found, lang=lang)
    assert said in page.html
    errors = {c.name: c.errors["mse"] for c in found.table}
    assert errors["model"] > EVEN * errors["pca"]
    assert found.why[0].key in ("discrete.idle", "discrete.spent")
    assert str(language(lang).say(found.why[0])) in page.html
    assert page.data["size"]["code_bytes"] == 1
    assert "float32" not in page.html.split('id="size"')[1].split("</section>")[0]


def test_the_lines_of_the_command(trained: Trained) -> None:
    found = evaluate(trained, X)
    lines = details(found.to_dict())
    assert any(line.startswith("Discrete code: 2 whole numbers below 16, 8 bits a row") for line in lines)
    assert any("(independent)" in line and "(autoregressive)" in line for line in lines)
    assert found.discrete is not None
    bare = dataclasses.replace(found, discrete=dataclasses.replace(found.discrete, prior={}))
    assert not any("ideal coder" in line for line in details(bare.to_dict()))
