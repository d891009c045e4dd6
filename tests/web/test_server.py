"""The server as it runs: real gunicorn, real sockets, real signals."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import psutil
import pytest
from pytest_flask.live_server import LiveServer

from photoindex.errors import DatabaseError, ServerError
from photoindex.web.server import address, bind_socket, serve


def test_gunicorn_answers_and_ends_cleanly(gallery, start_server):
    gallery.fill(4)
    server = start_server()
    found = json.loads(server.get("/api/v1/search?q=blue"))
    assert found["results"][0]["id"] == 3
    assert json.loads(server.get("/readyz")) == {"status": "ok"}
    assert server.get("/api/v1/photos/1/original") == (gallery.root / "trip 0" / "photo 0000.jpg").read_bytes()
    assert server.get("/api/v1/photos/1/original", Range="bytes=0-1") == b"\xff\xd8"
    with ThreadPoolExecutor(16) as pool:
        bodies = list(pool.map(server.get, ["/search?q=red", "/", "/api/v1/photos/2/thumbnail"] * 20))
    assert len(bodies) == 60
    processes = [psutil.Process(server.process.pid), *psutil.Process(server.process.pid).children(recursive=True)]
    assert len(processes) == 2
    started = time.monotonic()
    assert server.stop() == (0, "ended\n", "")
    assert time.monotonic() - started < 30
    assert not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes[1:])


BEGINNINGS = (
    b"",
    b"GET / HT",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n",
)


def test_requests_that_never_arrive_do_not_keep_the_others_waiting(start_server):
    server = start_server(1.0)
    where = urlsplit(server.url)
    waiting = [(socket.create_connection((where.hostname, where.port)), beginning) for beginning in 40 * BEGINNINGS]
    try:
        for each, beginning in waiting:
            each.sendall(beginning)
        assert json.loads(server.get("/healthz")) == {"status": "ok"}
        for each, beginning in waiting[: len(BEGINNINGS)]:
            each.settimeout(60)
            while beginning and each.recv(65536):
                pass
    finally:
        for each, _ in waiting:
            each.close()
    assert server.stop() == (0, "ended\n", "")


def test_a_request_that_arrives_slowly_is_answered(start_server):
    server = start_server(30.0)
    where = urlsplit(server.url)
    with socket.create_connection((where.hostname, where.port)) as slow:
        for piece in (b"GET /heal", b"thz HTTP/1.1\r\nHo", b"st: localhost\r\nConnection: close\r\n", b"\r\n"):
            slow.sendall(piece)
            time.sleep(0.05)
        slow.settimeout(60)
        assert slow.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert server.stop()[0] == 0


def test_answers_that_nobody_takes_do_not_keep_the_others_waiting(gallery, start_server):
    gallery.draw("large.bmp", size=(2400, 2000))  # 14 MB, more than the sockets in between hold
    server = start_server(5.0, 0.5)
    where = urlsplit(server.url)
    deaf = [socket.create_connection((where.hostname, where.port)) for _ in range(8)]
    try:
        for each in deaf:
            each.sendall(b"GET /api/v1/photos/1/original HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert json.loads(server.get("/healthz")) == {"status": "ok"}
    finally:
        for each in deaf:
            each.close()
    assert server.stop() == (0, "ended\n", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_ctrl_c_and_a_closed_terminal_end_it_too(start_server, number):
    server = start_server()
    server.get("/healthz")
    os.killpg(server.process.pid, number)  # as a terminal does: to every process
    out, err = server.process.communicate(timeout=60)
    assert (server.process.returncode, out, err) == (0, "ended\n", "")


def test_the_worker_does_not_outlive_a_killed_server(start_server):
    server = start_server()
    server.get("/healthz")
    (worker,) = psutil.Process(server.process.pid).children()
    server.process.kill()
    server.process.wait()
    psutil.wait_procs([worker], timeout=60)
    assert not worker.is_running()


def test_a_killed_worker_is_replaced(start_server):
    server = start_server()
    server.get("/healthz")
    (worker,) = psutil.Process(server.process.pid).children()
    worker.kill()
    worker.wait(60)
    assert json.loads(server.get("/healthz")) == {"status": "ok"}
    code, _, err = server.stop()
    assert code == 0
    assert "Traceback" not in err


def test_the_server_tells_no_version_and_leaves_no_files(gallery, start_server):
    server = start_server()
    with urlopen(server.url + "/") as response:
        assert response.headers.get("Server", "") in ("", "gunicorn")
    left = {each.name for each in gallery.settings.data.iterdir()}
    assert left <= {
        "photoindex.db",
        "photoindex.db-wal",
        "photoindex.db-shm",
        "photoindex.db.migrating",
        "secret_key",
    } | {each for each in left if each.endswith(".lock")}


def test_a_long_search_in_any_script_fits_into_an_address(gallery, start_server):
    gallery.fill(1)
    server = start_server()
    server.get("/readyz")
    connection = HTTPConnection(urlsplit(server.url).netloc)
    connection.request("GET", "/api/v1/search?q=" + 512 * "%F0%9F%90%B1")
    assert connection.getresponse().status == 200
    connection.close()


@pytest.fixture
def live_server(app):
    """pytest-flask's, for one test: its own lasts for the session, our applications for a test."""
    with bind_socket("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    server = LiveServer(app, "localhost", port, wait=10, clean_stop=True)
    server.start()
    yield server
    server.stop()


def test_pytest_flasks_live_server_shows_the_same(live_server):
    with urlopen(f"http://localhost:{live_server.port}/search?q=green") as response:
        assert "photo 0001.jpg" in response.read().decode()


# --- sockets ---------------------------------------------------------------------------------------------------------


def test_port_taken_is_one_line_that_helps():
    with bind_socket("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServerError, match=rf"^port {port} on 127.0.0.1 is taken; choose another with --port$"):
            bind_socket("127.0.0.1", port)


@pytest.mark.parametrize("host", ["203.0.113.7", "no.such.host.invalid", "a" * 300, "..", "x y"])
def test_a_host_that_is_not_ours_is_one_line(host):
    with pytest.raises(ServerError, match=r"--host") as caught:
        bind_socket(host, 0)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "localhost"), ("::1", "[::1]"), ("[::1]", "[::1]")]
)
def test_the_address_is_one_a_browser_takes(host, shown):
    if ":" in host and not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        listener = bind_socket(host, 0)
    except ServerError:
        if ":" in host:
            pytest.skip("no IPv6 address here")
        raise
    with listener:
        assert address(listener) == f"http://{shown}:{listener.getsockname()[1]}"


def test_a_database_that_cannot_be_used_is_told_before_anything_starts(gallery):
    gallery.database.close()
    gallery.settings.database.write_bytes(b"no database" * 1000)
    with bind_socket("127.0.0.1", 0) as listener, pytest.raises(DatabaseError, match="photoindex restore FILE"):
        serve(gallery.settings, sock=listener)


def test_importing_the_server_loads_neither_torch_nor_gunicorn():
    code = "import photoindex.web.server, sys; assert not {'torch', 'transformers', 'gunicorn'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
