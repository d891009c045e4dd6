"""A namespace of its own for a test script: it may mount small disks there, which nobody else sees."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ENTER = ["unshare", "--user", "--map-root-user", "--mount"]


@functools.cache
def are_allowed() -> bool:
    """Whether this machine lets a user have one."""
    try:
        done = subprocess.run([*ENTER, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def run_inside(script: str, *arguments: object, timeout_seconds: float = 100) -> dict[str, Any]:
    """Run a script of this folder in a namespace of its own; what it prints as its last line, as JSON."""
    if not are_allowed():
        pytest.skip("no user namespaces here: a disk can't be made full or read-only")
    done = subprocess.run(
        [*ENTER, sys.executable, str(HERE / script), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout_seconds,
        env={**os.environ, "PYTHONPATH": str(HERE.parent), "HF_HUB_OFFLINE": "1"},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))
