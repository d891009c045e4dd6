"""A real daemon process whose encoder needs no weights. Arguments: data folder, file to count encoded photos in."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from colour_encoder import ColourEncoder
from numpy.typing import NDArray

from photoindex.config import load_settings
from photoindex.daemon import service


class Slow(ColourEncoder):
    """Slow enough to be killed at work, and counting what it encodes even when it is killed afterwards."""

    def encode_images(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        with log.open("ab", buffering=0) as stream:
            stream.write(b"x" * len(images))
        time.sleep(0.4)
        return super().encode_images(images)


log = Path(sys.argv[2])
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
# What is killed with its decoders: tests/isolation. Starting them each time would double the time of these tests.
settings = load_settings(
    {"data": sys.argv[1], "batch_size": 8, "workers": 2, "settle_seconds": 0.2, "isolation": "off"}, {}
)
service.run(
    settings,
    stop=stop,
    watch=True,
    load_encoder=lambda _settings, _stored, _tell: (Slow(), None),
    on_progress=lambda progress: print(progress.state, flush=True),  # noqa: T201
)
