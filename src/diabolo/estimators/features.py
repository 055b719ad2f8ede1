"""scikit-learn's own checks of columns and width, for estimators that take more than flat tables."""

from __future__ import annotations

from typing import Any

from sklearn.utils.validation import _check_feature_names, _check_n_features

from diabolo.data.kinds.base import Kind
from diabolo.errors import DataError


def remember_features(estimator: Any, X: Any, kind: Kind, *, reset: bool) -> None:
    """Keep (``reset``) or compare names and number of the features of flat rows; images are checked by their kind."""
    flat = getattr(X, "ndim", None) == 2 and getattr(getattr(X, "dtype", None), "kind", "f") != "O"
    if hasattr(X, "columns") and kind.name == "mixed" and not reset:
        return  # which finds columns by their names, and says which are missing
    if flat or hasattr(X, "columns"):
        try:
            _check_feature_names(estimator, X, reset=reset)
        except TypeError as error:
            raise DataError(str(error)) from error
    if flat and (reset or (len(X) and kind.name != "image")):
        _check_n_features(estimator, X, reset=reset)
    elif reset:
        estimator.n_features_in_ = kind.features
