"""Films the videos of the web tests: scenes of one colour each, as real files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
from drawing import draw_image

FRAMES_PER_SECOND = 5
_CODECS = {".mp4": "mpeg4", ".webm": "vp8", ".mkv": "vp8", ".avi": "mpeg4", ".mov": "mpeg4"}


def film_video(
    path: Path, colours: Sequence[str], *, scene_seconds: int = 2, size: tuple[int, int] = (160, 120)
) -> Path:
    """Write a video that shows one colour after the other, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(_CODECS[path.suffix], rate=FRAMES_PER_SECOND)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for seed, colour in enumerate(colours):
            frame = av.VideoFrame.from_image(draw_image(colour=colour, size=size, seed=seed))
            for _ in range(scene_seconds * FRAMES_PER_SECOND):
                frame.pts = None
                container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
