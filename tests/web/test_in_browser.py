"""The pages in a real browser: what is shown, at a desk and on a phone, and that nothing else is ever asked for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from browsing import CHROMIUM, SIZES, Watched, open_browser
from drawing import draw_photo
from filming import film_video
from playwright.sync_api import Browser

HOSTILE = b"<img src=x onerror=alert(1)>.jpg"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium or google-chrome is installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def look(browser, gallery, start_server):
    """Opens a page of a server over twenty-five photos, one of them with a hostile name."""
    gallery.fill(24, days_apart=3)
    gallery.draw(HOSTILE, "pink", seed=999, size=(160, 120))
    server = start_server()
    server.get("/readyz")

    @contextmanager
    def open_page(size: str, **options: object) -> Iterator[Watched]:
        context = browser.new_context(viewport=SIZES[size], **options)
        try:
            yield Watched(context.new_page(), server.url)
        finally:
            context.close()

    return open_page


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_visit(look, size, scripts):
    with look(size, java_script_enabled=scripts) as visit:
        page = visit.page
        if not scripts:  # nothing can be evaluated in the page then
            visit.check = lambda: None
            visit.wait_for_pictures = lambda: page.wait_for_load_state("networkidle")
        visit.open("/")
        visit.wait_for_pictures()
        assert page.get_by_role("heading", name="Photos", exact=True).is_visible()
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
        page.get_by_role("link", name="Older photo").click()
        visit.wait_for_pictures()
        page.get_by_role("link", name="Similar photos").click()
        page.wait_for_url("**/similar")
        visit.wait_for_pictures()
        visit.check()
        if size == "phone":
            page.locator(".tabs summary").click()
        page.get_by_role("link", name="Status").click()
        page.wait_for_url("**/status")
        assert page.get_by_text("Can be searched").is_visible()
        visit.check()
        assert visit.wrongs == []


@pytest.mark.parametrize("size", SIZES)
def test_rows_are_even_and_full(look, size):
    with look(size) as visit:
        visit.open("/search?q=red+show:all")
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
    with look("desk") as visit:
        visit.open("/search?q=pink")
        visit.wait_for_pictures()
        visit.page.locator("img[alt^='<img src=x']").first.click()
        visit.page.wait_for_url("**/photos/*")
        visit.page.reload()
        assert visit.page.get_by_role("heading", level=1).inner_text() == HOSTILE.decode()
        visit.open("/search?q=" + "<script>alert(1)</script>")
        visit.check()


def test_keys_reach_the_search_box_and_the_neighbours(look):
    with look("desk") as visit:
        visit.open("/photos/5")
        visit.page.keyboard.press("ArrowRight")
        visit.page.wait_for_url("**/photos/6")
        visit.page.keyboard.press("ArrowLeft")
        visit.page.wait_for_url("**/photos/5")
        visit.page.keyboard.press("/")
        visit.page.keyboard.type("a/b")
        assert visit.page.locator("#q").input_value() == "a/b"
        visit.page.keyboard.press("ArrowLeft")
        assert visit.page.url.endswith("/photos/5")
        visit.check()


def test_missing_pictures_show_a_placeholder(look, gallery):
    with look("desk") as visit:
        for path in gallery.root.glob("trip */*"):
            path.unlink()
        shutil.rmtree(gallery.settings.thumbnails)
        visit.page.goto(visit.url + "/photos/3")
        visit.page.wait_for_load_state("networkidle")
        drawn = visit.page.evaluate("[...document.querySelectorAll('main img')].every(i => i.naturalWidth > 0)")
        assert drawn
        assert all("404" in each for each in visit.wrongs)


@pytest.mark.usefixtures("daemon")
def test_new_photos_come_by_themselves_while_indexing(look, gallery):
    gallery.say(state="indexing", pid=1, photos_per_second=10.0, seconds_left=3.0)
    with look("desk") as visit:
        gallery.add_pending(30)
        visit.open("/")
        assert visit.page.get_by_role("status").inner_text() == "Indexing: 25 of 55, 10/s, about 3 s left"
        gallery.draw("fresh.jpg", "green", seed=4242)
        gallery.say(state="indexing", photos_per_second=1234.6, seconds_left=7200.0)
        visit.page.get_by_text("26 photos").wait_for()
        assert visit.page.get_by_role("status").inner_text() == "Indexing: 26 of 56, 1235/s, about 2 h left"
        visit.page.locator("#q").fill("a half-typed sear")
        gallery.draw("fresher.jpg", "green", seed=4243)
        visit.page.get_by_role("link", name="Show new photos").wait_for()
        assert visit.page.locator("#q").input_value() == "a half-typed sear"
        visit.page.get_by_role("link", name="Show new photos").click()
        visit.page.get_by_text("27 photos").wait_for()
        visit.check()


def test_pages_of_an_empty_data_folder_fit(browser, start_server):
    server = start_server()
    for viewport in SIZES.values():
        context = browser.new_context(viewport=viewport, color_scheme="dark")
        visit = Watched(context.new_page(), server.url)
        for address in ("/", "/search?q=cat", "/status"):
            visit.open(address)
        visit.page.goto(server.url + "/nothing")
        visit.wrongs = [each for each in visit.wrongs if "404" not in each]
        visit.check()
        context.close()


@pytest.mark.parametrize("size", SIZES)
def test_a_video_plays_from_the_moment_that_was_found(browser, gallery, start_server, size):
    gallery.film("holiday.webm", ["blue", "white", "red", "green"], scene_seconds=30)
    gallery.film("unknown.mov", ["grey"])
    server = start_server()
    server.get("/readyz")
    context = browser.new_context(viewport=SIZES[size])
    visit = Watched(context.new_page(), server.url)
    visit.open("/search?q=red")
    visit.page.get_by_role("link", name="holiday.webm").first.click()
    visit.page.wait_for_url("**/photos/1?t=60")
    video = visit.page.locator("video")
    for _ in range(200):
        if video.evaluate("video => video.readyState >= 2 && !video.seeking"):
            break
        visit.page.wait_for_timeout(50)
    assert video.evaluate("video => [video.currentTime, video.error]") == [60, None]
    assert visit.page.get_by_text("can't play").is_hidden()
    video.focus()
    visit.page.keyboard.press("ArrowRight")
    assert visit.page.url.endswith("/photos/1?t=60")
    visit.open("/photos/2")
    visit.page.get_by_text("This browser can't play this video").wait_for()
    context.close()


def test_the_clip_of_a_motion_photo_plays_when_asked_for(browser, gallery, start_server):
    clip = film_video(gallery.root.parent / "clip.webm", ["red", "blue"]).read_bytes()
    photo = draw_photo(gallery.root / "PXL.jpg", size=(640, 480))
    start = photo.stat().st_size
    photo.write_bytes(photo.read_bytes() + clip)
    gallery.index(b"PXL.jpg", motion_offset=start, motion_bytes=len(clip))
    server = start_server()
    server.get("/readyz")
    context = browser.new_context(viewport=SIZES["phone"])
    visit = Watched(context.new_page(), server.url)
    visit.open("/photos/1")
    asked = []
    visit.page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    video = visit.page.locator("video")
    assert video.is_hidden()
    visit.page.get_by_text("Play its clip").click()
    video.evaluate("video => video.play()")
    assert video.evaluate("video => [video.error, video.videoWidth]") == [None, 160]
    assert {path for path in asked if path.startswith("/api/")} == {"/api/v1/photos/1/motion"}
    visit.check()
    context.close()


def test_a_command_in_a_notice_is_not_broken_on_a_phone(look, gallery):
    gallery.say(
        state="idle",
        pid=1,
        notice="This library uses the starter encoder. For better search, and in many languages, switch with: "
        "photoindex up --encoder siglip2-base",
    )
    with look("phone") as visit:
        visit.open("/")
        command = visit.page.locator(".notice code")
        assert command.inner_text() == "photoindex up --encoder siglip2-base"
        height, line = command.evaluate("code => [code.offsetHeight, parseFloat(getComputedStyle(code).lineHeight)]")
        assert height < 1.5 * line
        visit.check()


def test_a_tiny_photo_is_as_large_as_it_is(browser, gallery, start_server):
    gallery.draw("dot.png", size=(1, 1))
    server = start_server()
    server.get("/readyz")
    context = browser.new_context(viewport=SIZES["desk"])
    visit = Watched(context.new_page(), server.url)
    visit.open("/photos/1")
    visit.wait_for_pictures()
    fits = visit.page.evaluate("[...document.querySelectorAll('.stage img')].map(i => getComputedStyle(i).objectFit)")
    assert fits == ["scale-down", "scale-down"]
    context.close()
