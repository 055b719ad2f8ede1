"""The model folder."""

from diabolo.store.folder import add_metrics, load, prepare, save

__all__ = ["add_metrics", "load", "prepare", "save"]
