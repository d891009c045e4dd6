"""A real daemon process that watches, with an encoder that needs no weights. Argument: the data folder.

Settings come from PHOTOINDEX_* variables; what it says goes to stderr.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading

from colour_encoder import ColourEncoder

from photoindex.config import load_settings
from photoindex.daemon import service

logging.basicConfig(level=logging.INFO)
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
service.run(
    load_settings({"data": sys.argv[1], "batch_size": 8, "workers": 2, "settle_seconds": 0.2}),
    stop=stop,
    watch=True,
    load_encoder=lambda _settings, _stored, _tell: (ColourEncoder(), None),
)
