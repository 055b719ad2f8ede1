"""The model folder: what is saved comes back; what is broken, foreign or unsafe is refused with its reason."""

from __future__ import annotations

import json
import pickle
import shutil
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from diabolo import Autoencoder, load, store
from diabolo.errors import ParameterError, StoreError, UnsafeError
from tests.helpers import folder_bytes, little_images, low_rank, quick, same_weights

RECIPES = ("plain", "denoising", "sparse", "contractive", "vae", "cvae")


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_saved_model_comes_back_the_same(recipe: str, tmp_path: Path) -> None:
    x = low_rank()
    y = np.where(x[:, 0] > 0, "up", "down")
    trained = quick(x, recipe, y=y)
    back = store.load(store.save(trained, tmp_path / "m"))
    assert same_weights(trained, back)
    assert back.config.to_json() == trained.config.to_json()
    assert back.history == tuple({k: float(v) for k, v in row.items()} for row in trained.history)
    assert back.companions.keys() == trained.companions.keys()
    given = y if recipe == "cvae" else None
    np.testing.assert_array_equal(
        Autoencoder.from_trained(trained).transform(x, given), Autoencoder.from_trained(back).transform(x, given)
    )


def test_saving_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    trained = quick(little_images(), "vae", network="conv")
    first, second = store.save(trained, tmp_path / "a"), store.save(trained, tmp_path / "b")
    assert folder_bytes(first) == folder_bytes(second)


def test_the_folder_holds_what_the_contract_names(tmp_path: Path) -> None:
    path = store.save(quick(low_rank()), tmp_path / "m", metrics={"rows": 1}, run={"command": "diabolo train x.csv"})
    names = {p.name for p in path.iterdir()}
    expected = {"config.json", "model.safetensors", "preprocess.json", "metrics.json", "history.csv", "run.toml", "README.md"}
    assert expected <= names
    run = tomllib.loads((path / "run.toml").read_text())
    assert run["run"]["command"] == "diabolo train x.csv"
    assert run["plan"]["seed"] == 0
    assert run["plan"]["steps"] > 0
    assert json.loads((path / "config.json").read_text())["schema"] == store.folder.SCHEMA
    assert (path / "README.md").read_text().startswith("---\nlibrary_name: diabolo")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: Any) -> Path:
    return store.save(quick(low_rank(), "vae"), tmp_path_factory.mktemp("models") / "m")


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "m"))


def test_a_pickle_in_the_folder_is_refused(folder: Path) -> None:
    (folder / "extra.pkl").write_bytes(pickle.dumps([1]))
    with pytest.raises(UnsafeError, match=r"extra\.pkl"):
        load(folder)


def test_arrays_beside_a_model_do_no_harm(folder: Path) -> None:
    np.save(folder / "codes.npy", np.zeros(3))
    load(folder)


def test_weights_that_are_a_pickle_are_refused_unread(folder: Path) -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return (Path.touch, (folder / "exploded",))

    (folder / "model.safetensors").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(StoreError, match="damaged"):
        load(folder)
    assert not (folder / "exploded").exists()


@pytest.mark.parametrize(
    "name", ["config.json", "model.safetensors", "preprocess.json", "preprocess.safetensors", "history.csv"]
)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(StoreError, match=name):
        load(folder)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "preprocess.json", "companions.safetensors"])
def test_a_file_that_was_cut_short_is_named(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(StoreError, match=name):
        load(folder)


def change_config(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_newer_schema_says_upgrade(folder: Path) -> None:
    change_config(folder, schema=store.folder.SCHEMA + 1)
    with pytest.raises(StoreError, match="newer Diabolo"):
        load(folder)


@pytest.mark.parametrize("schema", [None, "1", 0])
def test_no_schema_is_no_model(folder: Path, schema: Any) -> None:
    change_config(folder, schema=schema)
    with pytest.raises(StoreError, match="no model folder"):
        load(folder)


def test_weights_that_do_not_fit_the_config_are_named(folder: Path) -> None:
    change_config(folder, latent_dim=2)
    with pytest.raises(StoreError, match="do not fit"):
        load(folder)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"options": None}, "'options' should be an object"),
        ({"data": None}, "'data' should be an object"),
        ({"data": {"asked": 5}}, "'data.asked' should be an object"),
        ({"plan": []}, "'plan' should be an object"),
        ({"composition": None}, "'composition' should be an object"),
        ({"latent_dim": -1}, "'latent_dim' should be at least 1"),
        ({"latent_dim": True}, "'latent_dim' should be a whole number"),
        ({"latent_dim": 10**9}, "do not fit"),
        ({"recipe": "foo"}, "not known: 'foo'"),
        ({"extra": 1}, "does not know: extra"),
    ],
)
def test_a_damaged_config_is_refused(folder: Path, changes: dict[str, Any], says: str) -> None:
    change_config(folder, **changes)
    with pytest.raises(StoreError, match=says):
        load(folder)


def test_a_width_beyond_all_memory_is_refused_before_it_is_made(folder: Path) -> None:
    composition = json.loads((folder / "config.json").read_text())["composition"]
    composition["network"]["widths"] = [10**9]
    change_config(folder, composition=composition)
    with pytest.raises(StoreError, match="do not fit"):
        load(folder)


def test_a_config_of_before_still_loads(folder: Path) -> None:
    """Keys inside data and options came with time."""
    config = json.loads((folder / "config.json").read_text())
    del config["data"]["asked"], config["options"]["size"]
    change_config(folder, **config)
    assert len(load(folder).set_params(warm_start=True, epochs=1).fit(low_rank()).history_) == 4


@pytest.mark.parametrize("text", ["", "[]", "epoch,train_loss\n", "a,b\n1,2\n"])
def test_a_damaged_history_is_refused(folder: Path, text: str) -> None:
    (folder / "history.csv").write_text(text)
    with pytest.raises(StoreError, match=r"history\.csv is damaged"):
        load(folder)


def test_an_unknown_part_is_refused(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["composition"]["bottleneck"] = {"name": "os.system"}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(StoreError, match=r"os\.system"):
        load(folder)


def test_no_folder_at_all(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no model folder"):
        load(tmp_path / "nothing")


def test_a_folder_in_use_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    ae = Autoencoder(epochs=1, random_state=0).fit(low_rank())
    with pytest.raises(StoreError, match=r"not empty.*overwrite=True for a model folder"):
        ae.save(tmp_path)
    with pytest.raises(StoreError, match=r"not empty.*only those are replaced"):
        ae.save(tmp_path, overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_overwrite_replaces_a_model(tmp_path: Path) -> None:
    ae = Autoencoder(epochs=1, random_state=0).fit(low_rank())
    ae.save(tmp_path / "m")
    other = Autoencoder("vae", epochs=1, random_state=0).fit(low_rank())
    other.save(tmp_path / "m", overwrite=True)
    assert load(tmp_path / "m").recipe_ == "vae"


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "m").write_text("")
    with pytest.raises(StoreError, match="is a file"):
        store.prepare(tmp_path / "m")
    with pytest.raises(StoreError, match="cannot be written"):
        store.prepare(tmp_path / "m" / "deeper")


def test_a_full_disk_keeps_the_old_file(folder: Path, monkeypatch: Any) -> None:
    before = folder_bytes(folder)

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("diabolo.writing.os.fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        store.save(quick(low_rank()), folder)
    assert folder_bytes(folder) == before


def test_the_users_own_network_comes_back_only_when_handed_over(tmp_path: Path) -> None:
    import torch
    from torch import nn

    from diabolo import Custom

    def own() -> Any:
        return Custom(nn.Sequential(nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 2)), nn.Linear(2, 12))

    ae = Autoencoder(network=own(), latent_dim=2, epochs=2, random_state=0).fit(low_rank())
    ae.save(tmp_path / "m")
    with pytest.raises(StoreError, match="network="):
        load(tmp_path / "m")
    with pytest.raises(StoreError, match=r"saved with its own network.*network=Custom\(encoder, decoder\)"):
        load(tmp_path / "m", network="mlp")
    torch.manual_seed(5)
    back = load(tmp_path / "m", network=own())
    np.testing.assert_array_equal(ae.transform(low_rank()), back.transform(low_rank()))


def test_the_users_own_loss_judges_only_when_handed_over(tmp_path: Path) -> None:
    def huber(prediction: Any, target: Any) -> Any:
        return (prediction - target).abs().clamp(max=1) + 0.1 * (prediction - target).square()

    ae = Autoencoder(likelihood=huber, epochs=2, random_state=0).fit(low_rank())
    ae.save(tmp_path / "m")
    np.testing.assert_array_equal(ae.reconstruct(low_rank()), load(tmp_path / "m").reconstruct(low_rank()))
    without = load(tmp_path / "m")
    assert without.evaluate(low_rank()).gain is not None
    with pytest.raises(ParameterError, match=r"load\(path, likelihood=function\)"):
        without.fit(low_rank())
    again = load(tmp_path / "m", likelihood=huber).set_params(epochs=1).fit(low_rank())
    assert again.trained_.history[-1]["train_loss"] > 0
    Autoencoder(epochs=1, random_state=0).fit(low_rank()).save(tmp_path / "plain")
    with pytest.raises(StoreError, match="leave likelihood= out"):
        load(tmp_path / "plain", likelihood=huber)


def test_a_score_of_the_users_own_loss_asks_for_it(tmp_path: Path) -> None:
    ae = Autoencoder("vae", likelihood=lambda p, t: (p - t).square(), latent_dim=2, epochs=1, random_state=0).fit(low_rank())
    ae.save(tmp_path / "m")
    back = load(tmp_path / "m")
    np.testing.assert_array_equal(back.transform(low_rank()), ae.transform(low_rank()))
    for call in (back.score, back.evaluate):
        with pytest.raises(ParameterError, match=r"load\(path, likelihood=function\)"):
            call(low_rank())
