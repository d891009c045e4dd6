"""The pages in a real browser: what is shown, at a desk and on a phone, and that nothing else is ever asked for."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browsing import SIZES, looking, wait_until
from drawing import draw_photo
from filming import film_video
from playwright.sync_api import expect
from web.conftest import Gallery, RunningServer

HOSTILE = b"<img src=x onerror=alert(1)>.jpg"
NOTICE = (
    "This library uses the starter encoder. For better search, and in many languages, switch with: "
    "photoindex up --encoder siglip2-base"
)

Make = Callable[[str], Gallery]


@pytest.fixture(scope="module")
def photos_server(make_gallery: Make, serve: Callable[[Path], RunningServer]) -> RunningServer:
    """Over twenty-five photos, one of them with a hostile name, and a notice of the daemon."""
    gallery = make_gallery("photos")
    gallery.fill(24, days_apart=3)
    gallery.draw(HOSTILE, "pink", seed=999, size=(160, 120))
    gallery.say(state="idle", pid=1, notice=NOTICE)
    return serve(gallery.settings.data)


@pytest.fixture(scope="module")
def odd_server(make_gallery: Make, serve: Callable[[Path], RunningServer]) -> RunningServer:
    """Over two videos, of which browsers can play the first, a photo that moves, and one of a single pixel."""
    gallery = make_gallery("odd")
    gallery.film("holiday.webm", ["blue", "white", "red", "green"])
    gallery.film("unknown.mov", ["grey"])
    clip = film_video(gallery.root.parent / "clip.webm", ["red", "blue"]).read_bytes()
    photo = draw_photo(gallery.root / "PXL.jpg", colour="blue", size=(640, 480))
    start = photo.stat().st_size
    photo.write_bytes(photo.read_bytes() + clip)
    gallery.index(b"PXL.jpg", motion_offset=start, motion_bytes=len(clip))
    gallery.draw("dot.png", "green", size=(1, 1))
    return serve(gallery.settings.data)


@pytest.fixture
def look(browser, photos_server):
    return partial(looking, browser, photos_server.url)


@pytest.fixture
def look_at_odd(browser, odd_server):
    return partial(looking, browser, odd_server.url)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_visit(look, size, scripts):
    with look("/", size, java_script_enabled=scripts) as visit:
        page = visit.page
        visit.wait_for_pictures()
        expect(page.get_by_role("heading", name="Photos", exact=True)).to_be_visible()
        page.locator("#q").fill("a blue boat")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search?q=a+blue+boat")
        visit.wait_for_pictures()
        visit.check()
        first = page.locator(".card").first
        assert first.locator("img").get_attribute("alt").startswith("photo 00")
        assert first.locator(".percent").inner_text().endswith("100%")
        first.locator(".picture").click()
        page.wait_for_url("**/photos/*")
        if scripts:  # the viewer shows it; its address is that of the photo's own page
            page.reload()
        visit.wait_for_pictures()
        visit.check()
        assert page.get_by_role("heading", level=1).inner_text().startswith("photo 00")
        shown = page.url
        page.get_by_role("link", name="Older photo").click()
        page.wait_for_url(lambda url: url != shown)
        visit.wait_for_pictures()
        page.get_by_role("link", name="Similar photos").click()
        page.wait_for_url("**/similar")
        visit.wait_for_pictures()
        visit.check()
        if size == "phone":
            page.locator(".tabs summary").click()
        page.get_by_role("link", name="Status").click()
        page.wait_for_url("**/status")
        expect(page.get_by_text("Can be searched")).to_be_visible()


@pytest.mark.parametrize("size", SIZES)
def test_rows_are_even_and_full(look, size):
    with look("/search?q=red+show:all", size) as visit:
        visit.wait_for_pictures()
        cards = visit.page.evaluate(
            "[...[...document.querySelectorAll('.grid')].pop().querySelectorAll('.card')].map(c => {"
            " const r = c.getBoundingClientRect();"
            " return {top: r.top, height: r.height, right: r.right}})"
        )
        edge = visit.page.evaluate("[...document.querySelectorAll('.grid')].pop().getBoundingClientRect().right")
        rows: dict[int, list[dict[str, float]]] = {}
        for card in cards:
            rows.setdefault(round(card["top"]), []).append(card)
        assert len(rows) > 3
        for row in list(rows.values())[:-1]:
            assert max(each["height"] for each in row) - min(each["height"] for each in row) < 1.5
            assert max(each["right"] for each in row) == pytest.approx(edge, abs=1)


def test_a_hostile_name_is_only_a_name(look):
    with look("/search?q=pink") as visit:
        visit.wait_for_pictures()
        visit.page.locator("img[alt^='<img src=x']").first.click()
        visit.page.wait_for_url("**/photos/*")
        visit.page.reload()
        expect(visit.page.get_by_role("heading", level=1)).to_have_text(HOSTILE.decode())
        visit.open("/search?q=" + "<script>alert(1)</script>")


def test_keys_reach_the_search_box_and_the_neighbours(look):
    with look("/photos/5") as visit:
        visit.page.keyboard.press("ArrowRight")
        visit.page.wait_for_url("**/photos/6")
        visit.page.keyboard.press("ArrowLeft")
        visit.page.wait_for_url("**/photos/5")
        visit.page.keyboard.press("/")
        visit.page.keyboard.type("a/b")
        expect(visit.page.locator("#q")).to_have_value("a/b")
        visit.page.keyboard.press("ArrowLeft")
        assert visit.page.url.endswith("/photos/5")


def test_missing_pictures_show_a_placeholder(browser, gallery, dozen, start_server):
    gallery.become(dozen)
    server = start_server()
    for path in gallery.root.glob("trip */*"):
        path.unlink()
    shutil.rmtree(gallery.settings.thumbnails)
    drawn = "[...document.querySelectorAll('main img')].every(i => i.complete && i.naturalWidth > 0)"
    with looking(browser, server.url, "/photos/3") as visit:
        wait_until(visit.page, lambda: visit.page.evaluate(drawn), "each picture is a placeholder")
        assert all("404" in each for each in visit.wrongs)
        visit.wrongs.clear()


@pytest.mark.usefixtures("daemon")
def test_new_photos_come_by_themselves_while_indexing(browser, gallery, dozen, start_server):
    gallery.become(dozen)
    server = start_server()
    gallery.say(state="indexing", pid=1, photos_per_second=10.0, seconds_left=3.0)
    gallery.add_pending(30)
    with looking(browser, server.url, "/") as visit:
        page, said, box = visit.page, visit.page.get_by_role("status"), visit.page.locator("#q")
        expect(said).to_have_text("Indexing: 12 of 42, 10/s, about 3 s left", use_inner_text=True)
        gallery.draw("fresh.jpg", "green", seed=4242)
        gallery.say(state="indexing", photos_per_second=1234.6, seconds_left=7200.0)
        expect(page.get_by_text("13 photos")).to_be_visible()
        expect(said).to_have_text("Indexing: 13 of 43, 1235/s, about 2 h left", use_inner_text=True)
        box.fill("a half-typed sear")
        gallery.draw("fresher.jpg", "green", seed=4243)
        fresh = page.get_by_role("link", name="Show new photos")
        expect(fresh).to_be_visible()
        expect(box).to_have_value("a half-typed sear")
        fresh.click()
        expect(page.get_by_text("14 photos")).to_be_visible()


def test_pages_of_an_empty_data_folder_fit(browser, start_server):
    server = start_server()
    for size in SIZES:
        with looking(browser, server.url, "/", size, color_scheme="dark") as visit:
            for address in ("/search?q=cat", "/status"):
                visit.open(address)
            visit.page.goto(server.url + "/nothing")
            visit.wrongs = [each for each in visit.wrongs if "404" not in each]


@pytest.mark.parametrize("size", ["desk", pytest.param("phone", marks=pytest.mark.long)])
def test_a_video_plays_from_the_moment_that_was_found(look_at_odd, size):
    at = "video => [video.readyState >= 2 && !video.seeking, video.currentTime, video.error]"
    with look_at_odd("/search?q=red", size) as visit:
        page, video = visit.page, visit.page.locator("video")
        page.get_by_role("link", name="holiday.webm").first.click()
        page.wait_for_url("**/photos/1?t=4")
        wait_until(page, lambda: video.evaluate(at) == [True, 4, None], "it is at the moment that was found")
        expect(page.get_by_text("can't play")).to_be_hidden()
        video.focus()
        page.keyboard.press("ArrowRight")
        assert page.url.endswith("/photos/1?t=4")
        visit.open("/photos/2")
        expect(page.get_by_text("This browser can't play this video")).to_be_visible()


def test_the_clip_of_a_motion_photo_plays_when_asked_for(look_at_odd):
    with look_at_odd("/photos/3", "phone") as visit:
        page, video, asked = visit.page, visit.page.locator("video"), []
        page.on("request", lambda request: asked.append(urlsplit(request.url).path))
        expect(video).to_be_hidden()
        page.get_by_text("Play its clip").click()
        video.evaluate("video => video.play()")
        assert video.evaluate("video => [video.error, video.videoWidth]") == [None, 160]
        assert {path for path in asked if path.startswith("/api/")} == {"/api/v1/photos/3/motion"}


def test_a_command_in_a_notice_is_not_broken_on_a_phone(look):
    with look("/", "phone") as visit:
        command = visit.page.locator(".notice code")
        expect(command).to_have_text("photoindex up --encoder siglip2-base")
        height, line = command.evaluate("code => [code.offsetHeight, parseFloat(getComputedStyle(code).lineHeight)]")
        assert height < 1.5 * line


def test_a_tiny_photo_is_as_large_as_it_is(look_at_odd):
    with look_at_odd("/photos/4") as visit:
        visit.wait_for_pictures()
        fits = "[...document.querySelectorAll('.stage img')].map(i => getComputedStyle(i).objectFit)"
        assert visit.page.evaluate(fits) == ["scale-down", "scale-down"]
