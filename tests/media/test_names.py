"""Dates in file names: what phones, cameras and messengers write, and no date where there is none."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photoindex.media.names import date_in_name

AFTERNOON = datetime(2019, 7, 4, 15, 30, 0)
MIDNIGHT = datetime(2019, 7, 4)


@pytest.mark.parametrize(
    "name",
    [
        "IMG_20190704_153000.jpg",
        "IMG_20190704_153000_1.jpg",
        "IMG_20190704_153000~2.jpg",
        "IMG_20190704_153000_BURST2.jpg",
        "IMG_20190704_153000_HDR.jpg",
        "IMG_20190704_153000123.jpg",
        "IMG_20190704_153000 (1).jpg",
        "img_20190704_153000.JPG",
        "00100dPORTRAIT_00100_BURST20190704153000123_COVER.jpg",
        "MVIMG_20190704_153000.jpg",
        "VID_20190704_153000.mp4",
        "PANO_20190704_153000.jpg",
        "Screenshot_20190704-153000.png",
        "Screenshot_20190704-153000_Firefox.jpg",
        "Screenshot_20190704_153000_com.example.app.jpg",
        "Screenshot_2019-07-04-15-30-00.png",
        "Screenshot_2019-07-04-15-30-00-123_com.example.app.jpg",
        "Screenshot 2019-07-04 at 15.30.00.png",
        "Screenshot 2019-07-04 at 3.30.00 PM.png",
        "Screenshot 2019-07-04 at 3.30.00\u202fPM.png",
        "Screenshot from 2019-07-04 15-30-00.png",
        "Screen Shot 2019-07-04 at 15.30.00.png",
        "Capture d’écran 2019-07-04 à 15.30.00.png",
        "Capture d'e\u0301cran 2019-07-04 a\u0300 15.30.00 (2).png",
        "Bildschirmfoto 2019-07-04 um 15.30.00.png",
        "Captura de pantalla 2019-07-04 a las 15.30.00.png",
        "WhatsApp Image 2019-07-04 at 15.30.00.jpeg",
        "WhatsApp Image 2019-07-04 at 15.30.00 (1).jpeg",
        "WhatsApp Video 2019-07-04 at 3.30.00 PM.mp4",
        "signal-2019-07-04-153000.jpg",
        "signal-2019-07-04-15-30-00-123.jpg",
        "signal-2019-07-04-153000_002.jpeg",
        "photo_2019-07-04_15-30-00.jpg",
        "photo_2019-07-04_15-30-00 (2).jpg",
        "photo_12@04-07-2019_15-30-00.jpg",
        "2019-07-04 15.30.00.jpg",
        "2019-07-04 15.30.00-1.jpg",
        "2019-07-04T15:30:00.jpg",
        "2019_07_04_15_30_00.jpg",
        "20190704_153000.jpg",
        "20190704_153000(0).jpg",
        "20190704153000.jpg",
        "WIN_20190704_15_30_00_Pro.jpg",
        "DJI_20190704153000_0001.JPG",
        "DJI_20190704153000_0001_D.DNG",
        "Photo_20190704_153000.jpg",
        "12345 20190704_153000.jpg",
    ],
)
def test_a_name_with_day_and_time_tells_local_time(name):
    assert date_in_name(name) == (AFTERNOON, None)


@pytest.mark.parametrize(
    "name",
    [
        "IMG-20190704-WA0001.jpg",
        "IMG-20190704-WA0001(1).jpg",
        "VID-20190704-WA0001.mp4",
        "Scan 2019-07-04.pdf.jpg",
        "Scan_20190704.jpg",
        "Scan_20190704 (2).png",
        "IMG_20190704.jpg",
        "2019-07-04.jpg",
        "2019-07-04 Anna's birthday.jpg",
        "Lyon 2019.07.04 12.jpg",
    ],
)
def test_a_name_with_a_day_alone_is_its_midnight(name):
    assert date_in_name(name) == (MIDNIGHT, None)


@pytest.mark.parametrize(
    "name",
    ["PXL_20190704_153000123.jpg", "PXL_20190704_153000123.MP.jpg", "PXL_20190704_153000123~2.jpg"],
)
def test_pixel_phones_write_utc(name):
    assert date_in_name(name) == (AFTERNOON, 0)


@pytest.mark.parametrize("name", ["FB_IMG_1562254200000.jpg", "mmexport1562254200000.jpg"])
def test_milliseconds_since_1970_are_utc(name):
    assert date_in_name(name) == (AFTERNOON, 0)


@pytest.mark.parametrize(
    "name",
    [
        "IMG_2034.JPG",
        "IMG_20190.jpg",
        "DSC01234.JPG",
        "DSC_2019.JPG",
        "DSCN2019.jpg",
        "P1070704.JPG",
        "12345678.jpg",
        "20190704.jpg",
        "+33612345678.jpg",
        "0033 6 12 34 56 78.jpg",
        "555-201-9074.jpg",
        "IMG_20191304_153000.jpg",
        "IMG_20190231_153000.jpg",
        "IMG_18990704_153000.jpg",
        "IMG_98760704_153000.jpg",
        "Screenshot 2019-13-04 at 15.30.00.png",
        "Screenshot 2019-07-32.png",
        "120190704_153000.jpg",
        "201907041530001.jpg",
        "1562254200000.jpg",
        "FB_IMG_9962254200000.jpg",
        "123e4567-e89b-12d3-a456-426614174000.jpg",
        "192.168.10.11.jpg",
        "019-07-04.jpg",
        "1920x1080.jpg",
        "holiday.jpg",
        "",
        ".jpg",
        "\udcff\udcfe.jpg",
    ],
)
def test_other_digits_are_no_date(name):
    assert date_in_name(name) is None


def test_an_impossible_time_leaves_the_day_where_the_name_marks_it():
    assert date_in_name("Screenshot 2019-07-04 at 25.30.00.png") == (MIDNIGHT, None)


def test_the_next_year_is_possible_and_the_one_after_is_not():
    year = datetime.now(UTC).year
    assert date_in_name(f"IMG_{year + 1}0101_120000.jpg") is not None
    assert date_in_name(f"IMG_{max(year, 2026) + 2}0101_120000.jpg") is None


@given(st.text(alphabet="0123456789", max_size=13), st.sampled_from(["", "DSC", "IMG", "P", "_MG_", "tel ", "IMG_"]))
def test_a_number_is_no_date(digits, prefix):
    if prefix != "IMG_" or len(digits) != 8:
        assert date_in_name(f"{prefix}{digits}.jpg") is None


@given(st.text(max_size=255))
def test_any_name_is_read_without_an_error(name):
    date_in_name(name)


@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2026, 12, 31)), st.sampled_from("_- "))
def test_every_date_written_as_phones_do_is_found(moment, separator):
    whole = moment.replace(microsecond=0)
    assert date_in_name(f"IMG_{moment:%Y%m%d}{separator}{moment:%H%M%S}.jpg") == (whole, None)
    assert date_in_name(f"{moment:%Y-%m-%d} {moment:%H.%M.%S}.jpg") == (whole, None)


@pytest.mark.parametrize("unit", ["2019-07-04 ", "20190704", "2019-07-04-", "1", " ", "@04-07-2019_"])
def test_the_longest_names_take_no_time(unit):
    for _ in range(200):
        date_in_name((unit * 255)[:255])
