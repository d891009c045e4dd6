"""Hostile content gives the expected reason or decodes, within bounds, and never anything else."""

import random
import resource
import time

import pytest
from drawing import draw_image
from media import raw_files
from media.hostile_files import CASES, OK, png
from media.samples import STILLS, write

from photoindex.errors import UnreadableFileError
from photoindex.media import REASONS, decode, make_thumbnail
from photoindex.media.formats import JPEG, JPEG2000, PNG, PNM, TIFF, WEBP

# Pillow warns of some oddities that it then copes with; the tests' filter would make failures of them.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

LONGEST_SECONDS = 3


def outcome(content: bytes) -> str:
    """`ok`, or the reason why not; anything else is an error of the test. Slow is an error too."""
    started = time.perf_counter()
    try:
        decoded = decode(content, shortest_edge=260, longest_edge=512)
    except UnreadableFileError as error:
        assert error.reason in REASONS
        assert error.detail.isprintable()
        assert len(error.detail) <= 200
        result = str(error.reason)
    else:
        assert decoded.image.mode == "RGB"
        assert min(decoded.width, decoded.height) > 0
        make_thumbnail(decoded.image)
        result = OK
    assert time.perf_counter() - started < LONGEST_SECONDS
    return result


@pytest.mark.parametrize(("content", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
@pytest.mark.timeout(20)
def test_hostile_content(content, expected):
    assert outcome(content) in expected
    assert outcome(content) in expected  # and again: no decoder remembers anything


def test_there_are_sixty_cases_and_each_has_its_name():
    assert len({case[0] for case in CASES}) == len(CASES) >= 60


def _raw_samples() -> dict[str, bytes]:
    image = draw_image(seed=5, size=(96, 64))
    stamp = raw_files.jpeg(image.resize((24, 16)))
    return {
        "dng": raw_files.dng(image),
        "dng with a preview": raw_files.dng(image, preview=stamp, orientation=6),
        "dng with a bitmap": raw_files.dng(image, bitmap=image.resize((24, 16))),
        "nef": raw_files.maker_raw(image, stamp, make="NIKON CORPORATION", model="NIKON D5000"),
        "arw": raw_files.maker_raw(image, stamp, make="SONY", model="ILCE-7M3"),
        "orf": raw_files.orf(image, stamp),
        "raf": raw_files.raf(image, stamp),
        "cr2": raw_files.cr2(image, stamp),
    }


SAMPLES = {format.name: write(draw_image(seed=5, size=(96, 64)), format) for format in STILLS} | _raw_samples()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_picture_cut_at_each_percent_says_so(name):
    content = SAMPLES[name]
    results = [outcome(content[: len(content) * percent // 100]) for percent in range(1, 100)]
    told = sum(result == "truncated" for result in results)
    assert set(results) <= {"truncated", "broken", "not-a-photo", OK, "unsupported"}
    if name in (JPEG.name, PNG.name, WEBP.name, TIFF.name, PNM.name, JPEG2000.name, "dng"):
        assert told >= 90  # all but the first bytes, which are not a picture yet
    if name in {format.name for format in STILLS}:
        assert results.count(OK) <= 25  # the end of a GIF or HEIF may hold nothing that is needed


@pytest.mark.parametrize("name", SAMPLES)
def test_mutated_pictures_never_raise_anything_else(name):
    honest, chooser = SAMPLES[name], random.Random(name)
    for _ in range(150):
        content = bytearray(honest)
        for _ in range(chooser.randrange(1, 8)):
            # A raw file's directories are at its end and few among many pixels: half of the changes go there.
            at = chooser.randrange(len(content))
            at = max(at, len(content) - 1 - at % 600) if chooser.randrange(2) else at
            change = chooser.randrange(4)
            if change == 0:
                content[at] ^= 1 << chooser.randrange(8)
            elif change == 1:
                content[at] = chooser.choice((0, 0x7F, 0x80, 0xFF))
            elif change == 2:
                del content[at : at + chooser.randrange(1, 20)]
            else:
                content[at:at] = content[at : at + chooser.randrange(1, 200)]
            if not content:
                break
        outcome(bytes(content))


def test_the_largest_allowed_zeros_cost_no_more_than_their_pixels():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    content = png(9_900, 9_900, colour=0, rows=bytes(9_900 * 9_901))  # 98 MP in 95 kB
    assert len(content) < 100_000
    assert outcome(content) == OK
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) < 600_000
