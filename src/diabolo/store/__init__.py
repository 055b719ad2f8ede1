"""The model folder."""

from diabolo.store.folder import add_metrics, load, prepare, prepare_for_model, save

__all__ = ["add_metrics", "load", "prepare", "prepare_for_model", "save"]
