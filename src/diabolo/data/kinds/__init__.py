"""The kinds of data, by name."""

from diabolo.data.kinds.base import Kind
from diabolo.data.kinds.image import ImageKind
from diabolo.data.kinds.mixed import MixedTableKind
from diabolo.data.kinds.table import TableKind

KINDS: dict[str, type[Kind]] = {kind.name: kind for kind in (ImageKind, TableKind, MixedTableKind)}

__all__ = ["KINDS", "ImageKind", "Kind", "MixedTableKind", "TableKind"]
