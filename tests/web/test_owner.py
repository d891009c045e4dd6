"""Who asks: the kernel tells to whom the other end of a connection on this machine belongs."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from photoindex.web import owner

TABLE = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:210C 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0
   1: 0100007F:C350 0100007F:210C 01 00000000:00000000 00:00000000 00000000  1000        0 2 1 0
   2: 0100007F:210C 0100007F:C350 01 00000000:00000000 00:00000000 00000000   990        0 3 1 0
   3: 0100007F:C351 0100007F:210C 05 00000000:00000000 00:00000000 00000000     0        0 4 1 0
   4: 0200A8C0:C352 0100007F:210C 01 00000000:00000000 00:00000000 00000000  1000        0 5 1 0
"""
TABLE6 = """  sl  local_address                         remote_address                        st
   0: 00000000000000000000000001000000:C353 00000000000000000000000001000000:210C 01 0:0 00:0 0  1001        0 6
   1: 0000000000000000FFFF00000100007F:C354 0000000000000000FFFF00000100007F:210C 01 0:0 00:0 0  1002        0 7
"""


def test_the_user_of_a_connection_is_read_from_the_kernels_tables(tmp_path: Path) -> None:
    (tmp_path / "tcp").write_text(TABLE)
    (tmp_path / "tcp6").write_text(TABLE6)
    for address, port, user in (
        ("127.0.0.1", 50000, 1000),
        ("::ffff:127.0.0.1", 50000, 1000),
        ("127.0.0.1", 50001, None),  # being closed
        ("192.168.0.2", 50002, None),  # not on this machine
        ("127.0.0.1", 50004, 1002),
        ("127.0.0.1", 50009, None),
        ("nonsense", 50000, None),
    ):
        assert owner.user_of(address, port, "127.0.0.1", 8460, tmp_path) == user, (address, port)
    assert owner.user_of("::1", 50003, "::1", 8460, tmp_path) == 1001
    assert owner.user_of("127.0.0.1", 50000, "127.0.0.1", 8460, tmp_path / "none") is None


def test_a_connection_of_ours_is_ours() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as ours:
        accepted, peer = server.accept()
        with accepted:
            assert owner.user_of(*peer, *server.getsockname()) == os.geteuid()
            environ = {
                "gunicorn.socket": accepted, "REMOTE_ADDR": peer[0], "REMOTE_PORT": str(peer[1]),
                "HTTP_HOST": "localhost:1",
            }  # fmt: skip
            assert owner.asks_from_here(environ)
            for wrong in (
                {"HTTP_X_FORWARDED_FOR": "10.0.0.1"},
                {"HTTP_FORWARDED": "for=127.0.0.1"},
                {"HTTP_HOST": "photos.example.org"},
                {"REMOTE_ADDR": "10.0.0.1"},
                {"REMOTE_PORT": ""},
                {"gunicorn.socket": None},
            ):
                assert not owner.asks_from_here({**environ, **wrong}), wrong
            ours.close()
            assert not owner.asks_from_here(environ), "a connection that is closed proves nothing"


def test_a_real_server_lets_its_own_user_in_and_nobody_else(start_server) -> None:
    url = start_server().url
    where = urlsplit(url).netloc

    def status(**headers: str) -> int:
        connection = http.client.HTTPConnection(where, timeout=20)
        connection.request("GET", "/libraries/add", headers=headers)
        try:
            return connection.getresponse().status
        finally:
            connection.close()

    assert status() == 200
    assert status(**{"X-Forwarded-For": "10.0.0.1"}) == 403
    if os.geteuid() == 0:  # else nobody here can become somebody else
        host, port = where.split(":")
        program = (
            "import os, socket, encodings.idna; os.setgid(65534); os.setuid(65534);"
            f"s = socket.socket(); s.connect(({host!r}, {port}));"
            f"s.sendall(b'GET /libraries/add HTTP/1.0\\r\\nHost: {where}\\r\\n\\r\\n');"
            "print(s.recv(99).split()[1].decode())"
        )
        other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
        assert other.stdout.strip() == "403"
