"""Photos of real cameras and files from the wild, where the folder with them lies beside the project."""

import os
import random
import tarfile
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from photoindex.errors import UnreadableFileError
from photoindex.media import REASONS, decode, make_thumbnail, read_original

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

# Pillow warns of some oddities that it then copes with; the tests' filter would make failures of them.
pytestmark = [
    pytest.mark.skipif(not DATA.is_dir(), reason="no shared photos beside the checkout"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


def _decode(path: Path):
    return decode(read_original(os.fsencode(path)).content, shortest_edge=260, longest_edge=512)


def test_every_photo_of_a_camera_decodes():
    paths = [path for path in sorted((DATA / "camera").rglob("*")) if path.is_file()]
    assert len(paths) > 100
    for path in paths:
        decoded = _decode(path)
        assert decoded.image.mode == "RGB"
        assert (decoded.width > decoded.height) == (decoded.image.width > decoded.image.height)


def test_the_three_hundred_photos_decode():
    paths = sorted((DATA / "photos").glob("*.jpg"))
    assert len(paths) == 300
    for path in paths:
        assert min(_decode(path).image.size) > 0


@pytest.mark.parametrize("kind", ["landscape", "portrait"])
def test_the_eight_orientations_show_the_same_picture(kind):
    # The eight files are separate exports, so they agree by shape and by look, not by the bit.
    first = _decode(DATA / "camera" / "jpg" / "orientation" / f"{kind}_1.jpg").image.resize((16, 16))
    for number in range(2, 9):
        decoded = _decode(DATA / "camera" / "jpg" / "orientation" / f"{kind}_{number}.jpg")
        assert (decoded.width > decoded.height) == (kind == "landscape")
        other = decoded.image.resize((16, 16))
        pairs = zip(first.tobytes(), other.tobytes(), strict=True)
        assert sum(abs(a - b) for a, b in pairs) / (16 * 16 * 3) < 12


@pytest.mark.parametrize(
    ("name", "taken_at", "offset_minutes", "camera", "position"),
    [
        ("heic/IMG_5195.HEIC", "2021-04-11 15:47:53", -300, "Apple iPhone 11 Pro Max", (39.05134, -94.28877)),
        ("heic/mobile/HMD_Nokia_8.3_5G.heif", "2022-02-03 14:44:07", None, None, (40.78869, -4.00514)),
        ("heic/mobile/iphone_13_pro_max.HEIC", "2022-02-16 12:55:41", 60, "Apple iPhone 13 Pro Max", None),
        ("jpg/mobile/HMD_Nokia_8.3_5G.jpg", "2022-08-14 14:12:31", 180, "HMD Global Nokia 8.3 5G", (60.1467, 24.90677)),
        ("jpg/gps/DSCN0010.jpg", "2008-10-22 16:28:39", None, "NIKON COOLPIX P6000", (43.46745, 11.88513)),
        ("jpg/Kodak_CX7530.jpg", "2005-08-13 09:47:23", None, "KODAK CX7530 ZOOM DIGITAL CAMERA", (-0.3713, 36.05642)),
        ("jpg/hdr/iphone_hdr_YES.jpg", "2015-04-10 20:12:23", 120, "Apple iPhone 6", (40.44697, -3.72475)),
        ("jpg/tests/67-0_length_string.jpg", "2016-09-12 10:05:31", None, "samsung SM-G930F", (51.025, 7.59194)),
        ("jpg/tests/87_OSError.jpg", "2005-12-14 14:39:47", None, "NIKON D70s", (43.78559, 11.23462)),
        ("jpg/Canon_40D.jpg", "2008-05-30 15:56:01", None, "Canon EOS 40D", None),
        ("jpg/exif-org/kodak-dc210.jpg", "2000-10-26 16:46:51", None, "Eastman Kodak DC210 Zoom (V05.00)", None),
        ("jpg/WWL_(Polaroid)_ION230.jpg", "2026-11-24 14:41:16", None, "WWL ION230", None),
        ("jpg/PaintTool_sample.jpg", None, None, None, None),
    ],
)  # fmt: skip
def test_known_metadata_of_real_cameras(name, taken_at, offset_minutes, camera, position):
    metadata = _decode(DATA / "camera" / name).metadata
    whole_seconds = metadata.taken_at and metadata.taken_at.replace(microsecond=0)
    assert whole_seconds == (taken_at and datetime.fromisoformat(taken_at))
    assert (metadata.taken_at_offset_minutes, metadata.camera) == (offset_minutes, camera)
    if position is None:
        assert metadata.latitude is metadata.longitude is None
    else:
        assert (metadata.latitude, metadata.longitude) == pytest.approx(position, abs=0.00002)


def _outcome(content: bytes) -> str:
    try:
        make_thumbnail(decode(content, shortest_edge=260, longest_edge=512).image)
    except UnreadableFileError as error:
        return error.reason
    return "ok"


def test_a_sample_of_files_from_the_wild_decodes_or_fails_with_a_reason():
    chosen, outcomes = set(random.Random(0).sample(range(8_000), 400)), Counter()
    with tarfile.open(DATA / "hostile.tar.xz") as archive:
        files = (member for member in archive if member.isfile())
        for number, member in enumerate(files):
            if number in chosen:
                outcomes[_outcome(archive.extractfile(member).read())] += 1
    assert outcomes.total() == 400
    assert set(outcomes) <= {"ok", *REASONS}
    assert outcomes["ok"] > 50


@pytest.mark.long
def test_all_files_from_the_wild_decode_or_fail_with_a_reason():
    with tarfile.open(DATA / "hostile.tar.xz") as archive:
        outcomes = Counter(_outcome(archive.extractfile(member).read()) for member in archive if member.isfile())
    assert outcomes.total() > 8_000
    assert set(outcomes) <= {"ok", *REASONS}
