"""Filters: from what a query asks for to an exact SQL condition on photos, at any size of a library."""

from photoindex.photos import SHOWN
from photoindex.search.filters.compiling import READERS, Compiled, compile, narrowed
from photoindex.search.filters.lookups import count, photo_ids, which

__all__ = ["READERS", "SHOWN", "Compiled", "compile", "count", "narrowed", "photo_ids", "which"]
