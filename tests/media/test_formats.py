"""What counts as a photo: content decides, names only promise."""

import pytest
from drawing import draw_photo

from photoindex.media import FORMATS, PHOTO_EXTENSIONS, REASONS, Reason, detect, is_photo, promises_photo, register
from photoindex.media.formats import AVIF, HEAD_BYTES, HEIF, MOV, MP4


def _ftyp(major: bytes, *compatible: bytes) -> bytes:
    body = b"ftyp" + major + b"\0\0\0\0" + b"".join(compatible)
    return (len(body) + 4).to_bytes(4, "big") + body


@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.name)
def test_each_format_is_told_by_its_first_bytes(tmp_path, format):
    path = draw_photo(tmp_path / "a", format=format.pillow, seed=1)
    assert detect(path.read_bytes()[:HEAD_BYTES]) is format


@pytest.mark.parametrize("magic", [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"])
def test_tiff_of_either_byte_order_and_big_tiff_are_tiff(magic):
    assert detect(magic + b"\0" * 60).name == "tiff"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (_ftyp(b"heic", b"mif1"), HEIF),
        (_ftyp(b"mif1", b"mif1", b"heic"), HEIF),
        (_ftyp(b"msf1", b"hevc"), HEIF),
        (_ftyp(b"mif1"), HEIF),
        (_ftyp(b"avif", b"mif1", b"miaf"), AVIF),
        (_ftyp(b"mif1", b"mif1", b"avif"), AVIF),
        (_ftyp(b"isom", b"mp42"), MP4),
        (_ftyp(b"qt  "), MOV),
        (_ftyp(b"crx ", b"isom"), None),
    ],
)
def test_iso_media_files_are_told_by_their_brands(head, expected):
    assert detect(head) is expected


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xff",
        b"\xff\xd8",
        b"BM",
        b"BMW is a maker of cars and motor cycles",
        b"RIFF\x10\0\0\0WAVEfmt ",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<!doctype html>",
        b"PK\x03\x04",
        b"\x7fELF\x02\x01\x01",
        b"%PDF-1.7",
        b"8BPS\0\1",
        b"\0\0\0\x18ftyp",
    ],
)
def test_what_is_no_photo_is_not_detected(head):
    assert detect(head) is None


def test_names_promise_in_any_case_and_only_by_their_ending():
    assert promises_photo(b"IMG_1.JPG")
    assert promises_photo(b"\xff\xfe.HeIc")
    assert not promises_photo(b"photo.jpg.txt")
    assert not promises_photo(b"jpg")
    assert not promises_photo(b".jpg")  # a hidden file without an ending
    assert all(extension == extension.lower() and extension.startswith(b".") for extension in PHOTO_EXTENSIONS)


def test_each_format_has_an_extension_that_promises_it():
    assert all(format.extension.encode() in PHOTO_EXTENSIONS for format in FORMATS)


def test_a_photo_of_another_name_counts_and_a_raw_file_does_not_yet():
    assert is_photo(b"broken.jpg", b"text")
    assert is_photo(b"IMG_0001", b"\xff\xd8\xff\xe0")
    assert is_photo(b"scan.old", b"II*\0")
    assert not is_photo(b"DSC_1.NEF", b"MM\0*")
    assert not is_photo(b"notes.txt", b"BMW")


def test_at_most_twelve_reasons_each_with_one_sentence():
    assert set(REASONS) == {reason.value for reason in Reason}
    assert len(REASONS) <= 12
    assert all(text.endswith(".") and "\n" not in text for text in REASONS.values())


def test_registering_again_does_nothing():
    register()
    register()
