"""Serves a data folder under real gunicorn with ColourEncoder, for tests.

`python colour_server.py DATA [READ_SECONDS SEND_SECONDS]`
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from colour_encoder import ColourEncoder
from templating import keep_compiled

from photoindex.config import Settings
from photoindex.web.server import serve


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    keep_compiled()
    settings = Settings(data=Path(sys.argv[1]), port=0, web_threads=4)
    deadlines = dict(zip(("read_seconds", "send_seconds"), map(float, sys.argv[2:]), strict=False))
    loaders = {"load_text_encoder": lambda _: ColourEncoder(), "load_image_encoder": lambda _: ColourEncoder()}
    serve(settings, on_ready=say, **loaders, **deadlines)
    assert "torch" not in sys.modules, "the process that forks has loaded torch"
    say("ended")
