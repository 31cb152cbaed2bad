"""What the pages of the form, the materials, the e-licences and of who acts are given. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from budayang.forms.prefill import licences_wanted
from budayang.rules.acting import ACTING_CONSENT_VERSION, CONSENT_LINES, RELATIONS, may_be_acted_for
from budayang.rules.carry_over import Stage
from budayang.rules.services import Truth
from budayang.terminal import book_views, check_views, filling
from budayang.terminal.booking import slot_name, words_of
from budayang.terminal.devices.idreader.words import reader_words
from budayang.terminal.holding import Sheet
from budayang.terminal.journey import Journey
from budayang.terminal.rating import parts_to_ask
from budayang.terminal.screens.language import _, say
from budayang.terminal.sheets import PDF, problem_words

if TYPE_CHECKING:
    from budayang.terminal.app import Terminal


def fill(terminal: Terminal) -> dict[str, Any]:
    """The page of the form that is shown: its questions, what stands in them, what is wrong, and where it is."""
    journey, schema = terminal.attendant.journey, terminal.attendant.schema()
    here = filling.place(schema, journey)
    if here is None:
        return {"fields": [], "values": {}, "errors": journey.errors, "step": None}
    values = {field.name: field.value for field in here.page.fields}
    sources = {field.name: field.source for field in here.page.fields if field.source}
    return {
        "slots": book_views.slots(terminal) if slot_name(schema) in here.page.names else None,
        "fields": list(here.page.fields),
        "values": values,
        "errors": journey.errors,
        "sources": sources,
        "step": {
            "n": here.step,
            "of": here.of,
            "first": here.first,
            "last": here.last,
            # A form of one page has no way to go: it says what it always said.
            "single": here.first and here.last and not schema.get("x-pages"),
            "title": here.page.title,
            "lead": here.page.lead,
            "can_add": here.page.can_add,
            "can_remove": here.page.can_remove,
            "more": here.page.more,
            "returning": journey.returning,
        },
    }


def confirm(terminal: Terminal) -> dict[str, Any]:
    """Everything that will be handed in, each answer with a way to change it."""
    journey, catalogue = terminal.attendant.journey, terminal.catalogue
    schema = terminal.attendant.schema()
    raw = catalogue.raw(journey.item) or {}
    truth = (catalogue.item(journey.item) or {}).get("truth", "")
    after = _("现在提交，工作日办理") if truth == Truth.SUBMITTABLE else _("现在办完")
    if journey.correction is not None:
        after = _("一次送交部门，送出后不能再补第二次")
    elif journey.item in catalogue:
        carry = catalogue.carry(journey.item, journey.started_at, Stage.FILLING)
        after = say(carry.text) or after
    joint = journey.item in catalogue.joints
    answers = filling.summary(schema, journey) if schema else []
    booked, chosen = slot_name(schema), journey.booking.chosen
    for one in answers:
        if one["name"] == booked and chosen is not None:
            one["value"] = words_of(chosen, catalogue.zone, terminal.attendant.prefs.lang)
    return {
        "rows": [[one["label"], one["value"]] for one in answers],
        "answers": answers,
        "masks": journey.person.masked() if journey.person else None,
        "agent": agent_words(journey),
        "by_face": check_views.by_face(terminal),
        "at_window": check_views.at_window(terminal),
        "has_form": bool(schema.get("properties")),
        "given": [
            {
                "kind": want.kind,
                "title": want.title,
                "count": len(terminal.attendant.sheets.of_kind(journey, want.kind)),
            }
            for want in terminal.attendant.sheets.wants(schema, journey)
        ],
        "parts": catalogue.joints.parts(journey.item, journey.form) if joint else [],
        "truth": _("一次提交，各部门分头办理") if joint else after if journey.correction else raw.get("next") or after,
    }


def agent_words(journey: Journey) -> dict[str, str] | None:
    """Who acts, as the summary says it."""
    agent = journey.agent
    if agent is None or agent.person is None:
        return None
    masked = agent.person.masked()
    relation = _(RELATIONS.get(agent.relation, ""))
    return {"name": masked["name_masked"] or masked["id_masked"], "id": masked["id_masked"], "relation": relation}


def may_act(terminal: Terminal) -> bool:
    """Whether the consent page offers that somebody acts for somebody else."""
    raw = terminal.catalogue.raw(terminal.attendant.journey.item) or {}
    return may_be_acted_for(str(raw.get("who_acts", "")))


def agent(terminal: Terminal) -> dict[str, Any]:
    """The page on which the person lets somebody act: relation and signature, then the agent's card."""
    attendant = terminal.attendant
    held = attendant.journey.agent
    signed = held is not None and held.signed_at is not None
    phase, text, device_text = reader_words(str(attendant.reader.phase) if attendant.reader is not None else "")
    return {
        "signed": signed,
        "relation": held.relation if held is not None else "",
        "relations": [[code, _(word)] for code, word in RELATIONS.items()],
        "lines": [_(line) for line in CONSENT_LINES],
        "version": ACTING_CONSENT_VERSION,
        "principal": attendant.journey.person.masked() if attendant.journey.person else None,
        "phase": phase,
        "text": _(text),
        "device_text": _(device_text) if device_text else "",
        "reader": attendant.reader is not None,
        "can_type_code": attendant.card_code,
    }


def licences(terminal: Terminal) -> dict[str, Any]:
    """What e-licences would spare, what they said, and from where."""
    journey = terminal.attendant.journey
    schema = terminal.attendant.schema()
    found = []
    for one in journey.licences.found:
        facts = one.get("facts", {})
        found.append(
            {
                "title": one.get("title", ""),
                "issuer": one.get("issuer", ""),
                "source": one.get("source", ""),
                "issued_on": one.get("issued_on", ""),
                "facts": len(facts),
            }
        )
    return {
        "phase": journey.licences.phase,
        "wanted": [{"title": one.title, "issuer": one.issuer} for one in licences_wanted(schema)],
        "found": found,
        "filled": [
            {
                "label": field.label,
                "value": field.value if not field.sensitive else _("已填好，不显示"),
                "source": field.source,
            }
            for page in filling.all_pages(schema, journey)
            for field in page.fields
            if field.source and not field.source.startswith("身份证")
        ],
    }


def sheets(terminal: Terminal) -> dict[str, Any]:
    """One kind of material: its sheets in order, what the check says, and the ways to add one."""
    attendant = terminal.attendant
    journey, schema = attendant.journey, attendant.schema()
    wants = attendant.sheets.wants(schema, journey)
    at = next((n for n, one in enumerate(wants) if one.kind == journey.sheet_kind), 0)
    want = wants[at]
    mine = attendant.sheets.of_kind(journey, want.kind)
    pages = len(filling.all_pages(schema, journey))
    return {
        "kind": want.kind,
        "title": want.title,
        "why": want.why,
        "required": want.required,
        "most": want.most,
        "n": at + 1,
        "of": len(wants),
        "step": pages + at + 1,
        "steps": pages + len(wants) + 1,
        "last": at == len(wants) - 1,
        "full": len(mine) >= want.most,
        "camera": attendant.sheets.camera is not None,
        "busy": attendant.sheets.busy,
        "list": [_sheet(one, n, len(mine)) for n, one in enumerate(mine, start=1)],
        "problem": attendant.sheets.problem(schema, journey, want.kind),
        "link": _link(terminal, journey),
    }


def _sheet(one: Sheet, number: int, count: int) -> dict[str, Any]:
    return {
        "name": one.name,
        "number": number,
        "first": number == 1,
        "last": number == count,
        "pdf": one.media == PDF,
        "by": _("手机") if one.by == "phone" else _("高拍仪"),
        "problems": [] if one.kept else problem_words(one),
        "refused": bool({"blank", "small"} & set(one.problems)),
        "size": f"{max(1, len(one.content) // 1024)} kB",
    }


def _link(terminal: Terminal, journey: Journey) -> dict[str, Any] | None:
    if journey.link is None:
        return None
    left_s = max(0, round(journey.link.ends_s - terminal.clock.monotonic()))
    words = {
        "opening": _("正在生成二维码"),
        "waiting": _("用手机扫这个码"),
        "held": _("手机已连上，正在等您的照片"),
        "over": _("这个码已经失效，可以再要一个"),
        "failed": _("网络不通，现在不能用手机上传"),
    }
    found = {"state": journey.link.state, "url": journey.link.url, "text": words[journey.link.state]}
    return found | {"left": _("%(n)s 分钟内有效") % {"n": max(1, left_s // 60)}}


def rated_part(terminal: Terminal) -> dict[str, Any] | None:
    """The part of a joint matter that is rated now, and how many come after it."""
    journey = terminal.attendant.journey
    if not journey.rating or not journey.rating[0][1] or journey.result is None:
        return None
    of = len(parts_to_ask(journey.result))
    return {"name": journey.rating[0][1], "n": of - len(journey.rating) + 1, "of": of}
