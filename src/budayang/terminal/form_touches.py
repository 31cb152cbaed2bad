"""Posts of the form's pages, the materials, the e-licences and of who acts for whom; and the way between them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import date

import msgspec
import structlog

from budayang.forms.materials import Want, wanted
from budayang.forms.pictures import NotAPicture, shrink
from budayang.forms.prefill import licences_wanted
from budayang.rules.acting import RELATIONS, agent_problem, may_be_acted_for
from budayang.terminal import filling
from budayang.terminal.attendant import Attendant
from budayang.terminal.booking import slot_name
from budayang.terminal.journey import Agent, Event, Person, State
from budayang.terminal.posts import Form, Posted
from budayang.terminal.screens.language import _
from budayang.uplink.errors import UplinkError
from budayang.wire.messages import CaseConsent
from budayang.wire.sealing import CannotOpen

log = structlog.get_logger(__name__)

LICENCE_CONSENT = "电子证照-2026-11"
UNFIT = "屏幕已经到了下一步，请看新的页面"
MOST_SIGNATURE = 300_000  # characters of the picture as the page posts it


def _unfit() -> Posted:
    return Posted(False, _(UNFIT))


def _failed(attendant: Attendant, text: str) -> Posted:
    attendant.fail(text)
    return Posted(False, text)


def today(attendant: Attendant) -> date:
    """The day in the area's zone."""
    return attendant.clock.now().astimezone(attendant.catalogue.zone).date()


# --- the form ------------------------------------------------------------------------------------------------------


def filled(attendant: Attendant, form: Form) -> Posted:
    """A page of the form was posted: to the next one, or to the end of it."""
    if attendant.state is not State.FILL:
        return _unfit()
    schema, journey = attendant.schema(), attendant.journey
    filling.keep(schema, journey, form.plain())
    name = slot_name(schema)
    chosen = journey.booking.chosen
    if name in shown_names(attendant) and (chosen is None or journey.typed.get(name) != chosen.id):
        journey.typed[name] = ""  # a time that was not touched among those that were told is none
    if not filling.next_page(schema, journey, today(attendant)):
        attendant.changed()
        return Posted(not journey.errors, next(iter(journey.errors.values()), ""))
    form_done(attendant)
    return Posted(True)


def shown_names(attendant: Attendant) -> frozenset[str]:
    """The questions on the page of the form that is shown."""
    here = filling.place(attendant.schema(), attendant.journey)
    return here.page.names if here is not None else frozenset()


def slot(attendant: Attendant, form: Form) -> Posted:
    """A free time was touched."""
    schema, journey = attendant.schema(), attendant.journey
    if attendant.state is not State.FILL or slot_name(schema) not in shown_names(attendant):
        return _unfit()
    problem = attendant.times.choose(schema, journey, form.get("slot"))
    journey.errors = {}
    if problem:
        return _failed(attendant, problem)
    journey.error = ""
    attendant.changed()
    return Posted(True)


def slot_day(attendant: Attendant, form: Form) -> Posted:
    """Another day is looked at; what was chosen stays chosen."""
    if attendant.state is not State.FILL or slot_name(attendant.schema()) not in shown_names(attendant):
        return _unfit()
    attendant.journey.booking.day, attendant.journey.error = form.get("day")[:10], ""
    attendant.changed()
    return Posted(True)


def slots_again(attendant: Attendant, form: Form) -> Posted:
    """Ask the department once more."""
    if attendant.state is not State.FILL or slot_name(attendant.schema()) not in shown_names(attendant):
        return _unfit()
    attendant.journey.booking.phase = "again"
    attendant.changed()
    return Posted(True)


def correct(attendant: Attendant, form: Form) -> Posted:
    """From the progress of a case to what it lacks: first the notice, then the card."""
    if attendant.state is not State.PROGRESS or not attendant.correcting.begin(attendant.journey):
        return _unfit()
    return Posted(True) if attendant.go(Event.CORRECT) else _unfit()


def begin_correction(attendant: Attendant, form: Form) -> Posted:
    """What is asked was read; on to handing it in."""
    if attendant.state is not State.CORRECT:
        return _unfit()
    attendant.carry_on()
    return Posted(True)


def form_done(attendant: Attendant) -> None:
    """All is answered: on to the materials that the answers ask for and that are not all there, or to the summary."""
    schema, journey = attendant.schema(), attendant.journey
    missing = any(attendant.sheets.problem(schema, journey, want.kind) for want in wanted(schema, journey.form))
    attendant.go(Event.NEEDS_SHEETS if missing else Event.FILLED)


def page_back(attendant: Attendant, form: Form) -> Posted:
    """One page back, with what was typed on this one; from the first page out of the form."""
    if attendant.state is not State.FILL:
        return _unfit()
    filling.keep(attendant.schema(), attendant.journey, form.plain())
    if filling.previous_page(attendant.schema(), attendant.journey):
        attendant.changed()
        return Posted(True)
    event = Event.ASKED if attendant.journey.correction is not None else Event.BACK
    return Posted(True) if attendant.go(event) else _unfit()


def more_entry(attendant: Attendant, form: Form) -> Posted:
    """Another entry of the list on this page."""
    if attendant.state is not State.FILL:
        return _unfit()
    filling.keep(attendant.schema(), attendant.journey, form.plain())
    done = filling.add_entry(attendant.schema(), attendant.journey, today(attendant))
    attendant.changed()
    return Posted(done, next(iter(attendant.journey.errors.values()), ""))


def drop_entry(attendant: Attendant, form: Form) -> Posted:
    """This entry out of its list."""
    if attendant.state is not State.FILL or not filling.drop_entry(attendant.schema(), attendant.journey):
        return _unfit()
    attendant.changed()
    return Posted(True)


def change(attendant: Attendant, form: Form) -> Posted:
    """One answer of the summary is to be changed."""
    if attendant.state is not State.CONFIRM:
        return _unfit()
    if not filling.change(attendant.schema(), attendant.journey, form.get("name")):
        return _unfit()
    return Posted(True) if attendant.go(Event.EDIT) else _unfit()


# --- e-licences ----------------------------------------------------------------------------------------------------


def licences_yes(attendant: Attendant, form: Form) -> Posted:
    """The person agrees that e-licences are asked."""
    journey = attendant.journey
    if attendant.state is not State.LICENCES or journey.licences.phase == "asking":
        return _unfit()
    if not licences_wanted(attendant.schema()):
        return _unfit()
    journey.licences.phase, journey.licences.agreed_at = "asking", attendant.clock.now()
    attendant.start_work(ask_licences(attendant))
    attendant.changed()
    return Posted(True)


async def ask_licences(attendant: Attendant) -> None:
    """Ask, and show what came and from where; silence is told, and the person types."""
    journey, schema = attendant.journey, attendant.schema()
    at = (journey.licences.agreed_at or attendant.clock.now()).isoformat(timespec="seconds")
    kinds = [one.kind for one in licences_wanted(schema)]
    try:
        found = await attendant.handing.licences(journey, kinds, CaseConsent(version=LICENCE_CONSENT, at=at))
    except (UplinkError, CannotOpen, msgspec.DecodeError) as error:
        log.warning("licences.silent", error=type(error).__name__)
        journey.licences.phase = "silent"
    else:
        journey.licences.found = found
        journey.licences.phase = "found" if found else "none"
    attendant.touch()
    attendant.changed()


def licences_no(attendant: Attendant, form: Form) -> Posted:
    """Type everything oneself; or go on, having seen what was found."""
    journey = attendant.journey
    if attendant.state is not State.LICENCES:
        return _unfit()
    if journey.licences.phase in {"", "asking"}:
        journey.licences.phase = "declined"
    attendant.carry_on()
    return Posted(True)


# --- who acts for whom ---------------------------------------------------------------------------------------------


def agree_for(attendant: Attendant, form: Form) -> Posted:
    """Somebody acts for somebody else: the person's own card is read first."""
    item = attendant.catalogue.raw(attendant.journey.item) or {}
    if attendant.state is not State.CONSENT or not may_be_acted_for(str(item.get("who_acts", ""))):
        return _unfit()
    attendant.journey.consented_at, attendant.journey.acting = attendant.clock.now(), True
    attendant.go(Event.AGREE)
    return Posted(True)


def sign(attendant: Attendant, form: Form) -> Posted:
    """Relation and the person's signature; then the agent's card is read."""
    if attendant.state is not State.AGENT:
        return _unfit()
    item = attendant.catalogue.raw(attendant.journey.item) or {}
    relation, drawn = form.get("relation"), form.get("signature")
    agent = attendant.journey.agent = Agent(relation if relation in RELATIONS else "")
    problem = agent_problem(str(item.get("who_acts", "")), relation)
    if problem:
        return _failed(attendant, _(problem))
    try:
        agent.signature = shrink(_picture(drawn), most=60_000)
    except NotAPicture:
        return _failed(attendant, _("请本人在框里签名"))
    agent.signed_at = attendant.clock.now()
    attendant.start_work(read_agent(attendant))
    return Posted(True)


def _picture(drawn: str) -> bytes:
    head, _comma, body = drawn[:MOST_SIGNATURE].partition(",")
    try:
        return base64.b64decode(body, validate=True) if head == "data:image/png;base64" else b""
    except binascii.Error:
        return b""


async def read_agent(attendant: Attendant) -> None:
    """Wait for the agent's card, laid after the person signed."""
    if attendant.reader is None:
        return
    while attendant.state is State.AGENT:
        laid_after_s = attendant.clock.monotonic()
        take_agent(attendant, Person.of_card(await attendant.reader.next_card(laid_after_s)))


def take_agent(attendant: Attendant, person: Person) -> None:
    """The agent is known: on, unless it is the person's own card again."""
    journey, agent = attendant.journey, attendant.journey.agent
    if agent is None or journey.person is None:
        return
    if (person.id_kind, person.id_number) == (journey.person.id_kind, journey.person.id_number):
        attendant.fail(_("这还是本人的证件，请放代办人的证件"))
        return
    agent.person = person
    attendant.carry_on()


def agent_code(attendant: Attendant, form: Form) -> Posted:
    """The agent's card has a code instead of a chip."""
    agent = attendant.journey.agent
    if attendant.state is not State.AGENT or agent is None or agent.signed_at is None or not attendant.card_code:
        return _unfit()
    code = form.get("code").strip().upper().replace(" ", "")
    if not 4 <= len(code) <= 32 or not code.replace("-", "").isalnum() or not code.isascii():
        return _failed(attendant, _("卡上的码由字母和数字组成，请对照卡面重新输入"))
    take_agent(attendant, Person.of_code(code))
    return Posted(True)


# --- materials -----------------------------------------------------------------------------------------------------


def _sheet_touch(act: Callable[[Attendant, str], bool]) -> Callable[[Attendant, Form], Posted]:
    def touch(attendant: Attendant, form: Form) -> Posted:
        if attendant.state is not State.SHEETS or not act(attendant, form.get("sheet")):
            return _unfit()
        attendant.journey.error = ""
        attendant.changed()
        return Posted(True)

    return touch


def shown_want(attendant: Attendant) -> Want | None:
    """The kind of material whose page is shown."""
    wants = attendant.sheets.wants(attendant.schema(), attendant.journey)
    return next((want for want in wants if want.kind == attendant.journey.sheet_kind), None)


def shoot(attendant: Attendant, form: Form) -> Posted:
    """Photograph what lies under the document camera."""
    want = shown_want(attendant)
    if attendant.state is not State.SHEETS or want is None or attendant.sheets.camera is None:
        return _unfit()
    attendant.journey.error = ""
    attendant.sheets.shoot(attendant.journey, want)
    attendant.changed()
    return Posted(True)


def phone(attendant: Attendant, form: Form) -> Posted:
    """Show the code for a phone."""
    if attendant.state is not State.SHEETS:
        return _unfit()
    item = attendant.catalogue.item(attendant.journey.item) or {}
    wants = attendant.sheets.wants(attendant.schema(), attendant.journey)
    attendant.sheets.ask_phone(attendant.journey, str(item.get("name", "")), wants)
    attendant.changed()
    return Posted(True)


def sheets_next(attendant: Attendant, form: Form) -> Posted:
    """This kind of material is complete."""
    journey, schema = attendant.journey, attendant.schema()
    if attendant.state is not State.SHEETS:
        return _unfit()
    problem = attendant.sheets.problem(schema, journey, journey.sheet_kind)
    if problem:
        return _failed(attendant, problem)
    journey.error = ""
    if attendant.sheets.next_kind(schema, journey):
        attendant.changed()
        return Posted(True)
    return Posted(True) if attendant.go(Event.SHEETS_READY) else _unfit()


def sheets_back(attendant: Attendant, form: Form) -> Posted:
    """To the kind before, or to the last page of the form."""
    journey, schema = attendant.journey, attendant.schema()
    if attendant.state is not State.SHEETS:
        return _unfit()
    if attendant.sheets.previous_kind(schema, journey):
        attendant.changed()
        return Posted(True)
    out = Event.ASKED if journey.correction is not None else Event.BACK
    return Posted(True) if attendant.go(Event.EDIT if schema.get("properties") else out) else _unfit()


def edit_sheets(attendant: Attendant, form: Form) -> Posted:
    """From the summary to the materials."""
    if attendant.state is not State.CONFIRM:
        return _unfit()
    attendant.journey.sheet_kind = form.get("kind")
    return Posted(True) if attendant.go(Event.NEEDS_SHEETS) else _unfit()


TOUCHES: dict[str, Callable[[Attendant, Form], Posted]] = {
    "filled": filled,
    "page_back": page_back,
    "more_entry": more_entry,
    "drop_entry": drop_entry,
    "slot": slot,
    "slot_day": slot_day,
    "slots_again": slots_again,
    "correct": correct,
    "begin_correction": begin_correction,
    "change": change,
    "licences_yes": licences_yes,
    "licences_no": licences_no,
    "agree_for": agree_for,
    "sign": sign,
    "agent_code": agent_code,
    "shoot": shoot,
    "phone": phone,
    "sheet_up": _sheet_touch(lambda attendant, name: attendant.sheets.move(attendant.journey, name, up=True)),
    "sheet_down": _sheet_touch(lambda attendant, name: attendant.sheets.move(attendant.journey, name, up=False)),
    "sheet_drop": _sheet_touch(lambda attendant, name: attendant.sheets.drop(attendant.journey, name)),
    "sheet_keep": _sheet_touch(lambda attendant, name: attendant.sheets.keep(attendant.journey, name)),
    "sheet_turn": _sheet_touch(lambda attendant, name: attendant.sheets.rotate(attendant.journey, name)),
    "sheets_next": sheets_next,
    "sheets_back": sheets_back,
    "edit_sheets": edit_sheets,
}
