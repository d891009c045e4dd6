"""From an empty data folder to photos that can be found, all in a browser, with a daemon and a server that run."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import SIZES, Watched, check_page
from colour_encoder import ColourEncoder
from drawing import draw_photo
from playwright.sync_api import Browser, expect
from web.conftest import COLOURS, RunningServer, _end, _launch, _running

from photoindex.config import load_settings
from photoindex.daemon import service

PHOTOS = 12


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A user's home with two folders of photos."""
    found = tmp_path_factory.mktemp("ann")
    for number, colour in enumerate(COLOURS):
        draw_photo(found / "Pictures" / "Summer" / f"{colour}.jpg", colour=colour, seed=number)
    draw_photo(found / "Scans" / "one.jpg", colour="red", seed=99)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("HOME", str(found))
        yield found


@pytest.fixture(scope="module")
def server(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server, and a daemon in this process, over a data folder in which there is nothing."""
    data = tmp_path_factory.mktemp("data")
    settings = load_settings({"data": data, "settle_seconds": 0.1, "workers": 2, "batch_size": 4}, {})
    stop = threading.Event()
    load = lambda *_: (ColourEncoder(), None)  # noqa: E731
    daemon = threading.Thread(target=lambda: service.run(settings, stop=stop, watch=True, load_encoder=load))
    process = _launch(data, ())
    try:
        running = _running(process)
        daemon.start()
        yield running
    finally:
        stop.set()
        daemon.join(60)
        _end(process)
    assert not daemon.is_alive()


def test_from_nothing_to_photos_that_can_be_found(browser: Browser, server: RunningServer) -> None:
    context = browser.new_context(viewport=SIZES["desk"], locale="en")
    visit = Watched(context.new_page(), server.url)
    page = visit.page
    visit.open("/")
    expect(page.get_by_role("heading", name="Where are your photos?")).to_be_visible()
    check_page(visit)
    page.get_by_label("Folders", exact=True).get_by_role("link", name="Pictures").click()
    page.get_by_label("Folders", exact=True).get_by_role("link", name=f"Summer {PHOTOS} pictures").click()
    check_page(visit)
    page.get_by_role("button", name="Add this folder").click()
    page.wait_for_url("**/indexing")
    expect(page.get_by_text("Summer is a library now")).to_be_visible()
    done = page.get_by_role("heading", name="All photos are indexed")
    expect(done).to_be_visible(timeout=20_000)  # without being loaded again
    expect(page.locator(".newest img")).to_have_count(PHOTOS)
    visit.wait_for_pictures()
    check_page(visit)
    page.get_by_role("link", name="See the photos").click()
    expect(page.locator(".card")).to_have_count(PHOTOS)
    visit.open("/status")
    expect(page.get_by_text(f"{PHOTOS} photos")).to_be_visible()
    check_page(visit)
    context.close()


@pytest.mark.long
def test_libraries_and_settings_without_a_script_on_a_phone_in_french(browser: Browser, server: RunningServer) -> None:
    context = browser.new_context(viewport=SIZES["phone"], locale="fr", java_script_enabled=False)
    visit = Watched(context.new_page(), server.url)
    page = visit.page
    visit.open("/libraries/add")
    page.get_by_label("Dossiers", exact=True).get_by_role("link", name="Scans").click()
    page.get_by_role("button", name="Ajouter ce dossier").click()
    page.wait_for_url("**/indexing")
    visit.check()
    done = page.get_by_role("heading", name="Toutes les photos sont indexées")
    expect(done).to_be_visible(timeout=20_000)  # the page loads itself anew

    visit.open("/settings")
    mine = page.locator(".libraries li", has_text="Scans")
    mine.get_by_text("Renommer").click()
    mine.get_by_label("Nom", exact=True).fill("Vieux <scans>")
    mine.get_by_role("button", name="Enregistrer").click()
    page.get_by_role("link", name="Retirer… Vieux <scans>").click()
    visit.check()
    page.get_by_role("button", name="Retirer la photothèque").click()
    expect(page.get_by_text("La photothèque Vieux <scans> est retirée.")).to_be_visible()
    expect(page.locator(".libraries li", has_text="scans")).to_have_count(0)

    page.get_by_label("Noms").fill("*.jpg")
    page.get_by_role("button", name="Qu’est-ce qui serait laissé de côté").click()
    expect(page.get_by_text(re.compile("laissés? de côté[.]$")).last).to_be_visible()
    visit.check()
    page.get_by_label("Noms").fill(".*\n*.tmp")
    page.get_by_role("button", name="Enregistrer").nth(-2).click()
    page.get_by_role("button", name="Revenir à la liste habituelle").click()
    expect(page.get_by_label("Noms")).to_have_value(re.compile("lost\\+found"))
    context.close()
