"""Who may look through the folders of this machine, and change libraries and settings: whoever PhotoIndex belongs to.

There are no accounts yet. So it is the kernel that tells who asks: the user to whom the other end of a connection on
this machine belongs. That keeps out other users of the machine, and what a proxy passes on for others. A browser that
is let in with a link of `photoindex link` may too: only who can read the data folder can make one.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, abort, current_app, redirect, request, session, url_for
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from photoindex.web.hosts import is_loopback

blueprint = Blueprint("owner", __name__)

IsOwner = Callable[[Mapping[str, Any]], bool]
"""From a WSGI environment to whether the owner's own program asks."""

LINK_SECONDS = 600
_SALT = "photoindex.owner"
_LET_IN = "owner"
_PASSED_ON = ("HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_REAL_IP")
"""Headers of proxies: whoever they ask for is not on this machine, or could be anybody on it."""
_ESTABLISHED = "01"
_PROC = Path("/proc/net")
_EXTENSION = "photoindex-owner"


def register(app: Flask, is_owner: IsOwner) -> None:
    """Give templates `may_administer()`."""
    app.extensions[_EXTENSION] = is_owner
    app.add_template_global(may_administer)


def may_administer() -> bool:
    """Whether whoever asks may change libraries and settings."""
    return bool(session.get(_LET_IN)) or current_app.extensions[_EXTENSION](request.environ)


def require() -> None:
    """Answer 403 to whoever may not."""
    if not may_administer():
        abort(
            403,
            _(
                "Only a browser on the computer PhotoIndex runs on, of the same user, may do this. To let this one in, "
                "run there: photoindex link"
            ),
        )


def link(key: str, url: str) -> str:
    """An address that lets in the browser that opens it, for ten minutes. `key` is that of the data folder."""
    return f"{url}/let-in/{URLSafeTimedSerializer(key, salt=_SALT).dumps(os.urandom(8).hex())}"


@blueprint.get("/let-in/<token>")
def let_in(token: str) -> Response:
    try:
        URLSafeTimedSerializer(current_app.secret_key or "", salt=_SALT).loads(token, max_age=LINK_SECONDS)
    except BadSignature:
        abort(403, _("This link is too old, or not ours. Make a new one with: photoindex link"))
    session[_LET_IN] = True
    return redirect(url_for("settings.show"), 303)


def asks_from_here(environ: Mapping[str, Any]) -> bool:
    """Whether the request comes straight from a program of this process's user, on this machine."""
    if any(name in environ for name in _PASSED_ON) or not is_loopback(str(environ.get("HTTP_HOST", ""))):
        return False
    listening = environ.get("gunicorn.socket")
    port = str(environ.get("REMOTE_PORT", ""))
    if not isinstance(listening, socket.socket) or not port.isdigit():
        return False
    here = listening.getsockname()
    user = user_of(str(environ.get("REMOTE_ADDR", "")), int(port), here[0], here[1])
    return user == os.geteuid()


def user_of(address: str, port: int, other_address: str, other_port: int, proc: Path = _PROC) -> int | None:
    """The user whose socket is at the first end of a connection on this machine; None if there is none.

    Only an open connection counts: of one that is being closed the kernel names root.
    """
    try:
        ends = _plain(address), _plain(other_address)
    except ValueError:
        return None
    if not all(end.is_loopback for end in ends):
        return None
    for name in ("tcp", "tcp6"):
        wanted = f"{_written(ends[0], name)}:{port:04X}", f"{_written(ends[1], name)}:{other_port:04X}"
        try:
            lines = (proc / name).read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if (fields[1], fields[2]) == wanted and fields[3] == _ESTABLISHED:
                return int(fields[7])
    return None


def _plain(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    found = ipaddress.ip_address(address)
    return (found.ipv4_mapped or found) if isinstance(found, ipaddress.IPv6Address) else found


def _written(address: ipaddress.IPv4Address | ipaddress.IPv6Address, table: str) -> str:
    """As the kernel writes it: words of the machine's byte order, in hexadecimal digits."""
    packed = address.packed
    if table == "tcp6" and len(packed) == 4:
        packed = b"\0" * 10 + b"\xff\xff" + packed
    return "".join(f"{word:08X}" for word in struct.unpack(f"={len(packed) // 4}I", packed))
