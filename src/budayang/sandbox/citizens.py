"""Synthetic citizens: invented names, id numbers of a region that does not exist (999999) with right check digits."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Any

import msgspec

from budayang.sandbox.devices.cardtext import text_block
from budayang.sandbox.devices.facemarks import photo_of
from budayang.sandbox.devices.idreader import Card

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Records(msgspec.Struct, frozen=True):
    """What each department knows of a person; empty where it knows nothing."""

    RS: dict[str, Any] | None = None
    SW: list[list[str]] = []
    YB: dict[str, str] | None = None


class Citizen(msgspec.Struct, frozen=True):
    """One invented person. Dates are YYYYMMDD as on the card; `card_code` is printed on the social security card."""

    key: str
    name: str
    sex: str
    nation: str
    birth: str
    id_number: str
    card_code: str
    address: str
    authority: str
    valid_from: str
    valid_until: str
    note: str
    records: Records

    def card(self) -> Card:
        """The person's identity card as the reader sees it; the photo is a pattern of the sandbox' own."""
        fields = ("name", "sex", "nation", "birth", "address", "id_number", "authority", "valid_from", "valid_until")
        return Card(text_block({name: getattr(self, name) for name in fields}), photo=photo_of(self.id_number))


class _File(msgspec.Struct, frozen=True):
    notice: str
    citizens: tuple[Citizen, ...]


def check_digit(first17: str) -> str:
    """The 18th character of an id number, GB 11643-1999 (ISO 7064 MOD 11-2)."""
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True)) % 11]


def check_character(first11: str) -> str:
    """The 12th character of a card's code, ISO 7064 MOD 37,36: no single wrong character makes another card's code."""
    check = 36
    for one in first11:
        check = (check + _BASE36.index(one)) % 36 or 36
        check = check * 2 % 37
    return _BASE36[(1 - check) % 36]


@functools.cache
def citizens() -> tuple[Citizen, ...]:
    raw = (resources.files("budayang.sandbox") / "data" / "citizens.json").read_bytes()
    return msgspec.json.decode(raw, type=_File).citizens


def find_citizen(name: str) -> Citizen | None:
    """By key (甲), name (测试甲) or id number."""
    return next((one for one in citizens() if name in (one.key, one.name, one.id_number)), None)


def find_holder(card_code: str) -> Citizen | None:
    """Whose card bears this code."""
    return next((one for one in citizens() if one.card_code == card_code), None)
