"""``diabolo detect`` on tables: with a model and without one, rows that stand out, cells to blame, drift, a page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from diabolo import store
from diabolo.cli import main
from diabolo.jobs.anomalies.detector.screen import NAME, Screen
from tests.cli.conftest import BlankReport, Run

SHORT = ("--epochs", "4")
NORMAL = 150


def machines(seed: int = 0, broken: int = 8) -> pl.DataFrame:
    """Machines whose power follows their speed and whose fuel their maker; the last ones draw power at a stand."""
    random = np.random.default_rng(seed)
    n = NORMAL + broken
    speed = random.uniform(10, 20, n)
    power = 3 * speed + random.normal(size=n)
    maker = random.integers(0, 2, n)
    power[NORMAL:] = 200 + random.normal(size=broken)
    columns = {
        "speed": speed,
        "power": power,
        "maker": np.array(["Ada", "Bob"])[maker],
        "fuel": np.array(["gas", "oil"])[maker],
    }
    state = ["ok"] * NORMAL + ["broken"] * broken
    return pl.DataFrame({"name": [f"m{i}" for i in range(n)], **columns, "state": state})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with machines.csv, the detector trained on it, and what it said, as said.txt."""
    place = tmp_path_factory.mktemp("machines")
    machines().write_csv(place / "machines.csv")
    words = ["detect", str(place / "machines.csv"), "--label", "state", "--id", "name", "--explain", *SHORT]
    assert main([*words, "-o", str(place / "scores.csv")]) == 0
    return place


def test_without_a_model_one_is_trained_and_kept(made: Path, run: Run) -> None:
    assert sorted(p.name for p in made.iterdir()) == ["machines-detector", "machines.csv", "scores.csv"]
    frame = pl.read_csv(made / "scores.csv")
    assert frame.columns[:8] == ["name", "state", "score", "p_value", "is_outlier", "autoencoder", "pca", "neighbors"]
    assert frame.columns[8:13] == ["blame_1", "saw_1", "expected_1", "sigmas_1", "instead_1"]
    trained = store.load(made / "machines-detector")
    screen = Screen.of(trained)
    source = trained.kind.read(made / "machines.csv")
    np.testing.assert_allclose(frame["score"], screen.scores(source).total, rtol=1e-6)
    worst = frame.sort("score", descending=True).head(8)
    assert set(worst["state"]) == {"broken"}
    assert worst["is_outlier"].sum() > 0
    assert set(worst["blame_1"]) <= {"power", "speed"}
    explained = frame["blame_1"].is_not_null()
    assert explained.sum() == max(10, frame["is_outlier"].sum())
    again = run("train", made / "machines-detector" / "run.toml")
    assert (again.code, "diabolo detect" in again.err) == (2, True)


def test_tomorrow(made: Path, run: Run) -> None:
    new = machines(seed=5, broken=4).with_columns(maker=pl.lit("Eve"), speed=pl.col("speed") + 30)
    new.select("fuel", "state", "maker", "power", "speed", "name").write_csv("new.csv")  # in another order
    ran = run("detect", made / "machines-detector", "new.csv", "--explain", "--drift", "--alpha", "0.05", "-o", "out.npz")
    assert ran.code == 0
    words = ("p-value of at most 0.05", "false alarms", "ROC-AUC", "average precision", "PCA", "nearest neighbors", "Eve")
    assert [w for w in words if w not in ran.out] == []
    assert "Not like the training data" in ran.out
    assert "speed" in ran.out.partition("Not like the training data")[2]
    assert "never seen in training: 'Eve'" in ran.err
    with np.load("out.npz") as arrays:  # nothing in it is a pickle
        assert arrays["scores"].shape == (NORMAL + 4, 6)
        assert (arrays["p_value_" if "p_value_" in arrays else "columns"] == "p_value").any()


def test_the_same_as_json(made: Path, run: Run) -> None:
    machines(seed=5, broken=4).write_csv("new.csv")
    found = run("detect", made / "machines-detector", "new.csv", "--fdr", "0.2", "--json", "--drift").json
    assert (found["chosen_by"], found["level"], found["false_alarms"]) == ("fdr", 0.2, None)
    assert found["expected_false"] == pytest.approx(0.2 * found["outliers"])
    assert found["quality"]["all"]["auc"] > 0.95
    assert set(found["quality"]) == {"all", "autoencoder", "linear", "neighbors"}
    assert len(found["scores"]) == NORMAL + 4
    assert found["drift"]["rows"] == NORMAL + 4
    assert found["names"][0] == "m0"


def test_known_normal_rows_alone_are_trained_on(run: Run) -> None:
    machines(broken=30).drop("name").write_csv("machines.csv")
    ran = run("detect", "machines.csv", "--label", "state", "--normal", "ok", "--novelty", "-m", "kept", *SHORT)
    assert (ran.code, f"the {NORMAL} normal rows" in ran.err) == (0, True)
    assert f"on {30 + 30} rows" in ran.out  # the anomalies, and a fifth of the normal rows
    assert len(store.load("kept").companions[NAME].arrays["keys"]) == NORMAL


def test_a_page_shows_the_rows_and_their_cells(made: Path, run: Run) -> None:
    for lang, said in (("en", "What does not belong"), ("ru", "Что выбивается из ряда")):
        ran = run("detect", made / "machines-detector", made / "machines.csv", "--report", "page.html", "--lang", lang)
        assert ran.code == 0
        page = Path("page.html").read_text(encoding="utf-8")
        section = page.partition('<section id="anomalies">')[2].partition("</section>")[0]
        assert said in section
        assert "σ</span>" in section
        assert section.count("<svg") == 2
        assert ">m15" in section


def test_a_report_on_a_detector_looks_at_its_held_out_rows(made: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def build(*given: object, **named: object) -> BlankReport:
        seen.append(given)
        return BlankReport()

    monkeypatch.setattr("diabolo.report.build_report", build)
    assert run("report", made / "machines-detector").code == 0
    assert len(seen[0][1]) == len(Screen.of(store.load(made / "machines-detector")).usual)


def test_a_model_of_another_kind_of_training_judges_too(run: Run, table: Path, table_model: Path) -> None:
    found = run("detect", table_model, table, "--alpha", "0.2", "--json").json
    assert set(found["parts"]) == {"autoencoder", "linear", "neighbors"}
    assert (found["verdict"], found["outliers"]) == (None, sum(p <= 0.2 for p in found["p_values"]))
    refused = run("detect", table_model, table, "--drift")
    assert (refused.code, "diabolo detect TRAINING_DATA" in refused.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["machines.csv", "--alpha", "0.1", "--fdr", "0.1"], "one of them"),
        (["machines.csv", "--alpha", "2"], "above 0 and below 1"),
        (["machines.csv", "--contamination", "0.9"], "(0, 0.5]"),
        (["machines.csv", "--drift"], "diabolo detect MODEL DATA"),
        (["machines.csv", "a", "b"], "[MODEL] DATA"),
        (["machines.csv", "-o", "scores.txt"], ".csv"),
        (["machines.csv", "--report", "page.pdf"], ".html"),
    ],
    ids=lambda value: " ".join(value[1:3]) if isinstance(value, list) else "",
)
def test_what_cannot_be_asked(run: Run, words: list[str], said: str) -> None:
    machines().write_csv("machines.csv")
    ran = run("detect", *words, "-e", "1")
    assert (ran.code, ran.out, said in ran.err) == (2, "", True)
    assert "Traceback" not in ran.err
    assert [p.name for p in Path().iterdir()] == ["machines.csv"]


def test_what_was_settled_in_training(made: Path, run: Run) -> None:
    model, data = made / "machines-detector", made / "machines.csv"
    for words in (["--contamination", "0.1"], ["--novelty"], ["--ignore", "fuel"], ["--keep", "k"], ["--epochs", "3"]):
        ran = run("detect", model, data, *words)
        assert (ran.code, f"{words[0]} is for training" in ran.err) == (2, True)
    assert "is a model folder" in run("detect", model).err
    assert run("detect", "nowhere", data).code == 1


def bad(change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    change(machines()).write_csv("bad.csv")


WRONG: dict[str, tuple[Callable[[pl.DataFrame], pl.DataFrame], str]] = {
    "renamed": (lambda t: t.rename({"power": "watts"}), "power"),
    "left out": (lambda t: t.drop("speed"), "speed"),
    "infinite": (
        lambda t: t.with_columns(power=pl.when(pl.col("name") == "m3").then(np.inf).otherwise(pl.col("power"))),
        "power",
    ),
    "text among numbers": (
        lambda t: t.with_columns(
            power=pl.when(pl.col("name") == "m3").then(pl.lit("much")).otherwise(pl.col("power").cast(str))
        ),
        "much",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_tables_get_one_clear_error(made: Path, run: Run, name: str) -> None:
    change, said = WRONG[name]
    bad(change)
    ran = run("detect", made / "machines-detector", "bad.csv")
    assert (ran.code, ran.out, said in ran.err) == (1, "", True)
    assert "Error: " in ran.err
    assert "Traceback" not in ran.err


def test_a_label_that_is_not_there(made: Path, run: Run) -> None:
    ran = run("detect", made / "machines.csv", "--label", "stat", *SHORT)
    assert (ran.code in (1, 2), "state" in ran.err, Path("machines-detector").exists()) == (True, True, False)
    ran = run("detect", made / "machines-detector", made / "machines.csv", "--label", "stat")
    assert (ran.code in (1, 2), "state" in ran.err) == (True, True)


def test_odd_columns_are_taken(made: Path, run: Run) -> None:
    """Empty and constant columns, and a level a row: said, and no error."""
    odd = machines().with_columns(nothing=pl.lit(None, dtype=pl.Float64), same=pl.lit(3.0), every=pl.col("name") + "x")
    odd.write_csv("odd.csv")
    ran = run("detect", "odd.csv", "--label", "state", "--id", "name", "--explain", *SHORT)
    assert ran.code == 0
    words = ("every cell is missing in column 'nothing'", "column 'same' is constant", "--ignore every")
    assert [w for w in words if w not in ran.err] == []
    bad(lambda t: t.with_columns(power=pl.lit(None, dtype=pl.Float64)))
    assert run("detect", made / "machines-detector", "bad.csv", "--explain").code == 0
