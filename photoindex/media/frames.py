"""From a decoded frame of a video to an upright sRGB image in the proportions it is shown with."""

from __future__ import annotations

import struct
from fractions import Fraction

import numpy as np
from av.sidedata.sidedata import SideData
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from PIL import Image

from photoindex.media.hdr import HLG, PQ, to_sdr

_TURNS = {
    (1, 0, 0, 1): None,
    (-1, 0, 0, 1): Image.Transpose.FLIP_LEFT_RIGHT,
    (-1, 0, 0, -1): Image.Transpose.ROTATE_180,
    (1, 0, 0, -1): Image.Transpose.FLIP_TOP_BOTTOM,
    (0, 1, 1, 0): Image.Transpose.TRANSPOSE,
    (0, 1, -1, 0): Image.Transpose.ROTATE_270,
    (0, -1, -1, 0): Image.Transpose.TRANSVERSE,
    (0, -1, 1, 0): Image.Transpose.ROTATE_90,
}
_SIDEWAYS = {turn for turn in _TURNS.values() if turn is not None and turn.name in (
    "TRANSPOSE", "ROTATE_270", "TRANSVERSE", "ROTATE_90",
)}  # fmt: skip

# Numbers of ITU-T H.273. A file that doesn't say is by old custom standard definition's matrix or the other one's.
_UNSPECIFIED, _BT709, _BT601 = 2, 1, 5
_HD_LINES = 720
_LARGEST_ASPECT = 8


class Renderer:
    """Turns the frames of one video into images of the size that is asked for. For one thread."""

    def __init__(self, pixel_aspect: Fraction | None, *, shortest_edge: int, longest_edge: int) -> None:
        aspect = float(pixel_aspect or 1)
        self._aspect = aspect if 1 / _LARGEST_ASPECT <= aspect <= _LARGEST_ASPECT else 1.0
        self._edges = shortest_edge, longest_edge
        self._reformatter = VideoReformatter()

    def shown_size(self, frame: VideoFrame) -> tuple[int, int]:
        """Width and height of the whole picture: upright, with square pixels."""
        width, height = max(1, round(frame.width * self._aspect)), frame.height
        return (height, width) if _turn(frame) in _SIDEWAYS else (width, height)

    def render(self, frame: VideoFrame) -> Image.Image:
        """An upright RGB (sRGB) image: the edges are those asked for, or the frame's own where it is smaller.

        Matrix and range (BT.601, 709, 2020; limited, full) are as the file says. PQ and HLG are toned down to SDR.
        Raises what FFmpeg raises on a format that it can't convert.
        """
        width, height = max(1, round(frame.width * self._aspect)), frame.height
        scale = min(1.0, max(self._edges[0] / min(width, height), self._edges[1] / max(width, height)))
        is_hdr = frame.color_trc in (PQ, HLG)
        scaled = self._reformatter.reformat(
            frame,
            width=max(1, round(width * scale)),
            height=max(1, round(height * scale)),
            format="rgb48le" if is_hdr else "rgb24",
            src_colorspace=_matrix(frame),
            interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT,
            threads=1,
        )
        pixels = scaled.to_ndarray()
        image = to_sdr(pixels.astype(np.uint16), frame.color_trc) if is_hdr else Image.fromarray(pixels)
        turn = _turn(frame)
        return image if turn is None else image.transpose(turn)


def _matrix(frame: VideoFrame) -> int | None:
    """The YUV matrix to read the frame by, or None for its own."""
    if frame.colorspace != _UNSPECIFIED or frame.format.is_rgb:
        return None
    return _BT709 if max(frame.width, frame.height) >= 1280 or frame.height >= _HD_LINES else _BT601


def _turn(frame: VideoFrame) -> Image.Transpose | None:
    """What brings the frame upright, by its display matrix (ISO/IEC 14496-12), to the next quarter turn."""
    side_data = frame.side_data.get("DISPLAYMATRIX")
    matrix = bytes(side_data)[:20] if isinstance(side_data, SideData) else b""
    if len(matrix) < 20:
        return None
    a, b, _, c, d = struct.unpack("5i", matrix)
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return _TURNS[-1 if a < 0 else 1, 0, 0, -1 if d < 0 else 1]
    return _TURNS[0, -1 if b < 0 else 1, -1 if c < 0 else 1, 0]
