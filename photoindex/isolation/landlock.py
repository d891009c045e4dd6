"""Takes the file system and the network from this process by Landlock (Linux 5.13 and later).

Everything that the kernel's version of Landlock can refuse is refused: opening, making and removing files, and,
from later versions on, TCP, device controls, and signals and abstract sockets to processes outside. Descriptors that
are open stay usable. No privilege is needed, and nothing can be undone.
"""

from __future__ import annotations

import ctypes
import os
import sys

# The same on every processor family.
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_VERSION_FLAG = 1
_PR_SET_NO_NEW_PRIVS = 38

_FILE_RIGHTS = ((1, 13), (2, 14), (3, 15), (5, 16))
"""From which version on there are how many rights to refuse (linux/landlock.h)."""
_NETWORK_FROM, _NETWORK = 4, 0b11  # bind and connect
_SCOPES_FROM, _SCOPES = 6, 0b11  # abstract sockets and signals


def restrict_files() -> bool:
    """Refuse this process, from now on, what Landlock can refuse; whether the kernel has it."""
    if sys.platform != "linux":
        return False
    library = ctypes.CDLL(None, use_errno=True)
    version = library.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)
    if version < 1 or library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    rights = (ctypes.c_uint64 * 3)(
        (1 << max(count for since, count in _FILE_RIGHTS if version >= since)) - 1,
        _NETWORK if version >= _NETWORK_FROM else 0,
        _SCOPES if version >= _SCOPES_FROM else 0,
    )
    size = 24 if version >= _SCOPES_FROM else 16 if version >= _NETWORK_FROM else 8
    ruleset = library.syscall(_CREATE_RULESET, ctypes.byref(rights), ctypes.c_size_t(size), 0)
    if ruleset < 0:
        return False
    try:
        return bool(library.syscall(_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)
