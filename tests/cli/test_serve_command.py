"""`photoindex serve`: what is its own, beside the web server it runs."""

from __future__ import annotations

import subprocess
import sys

from command_line import environment

COUNT_THREADS = """
import os, sys
from photoindex.cli.serving import compute_on_one_core
assert "numpy" not in sys.modules
compute_on_one_core()
import numpy
numpy.ones((500, 500)) @ numpy.ones((500, 500))
print(len(os.listdir("/proc/self/task")))
"""


def test_queries_are_encoded_by_one_thread() -> None:
    """NumPy's BLAS starts its threads when it is loaded."""
    done = subprocess.run(
        [sys.executable, "-c", COUNT_THREADS], check=True, capture_output=True, text=True, env=environment()
    )
    assert done.stdout == "1\n"
