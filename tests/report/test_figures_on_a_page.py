"""Figures on a page: colors of the page, ids of their own, decimal commas, strips of pictures pixel by pixel."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image

from diabolo.errors import DataError
from diabolo.figures.architecture import Stage
from diabolo.figures.codes import codes
from diabolo.figures.histogram import histogram
from diabolo.figures.stations import stations
from diabolo.jobs.diagnosis.anatomy import in_english
from diabolo.jobs.diagnosis.layers import layer_table
from diabolo.report.silhouette import NARROWEST, silhouette
from diabolo.report.strips import LARGEST, strip
from diabolo.report.svg import COLORS, inline_svg, with_comma
from tests.report.conftest import case


def test_colors_are_the_pages() -> None:
    points = np.random.default_rng(0).normal(size=(60, 2))
    svg = inline_svg(codes(points, np.arange(60) % 10), "a", "points")
    assert not re.search("|".join(COLORS), svg, re.IGNORECASE)
    assert "var(--fig-ink)" in svg
    assert "var(--fig-wine)" in svg


def test_ids_begin_with_the_name() -> None:
    svg = inline_svg(histogram([1.0, 2.0, 2.0]), "first", 'counts of "x" & y')
    ids = re.findall(r'\bid="([^"]+)"', svg)
    assert ids
    assert all(i.startswith("first-") for i in ids)
    assert set(re.findall(r'href="#([^"]+)"', svg)) <= set(ids)
    assert 'aria-label="counts of &#34;x&#34; &amp; y"' in svg
    assert "<style" not in svg
    assert "<!--" not in svg


def test_decimal_commas_at_linear_and_logarithmic_axes() -> None:
    fig = Figure(layout="constrained")
    first, second = fig.subplots(2)
    first.plot([0.0, 1.0], [0.25, 0.75])
    first.text(0, 0.5, "0.123")
    first.text(0, 0.6, "v. 1")
    second.plot([1, 2], [0.001, 100.0])
    second.set_yscale("log")
    with_comma(fig)
    fig.draw_without_rendering()
    assert "0,25" in [t.get_text() for t in first.get_yticklabels()] or "0,3" in [t.get_text() for t in first.get_yticklabels()]
    assert [t.get_text() for t in first.texts] == ["0,123", "v. 1"]
    assert any("10^" in t.get_text() for t in second.get_yticklabels())


@pytest.mark.parametrize(("channels", "pixel"), [(1, (128, 128, 128, 255)), (2, (128, 128, 128, 255)), (3, (128, 0, 255, 255))])
def test_a_strip_shows_the_pixels(channels: int, pixel: tuple[int, ...]) -> None:
    picture = torch.tensor([0.0, -2.0, 3.0])[:channels, None, None].expand(channels, 4, 6)
    address = strip([picture, picture], (-1.0, 1.0))
    image = Image.open(io.BytesIO(base64.b64decode(address.removeprefix("data:image/png;base64,"))))
    assert image.size == (6 + 1 + 6, 4)
    assert image.getpixel((0, 0)) == image.getpixel((12, 3)) == pixel
    assert image.getpixel((6, 0))[3] == 0  # the gap


def test_large_pictures_are_made_smaller() -> None:
    address = strip([torch.rand(3, 600, 300, generator=torch.Generator().manual_seed(0))], (0.0, 1.0))
    image = Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))
    assert image.size == (LARGEST // 2, LARGEST)


def test_a_silhouette_is_narrow_where_few_numbers_flow() -> None:
    found = silhouette([Stage("a", "", (n,), 0, "encoder") for n in (64, 8, 1, 64)])
    assert [s.width for s in found] == pytest.approx([100, (100 + NARROWEST) / 2, NARROWEST, 100])
    assert [s.below for s in found][:-1] == [s.above for s in found][1:]
    assert silhouette([Stage("a", "", (5,), 0, "input")])[0].width == 100
    assert len(found[0].outline.split(", ")) == 6


def test_stations_leave_out_what_only_turns_and_join_what_follows() -> None:
    trained = case("image with labels").trained
    layers = layer_table(trained)
    drawn = stations(layers, in_english)
    assert sum(s.parameters for s in drawn) == sum(x.parameters for x in layers)
    assert drawn[0].role == "input"
    assert "map to vector" not in [s.name for s in drawn]
    assert all(s.name != "SiLU" for s in drawn)


def test_a_histogram_has_a_line_where_asked() -> None:
    assert histogram([1.0, 2.0]).axes[0].lines[:] == []
    (line,) = histogram([1.0, 2.0], mark=1.5).axes[0].lines
    assert list(line.get_xdata()) == [1.5, 1.5]


def test_a_histogram_counts_every_value() -> None:
    bars = histogram(np.linspace(0, 1, 100)).axes[0].patches
    assert sum(bar.get_height() for bar in bars) == 100
    with pytest.raises(DataError, match=r"shape \(n,\)"):
        histogram(np.ones((3, 2)))
