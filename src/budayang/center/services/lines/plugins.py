"""Departments that are reached by a plug-in class instead of HTTP: entry points of the group `budayang.connectors`.

A package of a department's own declares

    [project.entry-points."budayang.connectors"]
    soap-sf = "sf_bridge:SoapConnection"

and the connector's address is then `soap-sf+https://10.1.2.3/ws`. The class is called with the house's HTTP client and
implements `lines.calls.Connection`. It speaks for the department: what it returns is read, retried, counted and held to
one matter, one act by the very code that reads the built-in HTTP line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points

import httpx
import structlog

from budayang.center.services.lines.addresses import split_plugin
from budayang.center.services.lines.calls import Call, Connection, NoAnswer, NotSent, Reply
from budayang.center.services.lines.over_http import HttpConnection

log = structlog.get_logger(__name__)

GROUP = "budayang.connectors"
BUILT_IN = "http"
Maker = Callable[[httpx.AsyncClient], Connection]


def installed() -> dict[str, EntryPoint]:
    """The plug-ins of this Python environment by name; the built-in one is not among them."""
    return {point.name: point for point in entry_points(group=GROUP) if point.name != BUILT_IN}


class Connections:
    """The connections of one line, each plug-in made once. A plug-in that cannot be loaded sends nothing."""

    def __init__(self, client: httpx.AsyncClient, makers: dict[str, Maker] | None = None) -> None:
        self._client = client
        self._given = makers
        self._made: dict[str, Connection] = {BUILT_IN: HttpConnection(client)}

    async def send(self, call: Call) -> Reply:
        """Carry a call by the plug-in that its address names.

        Raises:
            NotSent, NoAnswer: whatever else a plug-in raises is NoAnswer, since nobody knows how far it came.
        """
        name, address = split_plugin(call.address)
        connection = self._made.get(name) or self._make(name)
        try:
            return await connection.send(replace(call, address=address))
        except (NotSent, NoAnswer):
            raise
        except Exception as error:  # a plug-in is somebody else's program
            log.error("plug-in failed", plugin=name, error=type(error).__name__)
            raise NoAnswer("plug-in failed") from None

    def _make(self, name: str) -> Connection:
        try:
            maker: Maker = self._given[name] if self._given is not None else installed()[name].load()
            made = maker(self._client)
        except KeyError:
            raise NotSent("no such plug-in") from None
        except Exception as error:  # the package of a plug-in may be broken in any way
            log.error("plug-in cannot be loaded", plugin=name, error=type(error).__name__)
            raise NotSent("plug-in cannot be loaded") from None
        self._made[name] = made
        return made
