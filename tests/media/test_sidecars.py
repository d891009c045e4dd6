"""Sidecars: which files tell about a photo, what they say, and whom to believe."""

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photoindex.media.metadata import Metadata, TakenAtSource, complete, merge
from photoindex.media.sidecars import MAX_SIDECAR_BYTES, is_sidecar, photos_of, read_sidecar, sidecars_of

LONG = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQ"
FACES = "\N{GRINNING FACE}" * 40


@pytest.mark.parametrize(
    ("photo", "sidecar"),
    [
        ("IMG.jpg", "IMG.jpg.xmp"),
        ("IMG.jpg", "IMG.xmp"),
        ("IMG.JPG", "IMG.XMP"),
        ("IMG.CR2", "IMG.CR2.xmp"),
        ("no-extension", "no-extension.xmp"),
        ("IMG.jpg", "IMG.jpg.json"),
        ("IMG.jpg", "IMG.json"),
        ("IMG.jpg", "IMG.jpg.supplemental-metadata.json"),
        ("IMG(1).jpg", "IMG.jpg(1).json"),
        ("IMG(1).jpg", "IMG(1).jpg.json"),
        ("IMG(12).jpg", "IMG.jpg.supplemental-metadata(12).json"),
        ("IMG_20190704_153000123_HDR.jpg", "IMG_20190704_153000123_HDR.jpg.supplemental-me.json"),
        ("IMG_20190704_153000123_HDR(2).jpg", "IMG_20190704_153000123_HDR.jpg.supplemental-me(2).json"),
        (LONG[:47] + ".jpg", LONG[:46] + ".json"),
        (LONG[:40] + ".jpg", LONG[:40] + ".jpg.s.json"),
        (LONG[:42] + ".jpg", LONG[:42] + ".jpg.json"),
        (FACES[:23] + ".jpg", FACES[:23] + ".json"),
        ("IMG-edited.jpg", "IMG.jpg.json"),
        ("IMG-edited.jpg", "IMG.jpg.supplemental-metadata.json"),
        ("IMG-edited(1).jpg", "IMG.jpg(1).json"),
        ("IMG-modifié.jpg", "IMG.jpg.json"),
        ("IMG-bearbeitet.jpg", "IMG.jpg.json"),
        ("IMG.MP4", "IMG.HEIC.json"),
        ("IMG.MP4", "IMG.HEIC.supplemental-metadata.json"),
        ("Été à Lyon.jpg", "Été à Lyon.jpg.json"),
        ("photo (1).jpg", "photo (1).jpg.json"),
    ],
)
def test_a_sidecar_is_found_from_its_photo_and_back(photo, sidecar):
    photo, sidecar = photo.encode(), sidecar.encode()
    names = {photo, sidecar, b"other.jpg", b"other.xmp", b"other.jpg.json", b"IMG_2.jpg"}
    assert is_sidecar(sidecar)
    assert sidecars_of(photo, names) == (sidecar,)
    assert photos_of(sidecar, names) == (photo,)


@pytest.mark.parametrize(
    ("photo", "other"),
    [
        ("IMG.jpg", "IMG2.jpg.xmp"),
        ("IMG.jpg", "IMG.png.xmp"),
        ("IMG.jpg", "img.jpg.xmp"),
        ("IMG(1).jpg", "IMG.jpg.json"),
        ("IMG.jpg", "IMG.jpg(1).json"),
        ("IMG.jpg", "IMG.jpg"),
        ("IMG.xmp", "IMG.xmp.xmp"),
        ("IMG.jpg", "package.json"),
        ("IMG.jpg", "IMG.txt"),
    ],
)
def test_what_belongs_to_another_is_no_sidecar(photo, other):
    photo, other = photo.encode(), other.encode()
    assert sidecars_of(photo, {photo, other}) == ()
    assert photos_of(other, {photo, other}) == ()


def test_an_xmp_sidecar_may_belong_to_a_raw_file_and_its_jpeg():
    names = {b"IMG.jpg", b"IMG.CR2", b"IMG.xmp", b"IMG.jpg.xmp"}
    assert sidecars_of(b"IMG.jpg", names) == (b"IMG.jpg.xmp", b"IMG.xmp")
    assert photos_of(b"IMG.xmp", names) == (b"IMG.CR2", b"IMG.jpg")


def test_an_edited_copy_prefers_its_own_json():
    names = {b"a.jpg", b"a-edited.jpg", b"a.jpg.json", b"a-edited.jpg.json"}
    assert sidecars_of(b"a-edited.jpg", names) == (b"a-edited.jpg.json",)
    assert photos_of(b"a.jpg.json", names) == (b"a.jpg",)
    names.remove(b"a-edited.jpg.json")
    assert photos_of(b"a.jpg.json", names) == (b"a-edited.jpg", b"a.jpg")


def test_names_that_are_no_utf8_have_sidecars_too():
    assert sidecars_of(b"\xff\xe9.jpg", {b"\xff\xe9.jpg.xmp", b"\xff\xe9.jpg.json"}) == (
        b"\xff\xe9.jpg.xmp",
        b"\xff\xe9.jpg.json",
    )


@given(st.binary(max_size=80), st.lists(st.binary(max_size=80), max_size=5))
def test_any_names_are_compared_without_an_error(name, others):
    names = {name, *others, name + b".json", name + b".xmp"}
    for sidecar in sidecars_of(name, names):
        assert name in photos_of(sidecar, names)


def _takeout(**facts):
    return json.dumps({"title": "IMG.jpg", "photoTakenTime": {"timestamp": "1562254200"}, **facts}).encode()


def test_a_takeout_json_is_read():
    content = _takeout(
        title="Dinner",
        description="With\nAnna",
        geoData={"latitude": 48.85, "longitude": 2.35, "altitude": 35.0},
        geoDataExif={"latitude": 1.0, "longitude": 1.0, "altitude": 0.0},
        people=[{"name": "Anna"}, {"name": "Bob"}, {"name": "Anna"}, {}, 3],
        favorited=True,
    )
    assert read_sidecar(b"IMG.jpg.json", content) == Metadata(
        taken_at=datetime(2019, 7, 4, 15, 30),
        taken_at_offset_minutes=0,
        taken_at_source=TakenAtSource.SIDECAR,
        latitude=48.85,
        longitude=2.35,
        altitude_m=35,
        title="Dinner",
        caption="With Anna",
        people=("Anna", "Bob"),
    )


def test_a_takeout_title_that_is_the_file_name_is_none():
    metadata = read_sidecar(b"IMG.jpg.json", _takeout(geoData={"latitude": 0.0, "longitude": 0.0, "altitude": 0.0}))
    assert (metadata.title, metadata.latitude, metadata.altitude_m) == (None, None, None)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'"text"',
        b'{"name": "package", "version": "1"}',
        b'{"photoTakenTime": 5}',
        b'{"photoTakenTime": {"timestamp": [1]}}',
        b'{"photoTakenTime": {"timestamp": "nan"}}',
        b'{"photoTakenTime": {"timestamp": "1e400"}}',
        b'{"photoTakenTime": {"timestamp": "0"}, "geoData": {"latitude": NaN, "longitude": 1}}',
        b'{"photoTakenTime": {}, "geoData": {"latitude": 91, "longitude": 1}, "people": {}, "title": 3}',
        b'{"photoTakenTime": {"timestamp": ' + b"9" * 5000 + b"}}",
        b"[" * 500_000,
        b'{"a":' * 150_000,
        b"\xff\xfe{",
        b'{"photoTakenTime": {"timestamp": "1562254200"}, "description": "' + b"x" * MAX_SIDECAR_BYTES + b'"}',
    ],
    ids=range(17),
)
def test_other_and_hostile_json_says_nothing(content):
    assert read_sidecar(b"IMG.jpg.json", content) == Metadata()


def test_lone_surrogates_in_json_are_dropped():
    metadata = read_sidecar(b"a.json", b'{"photoTakenTime": {}, "description": "a\\ud800b\\u0000c"}')
    assert metadata.caption == "a b c"


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
_FACTS = ("photoTakenTime", "title", "description", "geoData", "geoDataExif", "people", "timestamp", "latitude", "name")


@given(st.dictionaries(st.sampled_from(_FACTS), _JSON), st.dictionaries(st.sampled_from(_FACTS), _JSON))
def test_takeout_facts_of_any_type_are_read_without_an_error(facts, inner):
    for content in (facts, {**facts, "photoTakenTime": inner, "geoData": inner, "people": [inner]}):
        read_sidecar(b"a.json", json.dumps(content).encode())


@given(st.binary(max_size=200), st.sampled_from([b"a.json", b"a.xmp", b"a.txt"]))
def test_noise_in_a_sidecar_says_nothing(noise, name):
    assert read_sidecar(name, noise) == Metadata()


XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmp:Rating="4" exif:DateTimeOriginal="2001-01-01T10:00:00">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">From the sidecar</rdf:li></rdf:Alt></dc:title>
<dc:subject><rdf:Bag><rdf:li>sea</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>"""


def test_an_xmp_sidecar_wins_over_the_file_except_for_the_date():
    embedded = Metadata(
        taken_at=datetime(2019, 7, 4, 15, 30),
        taken_at_source=TakenAtSource.EXIF,
        title="From the file",
        caption="From the file",
        keywords=("Sea", "sun"),
        rating=1,
        camera_model="X100",
        orientation=6,
    )
    takeout = _takeout(title="From Google", description="From Google")
    whole = complete(embedded, "IMG.jpg", [(b"IMG.jpg.json", takeout), (b"IMG.jpg.xmp", XMP)])
    assert whole == Metadata(
        taken_at=datetime(2019, 7, 4, 15, 30),
        taken_at_source=TakenAtSource.EXIF,
        title="From the sidecar",
        caption="From the file",
        keywords=("sea", "sun"),
        rating=4,
        camera_model="X100",
        orientation=6,
    )


def test_a_date_comes_from_the_file_then_a_sidecar_then_gps_then_the_name():
    noon = datetime(2019, 7, 4, 12)
    gps = Metadata(taken_at=noon, taken_at_offset_minutes=0, taken_at_source=TakenAtSource.GPS)
    exif = Metadata(taken_at=noon, taken_at_source=TakenAtSource.EXIF)
    sidecars = [(b"a.xmp", XMP), (b"a.json", _takeout())]
    name = "IMG_20200101_000000.jpg"
    assert complete(exif, name, sidecars).taken_at_source == TakenAtSource.EXIF
    assert complete(gps, name, sidecars).taken_at == datetime(2001, 1, 1, 10)
    assert complete(gps, name).taken_at_source == TakenAtSource.GPS
    assert complete(Metadata(), name).taken_at == datetime(2020, 1, 1)
    assert complete(Metadata(), name).taken_at_source == TakenAtSource.NAME
    assert complete(Metadata(), "PXL_20200101_000000.jpg").taken_at_offset_minutes == 0
    assert complete(Metadata(), "a.jpg") == Metadata()


def test_an_offset_may_come_from_another_source_that_tells_the_same_time():
    exif = Metadata(taken_at=datetime(2019, 7, 4), taken_at_source=TakenAtSource.EXIF)
    same = Metadata(taken_at=datetime(2019, 7, 4), taken_at_offset_minutes=120, taken_at_source=TakenAtSource.XMP)
    other = Metadata(taken_at=datetime(2019, 7, 5), taken_at_offset_minutes=60, taken_at_source=TakenAtSource.XMP)
    assert merge(other, exif, same).taken_at_offset_minutes == 120
    assert merge(other, exif).taken_at_offset_minutes is None


def test_a_position_is_taken_whole():
    here = Metadata(latitude=1.0, longitude=2.0)
    there = Metadata(latitude=3.0, longitude=4.0, altitude_m=5.0)
    assert merge(here, there) == here
    assert merge(Metadata(altitude_m=9.0), there) == there
