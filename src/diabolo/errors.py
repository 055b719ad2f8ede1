"""Everything Diabolo raises on purpose, and warns of.

    DiaboloError
    ├── DataError(ValueError)            the data cannot be used as given
    │   └── SourceError                  a file, folder or download cannot be read
    ├── ParameterError(ValueError)       an option, a part or a recipe that does not exist or is out of range
    ├── UnsupportedError(TypeError)      a job that has no meaning for this model
    ├── TrainingError(RuntimeError)      training could not go on
    │   └── DivergedError                the loss became NaN or infinite
    ├── StoreError(OSError)              a model folder cannot be written or read
    │   └── UnsafeError                  a model folder holds something that would run code
    └── MissingExtraError(ImportError)   an optional dependency is not installed

    UnfamiliarWarning(UserWarning)       pictures from another domain than those a model was trained on
    WideCodeWarning(UserWarning)         a code with room for the row itself
    FewCodesWarning(UserWarning)         a density fitted to too few codes

Each error is also a builtin, so that ``except ValueError`` keeps working. The text says what was expected, what was
received and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import final


class DiaboloError(Exception):
    """Root of the tree: ``except DiaboloError`` catches all that is raised on purpose."""


class DataError(DiaboloError, ValueError):
    """The data cannot be used as given."""


class SourceError(DataError):
    """A file, folder or download cannot be read."""


class ParameterError(DiaboloError, ValueError):
    """An option, a part or a recipe does not exist or is out of its range."""


class UnsupportedError(DiaboloError, TypeError):
    """A job that has no meaning for this model."""


class TrainingError(DiaboloError, RuntimeError):
    """Training could not go on."""


class DivergedError(TrainingError):
    """The loss became NaN or infinite."""


class StoreError(DiaboloError, OSError):
    """A model folder cannot be written or read."""


class UnsafeError(StoreError):
    """A model folder holds something that would run code when loaded."""


class MissingExtraError(DiaboloError, ImportError):
    """An optional dependency is not installed."""

    @classmethod
    def of(cls, extra: str, package: str, purpose: str) -> MissingExtraError:
        """The error for ``package`` of the extra ``extra``, with the line that installs it."""
        return cls(f"{purpose} needs {package}, which is not installed. Install it with: pip install 'diabolo[{extra}]'")


@final
class UnfamiliarWarning(UserWarning):
    """Pictures come from another domain than those a model was trained on; what it makes of them may mean little."""


@final
class WideCodeWarning(UserWarning):
    """A code was asked for that has more numbers than a row, and nothing keeps the model from copying."""


@final
class FewCodesWarning(UserWarning):
    """A density was fitted to too few codes to say how their numbers go together."""


def unknown(what: str, name: object, known: Iterable[str]) -> ParameterError:
    """The error for a name that is not in a table, with the nearest one that is.

    >>> print(unknown("recipe", "denosing", ["plain", "denoising"]))
    There is no recipe 'denosing'. Did you mean 'denoising'? Known: denoising, plain.
    """
    names = sorted(known)
    near = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return ParameterError(f"There is no {what} {name!r}.{hint} Known: {', '.join(names)}.")
