"""Videos of drawn scenes, written by FFmpeg, whose pictures and moments are known."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

FPS = 10
RED, GREEN, BLUE, YELLOW = (200, 30, 30), (30, 160, 40), (30, 50, 190), (220, 210, 40)
BLACK = (0, 0, 0)

# Each format by its name: FFmpeg's muxer and, among those that it holds, a codec for which there is an encoder.
MAKERS: Mapping[str, tuple[str, str]] = {
    "mp4": ("mp4", "libx264"),
    "mov": ("mov", "prores_ks"),
    "3gp": ("3gp", "mpeg4"),
    "mkv": ("matroska", "libx265"),
    "webm": ("webm", "libvpx-vp9"),
    "avi": ("avi", "mjpeg"),
    "mpeg-ts": ("mpegts", "libx264"),
    "mpeg-ps": ("vob", "mpeg2video"),
    "wmv": ("asf", "wmv2"),
    "flv": ("flv", "flv"),
    "ogv": ("ogg", "libvpx"),
}

Colour = tuple[int, int, int]


def picture(colour: Colour, width: int = 160, height: int = 96) -> NDArray[np.uint8]:
    """A colour with a pale square in the upper left corner; a black one is nothing but black."""
    pixels = np.full((height, width, 3), colour, np.uint8)
    if colour != BLACK:
        pixels[height // 8 : height // 3, width // 8 : width // 3] = 240
    return pixels


def make_video(
    scenes: Sequence[tuple[Colour, float]],
    *,
    muxer: str = "mp4",
    codec: str = "libx264",
    size: tuple[int, int] = (160, 96),
    pixel_format: str | None = None,
    rotation: int | None = None,
    flips: Mapping[str, bool] | None = None,
    pixel_aspect: Fraction | None = None,
    full_range: bool = False,
    keyframe_every: int = 50,
    tags: Mapping[str, str] | None = None,
    muxer_options: Mapping[str, str] | None = None,
    codec_options: Mapping[str, str] | None = None,
    with_sound: bool = False,
) -> bytes:
    """The scenes, each a colour and how many seconds it is seen, at `FPS`."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=muxer, options=dict(muxer_options or {})) as container:
        container.metadata.update(tags or {})
        stream = container.add_stream(codec, rate=FPS, options=dict(codec_options or _options(codec)))
        stream.width, stream.height = size
        stream.pix_fmt = pixel_format or {"prores_ks": "yuv422p10le", "mjpeg": "yuvj420p"}.get(codec, "yuv420p")
        stream.codec_context.gop_size = keyframe_every
        if pixel_aspect is not None:
            stream.codec_context.sample_aspect_ratio = pixel_aspect
        if full_range:
            stream.codec_context.color_range = 2
        if rotation is not None or flips:
            stream.set_display_rotation(rotation or 0, **(flips or {}))
        sound = container.add_stream("libmp3lame" if muxer == "avi" else "aac", rate=8000) if with_sound else None
        moment = 0
        for colour, seconds in scenes:
            pixels = picture(colour, *size)
            for _ in range(round(seconds * FPS)):
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                if full_range:
                    frame = frame.reformat(format=stream.pix_fmt, dst_color_range=2)
                frame.pts, frame.time_base = moment, Fraction(1, FPS)
                container.mux(stream.encode(frame))
                moment += 1
        container.mux(stream.encode())
        if sound is not None:
            container.mux([*sound.encode(_silence(moment / FPS)), *sound.encode()])
    return buffer.getvalue()


def make_sound(muxer: str = "mp4", codec: str = "aac") -> bytes:
    """A file with sound only."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=muxer) as container:
        stream = container.add_stream(codec, rate=8000)
        container.mux([*stream.encode(_silence(1.0)), *stream.encode()])
    return buffer.getvalue()


def box(kind: bytes, body: bytes) -> bytes:
    """A box of ISO-BMFF."""
    return (8 + len(body)).to_bytes(4, "big") + kind + body


def _silence(seconds: float) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.zeros((1, int(8000 * seconds)), np.float32), format="fltp", layout="mono")
    frame.sample_rate = 8000
    return frame


def _options(codec: str) -> dict[str, str]:
    return {
        "libx264": {"preset": "ultrafast"},
        "libx265": {"preset": "ultrafast", "x265-params": "log-level=none:pools=none"},
        "libvpx": {"deadline": "realtime", "cpu-used": "8"},
        "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
    }.get(codec, {})
