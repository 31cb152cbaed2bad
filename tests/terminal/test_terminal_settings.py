from __future__ import annotations

from pathlib import Path

import pytest

from budayang.terminal.errors import BadSetting
from budayang.terminal.settings import PREFIX, TABLE, load


def test_given_beats_environment_beats_default() -> None:
    environ = {PREFIX + "PORT": "8822", PREFIX + "CODE": "KBS-02", PREFIX + "CARD_CODE": "0"}
    settings = load(environ, port=8899, code=None, data_dir=Path("x"))
    assert (settings.port, settings.code, settings.card_code, settings.wait_s) == (8899, "KBS-02", False, 25)


def test_empty_means_there_is_none() -> None:
    settings = load({PREFIX + "READER_URL": "", PREFIX + "ENROLMENT_CODE": " "})
    assert (settings.reader_url, settings.enrolment_code) == ("", "")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("port", "http", "PORT must be int"),
        ("port", "0", "between 1 and 65535"),
        ("host", "0.0.0.0", "loopback"),
        ("center_url", "http://center.example", "https"),
        ("center_url", "ftp://127.0.0.1", "http(s)"),
        ("reader_url", "http://127.0.0.1:1", "tcp://"),
        ("printer_url", "lpd://x", "ipp://"),
        ("wait_s", "26", "between 0 and 25"),
        ("heartbeat_s", "0", "above 0"),
        ("card_code", "maybe", "CARD_CODE must be bool"),
    ],
)
def test_a_bad_value_stops_the_start_and_says_the_repair(name: str, value: str, says: str) -> None:
    with pytest.raises(BadSetting, match=says.replace("(", r"\(").replace(")", r"\)")):
        load({PREFIX + name.upper(): value})


def test_an_unknown_name_is_no_setting() -> None:
    with pytest.raises(BadSetting, match="prot"):
        load({}, prot=1)


def test_every_setting_says_what_it_is() -> None:
    assert all(setting.help for setting in TABLE)
