"""The model folder."""

from diabolo.store.folder import add_metrics, load, prepare, prepare_for_model, save
from diabolo.store.studies import keep_study

__all__ = ["add_metrics", "keep_study", "load", "prepare", "prepare_for_model", "save"]
