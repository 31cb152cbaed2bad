"""The demonstration's cast as typed rows. All of it is invented."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class DemoOrganization:
    """``kind``: manager | owner | vendor | property | host. ``region``: code of the region it belongs to."""

    code: str
    name: str
    kind: str
    region: str
    phone: str


@dataclass(frozen=True)
class DemoStaff:
    """``role`` is a value of platform.actors.Role. ``place``: a region or area code; ``organization`` may be empty."""

    username: str
    name: str
    role: str
    place: str
    organization: str
    phone: str


@dataclass(frozen=True)
class DemoArea:
    """``place``: the code of its place (A-…). ``network``: good | poor. ``exceptions``: (date, closed, reason)."""

    code: str
    place: str
    region: str
    name: str
    kind: str
    address: str
    latitude: float
    longitude: float
    manager: str
    property: str
    host: str
    keeper: str
    keeper_phone: str
    has_windows: bool
    network: str
    facilities: Mapping[str, str]
    hours: str


@dataclass(frozen=True)
class DemoTerminal:
    """``runs``: started as a process by the demonstration on ``port``, with its devices on ``reader_port`` and
    ``printer_port``.
    """

    code: str
    area: str
    name: str
    number: str
    owner: str
    vendor: str
    model: str
    peripherals: tuple[str, ...]
    departments: tuple[str, ...]
    runs: bool
    port: int | None
    reader_port: int | None
    printer_port: int | None


@dataclass(frozen=True)
class DemoRelay:
    """Started as a process by the demonstration; it watches the machines that name it."""

    code: str
    area: str
    name: str
    number: str
    owner: str


@dataclass(frozen=True)
class DemoWatched:
    """A department's own machine. The sandbox shows its page on ``page_port`` and its plug; ``sources``: which of the
    two (plug, http) the relay looks at.
    """

    code: str
    area: str
    name: str
    number: str
    owner: str
    relay: str
    sources: tuple[str, ...]
    page_port: int


@dataclass(frozen=True)
class Demo:
    notice: str
    password: str
    organizations: tuple[DemoOrganization, ...]
    areas: tuple[DemoArea, ...]
    terminals: tuple[DemoTerminal, ...]
    relays: tuple[DemoRelay, ...]
    watched: tuple[DemoWatched, ...]
    staff: tuple[DemoStaff, ...]
    parameters: tuple[tuple[str, str, float], ...]
    """(name, place code, value): where a place differs from the reference edition."""
    item_notes: Mapping[str, str]
    """Item code → why the demonstration needs less hardware for it than the catalogue says."""
    dropped_needs: Mapping[str, tuple[str, ...]]


def read_demo(raw: Mapping[str, Any]) -> Demo:
    """Raises TypeError for an unknown or missing field: the file and these classes change together."""
    return Demo(
        notice=raw["notice"],
        password=raw["password"],
        organizations=tuple(DemoOrganization(**x) for x in raw["organizations"]),
        areas=tuple(DemoArea(**x) for x in raw["areas"]),
        terminals=tuple(
            DemoTerminal(**{**x, "peripherals": tuple(x["peripherals"]), "departments": tuple(x["departments"])})
            for x in raw["terminals"]
        ),
        relays=tuple(DemoRelay(**x) for x in raw["relays"]),
        watched=tuple(DemoWatched(**{**x, "sources": tuple(x["sources"])}) for x in raw["watched"]),
        staff=tuple(DemoStaff(**x) for x in raw["staff"]),
        parameters=tuple((x["name"], x["place"], x["value"]) for x in raw["parameters"]),
        item_notes={x["item"]: x["why"] for x in raw["dropped_needs"]},
        dropped_needs={x["item"]: tuple(x["needs"]) for x in raw["dropped_needs"]},
    )
