"""Metadata found in each kind of file: with the picture decoded or without, the same."""

import io
import random
import struct
import zlib
from datetime import datetime
from pathlib import Path

import pytest
from drawing import draw_image
from media.exif_blocks import ASCII, exif_block
from media.test_iptc import FULL as IPTC
from media.test_iptc import resources
from media.test_xmp import FULL as XMP
from PIL import PngImagePlugin, TiffImagePlugin

from photoindex.media import decode
from photoindex.media.embedded import find_blocks, read_embedded
from photoindex.media.formats import FORMATS, JPEG, PNG, WEBP, Kind
from photoindex.media.metadata import Metadata, read_metadata

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "camera"
EXIF = exif_block(main=[(0x0110, ASCII, b"X100\0")], own=[(0x9003, ASCII, b"2019:07:04 12:00:00\0")])


def _saved(format, **arguments):
    buffer = io.BytesIO()
    draw_image(seed=3).save(buffer, format, **arguments)
    return buffer.getvalue()


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _jpeg_with(*segments):
    content = _saved("JPEG")
    parts = [b"\xff" + bytes([marker]) + struct.pack(">H", len(payload) + 2) + payload for marker, payload in segments]
    return content[:2] + b"".join(parts) + content[2:]


def _png_with(*chunks):
    content = _saved("PNG")
    return content[:33] + b"".join(_chunk(*chunk) for chunk in chunks) + content[33:]


def _both(content):
    """What decoding says, and reading alone: the same."""
    decoded = decode(content, shortest_edge=16, longest_edge=16)
    assert read_embedded(content, decoded.format) == decoded.metadata
    return decoded.metadata


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF", "TIFF"])
def test_exif_and_xmp_are_found_in_every_format(format):
    arguments = {"xmp": XMP}
    if format == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", XMP.decode(), zip=True)
        arguments = {"pnginfo": text}
    if format == "TIFF":
        tags = TiffImagePlugin.ImageFileDirectory_v2()
        tags[700], tags[33723] = XMP, IPTC
        tags[272], tags.tagtype[700], tags.tagtype[33723] = "X100", 1, 7
        arguments = {"tiffinfo": tags}
    else:
        arguments["exif"] = b"Exif\0\0" + EXIF
    metadata = _both(_saved(format, **arguments))
    assert (metadata.title, metadata.rating, metadata.camera_model) == ("Harbour", 4, "X100")
    if format != "TIFF":
        assert metadata == read_metadata(EXIF, xmp=XMP)
        assert metadata.taken_at == datetime(2019, 7, 4, 12)


def test_a_jpeg_has_iptc_in_photoshops_segments_which_may_be_several():
    data = resources(IPTC)
    metadata = _both(
        _jpeg_with((0xED, b"Photoshop 3.0\0" + data[:40]), (0xE1, b"other"), (0xED, b"Photoshop 3.0\0" + data[40:]))
    )
    assert (metadata.title, metadata.keywords) == ("Harbour", ("Zürich", "sea"))


def test_exif_in_several_segments_is_joined_and_the_first_xmp_packet_counts():
    name = b"http://ns.adobe.com/xap/1.0/\0"
    content = _jpeg_with(
        (0xE1, b"Exif\0\0" + EXIF[:30]), (0xE1, b"Exif\0\0" + EXIF[30:]), (0xE1, name + XMP), (0xE1, name + b"<a/>")
    )
    assert find_blocks(content, JPEG).exif == EXIF
    assert _both(content) == read_metadata(EXIF, xmp=XMP)


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt"])
def test_a_png_may_have_all_of_them_as_hexadecimal_text(kind):
    def text(name, data):
        profile = b"\n%s\n%8d\n%s\n" % (name, len(data), data.hex().encode())
        if kind == b"zTXt":
            profile = b"\0" + zlib.compress(profile)
        return kind, b"Raw profile type " + name + b"\0" + profile

    content = _png_with(text(b"APP1", b"Exif\0\0" + EXIF), text(b"xmp", XMP), text(b"iptc", resources(IPTC)))
    assert _both(content) == read_metadata(EXIF, xmp=XMP, iptc=IPTC)


def test_jpeg2000_has_them_in_boxes():
    def box(identifier, data):
        return struct.pack(">I", len(data) + 24) + b"uuid" + identifier + data

    content = _saved("JPEG2000")
    content += box(b"JpgTiffExif->JP2", EXIF) + box(bytes.fromhex("be7acfcb97a942e89c71999491e3afac"), XMP)
    assert _both(content) == read_metadata(EXIF, xmp=XMP)


def test_the_orientation_of_every_format_turns_the_picture():
    turned = b"Exif\0\0" + exif_block(main=[(0x0112, 3, [6])])
    for format in ("JPEG", "PNG", "WEBP"):
        content = _saved(format, exif=turned)
        decoded = decode(content, shortest_edge=16, longest_edge=16)
        assert _both(content).orientation == 6
        assert decoded.width < decoded.height


@pytest.mark.parametrize("format", [format for format in FORMATS if format.kind is Kind.PHOTO], ids=lambda f: f.name)
def test_damaged_files_are_read_without_an_error(format):
    chooser = random.Random(0)
    try:
        content = _saved(format.pillow or "PPM", **({"exif": EXIF} if format in (JPEG, PNG, WEBP) else {}))
    except (OSError, KeyError, ValueError):
        pytest.skip("no writer")
    for _ in range(60):
        damaged = bytearray(content[: chooser.randrange(20, len(content))])
        for _ in range(4):
            damaged[chooser.randrange(len(damaged))] = chooser.randrange(256)
        read_embedded(bytes(damaged), format)
    assert read_embedded(b"", format) == Metadata()


@pytest.mark.parametrize(
    ("format", "content"),
    [
        (JPEG, b"\xff\xd8" + b"\xff\xe1\0\2" * 500_000),
        (JPEG, b"\xff" * 2_000_000),
        (PNG, b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0eXIf\0\0\0\0" * 200_000),
        (PNG, b"\x89PNG\r\n\x1a\n" + _chunk(b"zTXt", b"Raw profile type xmp\0\0" + zlib.compress(bytes(50_000_000)))),
        (WEBP, b"RIFF\0\0\0\0WEBP" + b"junk\0\0\0\0" * 300_000),
    ],
    ids=range(5),
)
def test_endless_files_are_left_at_some_point(format, content):
    assert read_embedded(content, format) == Metadata()


@pytest.mark.skipif(not DATA.is_dir(), reason="no shared photos beside the checkout")
def test_files_of_real_cameras_say_the_same_decoded_or_not():
    paths = [path for path in sorted(DATA.rglob("*")) if path.is_file()]
    assert len(paths) > 100
    for path in paths:
        _both(path.read_bytes())
