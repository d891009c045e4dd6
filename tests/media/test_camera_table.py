"""What is read from the files of real cameras, against a table written by hand from what other programs show.

Dates, makers and positions are those that exifread lists, sizes those of file(1), dates of XMP those in the packet's
text, sizes and turns of HEIF those in its boxes.
"""

import os
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest

from photoindex.media import Metadata, decode
from photoindex.media.metadata import TakenAtSource, complete

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "camera"

pytestmark = [
    pytest.mark.skipif(not DATA.is_dir(), reason="no shared photos beside the checkout"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


@cache
def _decode(name: str):
    return decode((DATA / name).read_bytes(), shortest_edge=64, longest_edge=64, name=os.fsencode(name))


def _at(latitude, longitude):
    """Degrees, minutes and seconds of both; negative degrees are south and west."""
    return tuple(
        pytest.approx((-1 if degrees < 0 or sign else 1) * (abs(degrees) + minutes / 60 + seconds / 3600), abs=1e-7)
        for degrees, minutes, seconds, *sign in (latitude, longitude)
    )


SOUTH = True
NIL = (None, None)

# File: size (upright), taken at, minutes ahead of UTC, make, model, position.
TABLE = [
    ("heic/IMG_5195.HEIC", (2566, 3313), "2021-04-11 15:47:53", -300, "Apple", "iPhone 11 Pro Max",
     _at((39, 3, 4.84), (-94, 17, 19.58))),
    ("heic/mobile/iphone_13_pro_max.HEIC", (3024, 4032), "2022-02-16 12:55:41", 60, "Apple", "iPhone 13 Pro Max", NIL),
    ("heic/mobile/HMD_Nokia_8.3_5G.heif", (3456, 4608), "2022-02-03 14:44:07", None, None, None,
     _at((40, 47, 19.266792), (-4, 0, 18.50706))),
    ("heic/mobile/HMD_Nokia_8.3_5G_hdr.heif", (4608, 3456), "2022-01-12 07:30:14", None, None, None,
     _at((40, 39, 46.7766), (-3, 45, 49.465836))),
    ("heic/samplefilehub.heif", (640, 426), None, None, None, None, NIL),
    ("jpg/Canon_40D.jpg", (100, 68), "2008-05-30 15:56:01", None, "Canon", "Canon EOS 40D", NIL),
    # Only the date of the change is left.
    ("jpg/Canon_40D_photoshop_import.jpg", (100, 77), "2008-07-31 10:05:49", None, None, None, NIL),
    # Their XMP tells the same time with an offset.
    ("jpg/Canon_DIGITAL_IXUS_400.jpg", (100, 75), "2004-08-27 13:52:55", 120, "Canon", "Canon DIGITAL IXUS 400", NIL),
    ("jpg/Nikon_D70.jpg", (100, 66), "2008-03-15 09:52:01", -240, "NIKON CORPORATION", "NIKON D70", NIL),
    ("jpg/Pentax_K10D.jpg", (100, 72), "2008-05-04 16:47:24", 540, "PENTAX Corporation", "PENTAX K10D", NIL),
    ("jpg/mobile/jolla.jpg", (3264, 2448), "2014-09-21 16:00:56", 120, "Jolla", "Jolla", NIL),
    ("jpg/Canon_PowerShot_S40.jpg", (480, 360), "2003-12-14 12:01:44", None, "Canon", "Canon PowerShot S40", NIL),
    ("jpg/Fujifilm_FinePix6900ZOOM.jpg", (100, 75), "2001-02-19 06:40:05", None, "FUJIFILM", "FinePix6900ZOOM", NIL),
    ("jpg/Fujifilm_FinePix_E500.jpg", (59, 100), "2006-08-17 09:24:48", None, "FUJIFILM", "FinePix E500", NIL),
    ("jpg/Kodak_CX7530.jpg", (100, 78), "2005-08-13 09:47:23", None, "EASTMAN KODAK COMPANY",
     "KODAK CX7530 ZOOM DIGITAL CAMERA", _at((0, 22.278, 0, SOUTH), (36, 3.385, 0))),
    ("jpg/Konica_Minolta_DiMAGE_Z3.jpg", (70, 100), "2005-03-10 15:10:48", None, "KONICA MINOLTA", "DiMAGE Z3", NIL),
    ("jpg/Nikon_COOLPIX_P1.jpg", (100, 75), "2008-03-07 09:55:46", None, "NIKON", "COOLPIX P1", NIL),
    ("jpg/Olympus_C8080WZ.jpg", (100, 72), "2006-10-22 15:44:29", None, "OLYMPUS CORPORATION", "C8080WZ", NIL),
    ("jpg/PaintTool_sample.jpg", (88, 100), None, None, None, None, NIL),
    ("jpg/Panasonic_DMC-FZ30.jpg", (100, 75), "2008-07-16 11:33:20", None, "Panasonic", "DMC-FZ30", NIL),
    ("jpg/Reconyx_HC500_Hyperfire.jpg", (2048, 1536), None, None, None, None, NIL),  # its date is in a maker note
    ("jpg/Ricoh_Caplio_RR330.jpg", (100, 75), "2004-08-31 19:52:58", None, "Caplio", "RR330", NIL),
    ("jpg/Sony_HDR-HC3.jpg", (100, 64), "2007-06-15 04:42:32", None, "SONY", "HDR-HC3", NIL),
    ("jpg/corrupted.jpg", (3648, 2736), "2015-09-08 11:02:17", None, "OLYMPUS IMAGING CORP.", "u1020,S1020", NIL),
    ("jpg/long_description.jpg", (100, 73), "2003-08-31 00:00:00", None, None, None, NIL),  # photoshop:DateCreated
    ("jpg/exif-org/canon-ixus.jpg", (640, 480), "2001-06-09 15:17:32", None, "Canon", "Canon DIGITAL IXUS", NIL),
    ("jpg/exif-org/fujifilm-finepix40i.jpg", (600, 450), "2000-08-04 18:22:57", None, "FUJIFILM", "FinePix40i", NIL),
    ("jpg/exif-org/kodak-dc210.jpg", (640, 480), "2000-10-26 16:46:51", None, "Eastman Kodak Company",
     "DC210 Zoom (V05.00)", NIL),
    ("jpg/exif-org/nikon-e950.jpg", (800, 600), "2001-04-06 11:51:40", None, "NIKON", "E950", NIL),
    ("jpg/exif-org/olympus-c960.jpg", (640, 480), "2000-11-07 10:41:43", None, "OLYMPUS OPTICAL CO.,LTD",
     "C960Z,D460Z", NIL),
    ("jpg/exif-org/olympus-d320l.jpg", (640, 480), None, None, None, None, NIL),
    ("jpg/exif-org/ricoh-rdc5300.jpg", (896, 600), "2000-05-31 21:50:40", None, "RICOH", "RDC-5300", NIL),
    ("jpg/exif-org/sony-d700.jpg", (672, 512), "1998-12-01 14:22:36", None, "SONY", "DSC-D700", NIL),
    # The camera's clock and that of GPS differ by a day: no offset.
    *(
        (f"jpg/gps/DSCN{number}.jpg", (640, 480), f"2008-10-22 {time}", None, "NIKON", "COOLPIX P6000", position)
        for number, time, position in [
            ("0010", "16:28:39", _at((43, 28, 2.814), (11, 53, 6.45599999))),
            ("0012", "16:29:49", _at((43, 28, 1.76399999), (11, 53, 7.42199999))),
            ("0021", "16:38:20", _at((43, 28, 1.49399999), (11, 53, 4.33799999))),
            ("0025", "16:43:21", _at((43, 28, 6.114), (11, 52, 53.8859999))),
            ("0027", "16:44:01", _at((43, 28, 6.39), (11, 52, 53.454))),
            ("0029", "16:46:53", _at((43, 28, 5.67599999), (11, 52, 48.6179999))),
            ("0038", "16:52:15", _at((43, 28, 2.11799999), (11, 52, 45.168))),
            ("0040", "16:55:37", _at((43, 27, 57.6419999), (11, 52, 44.8019999))),
            ("0042", "17:00:07", _at((43, 27, 52.038), (11, 52, 53.322))),
        ]
    ),
    ("jpg/hdr/canon_hdr_NO.jpg", (1536, 2048), "2015-02-09 22:47:44", None, "Canon", "Canon PowerShot SX60 HS", NIL),
    ("jpg/hdr/canon_hdr_YES.jpg", (1536, 2048), "2015-02-09 22:48:10", None, "Canon", "Canon PowerShot SX60 HS", NIL),
    # GPS says 18:12:22 UTC.
    ("jpg/hdr/iphone_hdr_NO.jpg", (3264, 2448), "2015-04-10 20:12:23", 120, "Apple", "iPhone 6",
     _at((40, 26, 49.1), (-3, 43, 29.11))),
    ("jpg/mobile/HMD_Nokia_8.3_5G.jpg", (4608, 1976), "2022-08-14 14:12:31", 180, "HMD Global", "Nokia 8.3 5G",
     _at((60, 8, 48.14), (24, 54, 24.38))),
    ("jpg/tests/11-tests.jpg", (1136, 775), "2007-09-03 16:03:45", None, "Canon", "Canon DIGITAL IXUS 40", NIL),
    ("jpg/tests/22-canon_tags.jpg", (1600, 1200), "2007-11-29 16:16:21", None, "Canon", "Canon PowerShot SD300", NIL),
    ("jpg/tests/28-hex_value.jpg", (1704, 2272), "2008-08-21 14:53:03", None, "Canon", "Canon DIGITAL IXUS 40", NIL),
    # EXIF has the date of the change alone, XMP that of taking.
    ("jpg/tests/30-type_error.jpg", (3872, 2403), "2013-07-05 03:18:27", 0, None, None, NIL),
    ("jpg/tests/32-lens_data.jpeg", (200, 133), "2012-07-14 16:30:12", None, "NIKON CORPORATION", "NIKON D300", NIL),
    ("jpg/tests/33-type_error.jpg", (2560, 1600), "2008-05-25 19:31:26", None, "Canon", "Canon PowerShot G9", NIL),
    ("jpg/tests/35-empty.jpg", (2164, 1626), "2005-07-19 18:25:29", None, "CASIO COMPUTER CO.,LTD", "EX-Z750", NIL),
    ("jpg/tests/36-memory_error.jpg", (1600, 1200), "2002-04-21 00:30:33", None, "CASIO COMPUTER CO.,LTD.",
     "EX-M2", NIL),
    ("jpg/tests/42_IndexError.jpg", (4032, 3024), "2014-08-23 13:05:43", None, "OLYMPUS IMAGING CORP.", "E-P3", NIL),
    ("jpg/tests/45-gps_ifd.jpg", (1600, 900), "2012-06-23 06:55:49", None, "Polyphony Digital Inc.",
     "Gran Turismo 5", NIL),
    ("jpg/tests/67-0_length_string.jpg", (4032, 2012), "2016-09-12 10:05:31", None, "samsung", "SM-G930F",
     _at((51, 1, 30), (7, 35, 31))),
    ("jpg/tests/87_OSError.jpg", (1488, 2240), "2005-12-14 14:39:47", None, "NIKON CORPORATION", "NIKON D70s",
     _at((43, 47.135666, 0), (11, 14.077166, 0))),
    ("jpg/xmp/BlueSquare.jpg", (360, 216), "2005-09-07 15:07:40", -420, None, None, NIL),
    ("jpg/xmp/no_exif.jpg", (322, 466), "2013-09-23 10:09:46", 120, None, None, NIL),
    # Under invalid/ lie files whose EXIF is none; the pictures and the XMP are whole.
    ("jpg/invalid/image00971.jpg", (636, 227), "2010-04-13 09:37:22", 120, None, None, NIL),
    ("jpg/invalid/image01088.jpg", (425, 120), "2010-04-13 09:37:22", 120, None, None, NIL),
    ("jpg/invalid/image01137.jpg", (88, 64), "2009-09-14 11:08:06", 120, None, None, NIL),
    ("jpg/invalid/image01551.jpg", (61, 58), "2011-09-23 12:43:03", 0, None, None, NIL),
    ("jpg/invalid/image01713.jpg", (49, 500), "2010-03-04 11:59:38", 60, None, None, NIL),
    ("jpg/invalid/image01980.jpg", (284, 25), "2011-09-23 11:42:46", 0, None, None, NIL),
    ("jpg/invalid/image02206.jpg", (65, 65), "2009-08-04 10:35:03", 0, None, None, NIL),
    *((f"jpg/orientation/landscape_{number}.jpg", (600, 450), None, None, None, None, NIL) for number in range(1, 9)),
    *((f"jpg/orientation/portrait_{number}.jpg", (450, 600), None, None, None, None, NIL) for number in range(1, 9)),
    ("tiff/Arbitro.tiff", (174, 38), None, None, None, None, NIL),
    ("tiff/BSG1.tiff", (635, 348), None, None, None, None, NIL),
    ("tiff/Crémieux11.tiff", (199, 47), "2012-01-09 22:52:11", None, None, None, NIL),
    ("tiff/DudleyLeavittUtah.tiff", (196, 257), "2009-09-26 01:11:52", None, None, None, NIL),
    ("tiff/Jobagent.tiff", (264, 84), None, None, None, None, NIL),
    ("tiff/Picoawards.tiff", (436, 547), None, None, None, None, NIL),
    ("tiff/Rudless.tiff", (734, 328), None, None, None, None, NIL),
    ("tiff/Tless0.tiff", (643, 448), None, None, None, None, NIL),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "size", "taken_at", "offset_minutes", "make", "model", "position"), TABLE, ids=[row[0] for row in TABLE]
)
def test_a_file_says_what_the_table_says(name, size, taken_at, offset_minutes, make, model, position):
    decoded = _decode(name)
    metadata = decoded.metadata
    assert (decoded.width, decoded.height) == size
    whole_seconds = metadata.taken_at and metadata.taken_at.replace(microsecond=0)  # the table has no others
    assert whole_seconds == (taken_at and datetime.fromisoformat(taken_at))
    assert metadata.taken_at_offset_minutes == offset_minutes
    assert (metadata.camera_make, metadata.camera_model) == (make, model)
    assert (metadata.latitude, metadata.longitude) == position


@pytest.mark.parametrize("kind", ["landscape", "portrait"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientations_are_those_in_the_names(kind, orientation):
    assert _decode(f"jpg/orientation/{kind}_{orientation}.jpg").metadata.orientation == orientation


@pytest.mark.parametrize(
    ("name", "title", "caption", "keywords"),
    [
        ("jpg/xmp/BlueSquare.jpg", "Blue Square Test File - .jpg",
         "XMPFiles BlueSquare test file, created in Photoshop CS2, saved as .psd, .jpg, and .tif.",
         ("XMP", "Blue Square", "test file", "Photoshop", ".jpg")),
        ("jpg/xmp/no_exif.jpg", "Der Goalie bin ig", "Der Goalie bin ig", ("tag",)),
        ("jpg/tests/33-type_error.jpg", None, "El cielo sobre Berlin (Heaven above Berlin)", ()),
        ("jpg/tests/45-gps_ifd.jpg", None, None, ()),  # the camera's name as the caption
        ("jpg/corrupted.jpg", None, None, ()),  # OLYMPUS DIGITAL CAMERA
        ("jpg/Konica_Minolta_DiMAGE_Z3.jpg", None, None, ()),  # KONICA MINOLTA DIGITAL CAMERA
        ("jpg/exif-org/sanyo-vpcsx550.jpg", None, None, ()),  # SANYO DIGITAL CAMERA
        ("jpg/Samsung_Digimax_i50_MP3.jpg", None, None, ()),  # the camera's name
        ("jpg/WWL_(Polaroid)_ION230.jpg", None, None, ()),  # the camera's make
        ("jpg/PaintTool_sample.jpg", None, None, ()),  # a checksum
    ],
)  # fmt: skip
def test_what_people_wrote_is_told_from_what_cameras_wrote(name, title, caption, keywords):
    metadata = _decode(name).metadata
    assert (metadata.title, metadata.caption, metadata.keywords) == (title, caption, keywords)


def test_a_photo_for_a_live_photo_has_its_identifier():
    assert _decode("heic/IMG_5195.HEIC").metadata.pairing_id == "570F1469-09C7-4E50-9875-05F21D5BD166"


def test_a_file_without_a_date_is_dated_by_its_name():
    embedded = _decode("tiff/BSG1.tiff").metadata
    whole = complete(embedded, "Scan 2011-03-04.tiff")
    assert (whole.taken_at, whole.taken_at_source) == (datetime(2011, 3, 4), TakenAtSource.NAME)
    assert complete(Metadata(), "BSG1.tiff") == Metadata()
