"""Manners: when the daemon encodes nothing for now, how it says so, and how it stands behind other programs."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from daemon.conftest import Home, eventually

from photoindex import pausing, sensors
from photoindex.config import load_settings
from photoindex.daemon import manners, service, trouble
from photoindex.daemon.hours import ALWAYS, parse
from photoindex.daemon.manners import Manners, Rules
from photoindex.database import Database
from photoindex.errors import ConfigError


def _pause(home: Home, seconds: float | None = None) -> None:
    with closing(home.open()) as database, database.write() as session:
        pausing.pause(session, seconds)


def _resume(home: Home) -> bool:
    with closing(home.open()) as database, database.write() as session:
        return pausing.resume(session)


def test_a_paused_daemon_notices_photos_and_encodes_none_until_it_is_resumed(running: Home) -> None:
    running.draw("before.jpg")
    eventually(lambda: running.counts().indexed == 1)
    _pause(running)
    eventually(lambda: running.status().daemon.state == "paused")
    encoded = running.encoder.images_encoded
    running.draw("a.jpg", "blue")
    eventually(lambda: running.counts().pending == 1)
    assert running.search("red") == ["before.jpg"]
    time.sleep(0.5)
    assert running.encoder.images_encoded == encoded
    status = running.status()
    assert status.daemon.resting == "paused; to go on: photoindex resume"
    assert status.as_dict()["pause"]["until"] is None
    assert _resume(running)
    eventually(lambda: running.counts().indexed == 2)
    eventually(lambda: running.status().daemon.resting is None)


def test_encoding_stops_within_one_batch(running: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    encode = running.encoder.encode_images
    monkeypatch.setattr(running.encoder, "encode_images", lambda images: (time.sleep(0.2), encode(images))[1])
    for number in range(120):
        running.draw(f"{number}.jpg", seed=number)
    eventually(lambda: running.encoder.images_encoded > 0)
    _pause(running)
    at = running.encoder.images_encoded
    eventually(lambda: running.status().daemon.state == "paused")
    size, workers = running.settings.batch_size, running.settings.workers
    in_hand = size * workers * (1 + manners.LOOK_SECONDS / 0.2)  # what is encoded before it is looked, and held then
    assert running.encoder.images_encoded <= at + in_hand
    paused_at = running.encoder.images_encoded
    assert running.counts().indexed == paused_at, "what the workers held is stored"
    assert running.counts().pending > 0


def test_a_pause_outlives_the_daemon_and_ends_by_itself(home: Home) -> None:
    _pause(home, 600)
    home.draw("a.jpg")
    stop = threading.Event()
    thread = threading.Thread(
        target=service.run,
        args=(home.settings,),
        kwargs={"stop": stop, "watch": True, "load_encoder": home.load_encoder},
    )
    thread.start()
    eventually(lambda: home.status().daemon.state == "paused")
    assert str(home.status().daemon.resting).startswith("paused until 2")
    _pause(home, 1)
    eventually(lambda: home.counts().indexed == 1)
    stop.set()
    thread.join(60)


def test_who_asks_for_one_run_gets_it_though_the_daemon_is_paused(home: Home) -> None:
    _pause(home)
    home.draw("a.jpg")
    home.index()
    assert home.counts().indexed == 1


@pytest.mark.parametrize(
    ("hours", "inside", "outside"),
    [
        ("22-6", ["22:00", "23:59", "0:00", "5:59"], ["6:00", "12:00", "21:59"]),
        ("9:30-17", ["9:30", "16:59"], ["9:29", "17:00"]),
        ("12:30-14, 22-6", ["13:00", "3:00"], ["12:00", "14:00"]),
        ("18-24", ["18:00", "23:59"], ["0:00", "17:59"]),
        ("7-7", ["0:00", "7:00"], []),
        ("always", ["0:00", "12:00"], []),
    ],
)
def test_hours_of_the_day(hours: str, inside: list[str], outside: list[str]) -> None:
    found = parse(load_settings({"index_hours": hours}, {}).index_hours)
    assert all(found.include(datetime.strptime(at, "%H:%M")) for at in inside)
    assert not any(found.include(datetime.strptime(at, "%H:%M")) for at in outside)


def test_next_hours_are_named() -> None:
    assert parse("12:30-14,22-6").next_start(datetime(2024, 3, 5, 9, 0)) == "12:30"
    assert parse("12:30-14,22-6").next_start(datetime(2024, 3, 5, 15, 0)) == "22:00"


@pytest.mark.parametrize("hours", ["22", "25-3", "22-6-7", "22:70-6", "night", "22-6;1-2"])
def test_hours_that_are_none_are_a_wrong_setting(hours: str) -> None:
    with pytest.raises(ConfigError, match="index_hours in the environment must be `always` or hours such as `22-6`"):
        load_settings({}, {"PHOTOINDEX_INDEX_HOURS": hours})


def test_outside_its_hours_the_daemon_rests(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Manners(database, Rules(hours=parse("22-6")))

    class Noon(datetime):
        @classmethod
        def now(cls, tz: object = None) -> Noon:  # type: ignore[override]
            return cls(2024, 3, 5, 12, 0)

    monkeypatch.setattr(manners, "datetime", Noon)
    assert found.why_rest() == "waiting for 22:00, as the setting index_hours says"
    assert Manners(database, Rules(hours=ALWAYS)).why_rest() is None


def _sensor(sysfs: Path, kind: str, name: str, **files: str) -> Path:
    folder = sysfs / "class" / kind / name
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in files.items():
        (folder / file).write_text(content + "\n")
    return folder


def test_sensors_are_read_and_nonsense_is_not_believed(tmp_path: Path) -> None:
    assert sensors.hottest(tmp_path) is None
    _sensor(tmp_path, "thermal", "thermal_zone0", type="acpitz", temp="27800")
    _sensor(tmp_path, "thermal", "thermal_zone1", type="x86_pkg_temp", temp="71000")
    _sensor(tmp_path, "thermal", "thermal_zone2", type="broken", temp="-274000")
    _sensor(tmp_path, "thermal", "thermal_zone3", type="iwlwifi_1", temp="127000")
    _sensor(tmp_path, "thermal", "thermal_zone4", type="silent")
    assert sensors.hottest(tmp_path) == sensors.Heat(71, "x86_pkg_temp")


def test_the_battery_of_a_mouse_is_not_the_machines(tmp_path: Path) -> None:
    assert sensors.battery(tmp_path) is None
    mouse = {"type": "Battery", "scope": "Device", "status": "Discharging", "capacity": "3"}
    _sensor(tmp_path, "power_supply", "hidpp_battery_0", **mouse)
    _sensor(tmp_path, "power_supply", "AC", type="Mains", online="0")
    assert sensors.battery(tmp_path) is None
    _sensor(tmp_path, "power_supply", "BAT0", type="Battery", status="Discharging", capacity="64")
    assert sensors.battery(tmp_path) == sensors.Battery(discharging=True, percent=64)


@pytest.fixture
def sensed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sensors are read each time."""
    monkeypatch.setattr(manners, "SENSOR_SECONDS", 0.0)


@pytest.mark.usefixtures("sensed")
def test_a_hot_machine_cools_down_by_ten_degrees(database: Database, tmp_path: Path) -> None:
    found = Manners(database, Rules(max_celsius=80), tmp_path)
    assert found.why_rest() is None, "nothing to read"
    for celsius, rests in ((80, False), (81, True), (75, True), (70, False), (75, False)):
        _sensor(tmp_path, "thermal", "thermal_zone0", type="cpu", temp=f"{celsius}000")
        assert (found.why_rest() is not None) == rests, celsius
    _sensor(tmp_path, "thermal", "thermal_zone0", type="cpu", temp="91000")
    assert found.why_rest() == "letting the machine cool down: cpu is at 91 °C, the limit is 80 °C"
    assert Manners(database, Rules(max_celsius=0), tmp_path).why_rest() is None


@pytest.mark.usefixtures("sensed")
def test_a_low_battery_is_saved_until_it_is_charged(database: Database, tmp_path: Path) -> None:
    found = Manners(database, Rules(min_battery_percent=30), tmp_path)
    for status, percent, rests in (
        ("Discharging", 30, False),
        ("Discharging", 29, True),
        ("Discharging", 31, True),
        ("Charging", 29, False),
        ("Discharging", 31, False),
    ):
        _sensor(tmp_path, "power_supply", "BAT0", type="Battery", status=status, capacity=str(percent))
        assert (found.why_rest() is not None) == rests, (status, percent)
    waits = Manners(database, Rules(min_battery_percent=100), tmp_path)
    assert waits.why_rest() == "saving the battery: it is at 31 %, and the limit is 100 %"
    assert Manners(database, Rules(min_battery_percent=0), tmp_path).why_rest() is None


@pytest.mark.parametrize(("io_priority", "disk"), [("low", "low"), ("idle", "idle"), ("normal", "normal")])
def test_the_daemon_stands_back_for_other_programs(io_priority: str, disk: str) -> None:
    code = (
        "import threading; from photoindex.daemon import priority; "
        f"priority.stand_back(12, {io_priority!r}); "
        "thread = threading.Thread(target=lambda: print(priority.describe())); thread.start(); thread.join(); "
        "priority.stand_back(3, 'normal'); print(priority.describe())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    of_a_thread, afterwards = done.stdout.splitlines()
    nice = int(of_a_thread.split(",")[0].removeprefix("nice "))
    assert nice >= 12
    assert of_a_thread == afterwards == f"nice {nice}, disk {disk}"


def test_troubles_that_last_are_tried_less_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    stop = threading.Event()
    monkeypatch.setattr(stop, "wait", waited.append)
    found = trouble.Trouble("indexing", stop)
    for _ in range(6):
        found.met(OSError("the disk is full"))
    assert waited == [5, 10, 20, 40, 40, 40]
    assert found.over()
    found.met(OSError("the disk is full"))
    assert waited[-1] == 5


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2h", 7200), ("30m", 1800), ("90 min", 5400), ("1.5d", 129_600), ("1h30m", 5400), ("45s", 45)],
)
def test_lengths_of_time(text: str, seconds: float) -> None:
    assert pausing.seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "2", "h", "2 weeks", "-1h", "1h x", "nan"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no length of time"):
        pausing.seconds_of(text)


def test_a_pause_longer_than_a_year_is_refused(database: Database) -> None:
    with database.write() as session, pytest.raises(ConfigError, match="from a second to a year"):
        pausing.pause(session, 1e9)
