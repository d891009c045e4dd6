"""Clips inside photos are found where Google and Samsung put them, and nowhere else."""

from __future__ import annotations

import io

import numpy as np
import pytest
from drawing import draw_photo
from media.video_files import BLUE, RED, box, make_video

from photoindex.media.formats import HEIF, JPEG, MP4, PNG
from photoindex.media.metadata import Motion
from photoindex.media.motion import find_motion
from photoindex.media.video import read_video


@pytest.fixture(scope="module")
def clip() -> bytes:
    return make_video([(RED, 0.5), (BLUE, 0.5)], size=(64, 48))


@pytest.fixture
def jpeg(tmp_path) -> bytes:
    return draw_photo(tmp_path / "a.jpg", seed=1).read_bytes()


@pytest.fixture
def heic(tmp_path) -> bytes:
    return draw_photo(tmp_path / "a.heic", format="HEIF", seed=1).read_bytes()


def test_a_clip_behind_a_jpeg_is_found_and_can_be_read(jpeg, clip):
    content = jpeg + clip
    motion = find_motion(content, JPEG)
    assert motion == Motion(len(jpeg), len(clip))
    found = content[motion.offset : motion.offset + motion.size_bytes]
    assert read_video(io.BytesIO(found), format=MP4, shortest_edge=48, longest_edge=64, max_pixels=10**6).frames


def test_a_clip_between_samsungs_marker_and_trailer_is_found(jpeg, clip):
    start = jpeg + b"\0\0\x30\x0a\x10\0\0\0MotionPhoto_Data"
    trailer = b"SEFH\x6a\0\0\0\1\0\0\0\0\0\x30\x0a" + b"\x20\0\0\0" * 2 + b"\x18\0\0\0SEFT"
    assert find_motion(start + clip + trailer, JPEG) == Motion(len(start), len(clip))


def test_a_clip_in_a_heif_box_is_found(heic, clip):
    assert find_motion(heic + box(b"mpvd", clip), HEIF) == Motion(len(heic) + 8, len(clip))


def test_a_photo_without_a_clip_has_none(jpeg, heic):
    assert find_motion(jpeg, JPEG) is None
    assert find_motion(heic, HEIF) is None
    assert find_motion(heic + heic, HEIF) is None
    assert find_motion(b"", JPEG) is None


def test_a_clip_that_is_cut_or_only_named_is_none(jpeg, clip):
    assert find_motion(jpeg + clip[:-10], JPEG) is None
    assert find_motion(jpeg + clip[: clip.index(b"moov") - 4], JPEG) is None
    assert find_motion(jpeg + b"ftyp" * 1000, JPEG) is None
    assert find_motion(jpeg + clip, PNG) is None


def test_damage_raises_nothing(jpeg, clip):
    generator = np.random.default_rng(3)
    for _ in range(200):
        content = bytearray(jpeg[-50:] + clip)
        for at in generator.integers(0, len(content), 20):
            content[at] = generator.integers(256)
        motion = find_motion(bytes(content), JPEG)
        assert motion is None or motion.offset + motion.size_bytes <= len(content)
