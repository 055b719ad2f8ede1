"""The model folder."""

from diabolo.store.folder import load, prepare, save

__all__ = ["load", "prepare", "save"]
