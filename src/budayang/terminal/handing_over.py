"""What a journey asks the center beside its case: keep a sheet, let a phone bring some, ask for e-licences, how a joint
matter stands, which times are free, what is to be corrected (`wire.journeys`). The client of the terminal.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import msgspec

from budayang.terminal.cases import ROOT, LiveCases
from budayang.terminal.holding import Correction, PhoneLink
from budayang.terminal.identifying import sealed_identity
from budayang.terminal.journey import Journey, Person
from budayang.uplink.identity import Identity
from budayang.wire import journeys
from budayang.wire.mac import from_text
from budayang.wire.messages import CaseAnswer, CaseConsent, CaseWait
from budayang.wire.sealing import licence_info, open_sealed, open_text, seal, seal_text, sheet_info, upload_info

SLOTS_S = 4.0  # beside the usual patience: the center asks the department meanwhile


class HandingOver:
    """Sealed on the way up to the center's key, on the way back to the journey's."""

    def __init__(self, live: LiveCases, identity: Identity) -> None:
        self._live = live
        self._identity = identity

    def seal_sheet(self, number: str, position: int, head: journeys.SheetHead, content: bytes) -> bytes:
        """A sheet as it is kept on this machine and sent: only the center can open it."""
        key = from_text(self._identity.enrolled.seal_key, 32)
        return seal(key, journeys.pack_sheet(head, content), sheet_info(number, position))

    async def open_link(self, journey: Journey, item_name: str, kinds: Sequence[tuple[str, str, int]]) -> PhoneLink:
        """Raises CenterUnreachable, CenterRefused."""
        body = journeys.UploadOpen(
            reply_key=journey.reply_key.public,
            item_name=item_name,
            kinds=[journeys.UploadKind(kind=kind, title=title, most=most) for kind, title, most in kinds],
        )
        path = f"{ROOT}{journeys.UPLOADS}open"
        opened = await self._live.post(path, msgspec.json.encode(body), journeys.UploadOpened)
        return PhoneLink("waiting", opened.name, opened.url, float(opened.valid_s))

    async def next_upload(
        self, journey: Journey, link: PhoneLink, *, wait_s: int
    ) -> tuple[journeys.UploadedOne, bytes]:
        """How the link stands, and a sheet when one came ("" without). Raises CenterUnreachable, CenterRefused,
        CannotOpen.
        """
        body = journeys.UploadNext(reply_key=journey.reply_key.public, have=link.have, wait_s=wait_s)
        path = f"{ROOT}{journeys.UPLOADS}{link.name}/next"
        found = await self._live.post(path, msgspec.json.encode(body), journeys.UploadedOne, wait_s=wait_s)
        if not found.sealed:
            return found, b""
        sealed = base64.b64decode(found.sealed, validate=True)
        return found, open_sealed(journey.reply_key.private, sealed, upload_info(link.name))

    async def close_link(self, reply_key: str, name: str) -> None:
        """Raises CenterUnreachable, CenterRefused."""
        body = msgspec.json.encode(journeys.UploadClose(reply_key=reply_key))
        await self._live.post(f"{ROOT}{journeys.UPLOADS}{name}/close", body, journeys.Empty)

    async def licences(self, journey: Journey, kinds: Sequence[str], consent: CaseConsent) -> list[dict[str, Any]]:
        """What e-licences say of the person. Raises CenterUnreachable, CenterRefused, CannotOpen."""
        person, enrolled = journey.person, self._identity.enrolled
        assert person is not None
        plain = {
            "name": "" if person.by_code else person.name,
            "id_number": person.id_number,
            "id_kind": person.id_kind,
        }
        info = licence_info(enrolled.terminal)
        body = journeys.LicenceAsk(
            sealed=seal_text(from_text(enrolled.seal_key, 32), msgspec.json.encode(plain), info),
            reply_key=journey.reply_key.public,
            item=journey.item,
            kinds=list(kinds),
            consent=consent,
        )
        got = await self._live.post(f"{ROOT}{journeys.LICENCES}", msgspec.json.encode(body), journeys.LicenceGot)
        return journeys.licences_of(open_text(journey.reply_key.private, got.sealed, info))

    async def slots(self, item: str) -> journeys.SlotsTold:
        """The free times of an item, asked of its department now. Raises CenterUnreachable, CenterRefused."""
        body = msgspec.json.encode(journeys.SlotsAsk(item=item))
        return await self._live.post(f"{ROOT}{journeys.SLOTS}", body, journeys.SlotsTold, patience_s=SLOTS_S)

    async def open_correction(
        self, journey: Journey, correction: Correction, person: Person
    ) -> journeys.CorrectionTold:
        """What is to be handed in for a case, shown to whoever has its number, code and card. Raises
        CenterUnreachable, CenterRefused.
        """
        body = journeys.CorrectionAsk(
            number=correction.number,
            code=correction.code,
            sealed=sealed_identity(self._identity, person),
            reply_key=journey.reply_key.public,
        )
        path = f"{ROOT}{journeys.CORRECTION}"
        return await self._live.post(path, msgspec.json.encode(body), journeys.CorrectionTold)

    async def wait_joint(self, number: str, reply_key: str, *, wait_s: int = 20) -> CaseAnswer:
        """How a joint matter stands, held until there is nothing to wait for. Raises CenterUnreachable,
        CenterRefused.
        """
        body = msgspec.json.encode(CaseWait(wait_s=wait_s, reply_key=reply_key))
        return await self._live.post(f"{ROOT}{journeys.JOINT}{number}/wait", body, CaseAnswer, wait_s=wait_s)
