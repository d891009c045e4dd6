"""One thread for NumPy's matrix products.

Several threads share a small product in no time while every core is free; when another process wants one, they wait for
each other: a query was then encoded in 1 s instead of .015.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_inside = 0
_limits: Any = None


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold the BLAS of this process to one thread until the last such block ends, whatever threads they run in."""
    global _inside, _limits
    with _lock:
        _inside += 1
        if _inside == 1:
            _limits = ThreadpoolController().limit(limits=1, user_api="blas")
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _limits.restore_original_limits()
