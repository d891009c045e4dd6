"""Runs the web application under gunicorn: one worker process with threads, on a socket that is bound here."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from flask import Flask

from photoindex.config import Settings
from photoindex.database import open_database
from photoindex.embeddings import StoredEncoder
from photoindex.encoders.base import Encoder
from photoindex.errors import ConfigError, PhotoIndexError, ServerError
from photoindex.search.text_tower import TextEncoder
from photoindex.web import create_app, start_warming, stop_warming
from photoindex.web.hosts import is_loopback, is_wildcard

BACKLOG = 256
GRACEFUL_SECONDS = 5
WORKER_TIMEOUT_SECONDS = 60
READ_SECONDS = 10.0
"""How long a request may take to arrive before its connection is given up; else a few would hold all threads."""
SEND_SECONDS = 30.0
"""How long a piece of an answer may take to leave: a paused video asks again for what it still wants."""

LoadTextEncoder = Callable[[StoredEncoder], TextEncoder]
LoadImageEncoder = Callable[[StoredEncoder], Encoder]


def check_host(host: str, insecure: bool) -> None:
    """Refuse to listen where others could look at the photos, unless that is wanted. Raises ConfigError."""
    if not insecure and not is_loopback(host):
        raise ConfigError(
            f"on {host} anybody on the network could see your photos, for there are no passwords yet; "
            "add --insecure-no-auth if you want that"
        )


def bind_socket(host: str, port: int) -> socket.socket:
    """A socket that listens on `host` (a name, an IPv4 or an IPv6 address) and `port`, 0 for any free one.

    Connections wait in its backlog until somebody serves it. Raises ServerError.
    """
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise ServerError(f"{host} is no address of this machine; choose another with --host") from error
    family, *_, where = min(found, key=lambda each: each[0] != socket.AF_INET)
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6 and is_wildcard(host):
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind(where)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ServerError(_why_not(error, host, port)) from error
    return listener


def address(listener: socket.socket) -> str:
    """Where a browser on this machine finds what listens: `http://127.0.0.1:8460`."""
    host, port = listener.getsockname()[:2]
    if is_wildcard(host):
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    settings: Settings,
    *,
    sock: socket.socket | None = None,
    on_ready: Callable[[str], None] | None = None,
    load_text_encoder: LoadTextEncoder | None = None,
    load_image_encoder: LoadImageEncoder | None = None,
    read_seconds: float = READ_SECONDS,
    send_seconds: float = SEND_SECONDS,
) -> None:
    """Serve until SIGTERM, SIGINT or SIGHUP; then finish what is being answered, for 5 seconds at most, and return.

    `sock` is what `bind_socket` made; without it one is bound to `settings.host` and `settings.port`. `on_ready` is
    called with the address once requests are accepted. To be called in the main thread, before anything starts
    threads or loads an encoder, for the worker process is forked. Raises ServerError or DatabaseError.
    """
    open_database(settings.database).close()  # so that what is wrong with it is said here, and once
    listener = sock if sock is not None else bind_socket(settings.host, settings.port)
    url = address(listener)
    options = {
        "bind": f"fd://{listener.detach()}",
        "when_ready": lambda _: on_ready(url) if on_ready else None,
        "threads": settings.web_threads,
        "worker_class": _worker_class(read_seconds, send_seconds),
    }
    _run(
        lambda: create_app(settings, load_text_encoder=load_text_encoder, load_image_encoder=load_image_encoder),
        options,
    )


_OPTIONS = {
    "workers": 1,  # a second one would hold the encoder twice
    "timeout": WORKER_TIMEOUT_SECONDS,
    "graceful_timeout": GRACEFUL_SECONDS,
    "keepalive": 15,
    "loglevel": "warning",
    "accesslog": None,
    "errorlog": "-",
    "limit_request_line": 8190,  # a search of 512 characters takes up to 6,144 in an address
    "limit_request_fields": 50,
    "proc_name": "photoindex",
    "control_socket_disable": True,
    "preload_app": False,
    "post_worker_init": lambda worker: _start(worker.wsgi),
    "worker_exit": lambda _, worker: _stop(worker),
}


def _worker_class(read_seconds: float, send_seconds: float) -> type[Any]:
    """Gunicorn's worker with threads, and deadlines for requests that don't arrive and answers that nobody takes."""
    from gunicorn.workers.gthread import ThreadWorker

    class PatientWorker(ThreadWorker):  # type: ignore[misc]
        def __init__(self, *args: Any, **named: Any) -> None:
            super().__init__(*args, **named)
            self._arriving: dict[Any, float] = {}
            """Connections whose request has not arrived, and until when it may."""

        def enqueue_req(self, conn: Any) -> None:
            self._arriving[conn] = time.monotonic() + read_seconds
            super().enqueue_req(conn)

        def handle_request(self, req: Any, conn: Any) -> Any:
            if req.method in ("GET", "HEAD"):
                self._arriving.pop(conn, None)  # others have a body, which has to come in time too
            conn.sock.settimeout(send_seconds)
            try:
                return super().handle_request(req, conn)
            except TimeoutError as error:
                raise StopIteration from error  # closes the connection without a word in the log

        def finish_request(self, conn: Any, *args: Any) -> None:
            self._arriving.pop(conn, None)
            super().finish_request(conn, *args)

        def murder_keepalived(self, *args: Any, **named: Any) -> None:
            super().murder_keepalived(*args, **named)
            now = time.monotonic()
            for conn in [conn for conn, until in list(self._arriving.items()) if until <= now]:
                self._arriving.pop(conn, None)
                with contextlib.suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RD)  # whoever reads from it has come to the end; answers still leave

    return PatientWorker


def _run(load: Callable[[], Flask], options: dict[str, Any]) -> None:
    from gunicorn.app.base import BaseApplication
    from gunicorn.arbiter import Arbiter
    from gunicorn.errors import AppImportError

    class Application(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for name, value in (_OPTIONS | options).items():
                if name in self.cfg.settings:  # older gunicorns have no control socket
                    self.cfg.set(name, value)

        def load(self) -> Flask:
            try:
                return load()
            except PhotoIndexError as error:
                raise AppImportError(str(error)) from error

    outlives_terminal = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN

    class Server(Arbiter):  # type: ignore[misc]
        def handle_hup(self) -> None:
            """The terminal was closed: end, unless under nohup. Gunicorn would start a new worker and live on."""
            if not outlives_terminal:
                self.handle_term()

    main_process = os.getpid()
    with _signals_restored():
        try:
            Server(Application()).run()
        except SystemExit as end:
            if os.getpid() != main_process:
                _leave(end.code)
            if end.code:
                raise ServerError("the web server could not go on; the lines above say why") from end
        except BaseException:
            if os.getpid() != main_process:
                _leave(1)
            raise


def _leave(code: object) -> NoReturn:
    """End a worker process here: what the caller of `serve` does when it returns is the main process's business."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def _start(app: Flask) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a closing terminal signals us too; the main process ends us
    start_warming(app)


def _stop(worker: Any) -> None:
    app = getattr(worker, "wsgi", None)
    if isinstance(app, Flask):
        stop_warming(app, patience_seconds=0.5)


@contextlib.contextmanager
def _signals_restored() -> Iterator[None]:
    """Give the caller its signal handlers back: gunicorn sets its own and leaves them."""
    names = ("HUP", "QUIT", "INT", "TERM", "TTIN", "TTOU", "USR1", "USR2", "WINCH", "CHLD")
    before = {each: signal.getsignal(each) for each in (getattr(signal, f"SIG{name}") for name in names)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is taken; choose another with --port"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"this user may not use port {port}; choose one from 1024 up with --port"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine; choose another with --host"
    return f"can't listen on {host} port {port}: {error.strerror}; choose another with --host or --port"
