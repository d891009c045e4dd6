"""Duplicates found by the daemon: the same shot in several files, bursts, and what changes them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import pytest
from daemon.conftest import Home, eventually
from filming import film_video
from picturing import exif, frame, picture, save
from PIL import Image, ImageEnhance, ImageOps
from sqlalchemy import text

from photoindex import duplicates, likeness
from photoindex.daemon import grouping, sameshot
from photoindex.daemon.grouping import Grouper
from photoindex.models import LikenessKind

NOON = datetime(2023, 6, 1, 12)


def _groups(home: Home, kind: str) -> list[set[str]]:
    """The file names of each group, largest first."""
    database = home.open()
    with database.read() as session:
        page = duplicates.page(session, kind, 1000)
        assert page.total == len(page.groups)
    database.close()
    found = [{photo.filename for photo in group.photos} for group in page.groups]
    return sorted(found, key=lambda names: (-len(names), sorted(names)))


def _step(home: Home) -> None:
    database = home.open()
    grouper = Grouper(database, home.settings.thumbnails, threading.Event())
    while grouper.step():
        pass
    database.close()


def _change(home: Home, change: Callable[..., object]) -> None:
    database = home.open()
    with database.write() as session:
        change(session)
    database.close()
    _step(home)


def _variants(home: Home, seed: int, name: str) -> set[str]:
    image = picture(seed)
    made: dict[str, tuple[Image.Image, dict[str, object]]] = {
        f"{name}.jpg": (image, {"quality": 92}),
        f"{name}-small.jpg": (image.resize((200, 150)), {"quality": 40}),
        f"{name}.webp": (image, {"quality": 70}),
        f"{name}.heic": (image, {"quality": 60}),
        f"{name}-crop.png": (image.crop((9, 7, 630, 473)), {}),
        f"{name}-bright.jpg": (ImageEnhance.Brightness(image).enhance(1.15), {}),
    }
    for path, (variant, options) in made.items():
        save(variant, home.root / path, **options)
    return set(made)


def test_the_same_shot_is_found_in_other_sizes_and_formats_and_nothing_else(home: Home) -> None:
    first, second = _variants(home, 1, "lake"), _variants(home, 2, "hill")
    for name, turn in (("mirrored", Image.Transpose.FLIP_LEFT_RIGHT), ("turned", Image.Transpose.ROTATE_90)):
        save(picture(1).transpose(turn), home.root / f"{name}.jpg")
    for seed in range(10, 30):
        save(picture(seed), home.root / f"other {seed}.jpg")
    for shade in range(4):
        save(Image.new("RGB", (640, 480), (shade, shade, shade)), home.root / f"black {shade}.png")
    home.index()
    assert _groups(home, "same") == sorted([first, second], key=sorted)
    assert _groups(home, "burst") == _groups(home, "copies") == []


def test_a_black_and_white_version_and_something_that_moved_are_other_pictures(home: Home) -> None:
    image = picture(3)
    save(image, home.root / "a.jpg")
    save(ImageOps.grayscale(ImageEnhance.Color(image).enhance(3)), home.root / "grey.jpg")
    moved = image.copy()
    moved.paste(image.crop((0, 0, 128, 120)), (400, 300))
    save(moved, home.root / "moved.jpg")
    home.index()
    assert _groups(home, "same") == []


def test_what_comes_later_joins_and_what_goes_leaves(home: Home) -> None:
    image = picture(4)
    save(image.resize((160, 120)), home.root / "small.jpg")
    home.index()
    assert _groups(home, "same") == []
    save(image.resize((320, 240)), home.root / "middle.jpg")
    home.index()
    assert _groups(home, "same") == [{"small.jpg", "middle.jpg"}]
    save(image, home.root / "large.jpg")  # is better than the key, and takes its place
    home.index()
    assert _groups(home, "same") == [{"small.jpg", "middle.jpg", "large.jpg"}]
    (home.root / "middle.jpg").unlink()
    home.index()
    assert _groups(home, "same") == [{"small.jpg", "large.jpg"}]
    (home.root / "large.jpg").rename(home.root / "moved.jpg")
    home.index()
    assert _groups(home, "same") == [{"small.jpg", "moved.jpg"}]
    kept = (home.root / "moved.jpg").read_bytes()
    (home.root / "moved.jpg").unlink()  # the key itself
    home.index()
    assert _groups(home, "same") == []
    (home.root / "back.jpg").write_bytes(kept)
    home.index()
    assert _groups(home, "same") == [{"small.jpg", "back.jpg"}]


def test_the_others_find_each_other_again_when_the_key_is_deleted(home: Home) -> None:
    image = picture(5)
    for edge in (160, 240, 640):
        save(image.resize((edge, edge * 3 // 4)), home.root / f"{edge}.jpg")
    home.index()
    (group,) = _groups(home, "same")
    assert group == {"160.jpg", "240.jpg", "640.jpg"}
    largest = next(photo.id for photo in home.photos() if photo.filename == "640.jpg")

    def delete(session) -> None:
        session.execute(text("DELETE FROM photo WHERE id = :id"), {"id": largest})

    _change(home, delete)
    assert _groups(home, "same") == [{"160.jpg", "240.jpg"}]


def test_what_was_dismissed_stays_apart_until_that_is_taken_back(home: Home) -> None:
    names = _variants(home, 6, "cat")
    home.index()
    database = home.open()
    with database.write() as session:
        (group,) = duplicates.page(session, "same", 10).groups
        dismissal = duplicates.dismiss(session, group.id)
    database.close()
    assert _groups(home, "same") == []
    _change(home, lambda session: likeness.decide_again(session, [photo.id for photo in home.photos()]))
    assert _groups(home, "same") == []
    save(picture(6).resize((500, 375)), home.root / "new.jpg")
    home.index()
    (group,) = _groups(home, "same")  # what is new is like one of them, and is not hidden by what was said before
    assert "new.jpg" in group
    assert len(group) == 2
    _change(home, lambda session: duplicates.restore(session, dismissal))
    assert _groups(home, "same") == [{*names, "new.jpg"}]


def _shoot(home: Home, seed: int, start: datetime, count: int, pause: float = 0.5, **options: object) -> set[str]:
    names = set()
    for number in range(count):
        at = start + timedelta(seconds=pause * number)
        path = home.root / f"IMG_{seed:02}{number:02}.jpg"
        save(frame(seed, number), path, exif=exif(at, **options))  # type: ignore[arg-type]
        names.add(path.name)
    return names


def test_bursts_are_what_one_camera_took_of_one_thing_within_seconds(home: Home) -> None:
    burst = _shoot(home, 1, NOON, 5)
    whole_seconds = _shoot(home, 2, NOON + timedelta(hours=1), 4, pause=0.3, fraction=False)
    two = _shoot(home, 3, NOON + timedelta(hours=2), 2, pause=0.8)
    _shoot(home, 4, NOON + timedelta(hours=3), 2, pause=1.8)  # two are few, and not quick
    _shoot(home, 5, NOON + timedelta(hours=4), 4, pause=10)
    for number in range(4):  # one second, but four cameras
        save(frame(6, number), home.root / f"{number}.jpg", exif=exif(NOON + timedelta(hours=5), f"D{number}"))
    for number in range(4):  # one second, but four things
        at = NOON + timedelta(hours=6, seconds=number / 4)
        colour = Image.new("RGB", (640, 480), ("red", "green", "blue", "white")[number])
        save(Image.blend(picture(number), colour, 0.8), home.root / f"c{number}.jpg", exif=exif(at))
    home.index()
    assert _groups(home, "burst") == [burst, whole_seconds, two]
    assert _groups(home, "same") == []


def test_a_series_of_minutes_falls_into_bursts_of_seconds(home: Home) -> None:
    _shoot(home, 7, NOON, 30, pause=1.5, fraction=False)
    home.index()
    found = _groups(home, "burst")
    assert sum(map(len, found)) >= 28
    assert all(len(names) <= 14 for names in found)
    _change(home, lambda session: likeness.decide_again(session, [home.photos()[20].id]))
    assert _groups(home, "burst") == found


def test_shots_from_a_tripod_are_a_burst_and_not_the_same_shot(home: Home) -> None:
    names = set()
    for number in range(4):
        path = home.root / f"DSC_{number:04}.jpg"
        save(picture(8), path, quality=90 + number, exif=exif(NOON, fraction=False))
        names.add(path.name)
    home.index()
    assert _groups(home, "same") == []
    assert _groups(home, "burst") == [names]


def test_exports_of_a_burst_are_the_same_shots_and_not_more_of_the_burst(home: Home) -> None:
    names = _shoot(home, 9, NOON, 4)
    for name in names:
        with Image.open(home.root / name) as image:
            save(image.resize((320, 240)), home.root / "web" / f"small-{name}", exif=image.getexif())
    home.index()
    assert _groups(home, "burst") == [names]
    assert _groups(home, "same") == sorted(({name, f"small-{name}"} for name in names), key=sorted)
    database = home.open()
    with database.read() as session:
        ids = np.array([photo.id for photo in home.photos()])
        assert len(set(likeness.representatives(session, ids).tolist())) == 1
    database.close()


def test_an_export_without_a_date_does_not_make_one_shot_of_a_burst(home: Home) -> None:
    image = picture(16)
    names = set()
    for number in range(3):
        at = NOON + timedelta(seconds=0.4 * (number + 1))
        save(image.crop((number, 0, 637 + number, 480)), home.root / f"{number}.jpg", exif=exif(at))
        names.add(f"{number}.jpg")
    save(image, home.root / "export.png")  # is the largest, and looks like each of them
    home.index()
    assert _groups(home, "burst") == [names]
    ((export, *others),) = (sorted(group, reverse=True) for group in _groups(home, "same"))
    assert export == "export.png"
    assert len(others) == 1


def test_photos_indexed_before_there_were_fingerprints_get_theirs_from_thumbnails(home: Home) -> None:
    names = _variants(home, 10, "dog")
    home.index()

    def forget(session) -> None:
        for table in ("fingerprint", "likeness"):
            session.execute(text(f"DELETE FROM {table}"))
        likeness.decide_again(session, [photo.id for photo in home.photos()])

    _change(home, forget)
    assert _groups(home, "same") == [names]


def test_photos_without_thumbnails_are_grouped_by_fingerprints_that_leave_no_doubt(home: Home) -> None:
    image = picture(11)
    save(image, home.root / "a.jpg", quality=95)
    save(image, home.root / "b.jpg", quality=85)
    home.index()
    for path in home.settings.thumbnails.rglob("*.jpg"):
        path.unlink()
    _change(home, lambda session: likeness.decide_again(session, [photo.id for photo in home.photos()]))
    assert _groups(home, "same") == [{"a.jpg", "b.jpg"}]


def test_a_step_that_was_overtaken_is_done_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    image = picture(12)
    save(image, home.root / "a.jpg")
    save(image.resize((320, 240)), home.root / "b.jpg")
    home.index()
    (hidden, _) = (photo.id for photo in home.photos())
    database, other = home.open(), home.open()
    with other.write() as session:
        likeness.assign(session, LikenessKind.SAME, dict.fromkeys([photo.id for photo in home.photos()]))
        likeness.decide_again(session, [photo.id for photo in home.photos()])
    grouper = Grouper(database, home.settings.thumbnails, threading.Event())
    write = grouper._write

    def overtaken(session, plan) -> None:
        monkeypatch.setattr(grouper, "_write", write)
        session.execute(text("UPDATE photo SET visible = 0 WHERE id = :id"), {"id": hidden})
        write(session, plan)

    monkeypatch.setattr(grouper, "_write", overtaken)
    while grouper.step():
        pass
    with other.read() as session:
        assert session.execute(text("SELECT count(*) FROM likeness")).scalar() == 0
        assert session.execute(text("SELECT count(*) FROM undecided")).scalar() == 0
    database.close()
    other.close()


def test_the_daemon_groups_while_it_watches_and_stops_at_once(running: Home) -> None:
    names = _variants(running, 13, "sea")
    eventually(lambda: _groups(running, "same") == [names])


def test_a_stopped_grouper_writes_nothing(home: Home) -> None:
    _variants(home, 14, "sky")
    home.index()
    database = home.open()
    with database.write() as session:
        likeness.decide_again(session, [photo.id for photo in home.photos()])
    stop = threading.Event()
    stop.set()
    Grouper(database, home.settings.thumbnails, stop).step()
    with database.read() as session:
        assert len(likeness.undecided(session, 100)) == len(home.photos())
    database.close()


def test_a_fault_in_grouping_does_not_end_indexing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_self: Grouper) -> bool:
        raise RuntimeError("broken")

    monkeypatch.setattr(Grouper, "step", fail)
    save(picture(15), home.root / "a.jpg")
    home.index()
    assert home.counts().indexed == 1


def test_videos_of_one_length_with_one_poster_are_the_same(home: Home) -> None:
    film_video(home.root / "a.mp4", ["red", "blue"], scene_seconds=2)
    film_video(home.root / "b.webm", ["red", "blue"], scene_seconds=2)
    film_video(home.root / "c.mp4", ["red", "blue", "green"], scene_seconds=2)
    home.index()
    assert _groups(home, "same") == [{"a.mp4", "b.webm"}]


def _fill_with_alike(home: Home, count: int) -> None:
    """Photos whose fingerprints differ in a few bits, as of a camera that watches a door, each better than the last."""
    chooser = np.random.default_rng(3)
    common = chooser.integers(0, 256, 64, dtype=np.uint8)
    rows = []
    for number in range(1, count + 1):
        value = common.copy()
        value[chooser.integers(0, 32, 2)] ^= 1
        rows.append({"id": number, "hash": number.to_bytes(32), "value": value.tobytes()})
    database = home.open()
    with database.write() as session:
        session.execute(
            text(
                "INSERT INTO photo (id, content_hash, kind, format, width, height, size_bytes, timeline_at, keywords, "
                "people, favourite, visible, indexed_at) VALUES (:id, :hash, 'photo', 'jpeg', 40, 30, :id, "
                "'2020-01-01 00:00:00', '[]', '[]', 0, 1, '2020-01-01 00:00:00')"
            ),
            rows,
        )
        session.execute(text("INSERT INTO fingerprint (photo_id, value) VALUES (:id, :value)"), rows)
    with database.write() as session:
        likeness.decide_again(session, range(1, count + 1))
    database.close()


@pytest.mark.parametrize("same", [True, False])
def test_thousands_of_photos_that_look_alike_take_a_bounded_number_of_looks(
    home: Home, monkeypatch: pytest.MonkeyPatch, same: bool
) -> None:
    count = 800
    monkeypatch.setattr(sameshot, "MOST_TOGETHER", 200)
    _fill_with_alike(home, count)
    looks = [0]

    def is_same_picture(_one: object, _other: object) -> bool:
        looks[0] += 1
        return same

    monkeypatch.setattr(grouping, "look_at", lambda _path: object())
    monkeypatch.setattr(grouping, "is_same_picture", is_same_picture)
    _step(home)
    assert looks[0] <= count * (10 if same else sameshot.MOST_LOOKED_AT)
    database = home.open()
    with database.read() as session:
        sizes = session.scalars(text("SELECT count(*) FROM likeness WHERE kind = 'same' GROUP BY key_id")).all()
    database.close()
    assert sum(sizes) >= 0.9 * count if same else not sizes
    assert max(sizes, default=0) <= sameshot.MOST_TOGETHER


def test_a_step_ends_when_its_time_is_over_or_the_daemon_does(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    _fill_with_alike(home, 64)
    stop = threading.Event()
    looks = [0]

    def is_same_picture(_one: object, _other: object) -> bool:
        looks[0] += 1
        if looks[0] == 60:
            stop.set()
        time.sleep(0.02)
        return False

    monkeypatch.setattr(grouping, "look_at", lambda _path: object())
    monkeypatch.setattr(grouping, "is_same_picture", is_same_picture)
    database = home.open()

    def waiting() -> int:
        with database.read() as session:
            return len(likeness.undecided(session, 1000))

    before = waiting()
    grouper = Grouper(database, home.settings.thumbnails, stop)
    assert grouper.step()
    assert 0 < before - waiting() < 16  # not all that it took
    assert looks[0] < 60
    left = waiting()
    while not stop.is_set():
        assert grouper.step()
    assert looks[0] < 60 + sameshot.MOST_LOOKED_AT
    assert waiting() <= left
    database.close()


def test_deciding_ends_where_each_photo_is_like_its_neighbours_only(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill_with_alike(home, 300)
    same = lambda _self, one, other: abs(one.photo_id - other.photo_id) < 2  # noqa: E731
    monkeypatch.setattr(grouping._Comparing, "same", same)
    database = home.open()
    grouper = Grouper(database, home.settings.thumbnails, threading.Event())
    steps = sum(1 for _ in iter(grouper.step, False))
    assert steps <= 300 * (1 + grouping.MOST_AGAIN)
    database.close()
