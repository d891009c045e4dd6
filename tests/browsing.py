"""Pages in a real browser, and everything that must not happen on them.

`open_browser` starts Chromium, `Watched` notes complaints, foreign requests and dialogs from the first one on, and
`check_page` says whether a page is as each should be. A test of a page ends with `check_page(visit)`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-quic", "--disable-background-networking"]
SIZES = {"desk": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
_AXE = Path(__file__).with_name("vendor") / "axe" / "axe.min.js"
_GRAVE = ("serious", "critical")


@contextmanager
def open_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield launched
        finally:
            launched.close()


class Watched:
    """A page of the server at `url`, and everything that must not happen on it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.wrongs: list[str] = []
        page.set_default_timeout(20_000)
        page.on("console", lambda message: self._note(message.type in ("error", "warning"), message.text))
        page.on("pageerror", lambda error: self._note(True, str(error)))
        page.on("dialog", lambda dialog: self._note(True, f"dialog: {dialog.message}"))
        page.on("request", lambda request: self._note(not self._is_ours(request.url), f"asked for {request.url}"))

    def _is_ours(self, url: str) -> bool:
        return url.startswith(("data:", "blob:")) or urlsplit(url).netloc == urlsplit(self.url).netloc

    def _note(self, wrong: bool, what: str) -> None:
        if wrong:
            self.wrongs.append(what)

    def open(self, address: str) -> None:
        self.page.goto(self.url + address)
        self.check()

    def check(self) -> None:
        """No complaint so far (a violation of the content security policy is one), nothing wider than the window."""
        width = self.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert width[0] <= width[1], f"{self.page.url} is {width[0]} pixels wide in a window of {width[1]}"
        assert self.wrongs == []

    def wait_for_pictures(self) -> None:
        """Until every picture in sight is drawn. Asked again and again: a page's own waiting would need its eval."""
        for _ in range(400):
            if self.page.evaluate(_ALL_DRAWN):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("pictures are missing")


@contextmanager
def looking(browser: Browser, url: str, address: str, size: str = "desk", **options: Any) -> Iterator[Watched]:
    """A page of the server at `url`, without complaints at the end. `options`: of the browser's context."""
    context = browser.new_context(**{"viewport": SIZES[size], "reduced_motion": "reduce", **options})
    visit = Watched(context.new_page(), url)
    visit.page.goto(visit.url + address)
    try:
        yield visit
        assert visit.wrongs == []
    finally:
        context.close()


def wait_until(page: Page, done: Callable[[], object], what: str = "it did not come to that") -> None:
    """Asked again and again: a page's own waiting would need its eval, which the policy forbids."""
    for _ in range(200):
        if done():
            return
        page.wait_for_timeout(50)
    raise AssertionError(what)


def check_page(visit: Watched, *, without: Iterable[str] = ()) -> None:
    """The page that is shown now is without complaints, foreign requests and overflow, and accessible.

    That is what axe-core finds of its serious and critical kinds; `without` are ids of its rules to leave out.
    """
    visit.check()
    found = accessibility_faults(visit.page, without)
    assert not found, f"{visit.page.url}: " + "; ".join(found)


def accessibility_faults(page: Page, without: Iterable[str] = ()) -> list[str]:
    """What axe-core finds grave on the page, a line each."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(_AXE.read_text("utf-8"))
    rules = {rule: {"enabled": False} for rule in without}
    options = {"resultTypes": ["violations"], "rules": rules}
    report: dict[str, Any] = page.evaluate(f"axe.run(document, {json.dumps(options)})")
    return [
        f"{each['id']} ({each['impact']}): {node['html'][:160]}: {node.get('failureSummary', '')}"
        for each in report["violations"]
        if each["impact"] in _GRAVE
        for node in each["nodes"]
    ]


_ALL_DRAWN = """
    [...document.querySelectorAll('main img')].filter(image => image.getBoundingClientRect().top < innerHeight)
    .every(image => image.complete && image.naturalWidth > 0)
"""
