"""What EXIF says beyond the camera: time zones by GPS, what people wrote, what pairs a Live Photo."""

import struct
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from media.exif_blocks import ASCII, RATIONAL, SHORT, UNDEFINED, exif_block

from photoindex.media.metadata import Metadata, TakenAtSource, read_metadata
from photoindex.media.texts import clean_caption

NOON = (0x9003, ASCII, b"2019:07:04 12:00:00\0")


def _satellites(day=b"2019:07:04\0", time=(10, 1, 0, 1, 0, 1)):
    return [(7, RATIONAL, list(time)), (29, ASCII, day)]


def _dated(**directories):
    metadata = read_metadata(exif_block(**directories))
    return metadata.taken_at, metadata.taken_at_offset_minutes, metadata.taken_at_source


@pytest.mark.parametrize(
    ("time", "offset"),
    [
        ((10, 1, 0, 1, 0, 1), 120),
        ((9, 1, 57, 1, 1234, 100), 120),
        ((6, 1, 30, 1, 0, 1), 330),
        ((6, 1, 15, 1, 0, 1), 345),
        ((12, 1, 2, 1, 0, 1), 0),
        ((22, 1, 0, 1, 0, 1), -600),
        ((10, 1, 15, 1, 0, 1), None),  # no place is 1:45 ahead: a fix from a while ago
        ((10, 1, 0, 0, 0, 1), None),
        ((25, 1, 0, 1, 0, 1), None),
        ((10, 1, 0, 1), None),
    ],
)
def test_the_offset_comes_from_gps_where_the_camera_does_not_tell_it(time, offset):
    assert _dated(own=[NOON], gps=_satellites(time=time)) == (datetime(2019, 7, 4, 12), offset, TakenAtSource.EXIF)


@pytest.mark.parametrize(
    ("fraction", "microseconds"),
    [(b"68\0", 680_000), (b"007\0", 7_000), (b"5 \0", 500_000), (b"1234567\0", 123_456), (b"x\0", 0), (b"-1\0", 0)],
)
def test_fractions_of_a_second_are_read_where_the_camera_writes_them(fraction, microseconds):
    for date, tag in ((0x9003, 0x9291), (0x9004, 0x9292)):
        moment, _, _ = _dated(own=[(date, *NOON[1:]), (tag, ASCII, fraction)])
        assert moment == datetime(2019, 7, 4, 12, 0, 0, microseconds)


def test_the_offset_over_midnight_and_the_one_of_a_wrong_day():
    assert _dated(own=[NOON], gps=_satellites(b"2019:07:03\0", (23, 1, 0, 1, 0, 1)))[1] == 780
    assert _dated(own=[NOON], gps=_satellites(b"2019:07:05\0"))[1] is None


def test_an_offset_of_the_camera_wins_over_gps():
    assert _dated(own=[NOON, (0x9011, ASCII, b"+01:00\0")], gps=_satellites())[1] == 60


def test_the_date_of_gps_is_utc_and_stands_in_for_the_cameras():
    assert _dated(gps=_satellites()) == (datetime(2019, 7, 4, 10), 0, TakenAtSource.GPS)
    assert _dated(gps=_satellites(b"1980:01:06\0")) == (None, None, None)
    assert _dated(gps=_satellites(b"2019-07-04"))[0] == datetime(2019, 7, 4, 10)


def test_the_date_of_the_last_change_comes_after_what_other_blocks_say():
    changed = exif_block(main=[(0x0132, ASCII, b"2022:01:01 00:00:01\0")])
    iptc = b"\x1c\x02\x37\0\x0820190704"
    assert read_metadata(changed).taken_at == datetime(2022, 1, 1, 0, 0, 1)
    assert read_metadata(changed, iptc=iptc).taken_at == datetime(2019, 7, 4)


@pytest.mark.parametrize("text", [b"1970:01:01 00:00:00", b"1980:01:01 00:00:00", b"2002:12:08 12:00:00"])
def test_a_clock_that_nobody_set_tells_no_time(text):
    assert _dated(own=[(0x9003, ASCII, text)]) == (None, None, None)


@pytest.mark.parametrize("text", [b"1980:01:01 09:30:00", b"1980:01:02 00:00:00", b"1901:01:01 00:00:00"])
def test_old_dates_that_people_gave_to_scans_are_kept(text):
    assert _dated(own=[(0x9003, ASCII, text)])[0] is not None


def test_a_date_far_in_the_future_is_none():
    assert _dated(own=[(0x9003, ASCII, b"2098:01:01 00:00:00")]) == (None, None, None)


def _wide(text):
    return text.encode("utf-16-le") + b"\0\0"


def test_what_windows_writes_is_read():
    block = exif_block(
        main=[
            (0x4746, SHORT, [4]),
            (0x9C9B, 1, _wide("Zürich")),
            (0x9C9C, 1, _wide("By the lake")),
            (0x9C9E, 1, _wide("lake; summer ;Lake;")),
        ]
    )
    assert read_metadata(block) == Metadata(
        title="Zürich", caption="By the lake", keywords=("lake", "summer"), rating=4
    )


@pytest.mark.parametrize(
    ("stars", "percent", "expected"),
    [(0, 0, 0), (5, 99, 5), (None, 99, 5), (None, 25, 2), (9, 50, 3), (None, None, None)],
)
def test_ratings_are_stars(stars, percent, expected):
    entries = [(0x4746, stars), (0x4749, percent)]
    main = [(tag, SHORT, [value]) for tag, value in entries if value is not None]
    assert read_metadata(exif_block(main=main)).rating == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"ASCII\0\0\0At the lake", "At the lake"),
        (b"UNICODE\0" + "Été".encode("utf-16-le"), "Été"),
        (b"UNICODE\0" + "At the lake".encode("utf-16-be"), "At the lake"),
        (b"UNICODE\0" + "Été".encode("utf-16"), "Été"),
        (b"JIS\0\0\0\0\0" + "湖".encode("iso2022_jp"), "湖"),
        (bytes(8) + "Été".encode(), "Été"),
        (bytes(8) + b"\xff\x01\x80\x90", None),
        (b"ASCII\0\0\0" + b" " * 200, None),
        (b"ASCII\0\0\0" + b"\0" * 200, None),
        (b"At the lake", None),
        (b"", None),
    ],
)
def test_comments_are_read_by_their_encoding(raw, expected):
    assert read_metadata(exif_block(own=[(0x9286, UNDEFINED, raw)])).caption == expected


@pytest.mark.parametrize(
    "text",
    [
        b"OLYMPUS DIGITAL CAMERA         \0",
        b"SONY DSC\0",
        b"Minolta DSC\0",
        b"KONICA MINOLTA DIGITAL CAMERA",
        b"Exif_JPEG_PICTURE\0",
        b"DCIM\\100MEDIA\\DJI_0001.JPG\0",
        b"                               \0",
        b"----\0",
        b"a5cb01550dbb9a6bf732f87e413f6e23\0",
        b"Canon EOS 40D\0",
    ],
)
def test_what_cameras_write_is_no_caption(text):
    assert read_metadata(exif_block(main=[(0x010E, ASCII, text), (0x0110, ASCII, b"Canon EOS 40D\0")])).caption is None


@pytest.mark.parametrize("text", ["My digital camera and I", "湖", "Camera obscura", "a", "\N{GRINNING FACE}"])
def test_what_people_write_is_a_caption(text):
    assert clean_caption(text) == text


def test_a_caption_may_be_longer_than_a_name():
    assert len(read_metadata(exif_block(main=[(0x010E, ASCII, b"word " * 2000)])).caption) == 4096


IDENTIFIER = b"570F1469-09C7-4E50-9875-05F21D5BD166\0"


def apple_note(identifier=IDENTIFIER, order=">", entries=()):
    entries = [*entries, (0x11, 2, len(identifier), 14 + 2 + 12 * (len(entries) + 1))]
    table = b"".join(struct.pack(order + "HHII", *entry) for entry in entries)
    mark = b"MM" if order == ">" else b"II"
    return b"Apple iOS\0\0\1" + mark + struct.pack(order + "H", len(entries)) + table + identifier


@pytest.mark.parametrize("order", ["<", ">"])
def test_apples_note_pairs_a_photo_with_its_clip(order):
    note = apple_note(order=order, entries=[(1, 9, 1, 14)])
    assert read_metadata(exif_block(own=[(0x927C, UNDEFINED, note)])).pairing_id == IDENTIFIER[:-1].decode()


@pytest.mark.parametrize(
    "note",
    [b"", b"Apple iOS\0", b"Nikon" + bytes(99), apple_note(b"../../etc\0"), apple_note()[:40], apple_note(b"a" * 90)],
)
def test_other_notes_pair_nothing(note):
    assert read_metadata(exif_block(own=[(0x927C, UNDEFINED, note)])).pairing_id is None


@given(st.binary(max_size=120))
def test_noise_in_a_note_or_a_comment_is_read_without_an_error(noise):
    for prefix in (b"Apple iOS\0\0\1MM", b"UNICODE\0", b"JIS\0\0\0\0\0", b"ASCII\0\0\0"):
        for tag in (0x927C, 0x9286, 0x9C9E):
            read_metadata(exif_block(own=[(tag, UNDEFINED, prefix + noise)]))
