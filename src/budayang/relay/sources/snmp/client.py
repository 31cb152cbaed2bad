"""SNMP v2c and v3 by pysnmp. One engine a source; what does not answer raises NoResult."""

from __future__ import annotations

from typing import Any

from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    UsmUserData,
    get_cmd,
    usmAesCfb128Protocol,
    usmHMACSHAAuthProtocol,
    walk_cmd,
)

from budayang.relay.errors import NoResult
from budayang.relay.sources.table import Plan

ANSWER_S = 3.0
RETRIES = 1
MOST_ROWS = 64


class Agent:
    """One SNMP agent. `settings` are those of rules.watch_settings; a v3 secret has user, auth_key, priv_key."""

    def __init__(self, plan: Plan) -> None:
        self._settings = plan.settings
        self._engine = SnmpEngine()
        self._who = _credentials(plan)
        self._target: UdpTransportTarget | None = None

    async def get(self, *oids: str) -> dict[str, Any]:
        """OID → value (pysnmp's own type); those that the agent does not have are left out."""
        asked = [ObjectType(ObjectIdentity(oid)) for oid in oids]
        failed, status, _index, found = await get_cmd(
            self._engine, self._who, await self._at(), ContextData(), *asked, lookupMib=False
        )
        if failed or int(status):
            raise NoResult(str(failed or status.prettyPrint()))
        return {str(oid): value for oid, value in found if type(value).__name__ not in _NOTHING}

    async def walk(self, oid: str) -> dict[str, Any]:
        """All values below an OID, at most MOST_ROWS; {} when there are none."""
        rows: dict[str, Any] = {}
        walking = walk_cmd(
            self._engine, self._who, await self._at(), ContextData(), ObjectType(ObjectIdentity(oid)),
            lookupMib=False, lexicographicMode=False,
        )  # fmt: skip
        async for failed, status, _index, found in walking:
            if failed:
                raise NoResult(str(failed))
            if int(status) or len(rows) >= MOST_ROWS or all(str(name) in rows for name, _value in found):
                break  # the last: a broken agent that answers with the same row for ever
            rows.update({str(name): value for name, value in found if type(value).__name__ not in _NOTHING})
        return rows

    async def close(self) -> None:
        self._engine.close_dispatcher()

    async def _at(self) -> UdpTransportTarget:
        if self._target is None:
            where = (str(self._settings["host"]), int(self._settings["port"]))
            self._target = await UdpTransportTarget.create(where, timeout=ANSWER_S, retries=RETRIES)
        return self._target


_NOTHING = frozenset({"NoSuchObject", "NoSuchInstance", "EndOfMibView", "Null"})


def _credentials(plan: Plan) -> CommunityData | UsmUserData:
    if plan.settings["version"] != "3":
        return CommunityData(str(plan.secret.get("community") or plan.settings["community"]), mpModel=1)
    secret = plan.secret
    if not secret.get("user"):
        raise NoResult(f"secrets.json has no entry {plan.settings['secret']!r} with a user")
    if not secret.get("auth_key"):
        return UsmUserData(secret["user"])
    if not secret.get("priv_key"):
        return UsmUserData(secret["user"], secret["auth_key"], authProtocol=usmHMACSHAAuthProtocol)
    return UsmUserData(
        secret["user"], secret["auth_key"], secret["priv_key"], authProtocol=usmHMACSHAAuthProtocol,
        privProtocol=usmAesCfb128Protocol,
    )  # fmt: skip
