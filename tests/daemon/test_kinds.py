"""Videos, raw files, clips and sidecars through the whole daemon: what they become in the database."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from daemon.conftest import Home
from drawing import draw_image
from media.raw_files import dng
from media.video_files import make_video

from photoindex import companions
from photoindex.search import SearchEngine, TextTower

RED, BLUE = (200, 20, 20), (20, 20, 200)


def test_a_search_finds_the_moment_of_a_video(home: Home) -> None:
    (home.root / "film.mp4").write_bytes(make_video([(RED, 4), (BLUE, 4)]))
    home.draw("green.jpg", "green")
    home.index()
    [film] = [photo for photo in home.photos() if photo.kind == "video"]
    assert (film.format, film.width, film.height) == ("mp4", 160, 96)
    assert film.duration_seconds is not None and abs(film.duration_seconds - 8) < 0.5
    database = home.open()
    engine = SearchEngine(database, TextTower(lambda _stored: home.encoder))
    red, blue = (engine.search(f"{query} show:all", 5).results for query in ("red", "blue"))
    database.close()
    assert blue[0].photo.filename == "film.mp4"
    assert len(red) == len(blue) == 2  # the video once, however many of its frames are near
    assert red[0].moment_seconds is not None and red[0].moment_seconds < 4
    assert blue[0].moment_seconds is not None and blue[0].moment_seconds >= 4


def test_a_raw_file_beside_its_jpeg_shows_as_one_photo(home: Home) -> None:
    image = draw_image(seed=3)
    (home.root / "IMG_1.DNG").write_bytes(dng(image))
    image.save(home.root / "IMG_1.jpg")
    (home.root / "IMG_2.dng").write_bytes(dng(draw_image(seed=4)))
    home.index()
    shown = {photo.filename: photo for photo in home.photos()}
    assert {name: photo.kind for name, photo in shown.items()} == {"IMG_1.jpg": "photo", "IMG_2.dng": "raw"}
    database = home.open()
    with database.read() as session:
        found = companions.companions_of(session, [shown["IMG_1.jpg"].id])
    database.close()
    assert [(each.kind, each.path) for each in found[shown["IMG_1.jpg"].id]] == [("raw", b"IMG_1.DNG")]
    (home.root / "IMG_1.jpg").unlink()
    home.index()
    assert [photo.filename for photo in home.photos()] == ["IMG_1.DNG", "IMG_2.dng"]


def test_the_clip_of_a_live_photo_goes_with_it(home: Home) -> None:
    home.draw("IMG_3.jpg", "red")
    (home.root / "IMG_3.MOV").write_bytes(make_video([(RED, 2)], muxer="mov"))
    (home.root / "IMG_4.MOV").write_bytes(make_video([(BLUE, 2)], muxer="mov"))
    home.index()
    assert [photo.filename for photo in home.photos()] == ["IMG_3.jpg", "IMG_4.MOV"]


def test_a_sidecar_that_comes_later_is_read_without_encoding_again(home: Home) -> None:
    photo = home.draw("beach.jpg")
    home.index()
    encoded = home.encoder.images_encoded
    sidecar = photo.with_name("beach.jpg.json")
    place = {"latitude": 45.19, "longitude": 5.72, "altitude": 214.0}
    taken = {"timestamp": "1562254200"}
    sidecar.write_text(
        json.dumps({"title": "beach.jpg", "description": "Two dogs", "photoTakenTime": taken, "geoData": place})
    )
    home.index()
    [info] = home.photos()
    assert (info.caption, info.taken_at_source) == ("Two dogs", "sidecar")
    assert info.place is not None and (info.place.city, info.place.country_fr) == ("Grenoble", "France")
    sidecar.unlink()
    home.index()
    [info] = home.photos()
    assert (info.caption, info.place) == (None, None)
    assert home.encoder.images_encoded == encoded


def test_the_date_in_a_name_stands_in_for_one_that_is_missing(home: Home) -> None:
    home.draw("IMG_20190704_153000.jpg")
    home.index()
    [info] = home.photos()
    assert (info.taken_at_source, info.timeline_at.isoformat()) == ("name", "2019-07-04T15:30:00")


def test_copies_of_a_video_are_one_and_what_is_cut_says_so(home: Home, tmp_path: Path) -> None:
    whole = make_video([(RED, 2), (BLUE, 2)])
    (home.root / "a.mp4").write_bytes(whole)
    (home.root / "b.m4v").write_bytes(whole)
    (home.root / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    home.index()
    encoded = home.encoder.images_encoded
    shutil.copy(home.root / "a.mp4", home.root / "c.mp4")
    home.index()
    [film] = home.photos()
    assert sorted(file.filename for file in film.files) == ["a.mp4", "b.m4v", "c.mp4"]
    assert home.encoder.images_encoded == encoded
    assert home.failures() == {"cut.mp4": "truncated"}
