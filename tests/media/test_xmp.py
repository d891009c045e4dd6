"""XMP: what programs write about a photo, in each of the ways RDF allows, and nothing of hostile XML."""

import random
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photoindex.media.metadata import Metadata, TakenAtSource, read_metadata
from photoindex.media.xmp import MAX_XMP_BYTES, read_xmp

_NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0/",
    "MP": "http://ns.microsoft.com/photo/1.2/",
    "MPRI": "http://ns.microsoft.com/photo/1.2/t/RegionInfo#",
    "MPReg": "http://ns.microsoft.com/photo/1.2/t/Region#",
    "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
}


def packet(inner="", attributes=""):
    """A packet whose one description has these members."""
    names = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _NAMESPACES.items())
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF {names}><rdf:Description rdf:about="" {attributes}>{inner}</rdf:Description></rdf:RDF></x:xmpmeta>'
        + " " * 200
        + '<?xpacket end="w"?>'
    ).encode()


def bag(name, *items):
    return f"<{name}><rdf:Bag>" + "".join(f"<rdf:li>{item}</rdf:li>" for item in items) + f"</rdf:Bag></{name}>"


def in_default_language(name, text):
    return (
        f'<{name}><rdf:Alt><rdf:li xml:lang="fr">autre</rdf:li><rdf:li xml:lang="x-default">{text}</rdf:li>'
        f"</rdf:Alt></{name}>"
    )


FULL = packet(
    in_default_language("dc:title", "Harbour")
    + in_default_language("dc:description", "Boats &amp;\n men")
    + bag("dc:subject", "sea", "Zürich", "Sea")
    + "<xmp:Rating>4</xmp:Rating><exif:GPSAltitude>351/10</exif:GPSAltitude>",
    'exif:DateTimeOriginal="2019-07-04T15:30:00.12+02:00" xmp:CreateDate="2021-01-01T00:00:00"'
    ' exif:GPSLatitude="48,51.5N" exif:GPSLongitude="2,21,0W" exif:GPSAltitudeRef="1"',
)
EXPECTED = Metadata(
    taken_at=datetime(2019, 7, 4, 15, 30),
    taken_at_offset_minutes=120,
    taken_at_source=TakenAtSource.XMP,
    latitude=48 + 51.5 / 60,
    longitude=-2.35,
    altitude_m=-35.1,
    title="Harbour",
    caption="Boats & men",
    keywords=("sea", "Zürich"),
    rating=4,
)


def test_every_field_is_read():
    assert read_xmp(FULL) == EXPECTED
    assert read_metadata(b"", xmp=FULL) == EXPECTED
    assert read_xmp(FULL, TakenAtSource.SIDECAR).taken_at_source == TakenAtSource.SIDECAR


def test_packets_in_utf_16_are_read():
    text = FULL.decode().replace("\ufeff", "")
    assert read_xmp(text[text.index("?>") + 2 :].encode("utf-16")) == EXPECTED


def test_padding_and_zeros_around_a_packet_do_no_harm():
    assert read_xmp(b"\0 \n" + FULL + b"\n\0\0") == EXPECTED


@pytest.mark.parametrize(
    ("attributes", "moment", "offset"),
    [
        ('photoshop:DateCreated="2019-07-04" xmp:CreateDate="2020-01-01T00:00:01"', datetime(2019, 7, 4), None),
        ('xmp:CreateDate="2019-07-04T15:30Z"', datetime(2019, 7, 4, 15, 30), 0),
        ('photoshop:DateCreated="1987"', datetime(1987, 1, 1), None),
        ('photoshop:DateCreated="1980-01-01"', datetime(1980, 1, 1), None),
        ('photoshop:DateCreated="1987-06"', datetime(1987, 6, 1), None),
        ('exif:DateTimeOriginal="2019:07:04 15:30:00"', datetime(2019, 7, 4, 15, 30), None),
        ('exif:DateTimeOriginal="1970-01-01T00:00:00"', None, None),
        ('exif:DateTimeOriginal="0000-00-00T00:00:00"', None, None),
        ('exif:DateTimeOriginal="9019-07-04T15:30:00"', None, None),
        ('exif:DateTimeOriginal="2019-13-04" xmp:CreateDate="2018-01-02"', datetime(2018, 1, 2), None),
        ('xmp:ModifyDate="2019-07-04T15:30:00"', None, None),
    ],
)
def test_the_most_telling_date_is_read(attributes, moment, offset):
    metadata = read_xmp(packet(attributes=attributes))
    assert (metadata.taken_at, metadata.taken_at_offset_minutes) == (moment, offset)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ('xmp:Rating="5"', 5),
        ('xmp:Rating="-1"', -1),
        ('xmp:Rating="3.0"', 3),
        ('xmp:Rating="0"', 0),
        ('xmp:Rating="6"', None),
        ('xmp:Rating="many"', None),
        *((f'MicrosoftPhoto:Rating="{percent}"', stars) for percent, stars in
          [(0, 0), (1, 1), (25, 2), (50, 3), (75, 4), (99, 5), (100, 5), (101, None)]),
        ('xmp:Rating="2" MicrosoftPhoto:Rating="99"', 2),
    ],
)  # fmt: skip
def test_ratings_are_stars(attributes, expected):
    assert read_xmp(packet(attributes=attributes)).rating == expected


@pytest.mark.parametrize(
    ("latitude", "longitude", "expected"),
    [
        ("48,30N", "2,30E", (48.5, 2.5)),
        ("48,30,0S", "2,30,0W", (-48.5, -2.5)),
        ("48.5N", "2.5W", (48.5, -2.5)),
        ("-48.5", "2.5", (-48.5, 2.5)),
        ("91,0N", "2,0E", (None, None)),
        ("48,61N", "2,0E", (None, None)),
        ("48,30E", "2,30N", (None, None)),
        ("0,0N", "0,0E", (None, None)),
        ("nan", "2.5", (None, None)),
        ("48,30N", "", (None, None)),
    ],
)
def test_positions_are_read_strictly(latitude, longitude, expected):
    metadata = read_xmp(packet(attributes=f'exif:GPSLatitude="{latitude}" exif:GPSLongitude="{longitude}"'))
    assert (metadata.latitude, metadata.longitude) == expected


def test_paths_of_keywords_give_each_of_their_parts():
    xmp = packet(
        bag("dc:subject", "Paris")
        + bag("lr:hierarchicalSubject", "Places|France|Paris", "People|Anna")
        + bag("digiKam:TagsList", "Places/France/Paris", "Personnes/Bob Martin", "People")
    )
    metadata = read_xmp(xmp)
    assert metadata.keywords == ("Paris", "Places", "France")
    assert metadata.people == ("Bob Martin", "Anna")


MWG_ELEMENTS = """<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:RegionList><rdf:Bag>
<rdf:li rdf:parseType="Resource"><mwg-rs:Name>Anna</mwg-rs:Name><mwg-rs:Type>Face</mwg-rs:Type></rdf:li>
<rdf:li rdf:parseType="Resource"><mwg-rs:Name>Rex</mwg-rs:Name><mwg-rs:Type>Pet</mwg-rs:Type></rdf:li>
</rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>"""
MWG_ATTRIBUTES = """<mwg-rs:Regions><rdf:Description><mwg-rs:RegionList><rdf:Bag>
<rdf:li><rdf:Description mwg-rs:Name="Anna" mwg-rs:Type="Face"/></rdf:li>
<rdf:li><rdf:Description mwg-rs:Type="Face"/></rdf:li>
</rdf:Bag></mwg-rs:RegionList></rdf:Description></mwg-rs:Regions>"""
MICROSOFT = """<MP:RegionInfo rdf:parseType="Resource"><MPRI:Regions><rdf:Bag>
<rdf:li MPReg:Rectangle="0, 0, 1, 1" MPReg:PersonDisplayName="Anna"/></rdf:Bag></MPRI:Regions></MP:RegionInfo>"""


@pytest.mark.parametrize(
    "inner", [MWG_ELEMENTS, MWG_ATTRIBUTES, MICROSOFT, bag("Iptc4xmpExt:PersonInImage", "Anna", "Anna")]
)
def test_names_of_faces_are_read(inner):
    assert read_xmp(packet(inner)).people == ("Anna",)


def test_texts_are_clean_short_and_few():
    xmp = packet(
        bag("dc:subject", *(f"word {n}" for n in range(300)))
        + in_default_language("dc:title", "a\tb&#x202e;c" + "x" * 3000)
        + in_default_language("dc:description", "é" * 5000)
    )
    metadata = read_xmp(xmp)
    assert len(metadata.keywords) == 200
    assert metadata.title.startswith("a b cx")
    assert len(metadata.title.encode()) == 1024
    assert len(metadata.caption.encode()) == 4096


def test_what_cameras_write_is_no_caption():
    assert read_xmp(packet(in_default_language("dc:description", "OLYMPUS DIGITAL CAMERA"))).caption is None


LAUGHS = (
    '<!DOCTYPE a [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + "]><a>&a9;</a>"
)


@pytest.mark.parametrize(
    "xml",
    [
        LAUGHS.encode(),
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<!DOCTYPE a SYSTEM "http://localhost/x.dtd"><a/>',
        b"<!DOCTYPE a>" + FULL[FULL.index(b"<x:") :],
        b"<a>" * 80_000,
        b"<a>" * 30_000 + b"</a>" * 30_000,
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
        b'<?xml version="1.0" encoding="hex"?><a/>',
        b'<?xml version="1.0" encoding="utf-7"?><a/>',
        b'<?xml version="1.0" encoding="utf-32"?><a/>',
        b"<a " + b" ".join(b'a%d=""' % n for n in range(15_000)) + b"/>",
        b"<a/>" + b"x" * 100,
        b"\xff" * 1000,
        b"",
        b"\0\0",
        FULL + b"<!--" + b"x" * MAX_XMP_BYTES + b"-->",
    ],
    ids=range(16),
)
def test_hostile_xml_says_nothing(xml):
    assert read_xmp(xml) == Metadata()


def test_many_descriptions_and_lists_take_no_time():
    description = '<rdf:Description xmp:Rating="3">' + bag("dc:subject", *["x"] * 50) + "</rdf:Description>"
    read_xmp(packet("</rdf:Description>" + description * 200 + "<rdf:Description>")[:MAX_XMP_BYTES])
    nested = "<rdf:Description>" * 5_000 + "</rdf:Description>" * 5_000
    assert read_xmp(packet(nested, 'xmp:Rating="3"')).rating == 3
    lists = "<dc:subject>" * 4_000 + "<rdf:li>x</rdf:li>" + "</dc:subject>" * 4_000
    assert read_xmp(packet(lists)).keywords == ("x",)


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(_TEXT, _TEXT)
def test_any_text_in_any_place_is_read_without_an_error(inner, attribute):
    quoted = attribute.translate({ord('"'): None, ord("<"): None, ord("&"): None})
    for name in ("xmp:Rating", "exif:GPSLatitude", "exif:GPSAltitude", "exif:DateTimeOriginal", "dc:title"):
        read_xmp(packet(inner, f'{name}="{quoted}" exif:GPSLongitude="1E"'))


def test_damaged_packets_are_read_without_an_error():
    chooser = random.Random(0)
    for end in range(0, len(FULL), 7):
        read_xmp(FULL[:end])
    for _ in range(1000):
        damaged = bytearray(FULL)
        for _ in range(chooser.randrange(1, 4)):
            damaged[chooser.randrange(len(damaged))] = chooser.randrange(256)
        metadata = read_xmp(bytes(damaged))
        assert metadata.latitude is None or abs(metadata.latitude) <= 90
