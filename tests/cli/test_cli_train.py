"""`diabolo train` and `diabolo demo`: what they write, what they say, how they end."""

from __future__ import annotations

import json
import signal
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diabolo import store
from diabolo.cli import demo as demo_command
from diabolo.cli import making
from diabolo.cli.progress import ProgressLine
from diabolo.training import checkpoints
from diabolo.training.events import Epoch, Event, Saved
from tests.cli.conftest import Ran, Run
from tests.helpers import little_images, low_rank

QUICK = ("-n", "mlp", "-k", "4", "-e", "2")


def test_the_folder_says_how_it_was_made(digits_model: Path) -> None:
    run = tomllib.loads((digits_model / "run.toml").read_text(encoding="utf-8"))["run"]
    assert run["data"] == "demo:digits"
    assert run["command"].startswith("diabolo train demo:digits -r vae -n mlp -k 4 -e 2 -o ")
    report = (digits_model / "report.html").read_text(encoding="utf-8")
    assert "diabolo train demo:digits -r vae" in report


def test_what_is_said_about_a_training(run: Run) -> None:
    ran = run("train", "demo:digits", *QUICK)
    assert ran.code == 0
    assert "Data: images of 8×8" in ran.err
    assert "1619 rows to train, 178 held out" in ran.err
    words = ("Training log", "held out", "PCA", "mean of the rows", "best epoch", "Model:   digits-plain", "report.html")
    assert [w for w in words if w not in ran.out] == []
    assert [mark for mark in ("{", "}", "Finding", "None", "nan") if mark in ran.out] == []
    assert "diabolo reconstruct digits-plain demo:digits -o restored.png" in ran.out
    assert "diabolo embed digits-plain demo:digits -o codes.csv" in ran.out


@pytest.mark.usefixtures("blank_report")
@pytest.mark.parametrize(
    ("recipe", "words", "first"),
    [
        ("denoising", ("-n", "mlp"), "diabolo denoise m bars.npy -o mended.png"),
        ("denoising", ("-n", "conv", "--set", "network.code=map"), "diabolo denoise m picture.png -o mended.png"),
        ("jigsaw", ("-n", "mlp"), "diabolo unshuffle m picture.png -o mended.png"),
        ("upscaling", ("-n", "mlp"), "diabolo eval m bars.npy"),
    ],
)
def test_the_next_command_runs(run: Run, recipe: str, words: tuple[str, ...], first: str) -> None:
    np.save("bars.npy", little_images())
    Image.fromarray(little_images(1, 16)[0]).save("picture.png")
    told = run("train", "bars.npy", "-r", recipe, *words, "-e", "1", "-o", "m")
    assert f"Next:    {first}\n" in told.out, told.err
    ran = run(*first.split()[1:])
    assert ran.code == 0, ran.err


@pytest.mark.usefixtures("blank_report")
def test_the_next_command_for_pictures_in_files(run: Run) -> None:
    Path("photos").mkdir()
    for i, pixels in enumerate(little_images(40, 12)):
        Image.fromarray(pixels).resize((12 + i % 3, 12)).save(f"photos/{i}.png")
    told = run("train", "photos", "-r", "denoising", "-n", "mlp", "-e", "1", "-o", "m")
    assert "Next:    diabolo reconstruct m photos -o restored.png\n" in told.out
    assert run("reconstruct", "m", "photos", "-o", "restored.png").code == 0


@pytest.mark.usefixtures("blank_report")
def test_json_is_all_there_is_on_stdout(run: Run) -> None:
    ran = run("train", "demo:digits", *QUICK, "--json", "-o", "m")
    found = ran.json
    assert (found["folder"], found["report"], found["recipe"], found["latent_dim"]) == (
        "m",
        str(Path("m/report.html")),
        "plain",
        4,
    )
    assert [row["epoch"] for row in found["history"]] == [1, 2]
    assert [c["name"] for c in found["evaluation"]["table"]] == ["model", "pca", "mean"]
    assert found["ended"] == "complete"
    assert "Training:" in ran.err


@pytest.mark.usefixtures("blank_report")
def test_the_default_name_is_numbered_where_it_is_taken(run: Run, tmp_path: Path) -> None:
    (tmp_path / "digits-plain").mkdir()
    (tmp_path / "digits-plain-2").touch()
    assert run("train", "demo:digits", *QUICK, "--json").json["folder"] == "digits-plain-3"
    assert list((tmp_path / "digits-plain").iterdir()) == []


@pytest.mark.usefixtures("blank_report")
def test_options_reach_the_model(run: Run, table: Path) -> None:
    words = ["--recipe", "beta-vae", "--set", "bottleneck.beta=2.5", "--set", "network.widths=12,6", "--corruption", "mask"]
    words += ["--likelihood", "l1", "--optimizer", "sgd", "--set", "optimizer.momentum=0.5", "--set", "optimizer.clip=1"]
    words += ["--learning-rate", "0.01", "--batch-size", "16", "--latent", "3", "--validation", "0.25", "--seed", "7"]
    ran = run("train", table, "--label", "machine", "--ignore", "part", "--epochs", "1", *words, "-o", "m", "--json")
    assert ran.code == 0
    config = store.load("m").config
    parts = config.composition.to_json()
    assert parts["network"]["widths"] == [12, 6]
    assert parts["bottleneck"] | {"name": "gaussian", "beta": 2.5} == parts["bottleneck"]
    assert (parts["likelihood"]["name"], parts["corruption"]["name"], config.latent_dim) == ("laplace", "mask", 3)
    optimizer = config.plan["optimizer"]
    assert (optimizer["name"], optimizer["momentum"], optimizer["clip"]) == ("sgd", 0.5, 1.0)
    assert (config.plan["learning_rate"], config.plan["batch_size"], config.plan["seed"]) == (0.01, 16, 7)
    assert config.options["validation_fraction"] == 0.25


@pytest.mark.usefixtures("blank_report")
def test_optimizer_settings_without_an_optimizer_choose_adamw_and_say_so(run: Run) -> None:
    ran = run("train", "demo:digits", *QUICK, "--set", "optimizer.clip=1", "-o", "m")
    assert "optimizer adamw" in ran.err
    assert store.load("m").config.plan["optimizer"]["clip"] == 1.0


@pytest.mark.usefixtures("blank_report")
def test_images_in_flat_rows(run: Run, tmp_path: Path) -> None:
    import numpy as np

    np.save(tmp_path / "flat.npy", np.random.default_rng(0).integers(0, 256, size=(40, 36), dtype=np.uint8))
    ran = run("train", "flat.npy", "--image-shape", "6x6", "--value-range", "-1,1", "-k", "2", "-e", "1", "-o", "m")
    assert ran.code == 0
    layout = store.load("m").kind.layout
    assert (layout.shape, layout.bounds) == ((1, 6, 6), (-1.0, 1.0))


@pytest.mark.usefixtures("blank_report")
def test_nothing_held_out_is_judged_on_the_training_rows(run: Run) -> None:
    found = run("train", "demo:digits", *QUICK, "--validation", "0", "--json", "-o", "m").json
    assert found["evaluation"]["rows"] == 1797
    assert "training rows" in found["evaluation"]["data"]


def test_a_russian_report(run: Run) -> None:
    assert run("train", "demo:digits", *QUICK, "--lang", "ru", "-o", "m").code == 0
    assert '<html lang="ru"' in Path("m/report.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("blank_report")
def test_ctrl_c_keeps_the_best_model_and_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ProgressLine.__call__

    def interrupted(self: ProgressLine, event: Event) -> None:
        whole(self, event)
        if isinstance(event, Epoch) and event.row["epoch"] == 3:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(ProgressLine, "__call__", interrupted)
    ran = run("train", "demo:digits", "-n", "mlp", "-k", "4", "-e", "50", "-o", "m")
    assert ran.code == 0
    assert "Stopped by Ctrl-C, the best model so far is kept: best epoch 3" in ran.out
    assert len(store.load("m").history) == 3


class Killed(BaseException):
    """As sudden as a power cut: nothing catches it."""


@pytest.mark.usefixtures("blank_report")
def test_a_killed_training_resumes_to_the_same_bytes(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("train", "demo:digits", "-n", "mlp", "-k", "4", "-e", "4")
    whole = ProgressLine.__call__

    def killed(self: ProgressLine, event: Event) -> None:
        whole(self, event)
        if isinstance(event, Saved):
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(ProgressLine, "__call__", killed)
        with pytest.raises(Killed):
            run(*words, "-o", "broken")
    assert (Path("broken") / "checkpoints" / checkpoints.FILE).is_file()
    assert "not empty" in run(*words, "-o", "broken").err
    other = run(*words[:-1], "5", "-o", "broken", "--resume")
    assert other.code == 2
    assert "another plan" in other.err
    resumed = run(*words, "-o", "broken", "--resume")
    assert resumed.code == 0
    assert "going on after epoch 1" in resumed.err
    assert run(*words, "-o", "whole").code == 0
    assert Path("broken/model.safetensors").read_bytes() == Path("whole/model.safetensors").read_bytes()


def test_resuming_what_is_finished_says_so(run: Run, digits_model: Path) -> None:
    before = (digits_model / "config.json").stat().st_mtime_ns
    ran = run("train", "demo:digits", "-o", digits_model, "--resume")
    assert ran.code == 0
    assert "finished already" in ran.out
    assert run("train", "demo:digits", "-o", digits_model, "--resume", "--json").json["finished_before"] is True
    assert (digits_model / "config.json").stat().st_mtime_ns == before


def test_a_failed_report_leaves_the_model_and_says_where(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import diabolo.report
    from diabolo.errors import DataError

    def fail(*given: object, **named: object) -> None:
        raise DataError("no ink")

    monkeypatch.setattr(diabolo.report, "build_report", fail)
    ran = run("train", "demo:digits", *QUICK, "-o", "m")
    assert ran.code == 1
    assert "The model is whole and in m" in ran.err
    assert store.load("m").history


def test_the_demo(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """With two epochs in the place of its own number, which is for people and not for tests."""
    whole = making.make

    def short(request: making.Request) -> None:
        assert (request.data, request.train_as["latent_dim"]) == ("demo:digits", 8)
        assert request.train_as.get("time_budget", 0) < 60  # the demo promises well under a minute
        whole(making.Request(**(vars(request) | {"train_as": {**request.train_as, "epochs": 2, "network": "mlp"}})))

    monkeypatch.setattr(making, "make", short)
    Path(demo_command.FOLDER).mkdir()
    ran: Ran = run("demo")
    assert ran.code == 0
    assert "Report:  diabolo-demo-2" in ran.out
    assert "diabolo train DATA" in ran.out
    assert Path("diabolo-demo-2/report.html").is_file()
    assert run("demo", "-o", "mine", "--json").json["folder"] == "mine"


@pytest.mark.usefixtures("blank_report")
def test_a_run_file_does_the_same_again(run: Run, table: Path) -> None:
    """Same bytes in the weights, from options, parts, settings and columns that all lie in run.toml."""
    words = ("-r", "vae", "-k", "2", "-e", "2", "--label", "machine", "--ignore", "part", "--set", "bottleneck.beta=0.5")
    assert run("train", table, *words, "--optimizer", "adam", "--set", "optimizer.clip=1", "-o", "first").code == 0
    assert run("train", "first/run.toml", "-o", "second").code == 0
    weights = [Path(folder, "model.safetensors").read_bytes() for folder in ("first", "second")]
    assert weights[0] == weights[1]
    assert store.load("second").kind.wants.label == "machine"
    ran = run("train", "first/run.toml", "-k", "3", "--epochs", "9")
    assert (ran.code, "leave --epochs, --latent out" in ran.err) == (2, True)
    assert "There is no file none/run.toml" in run("train", "none/run.toml").err


def test_a_model_from_python_has_no_data_to_run_again_on(run: Run) -> None:
    from diabolo import Autoencoder

    Autoencoder(latent_dim=2, epochs=1, random_state=0).fit(low_rank()).save("m")
    assert "from Python" in run("train", "m/run.toml").err


def test_the_report_lies_there_as_figures_too(digits_model: Path) -> None:
    found = json.loads((digits_model / "report.json").read_text(encoding="utf-8"))
    assert found["recipe"] == "vae"
    assert found["evaluation"]["role"] == "held-out"


@pytest.mark.usefixtures("blank_report")
def test_squares_of_photographs(run: Run, tmp_path: Path) -> None:
    for i in range(3):
        pixels = np.random.default_rng(i).integers(0, 256, (40, 50, 3), dtype=np.uint8)
        (tmp_path / "photos").mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{i}.png")
    photos = str(tmp_path / "photos")
    ran = run("train", photos, "--patch", "16", "-n", "conv", "-s", "network.code=map", "-k", "3", "-e", "1", "-o", "m")
    assert ran.code == 0, ran.err
    assert "images of 16×16, 3 channels: 18 patches of 3 pictures" in ran.err
    assert "12 rows to train, 6 held out" in ran.err  # a whole picture
    assert tomllib.loads(Path("m", "run.toml").read_text(encoding="utf-8"))["data"]["asked"] == {"patch": 16}
    assert run("eval", "m", photos).code == 0
    wrong = run("train", photos, "--patch", "16", "--side", "16")
    assert wrong.code == 2
    assert "stand without side=" in wrong.err
