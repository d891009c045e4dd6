"""What counts as a photo: content decides, names only promise."""

import pytest
from drawing import draw_image
from media import raw_files
from media.samples import WRITTEN, write

from photoindex.media import (
    FORMATS,
    PHOTO_EXTENSIONS,
    REASONS,
    Kind,
    Reason,
    detect,
    is_photo,
    promises_photo,
    register,
)
from photoindex.media.formats import AVIF, CR3, HEAD_BYTES, HEIF, MOV, MP4, RAW_FORMATS


def _ftyp(major: bytes, *compatible: bytes) -> bytes:
    body = b"ftyp" + major + b"\0\0\0\0" + b"".join(compatible)
    return (len(body) + 4).to_bytes(4, "big") + body


@pytest.mark.parametrize("format", WRITTEN, ids=lambda format: format.name)
def test_each_format_is_told_by_its_first_bytes(format):
    content = write(draw_image(seed=1), format)
    assert detect(content) is format
    if format.kind is Kind.PHOTO:  # the directory of the raw file that the test writes is at its end
        assert detect(content[:HEAD_BYTES]) is format


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
        (_ftyp(b"crx ", b"isom"), CR3),
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
        b"P1 is the first of the pixels",
        b"P5 and P6, 640 480 255 and so on",
        b"P3\n",
        b"P6 640 480",
        b"P7 is a kind of file",
        b"P7\nand a second line",
        b"Pf",
        b"Pfund 1 2 3\n",
        b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypmjp2\0\0\0\0",
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


def test_a_photo_of_another_name_counts():
    assert is_photo(b"broken.jpg", b"text")
    assert is_photo(b"IMG_0001", b"\xff\xd8\xff\xe0")
    assert is_photo(b"scan.old", b"II*\0")
    assert is_photo(b"DSC_1.NEF", b"MM\0*")
    assert not is_photo(b"notes.txt", b"BMW")
    assert not is_photo(b"dump.raw", b"anything")  # that ending is of many programs


_IMAGE = draw_image(seed=2, size=(64, 48))
_PREVIEW = raw_files.jpeg(_IMAGE)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"FUJIFILMCCD-RAW 0201FF383501", "raf"),
        (b"IIRO\x08\0\0\0", "orf"),
        (b"IIRS\x08\0\0\0", "orf"),
        (b"MMOR\0\0\0\x08", "orf"),
        (b"IIU\0\x18\0\0\0", "rw2"),
        (b"II*\0\x10\0\0\0CR\x02\0", "cr2"),
        (b"FOVb\x03\0\x02\0", "x3f"),
        (b"\0MRM\0\0\0\x10", "mrw"),
        (b"II\x1a\0\0\0HEAPCCDR", "crw"),
        (b"II*\0\x08\0\0\0IIIITwaR", "iiq"),
        (raw_files.dng(_IMAGE), "dng"),
        (raw_files.dng(_IMAGE, magic=b"MM\0*"), "dng"),
        (raw_files.cr2(_IMAGE, _PREVIEW), "cr2"),
        (raw_files.maker_raw(_IMAGE, _PREVIEW, make="NIKON CORPORATION", model="NIKON D5000"), "nef"),
        (raw_files.maker_raw(_IMAGE, _PREVIEW, make="SONY", model="ILCE-7M3"), "arw"),
        (raw_files.maker_raw(_IMAGE, _PREVIEW, make="PENTAX Corporation", model="PENTAX K10D"), "pef"),
        (raw_files.maker_raw(_IMAGE, _PREVIEW, make="SAMSUNG", model="NX300"), "srw"),
    ],
)  # fmt: skip
def test_raw_files_are_told_by_their_content(content, name):
    assert detect(content).name == name
    assert detect(content).kind is Kind.RAW
    assert is_photo(b"without-an-ending", content)


@pytest.mark.parametrize("magic", [b"II*\0", b"MM\0*"])
@pytest.mark.parametrize("name", ["nef", "nrw", "arw", "sr2", "3fr", "fff", "mos", "kdc", "dcr", "erf", "pef", "dng"])
def test_the_name_tells_raw_files_that_look_like_a_tiff(magic, name):
    head = magic + bytes(60)
    assert detect(head, b"A." + name.upper().encode()).name == name
    for other in (b"", b"a", b"a.tif", b"a.TIFF", b"a.jpg"):
        assert detect(head, other).name == "tiff"


def test_a_name_never_makes_a_raw_file_of_anything_else():
    assert detect(b"\xff\xd8\xff\xe0", b"a.nef").name == "jpeg"
    assert detect(b"some text", b"a.dng") is None
    assert detect(b"IIU\0\x18\0\0\0", b"L1000.RWL").name == "rwl"


def test_an_edited_tiff_of_a_raw_camera_stays_a_tiff():
    content = raw_files.maker_raw(_IMAGE, _PREVIEW, make="NIKON CORPORATION", model="NIKON D5000")
    assert detect(content, b"edited.tif").name == "tiff"


def test_a_directory_that_leads_nowhere_is_a_tiff():
    for at in (0, 1, 9, 100, 2**32 - 1):
        assert detect(b"II*\0" + at.to_bytes(4, "little") + b"\xff" * 40).name == "tiff"


def test_browsers_show_no_raw_file_and_few_others():
    shown = {format.name for format in FORMATS if format.shown_by_browsers}
    assert shown == {"jpeg", "png", "webp", "gif", "bmp", "avif"}
    assert not any(format.shown_by_browsers for format in RAW_FORMATS)


def test_names_types_and_endings_of_formats_are_their_own():
    for attribute in ("name", "mime_type", "extension"):
        assert len({getattr(format, attribute) for format in FORMATS}) == len(FORMATS)


def test_at_most_twelve_reasons_each_with_one_sentence():
    assert set(REASONS) == {reason.value for reason in Reason}
    assert len(REASONS) <= 12
    assert all(text.endswith(".") and "\n" not in text for text in REASONS.values())


def test_registering_again_does_nothing():
    register()
    register()
