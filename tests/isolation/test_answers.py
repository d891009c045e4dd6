"""Nothing that a confined process says is believed unchecked; and what the filter of system calls lets through."""

from __future__ import annotations

import inspect
import json
import struct
from datetime import datetime

import numpy as np
import pytest

from photoindex.isolation import seccomp
from photoindex.isolation.answers import pack_metadata, pixel_bytes, unpack_decoded, unpack_metadata
from photoindex.isolation.wire import WireError
from photoindex.media import Metadata
from photoindex.media.metadata import Motion, TakenAtSource

WHOLE = Metadata(
    taken_at=datetime(2020, 2, 3, 4, 5, 6, 7000), taken_at_offset_minutes=-90, camera_make="É", camera_model="M",
    lens="L", focal_length_mm=35.0, f_number=1.8, exposure_seconds=0.01, iso=100, latitude=-1.5, longitude=2.5,
    altitude_m=-3.0, taken_at_source=TakenAtSource.EXIF, title="t", caption="c", keywords=("a", "ü"), rating=-1,
    people=("p",), motion=Motion(5, 6), pairing_id="x", orientation=8,
)  # fmt: skip
GOOD = {"format": "jpeg", "width": 2, "height": 1, "duration": None, "metadata": {}, "sizes": [[2, 1]], "poster": 0,
        "moments": []}  # fmt: skip


def test_metadata_come_through_whole_and_empty() -> None:
    for metadata in (WHOLE, Metadata()):
        assert unpack_metadata(json.loads(json.dumps(pack_metadata(metadata)))) == metadata


@pytest.mark.parametrize(
    "packed",
    [
        None, [], {"unknown": 1}, {"taken_at": 5}, {"taken_at": "never"}, {"taken_at": "2020-01-01T00:00:00+00:00"},
        {"iso": 1.5}, {"iso": True}, {"iso": 1 << 70}, {"latitude": float("nan")}, {"latitude": "1"}, {"title": 1},
        {"title": "\ud800"}, {"title": "x" * 200_000}, {"keywords": "abc"}, {"keywords": [1]},
        {"keywords": ["x"] * 20_000},
        {"motion": [1]}, {"motion": [-1, 2]}, {"rating": 6}, {"orientation": 0}, {"taken_at_source": "oracle"},
        {"taken_at_source": ["exif"]},
    ],
    ids=str,
)  # fmt: skip
def test_metadata_that_can_not_be_are_refused(packed: object) -> None:
    with pytest.raises(WireError):
        unpack_metadata(packed)


def test_pixels_come_through() -> None:
    decoded = unpack_decoded(GOOD, np.arange(6, dtype=np.uint8))
    assert decoded.image.tobytes() == bytes(range(6))
    assert (decoded.format.name, decoded.width, decoded.frames) == ("jpeg", 2, ())


@pytest.mark.parametrize(
    "change",
    [
        {"sizes": []}, {"sizes": None}, {"sizes": [[2, 0]]}, {"sizes": [[2, 1, 1]]}, {"sizes": [[1 << 40, 1 << 40]]},
        {"sizes": [[30_000, 30_000]]}, {"sizes": [[2, 1.0]]}, {"sizes": [[2, 1]] * 2000}, {"poster": 1}, {"poster": -1},
        {"poster": None}, {"moments": [1, 2]}, {"moments": [None]}, {"moments": 5}, {"format": "exe"},
        {"format": ["jpeg"]},
        {"width": 0}, {"height": "1"}, {"duration": "long"}, {"metadata": 1},
    ],
    ids=str,
)  # fmt: skip
def test_answers_that_can_not_be_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(WireError):
        answer = GOOD | change
        unpack_decoded(answer, np.zeros(pixel_bytes(answer), dtype=np.uint8))


def decide(program: bytes, audit: int, number: int, *arguments: int) -> str:
    """What the kernel would make of a system call: runs the filter."""
    padded = (*arguments, *[0] * (6 - len(arguments)))
    data = struct.pack("<IIQ6Q", number, audit, 0, *padded)
    at, loaded = 0, 0
    while True:
        code, when_true, when_false, value = struct.unpack_from("=HBBI", program, 8 * at)
        at += 1
        if code == 0x20:
            (loaded,) = struct.unpack_from("<I", data, value)
        elif code == 0x06:
            return {0x7FFF0000: "allow", 0x80000000: "kill"}.get(value, f"errno {value & 0xFFFF}")
        else:
            is_so = {0x15: loaded == value, 0x45: bool(loaded & value), 0x35: loaded >= value}[code]
            at += when_true if is_so else when_false


@pytest.mark.parametrize("family", ["x86_64", "aarch64"])
def test_the_filter_decides_as_it_should_on_both_families(family: str) -> None:
    machine = seccomp._MACHINES[family]
    program = seccomp.build_filter(machine, 4711)

    def asked(number: int, *arguments: int) -> str:
        return decide(program, machine.audit, number, *arguments)

    other = next(each for name, each in seccomp._MACHINES.items() if name != family)
    assert decide(program, other.audit, machine.allowed[0]) == "kill"
    assert {asked(number) for number in machine.allowed} == {"allow"}
    assert asked(0x40000000 + machine.allowed[0]) == "errno 1"
    for number in machine.mappings:
        assert [asked(number, 0, 9, rights) for rights in (0, 3, 4, 7)] == ["allow", "allow", "errno 1", "errno 1"]
    assert [asked(machine.tgkill, pid) for pid in (4711, 1)] == ["allow", "errno 1"]
    assert [asked(machine.prlimit, 0, 7, new) for new in (0, 1, 1 << 32)] == ["allow", "errno 1", "errno 1"]
    assert [asked(machine.clone, flags) for flags in (0x3D0F00, 17)] == ["allow", "errno 1"]
    assert asked(machine.clone3) == "errno 38"
    allowed = {*machine.allowed, *machine.mappings, machine.tgkill, machine.prlimit, machine.clone, machine.clone3}
    assert {asked(number, 1, 1, 7) for number in range(500) if number not in allowed} == {"errno 1"}


def test_the_numbers_are_as_many_as_their_names() -> None:
    comment = inspect.getsource(seccomp).split("# read write close")[1].split("_X86_64")[0]
    names = ["read", "write", "close", *comment.replace("#", " ").split()]
    assert len(seccomp._AARCH64.allowed) == len(names) == len(seccomp._X86_64.allowed) - 3
