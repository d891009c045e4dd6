"""Journeys in a real browser over photos of several years, places and cameras.

Searching by a picture that is dropped or pasted, what stands beside the results, where a photo was taken, and the order
of an album.
"""

from __future__ import annotations

import base64
import io
import re
from functools import partial

import pytest
from browsing import SIZES, Watched, check_page, looking, wait_until
from drawing import draw_image
from playwright.sync_api import expect

_SEND = """
    ([content, name, type, how]) => {
        const transfer = new DataTransfer();
        const bytes = Uint8Array.from(atob(content), each => each.charCodeAt(0));
        transfer.items.add(new File([bytes], name, { type }));
        const main = document.querySelector('main');
        const event = (kind, more) => new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer });
        if (how === 'paste') {
            const pasted = new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: transfer });
            document.body.dispatchEvent(pasted);
            return;
        }
        document.elementFromPoint(innerWidth / 2, innerHeight / 2).dispatchEvent(event('dragenter'));
        if (how === 'drop') document.elementFromPoint(innerWidth / 2, innerHeight / 2).dispatchEvent(event('drop'));
        if (how === 'leave') document.elementFromPoint(5, 5).dispatchEvent(event('dragleave'));
    }
"""

_WATCH_SHIFTS = """
    window.shifted = 0;
    new PerformanceObserver(list => { for (const each of list.getEntries()) window.shifted += each.value; })
        .observe({ type: 'layout-shift', buffered: true });
"""


@pytest.fixture
def look(browser, varied):
    """Opens a page of the server, which must be without complaints at the end."""

    return partial(looking, browser, varied.url)


def _send(visit: Watched, how: str, content: bytes = b"", name: str = "", kind: str = "image/png") -> None:
    visit.page.evaluate(_SEND, [base64.b64encode(content).decode(), name, kind, how])


def _picture(colour: str) -> bytes:
    stream = io.BytesIO()
    draw_image(colour=colour, size=(160, 120), seed=99).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize("size", ["desk", pytest.param("phone", marks=pytest.mark.long)])
def test_a_picture_that_is_dropped_or_pasted_is_searched_by(look, size):
    with look("/albums", size) as visit:
        page, target = visit.page, visit.page.locator("#drop")
        _send(visit, "hover", name="a.png")
        expect(target).to_contain_text("Drop a picture here to find photos like it")
        check_page(visit)
        _send(visit, "leave")
        expect(target).to_be_hidden()
        _send(visit, "drop", _picture("orange"), "boat.png")
        page.wait_for_url("**/search?q=like*")
        expect(page.locator(".card img").first).to_have_attribute("alt", re.compile("^orange"))
        expect(page.get_by_text("Like the picture")).to_be_visible()
        _send(visit, "paste", _picture("cyan"), "image.png")
        expect(page.locator(".card img").first).to_have_attribute("alt", re.compile("^cyan"))
        check_page(visit)


def test_a_picture_is_dropped_onto_the_viewer(look):
    with look("/") as visit:
        page = visit.page
        page.locator(".card .picture").nth(2).click()
        page.locator(".pswp.pswp--open").wait_for()
        _send(visit, "drop", _picture("pink"), "boat.png")
        page.wait_for_url("**/search?q=like*")
        expect(page.locator(".card img").first).to_have_attribute("alt", re.compile("^pink"))


def test_what_is_no_picture_is_refused_in_one_line(look):
    with look("/", locale="fr") as visit:
        page, note = visit.page, visit.page.locator("#drop-note")
        _send(visit, "drop", b"%PDF-", "facture.pdf", "application/pdf")
        expect(note).to_contain_text("« facture.pdf » n’est pas une image.")
        check_page(visit)
        page.get_by_role("button", name="Fermer").click()
        expect(note).to_be_hidden()
        _send(visit, "drop", b"no picture", "broken.png")
        expect(note).to_contain_text("Ce n’est pas une image d’un genre que PhotoIndex connaît")
        _send(visit, "drop", b"", "Vacances", "")  # as a folder comes
        expect(note).to_contain_text("« Vacances » n’est pas une image.")
        assert page.url == visit.url + "/"
        visit.wrongs = [each for each in visit.wrongs if "400" not in each]


@pytest.mark.parametrize("scripts", [True, pytest.param(False, marks=pytest.mark.long)], ids=["scripts", "no scripts"])
def test_the_form_is_there_for_keys_and_where_no_script_runs(look, scripts):
    with look("/", java_script_enabled=scripts) as visit:
        page = visit.page
        page.get_by_role("link", name="Search by a picture").press("Enter")
        page.wait_for_url("**/search/picture")
        if scripts:
            check_page(visit)
        page.get_by_label("A picture from this device").set_input_files(
            {"name": "a.png", "mimeType": "image/png", "buffer": _picture("blue")}
        )
        page.get_by_label("And in words").fill("before:2024")
        page.get_by_role("button", name="Find photos like it").click()
        page.wait_for_url("**/search?q=before*")
        expect(page.locator(".card img").first).to_have_attribute("alt", re.compile("^blue"))


def test_ways_to_narrow_stand_beside_the_results_without_moving_them(look):
    with look("/search?q=type:photo", locale="fr") as visit:
        page = visit.page
        page.evaluate(_WATCH_SHIFTS)
        beside, first = page.locator(".narrow"), page.locator(".card").first
        expect(beside.get_by_role("link", name="Genève")).to_be_visible()
        expect(beside.locator("summary")).to_be_hidden()
        box, photo = beside.bounding_box(), first.bounding_box()
        assert box is not None and photo is not None
        assert abs(box["y"] - photo["y"]) < 8
        assert box["x"] > SIZES["desk"]["width"] * 0.75
        assert page.evaluate("window.shifted") <= 0.02
        check_page(visit)
        beside.get_by_role("link", name="2023").first.click()
        page.wait_for_url("**year:2023*")
        beside.get_by_role("link", name="Juillet").click()
        page.wait_for_url("**month:*")
        expect(page.locator(".card")).to_have_count(1)
        expect(beside).to_have_count(0)  # one photo can't be divided


def test_ways_to_narrow_are_folded_on_a_phone_and_asked_for_when_opened(look):
    with look("/search?q=type:photo", "phone") as visit:
        page, asked = visit.page, []
        page.on("request", lambda request: asked.append(request.url))
        page.wait_for_load_state("networkidle")
        assert not any("/narrow" in each for each in asked)
        page.get_by_text("Narrow down").click()
        expect(page.locator(".facets").get_by_role("link", name="Pixel 7")).to_be_visible()
        check_page(visit)


@pytest.mark.long
def test_without_a_script_ways_to_narrow_are_a_page_of_their_own(look):
    with look("/search?q=type:photo", java_script_enabled=False) as visit:
        page = visit.page
        page.get_by_text("Narrow down").click()
        page.get_by_role("link", name="By date, place, camera, kind and folder").click()
        page.get_by_role("link", name="Geneva").click()
        page.wait_for_url("**/search?q=*Geneva*")
        expect(page.locator(".card")).to_have_count(10)


@pytest.mark.parametrize("size", ["phone", pytest.param("desk", marks=pytest.mark.long)])
def test_a_small_map_shows_where_a_photo_was_taken_and_leads_to_the_large_one(look, size):
    with look("/photos/4", size) as visit:
        page = visit.page
        page.evaluate(_WATCH_SHIFTS)
        where = page.get_by_role("link", name="Where it was taken")
        where.scroll_into_view_if_needed()
        expect(where).to_have_attribute("data-ready", "yes")
        expect(where.locator("path.land, path.border")).to_have_count(6)
        spot, frame = where.locator("path.spot").bounding_box(), where.bounding_box()
        assert spot is not None and frame is not None
        for at, extent in (("x", "width"), ("y", "height")):
            middle = frame[at] + frame[extent] / 2
            assert abs(spot[at] + spot[extent] / 2 - middle) < 4
        assert page.evaluate("window.shifted") <= 0.02
        check_page(visit)
        where.click()
        page.wait_for_url("**/places?at=46.200000,6.150000")
        expect(page.get_by_role("button", name="10 photos")).to_be_visible()
        check_page(visit)


def test_the_viewers_panel_shows_where_too_and_a_photo_without_a_position_has_no_map(look):
    with look("/") as visit:
        page = visit.page
        page.locator('.picture[href="/photos/2"]').click()
        page.locator(".pswp.pswp--open").wait_for()
        page.keyboard.press("i")
        where = page.locator(".viewer-panel .where")
        where.scroll_into_view_if_needed()
        expect(where).to_have_attribute("data-ready", "yes")
        check_page(visit)
        page.keyboard.press("ArrowLeft")
        expect(page.locator(".viewer-panel h1")).to_have_text("red 00.jpg")
        expect(where).to_have_count(0)


@pytest.mark.long
def test_without_a_script_there_is_no_empty_map(look):
    with look("/photos/4", java_script_enabled=False) as visit:
        expect(visit.page.locator(".where")).to_be_hidden()


def test_photos_of_an_album_are_dragged_to_their_place_and_that_undone(look):
    with look("/albums/1") as visit:
        page = visit.page
        cards = page.locator(".card .picture")

        def wait_for_order(*wanted: int) -> None:
            shown = "cards => cards.map(card => Number(card.pathname.split('/').at(-1)))"
            wait_until(page, lambda: cards.evaluate_all(shown) == list(wanted), f"the order is {wanted}")

        def drag(which: int, to: int, side: float) -> None:
            box = cards.nth(to).bounding_box()
            assert box is not None
            spot = {"x": box["width"] * side, "y": box["height"] / 2}
            cards.nth(which).drag_to(cards.nth(to), target_position=spot)

        wait_for_order(1, 2, 3, 4, 5, 6, 7, 8)
        drag(0, 2, 0.9)
        expect(page.locator(".said")).to_contain_text("1 photo was moved.")
        wait_for_order(2, 3, 1, 4, 5, 6, 7, 8)
        expect(page.locator("#drop")).to_be_hidden()
        check_page(visit)
        with page.expect_navigation():
            page.get_by_role("button", name="Undo").click()
        expect(page.locator(".said")).to_contain_text("The order is as it was before.")
        wait_for_order(1, 2, 3, 4, 5, 6, 7, 8)
        page.locator("[data-begin]").click()
        cards.nth(4).click()
        cards.nth(5).click()
        drag(5, 0, 0.1)
        wait_for_order(5, 6, 1, 2, 3, 4, 7, 8)
        expect(page.locator(".check:checked")).to_have_count(2)
        page.reload()
        wait_for_order(5, 6, 1, 2, 3, 4, 7, 8)


def test_a_video_plays_from_the_moment_that_was_found_where_pointed_at_in_the_viewer_and_on_its_page(look):
    at = "video => [video.readyState >= 2 && !video.seeking, Math.floor(video.currentTime)]"
    with look("/search?q=red+type:video", reduced_motion="no-preference") as visit:
        page = visit.page
        card = page.locator(".card .picture")
        assert card.get_attribute("href") == "/photos/21?t=4"
        card.hover()
        expect(page.locator(".card video")).to_have_attribute("src", re.compile("/original#t=4$"))
        card.click()
        page.wait_for_url("**/photos/21?t=4")
        wait_until(page, lambda: page.locator(".pswp video").evaluate(at) == [True, 4])
        page.reload()
        wait_until(page, lambda: page.locator(".stage video").evaluate(at) == [True, 4])


@pytest.mark.parametrize("size", ["phone", pytest.param("desk", marks=pytest.mark.long)])
def test_a_search_without_a_result_says_what_would_find_something(look, size):
    with look("/search?q=a+lecture+camera:X100+year:1999", size, locale="fr") as visit:
        page = visit.page
        expect(page.get_by_role("heading", name="Rien trouvé")).to_be_visible()
        visit.wait_for_pictures()
        check_page(visit)
        visit.open("/search?q=type:video+year:2022")
        page.locator(".ways-out a").first.click()
        page.wait_for_url("**/search?q=year:2022")
        expect(page.locator(".card").first).to_be_visible()
