"""What holds for every figure: it is one, in any language, the same each time, and nobody else notices."""

import io
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axis import Tick
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from diabolo.figures.architecture import Stage, architecture
from diabolo.figures.clusters import members
from diabolo.figures.codes import codes
from diabolo.figures.curves import learning_curves
from diabolo.figures.errors import errors_beside
from diabolo.figures.export import to_png, to_svg
from diabolo.figures.labels import accuracy_by_labels
from diabolo.figures.layers import errors_by_way
from diabolo.figures.maps import code_map
from diabolo.figures.mosaic import grid, interpolation
from diabolo.figures.neighbors import neighbors
from diabolo.figures.pairs import reconstructions
from diabolo.figures.panels import panels
from diabolo.figures.rows import table_rows
from diabolo.figures.sweep import sweep_curve, sweep_pictures
from diabolo.figures.texts import ENGLISH, RUSSIAN, resolved
from diabolo.figures.units import units
from diabolo.jobs.codes.cluster import Clustering, Grouping
from diabolo.jobs.codes.coloring import Coloring
from diabolo.jobs.codes.maps import CodeMap
from diabolo.jobs.diagnosis.sweep import Advice, Sweep, Width
from diabolo.jobs.learning.label_curve import METHODS, Accuracy, LabelCurve
from diabolo.jobs.learning.layer_study import WAYS, LayerStudy, Training

RANDOM = np.random.default_rng(0)
PICTURES, TABLE = RANDOM.random((6, 9, 7, 3)), RANDOM.normal(size=(3, 5))
HISTORY = [{"epoch": i, "train_loss": 1 / i, "validation_loss": 1.2 / i, "train_kl": i} for i in range(1, 6)]
STAGES = [
    Stage("input", "a row", (1, 28, 28), 0, "input"),
    Stage("code", "all of it in few numbers", (4,), 3140, "code"),
    Stage("output", "the row again", (1, 28, 28), 3920, "output"),
]
CLUSTERS = Clustering(
    method="kmeans",
    assignments=np.array([0, 0, 0, 0, 1, 2]),
    centers=np.zeros((3, 2)),
    sizes=np.array([4, 1, 1]),
    distances=np.zeros(6),
    typical=(np.array([0, 1]), np.array([4]), np.array([5])),
    odd=(np.array([3, 2]), np.array([], dtype=int), np.array([], dtype=int)),
    suggestion=None,
    table=(Grouping("model", 2, 0.5, None, None),),
    rows=6,
    commonest=(("a name that is longer than the place for it", 0.5), ("$", 1.0), ("b", 1.0)),
)
MAP = CodeMap("pca", RANDOM.normal(size=(30, 2)), np.arange(0, 60, 2), (0.6, 0.2))
LABELED = tuple(Accuracy(m, n, (0.1 * i + n / 2000, 0.2)) for i, m in enumerate(METHODS, 1) for n in (30, 100, 1000))
CURVE = LabelCurve(LABELED, ("a", "b"), 1500, 500, apart=False, seeds=2, majority=0.5)
ERRORS = Coloring("error (mse)", np.linspace(0, 1, 60), True)
WIDTHS = tuple(Width(2**i, 2**i, 0.5**i, 0.4**i, 0.6**i or None, 1 - 0.5**i, i / 12, 2**i, 1.0) for i in range(1, 11))
SWEEP = Sweep(
    recipe="plain",
    data="digits",
    widths=WIDTHS,
    suggestion=Advice(8, "kept", False, ()),
    variance=1.0,
    rows=80,
    held_out=20,
    cells=63,
    originals=np.moveaxis(PICTURES, -1, 1),
    pictures=(np.moveaxis(PICTURES, -1, 1),) * 10,
    value_range=(0.0, 1.0),
    names=("red", "green", "blue"),
)
TRAININGS = tuple(Training(way, f, 0.1 + 0.1 * i, 1.0) for f in ("sigmoid", "silu") for i, way in enumerate(WAYS))
LAYERS = LayerStudy("plain", "", TRAININGS, (8, 4), 2, 10, 2, 80, 20, 63, 1.0, 0.3, PICTURES, (PICTURES,) * 8, None)

DRAWN = {
    "learning_curves": lambda texts: learning_curves(HISTORY, texts=texts),
    "reconstructions of images": lambda texts: reconstructions(PICTURES, PICTURES, image=True, titles=range(6), texts=texts),
    "reconstructions of tables": lambda texts: reconstructions(TABLE, TABLE, image=False, names=list("abcde"), texts=texts),
    "codes": lambda texts: codes(RANDOM.normal(size=(50, 2)), ["a", None, "$b$", "c", "d"] * 10, title="$", texts=texts),
    "code_map": lambda texts: code_map(MAP, ERRORS, texts=texts),
    "members": lambda texts: members(CLUSTERS, lambda rows: PICTURES[rows], texts=texts),
    "units": lambda texts: units([1.0, 0.0, 3.0], [True, False, True], texts=texts),
    "grid": lambda texts: grid(PICTURES),
    "interpolation of images": lambda texts: interpolation(PICTURES, image=True, texts=texts),
    "interpolation of tables": lambda texts: interpolation(TABLE, image=False, texts=texts),
    "neighbors": lambda texts: neighbors(PICTURES[:2], PICTURES.reshape(2, 3, 9, 7, 3), [[0, 1, 2]] * 2, texts=texts),
    "many neighbors": lambda texts: neighbors(PICTURES[:1], PICTURES[[[0] * 30]], [range(30)], texts=texts),
    "neighbors of one": lambda texts: neighbors(PICTURES[:1, :, :3], PICTURES[:1, None, :, :3], [[1e-5]], texts=texts),
    "architecture": lambda texts: architecture(STAGES, texts=texts),
    "sweep_curve": lambda texts: sweep_curve(SWEEP, texts=texts),
    "sweep_pictures": lambda texts: sweep_pictures(SWEEP, texts=texts),
    "errors_by_way": lambda texts: errors_by_way(LAYERS, texts=texts),
    "accuracy_by_labels": lambda texts: accuracy_by_labels(CURVE, texts=texts),
    "table_rows": lambda texts: table_rows(TABLE, list("abcd$"), ["1", "$2", "a longer head"], groups=1, texts=texts),
    "many rows of a wide table": lambda texts: table_rows(RANDOM.normal(size=(60, 90)), None, list(map(str, range(60)))),
    "panels": lambda texts: panels(["a model", "$ what is simpler"], [("one", [0.5, None]), ("two", [-1e-3, 2.0])]),
    "errors_beside": lambda texts: errors_beside([("vae", 0.1), ("PCA", 0.2)], texts=texts),
}

every = pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)


@every
@pytest.mark.parametrize("texts", [None, RUSSIAN], ids=["en", "ru"])
def test_a_figure_whose_words_stand_inside_it(draw, texts):
    fig = draw(texts)
    assert isinstance(fig, Figure)
    assert fig._repr_png_().startswith(b"\x89PNG")  # a notebook shows it by itself
    picture = Image.open(io.BytesIO(to_png(fig, dpi=100)))
    assert picture.width == round(100 * fig.get_figwidth())
    assert len(set(picture.convert("L").tobytes())) > 5
    ticks = [label for tick in fig.findobj(Tick) for label in (tick.label1, tick.label2)]  # those beyond the ends are not drawn
    for text in fig.findobj(Text):
        box = text.get_window_extent()
        if text.get_text().strip() and text not in ticks:
            assert box.x0 >= -1, text.get_text()
            assert box.y0 >= -1, text.get_text()
            assert box.x1 <= fig.bbox.width + 1, text.get_text()
            assert box.y1 <= fig.bbox.height + 1, text.get_text()


@every
def test_drawn_twice_it_is_the_same_and_nobody_else_notices(draw):
    before = dict(mpl.rcParams)
    one, same = seeded(draw), seeded(draw)
    assert one == same
    png, svg = one
    assert svg.startswith("<svg")
    assert "<metadata" not in svg
    assert b"matplotlib" not in png.lower()
    assert dict(mpl.rcParams) == before


def seeded(draw):
    """The figure as PNG and SVG, with the random arrays of this file drawn anew from one seed."""
    RANDOM.bit_generator.state = np.random.default_rng(1).bit_generator.state
    fig = draw(None)
    return to_png(fig, dpi=80), to_svg(fig)


def test_pyplot_is_never_imported():
    modules = [
        "architecture",
        "codes",
        "curves",
        "errors",
        "export",
        "labels",
        "layers",
        "mosaic",
        "neighbors",
        "pairs",
        "panels",
        "pictures",
        "rows",
        "style",
        "sweep",
        "texts",
        "units",
    ]
    lines = [f"import diabolo.figures.{name}" for name in modules]
    lines += ["from diabolo.figures.units import units", "from diabolo.figures.export import to_png, to_svg", "import sys"]
    lines += ["fig = units([1.0, 2.0])", "to_png(fig)", "to_svg(fig)", "assert 'matplotlib.pyplot' not in sys.modules"]
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True, timeout=120)


def test_both_languages_say_the_same_things():
    assert ENGLISH.keys() == RUSSIAN.keys()
    for key, text in ENGLISH.items():
        assert text.count("{") == RUSSIAN[key].count("{"), key
        assert text.format(epoch=1, count=2, metric="m")
        assert RUSSIAN[key].format(epoch=1, count=2, metric="m")


def test_a_catalogue_may_know_less_or_more():
    words = resolved({"units.unit": "x", "report.title": "y"})
    assert words["units.unit"] == "x"
    assert words["units.kl"] == ENGLISH["units.kl"]


def test_ids_of_two_figures_in_one_page_differ_by_salt():
    fig = codes([[0.0, 1.0], [1.0, 0.0]])
    assert to_svg(fig, salt="a") == to_svg(fig, salt="a") != to_svg(fig, salt="b")
