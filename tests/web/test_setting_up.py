"""First run, status and settings as pages: choosing a folder, what goes on, and what can be changed by whom."""

from __future__ import annotations

import os
import re
from html import unescape
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest
from hostile_names import HOSTILE
from posting import post

from photoindex import chosen, libraries
from photoindex.config import IGNORED_BY_DEFAULT, Origin
from photoindex.web import owner, secret

FOLDERS = re.compile(r'<ul class="disk-folders".*?</ul>', re.DOTALL)


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """A home with folders of pictures."""
    found = tmp_path / "ann"
    for name in ("Pictures/2019", "Documents", ".secret"):
        (found / name).mkdir(parents=True)
    for number in range(3):
        (found / "Pictures" / f"{number}.jpg").touch()
    (found / "Pictures" / "notes.txt").touch()
    monkeypatch.setenv("HOME", str(found))
    return found


@pytest.fixture
def client(gallery, make_app):
    return make_app().test_client()


def names_in(page: str) -> list[str]:
    found = FOLDERS.search(page)
    return re.findall(r'class="name"><bdi>(.*?)</bdi>', unescape(found[0])) if found else []


def library_roots(gallery) -> list[bytes]:
    with gallery.database.read() as session:
        return [each.root for each in libraries.list_all(session)]


def kept(gallery) -> dict[str, object]:
    with gallery.database.read() as session:
        return chosen.read(session)


# --- the first page, and choosing a folder ------------------------------------------------------------------------


def test_without_a_library_the_first_page_asks_for_a_folder(client, home):
    page = client.get("/").text
    assert names_in(page) == ["Documents", "Pictures"]
    assert "3 pictures" in page and "Add this folder" in page and ".secret" not in page
    below = unescape(re.search(r'href="(/libraries/add\?path=[^"]*Pictures)"', page)[1])
    assert names_in(client.get(below).text) == ["2019"]


def test_a_folder_is_added_with_one_form_and_the_page_goes_on_to_indexing(client, gallery, home):
    page = client.get(f"/libraries/add?path={home}/Pictures").text
    sent = re.search(r'name="path" value="([^"]*)"', page)[1]
    response = post(client, "/libraries", path=sent)
    assert (response.status_code, response.location) == (303, "/indexing")
    assert library_roots(gallery) == [os.fsencode(home / "Pictures")]
    assert "Pictures is a library now" in client.get("/indexing").text
    again = client.get(f"/libraries/add?path={home}/Pictures").text
    assert "is a library already" in again and "Add this folder" not in again
    assert "Ready to index" in client.get("/").text


def test_names_of_any_bytes_can_be_chosen(client, gallery, home):
    paths = {os.path.join(os.fsencode(home), b"odd", name) for name in HOSTILE if not name.startswith(b".")}
    for path in paths:
        os.makedirs(path)
    above = client.get(f"/libraries/add?path={home}/odd").text
    addresses = re.findall(r'href="([^"]*)"', FOLDERS.search(above)[0])
    assert "<img src=x" not in above and len(addresses) == len(paths)
    for address in addresses:
        page = client.get(unescape(address)).text
        assert "<img src=x" not in page
        sent = re.search(r'name="path" value="([^"]*)"', page)[1]
        assert post(client, "/libraries", path=sent).status_code == 303
    assert set(library_roots(gallery)) == paths


def test_what_can_not_be_a_library_is_refused_in_one_line(client, gallery, home):
    data = gallery.settings.data
    (home / "link").symlink_to("/proc")
    (home / "file.jpg").touch()
    gallery.draw("one.jpg")
    for path, words in (
        ("/proc", "/proc belongs to the system"),
        ("/etc/ssl", "/etc/ssl belongs to the system"),
        (f"{home}/link", "/proc belongs to the system"),
        (f"{home}/.secret", "is hidden, and so left out here"),
        (f"{home}/Pictures/../.secret", "is hidden, and so left out here"),
        (f"{home}/nothing", "there is no folder"),
        (f"{home}/file.jpg", "is a file, not a folder"),
        (str(data), "lies in the data folder"),
        ("/", "The whole disk can't be a library"),
        (str(gallery.root.parent), "contains the library"),
        ("", "The whole disk can't be a library"),
        ("\0", "The whole disk can't be a library"),
    ):
        response = post(client, "/libraries", path=quote_from_bytes(os.fsencode(path)))
        assert response.status_code == 422, path
        assert words in unescape(response.text), path
    assert library_roots(gallery) == [os.fsencode(gallery.root)]


def test_system_folders_are_neither_listed_nor_shown(client, home):
    top = names_in(client.get("/libraries/add?path=/").text)
    assert "home" in top or "tmp" in top
    assert not {"proc", "sys", "dev", "etc", "usr", "boot", "run"} & set(top)
    for path in ("/proc/1", "/sys/kernel", "/etc"):
        page = client.get(f"/libraries/add?path={path}").text
        assert "belongs to the system" in page and names_in(page) == []


def test_a_service_whose_home_is_the_data_folder_begins_with_the_whole_computer(gallery, client, monkeypatch):
    for home in (gallery.settings.data, gallery.settings.data / "nothing"):
        monkeypatch.setenv("HOME", str(home))
        page = client.get("/").text
        assert "Open a folder to choose it" in page and "thumbnails" not in names_in(page)


def test_a_typed_folder_may_begin_with_the_home(client, home):
    assert names_in(client.get("/libraries/add?path=~/Pictures").text) == ["2019"]


# --- who may ------------------------------------------------------------------------------------------------------


def test_who_is_not_the_owner_sees_no_folders_and_changes_nothing(gallery, make_app, home):
    client = make_app(owner=False).test_client()
    page = client.get("/").text
    assert "photoindex library add FOLDER" in page and "photoindex link" in page and names_in(page) == []
    for address in ("/libraries/add", f"/libraries/add?path={home}", "/libraries/1/remove"):
        refused = client.get(address)
        assert refused.status_code == 403 and "Pictures" not in refused.text
    for address in (
        "/libraries",
        "/libraries/1/rename",
        "/libraries/1/remove",
        "/settings/ignore",
        "/settings/encoder",
    ):
        assert post(client, address, path=str(home), encoder="starter").status_code == 403
    assert library_roots(gallery) == [] and kept(gallery) == {}
    settings = client.get("/settings").text
    assert "photoindex link" in settings and 'name="patterns"' not in settings
    assert post(client, "/settings/appearance", theme="dark", language="").status_code == 303


def test_a_link_lets_a_browser_in_and_a_forged_or_old_one_does_not(gallery, make_app, home, monkeypatch):
    client = make_app(owner=False).test_client()
    key = secret.read(gallery.settings.data)
    for forged in (owner.link("0" * 64, ""), owner.link(key, "") + "x", "/let-in/x"):
        assert client.get(forged).status_code == 403
    assert client.get("/libraries/add").status_code == 403
    with monkeypatch.context() as patched:
        patched.setattr(owner, "LINK_SECONDS", -1)
        assert client.get(owner.link(key, "")).status_code == 403
    response = client.get(owner.link(key, ""))
    assert (response.status_code, response.location) == (303, "/settings")
    assert names_in(client.get("/libraries/add").text) == ["Documents", "Pictures"]
    assert make_app(owner=False).test_client().get("/libraries/add").status_code == 403


# --- indexing -----------------------------------------------------------------------------------------------------


def test_the_page_of_indexing_says_how_far_it_is(gallery, make_app, request):
    client = make_app().test_client()
    assert "Choose a folder" in client.get("/indexing").text
    newest = gallery.fill(3)[-1]
    gallery.add_pending(9)
    stopped = client.get("/indexing").text
    assert "Indexing does not run" in stopped and "photoindex daemon" in stopped
    request.getfixturevalue("daemon")
    gallery.say(state="indexing", pid=7, photos_per_second=44.8, seconds_left=4.2, notice="The <notice>")
    page = client.get("/indexing").text
    assert "Indexing your photos" in page and "45/s" in page and "about 4 s" in page and "The &lt;notice&gt;" in page
    assert 'max="12" value="3"' in page and 'hx-trigger="every 2s"' in page
    assert page.index(f'id="newest-{newest}"') < page.index('id="newest-1"')
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page


# --- status -------------------------------------------------------------------------------------------------------


def test_the_status_tells_of_libraries_reasons_and_room(gallery, make_app, daemon):
    gallery.fill(2)
    gallery.add_pending(3)
    gallery.add_failed(b"a.jpg", "truncated", "")
    gallery.add_failed(b"b.jpg", "truncated", "")
    gallery.say(state="idle", pid=7)
    with gallery.database.write() as session:
        libraries.set_offline(session, 1, "the <disk> is not connected")
    page = unescape(make_app().test_client().get("/status").text)
    for words in (
        "offline", "the <disk> is not connected", "2 photos · 3 waiting · 2 failed", "Not compared with the disk yet",
        "watches the folders", "Data folder", "Database", "Free", "/problems?reason=truncated",
    ):  # fmt: skip
        assert words in page, words


def test_the_status_says_what_the_starter_is_and_what_takes_over(gallery, make_app):
    gallery.fill(2)
    with gallery.database.write() as session:
        session.connection().exec_driver_sql("UPDATE encoder SET name = 'starter'")
        session.connection().exec_driver_sql(
            "INSERT INTO encoder (name, fingerprint, dim, multilingual, text_low, text_high, image_low, image_high, "
            "state, added_at) SELECT 'siglip2-base', 'x', dim, 1, 0, 1, 0, 1, 'building', added_at FROM encoder"
        )
    client = make_app(warm=False).test_client()
    page = client.get("/status").text
    assert "The starter comes with PhotoIndex" in page and "has seen 0 of 2 photos" in page
    assert "siglip2-base is looking at the photos" in client.get("/settings").text


# --- settings -----------------------------------------------------------------------------------------------------


def test_a_library_is_renamed_and_removed_after_a_question(client, gallery):
    gallery.draw("one.jpg")
    assert post(client, "/libraries/1/rename", name=" Trips ").status_code == 303
    assert "<bdi>Trips</bdi>" in client.get("/settings").text
    for wrong, words in (("", "needs a name"), ("a\u2028b", "can't be shown"), ("x" * 201, "200 characters")):
        response = post(client, "/libraries/1/rename", name=wrong)
        assert response.status_code == 422 and words in unescape(response.text)
    assert "never deletes or changes one" in client.get("/libraries/1/remove").text
    thumbnails = list(gallery.settings.thumbnails.glob("*/*.jpg"))
    assert len(thumbnails) == 1
    assert post(client, "/libraries/1/remove").status_code == 303
    assert library_roots(gallery) == [] and not thumbnails[0].exists()
    assert (gallery.root / "one.jpg").exists()
    assert (
        client.get("/libraries/1/remove").status_code
        == post(client, "/libraries/1/rename", name="x").status_code
        == 404
    )


def test_what_is_left_out_can_be_tried_saved_and_put_back(client, gallery):
    gallery.draw("one.jpg")
    gallery.draw("two.png")
    tried = post(client, "/settings/ignore", patterns=".*\r\n*.png\r\n", do="try")
    assert "1 of the 2 files that are known would be left out" in tried.text and kept(gallery) == {}
    assert post(client, "/settings/ignore", patterns=".*\r\n*.png\r\n", do="save").status_code == 303
    assert kept(gallery) == {"ignore": [".*", "*.png"]}
    page = client.get("/settings").text
    assert ".*\n*.png</textarea>" in page and "Back to the usual list" in page
    refused = post(client, "/settings/ignore", patterns="a/b", do="save")
    assert refused.status_code == 422 and "a/b has a slash" in refused.text and ">a/b</textarea>" in refused.text
    assert post(client, "/settings/ignore", do="default").status_code == 303
    assert kept(gallery) == {}
    post(client, "/settings/ignore", patterns="\n".join(IGNORED_BY_DEFAULT))
    assert kept(gallery) == {}


def test_an_encoder_is_chosen_among_those_with_a_name(client, gallery):
    gallery.draw("one.jpg")
    page = client.get("/settings").text
    for words in ("Automatic", "starter", "siglip2-base", "recommended", "colour", "answers searches", "1.5 GB"):
        assert words in page
    for name in ("starter", "siglip2-base"):
        assert post(client, "/settings/encoder", encoder=name).status_code == 303
        assert kept(gallery) == {"encoder": name}
        assert f'value="{name}" checked' in client.get("/settings").text
    for name in ("someone/else", "/etc", ""):
        assert post(client, "/settings/encoder", encoder=name).status_code == 422
    assert post(client, "/settings/encoder", encoder="auto").status_code == 303
    assert kept(gallery) == {}


@pytest.mark.parametrize(
    ("origin", "words"),
    [(Origin.FLAG, "<code>--encoder</code>"), (Origin.VARIABLE, "PHOTOINDEX_ENCODER"), (Origin.FILE, "config.toml")],
)
def test_what_is_set_elsewhere_is_said_and_not_changed(gallery, make_app, daemon, origin, words):
    with gallery.database.write() as session:
        chosen.choose(session, "encoder", "siglip2-base")
        chosen.note_uses(session, {"encoder": chosen.Use("starter", origin)})
    client = make_app().test_client()
    page = client.get("/settings").text
    assert words in page and 'value="starter" checked' in page
    assert post(client, "/settings/encoder", encoder="clip-vit-b-32").status_code == 409
    assert kept(gallery) == {"encoder": "siglip2-base"}


def test_without_a_daemon_the_page_goes_by_what_the_server_was_started_with(gallery, make_app):
    from dataclasses import replace

    with gallery.database.write() as session:
        chosen.note_uses(session, {"ignore": chosen.Use(["old"], Origin.FLAG)})
    settings = replace(gallery.settings, ignore=("*.x",), origins={"ignore": Origin.FILE})
    page = make_app(settings=settings).test_client().get("/settings").text
    assert ">*.x</textarea>" in page and "config.toml" in page
