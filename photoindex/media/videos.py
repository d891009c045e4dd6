"""Imports everything that reading videos imports at its first use, for a process that will not be able to then."""

from __future__ import annotations

import importlib
import pkgutil

import av

from photoindex.media.video import read_video

__all__ = ["read_video"]

_PROGRAMS = ("av.__main__", "av.datasets")

for _module in pkgutil.walk_packages(av.__path__, "av."):
    if _module.name not in _PROGRAMS:
        importlib.import_module(_module.name)
