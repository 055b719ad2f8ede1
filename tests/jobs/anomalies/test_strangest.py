"""The strangest pictures of a set, for the report."""

from __future__ import annotations

import dataclasses

import numpy as np

from diabolo.jobs.anomalies.detect import detect
from diabolo.jobs.anomalies.strangest import ROWS, find_oddities
from tests.helpers import little_images, low_rank, quick

IMAGES = little_images(200)


def test_the_strangest_come_first_with_their_pictures_and_labels() -> None:
    trained, labels = quick(IMAGES, "denoising"), np.arange(200)
    odd = find_oddities(trained, trained.kind.read(IMAGES), labels)
    assert odd is not None
    expected = np.argsort(-detect(trained, IMAGES).scores, kind="stable")[:6]
    assert odd.strangest.tolist() == list(odd.labels or ()) == expected.tolist()
    np.testing.assert_allclose(odd.shown.numpy()[:, 0], IMAGES[expected] / 255, rtol=1e-6)
    assert odd.to_dict()["judged"] == 200


def test_of_many_pictures_some_are_looked_at_evenly() -> None:
    trained, many = quick(IMAGES), little_images(2 * ROWS + 300)
    odd = find_oddities(trained, trained.kind.read(many))
    assert odd is not None
    rows = np.arange(len(many))[::3]
    assert len(odd.found.scores) == len(rows)
    np.testing.assert_allclose(odd.shown.numpy()[0, 0], many[rows[odd.strangest[0]]] / 255, rtol=1e-6)


def test_nothing_where_nothing_can_be_said() -> None:
    table, bare = quick(low_rank()), dataclasses.replace(quick(IMAGES), companions={})
    assert find_oddities(table, table.kind.read(low_rank())) is None
    assert find_oddities(bare, bare.kind.read(IMAGES)) is None
