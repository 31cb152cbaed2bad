"""Who stands here, from the journey's side: what the center lets be known of a card, and words for a code that nobody
resolved.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import structlog

from budayang.terminal.cases import LiveCases
from budayang.terminal.journey import Journey, Person
from budayang.terminal.printing import Printing
from budayang.terminal.screens.language import _
from budayang.uplink.identity import Identity
from budayang.wire.mac import from_text
from budayang.wire.sealing import CannotOpen, identity_info, open_text, person_info, seal_text, search_info

log = structlog.get_logger(__name__)

CODE_TRIES = 3


def sealed_identity(identity: Identity, person: Person) -> str:
    """The person's number for the center's eyes, base64 HPKE."""
    enrolled = identity.enrolled
    plain = msgspec.json.encode({"id_number": person.id_number, "id_kind": person.id_kind})
    return seal_text(from_text(enrolled.seal_key, 32), plain, identity_info(enrolled.terminal))


def sealed_words(identity: Identity, words: str) -> str:
    """What somebody looked for, for the center's eyes, base64 HPKE."""
    enrolled = identity.enrolled
    return seal_text(from_text(enrolled.seal_key, 32), words.encode(), search_info(enrolled.terminal))


async def find_papers(
    identity: Identity, live: LiveCases, printing: Printing, person: Person, journey: Journey
) -> tuple[list[dict[str, Any]], Person]:
    """The papers that wait for the person, and the person with what the center lets be shown. Raises
    CenterUnreachable, CenterRefused.
    """
    found = await live.pending(sealed_identity(identity, person), journey.reply_key.public)
    if person.by_code and found.person is not None:
        try:
            shown = open_text(journey.reply_key.private, found.person, person_info(identity.enrolled.terminal))
            person = replace(person, name=msgspec.json.decode(shown, type=dict[str, str]).get("name", ""))
        except (CannotOpen, msgspec.DecodeError):
            log.warning("journey.holder_unreadable")
    return [msgspec.to_builtins(one) for one in found.cases if printing.may_print(one.number)], person


def code_words(journey: Journey, error: str) -> tuple[str, bool]:
    """Nobody goes on by a code that the center did not resolve: why, and whether the journey goes back (the third
    wrong one).
    """
    if error == "unknown_person":
        journey.code_tries += 1
        if journey.code_tries >= CODE_TRIES:
            return _("卡上的码输错了三次，什么都没有提交。请对照卡面再来，或呼叫帮办"), True
        if journey.code_tries == CODE_TRIES - 1:
            return _("没有找到这张卡，请对照卡面重新输入，还可以再输一次"), False
        return _("没有找到这张卡，请对照卡面重新输入，还可以再输两次"), False
    if error == "too_many_codes":
        return _("这台机器上输错的码太多，过十分钟才能再输。请刷身份证，或换一台自助终端"), False
    return _("现在核对不了卡上的码，什么都没有提交。请刷身份证，或过一会儿再来，也可以呼叫帮办"), False
