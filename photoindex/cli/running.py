"""The web server that runs on a data folder: leaving word where it is, and asking it.

`server.json` in the data folder holds its address. A server that was killed leaves the file behind, so it is
believed only when something answers there. Standard library only: a search beside a running server is quick.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from photoindex.errors import NotReadyError, PhotoIndexError, QueryError

FILE_NAME = "server.json"
HEALTH_SECONDS = 1.0
ANSWER_SECONDS = 60.0

# Never through a proxy: the server is on this machine, and so must the query stay.
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


def announce(data: Path, url: str) -> None:
    """Tell other commands where this process serves. Without the file a search loads the encoder by itself."""
    temporary = data / f".{FILE_NAME}.{os.getpid()}.part"
    with contextlib.suppress(OSError):
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            json.dump({"url": url, "pid": os.getpid()}, stream)
        os.replace(temporary, data / FILE_NAME)


def withdraw(data: Path, url: str | None = None) -> None:
    """Take back what this process announced, but not what another server has announced since.

    With `url`: what any process announced of that address, when it is certain that nobody serves there any more.
    """
    found = _read(data / FILE_NAME)
    if found.get("pid") == os.getpid() or (url is not None and found.get("url") == url):
        (data / FILE_NAME).unlink(missing_ok=True)


def find_server(data: Path) -> str | None:
    """The address of the server that runs on a data folder, None when there is none."""
    url = _read(data / FILE_NAME).get("url")
    if not isinstance(url, str) or not url.startswith("http://"):
        return None
    try:
        with _open(f"{url}/healthz", timeout=HEALTH_SECONDS) as response:
            body = json.load(response)
    except (OSError, ValueError):
        return None
    return url if isinstance(body, dict) and body.get("status") == "ok" else None


def ask(
    url: str,
    query: str,
    limit: int,
    patience_seconds: float = ANSWER_SECONDS,
    picture: tuple[str, bytes] | None = None,
) -> dict[str, Any]:
    """The API's answer to a search. Waits while the server is loading its encoder.

    `picture` is the name and content of a file that photos should look like. Raises QueryError, NotReadyError or
    PhotoIndexError with what the server says.
    """
    deadline = time.monotonic() + patience_seconds
    asked = {"limit": limit} if picture else {"q": query, "limit": limit}
    address = f"{url}/api/v1/search?{urllib.parse.urlencode(asked, errors='replace')}"
    request = _with_picture(address, query, *picture) if picture else urllib.request.Request(address)
    while True:
        try:
            with _open(request, timeout=ANSWER_SECONDS) as response:
                answer: dict[str, Any] = json.load(response)
                return answer
        except urllib.error.HTTPError as error:
            with error:
                detail, retry = _detail(error), error.headers.get("Retry-After")
            if error.code == 503 and retry is not None and time.monotonic() < deadline:
                time.sleep(min(1.0, float(retry) if retry.isdigit() else 1.0))
                continue
            kinds: dict[int, type[PhotoIndexError]] = {400: QueryError, 503: NotReadyError}
            raise kinds.get(error.code, PhotoIndexError)(detail) from None
        except (OSError, ValueError) as error:
            raise PhotoIndexError(f"the server at {url} does not answer ({error}); try again") from error


def _with_picture(address: str, query: str, name: str, content: bytes) -> urllib.request.Request:
    """A form (RFC 7578) with a picture and what else is asked."""
    boundary = secrets.token_hex(16)
    safe = name.encode("utf-8", "replace").decode("utf-8").translate({34: "%22", 10: "%0A", 13: "%0D"})
    fields = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="q"\r\n\r\n{query}\r\n',
        f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="{safe}"\r\n\r\n',
    ]
    body = "".join(fields).encode("utf-8", "replace") + content + f"\r\n--{boundary}--\r\n".encode()
    return urllib.request.Request(address, body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})


def _detail(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["detail"])
    except (OSError, ValueError, KeyError, TypeError):
        return f"the server answered {error.code} {error.reason}"


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
