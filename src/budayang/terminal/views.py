"""What the screens are given: one dict of the journey's state, as plans for the pages ask for it. Reads only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from budayang.rules.areas import helper_until
from budayang.rules.evaluation import LEVELS, edition_on, reasons_for
from budayang.rules.fault_notices import STOPPED
from budayang.terminal import book_views, check_views, form_views, pay_views
from budayang.terminal.devices.idreader.words import reader_words
from budayang.terminal.journey import State
from budayang.terminal.printing import Phase
from budayang.terminal.screens.language import _, say
from budayang.terminal.submitting import safe_words
from budayang.uplink.uplink import Level

if TYPE_CHECKING:
    from budayang.terminal.app import Terminal

WEEKDAYS = ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日")
TROUBLE_WORDS = {
    "paper_out": "打印机缺纸，补纸后会自动继续",
    "jam": "打印机卡纸了",
    "offline": "打印机没有应答",
    "cover_open": "打印机的盖子没有关好",
    "other": "打印机需要人工处理",
}
PHASE_WORDS = {"entitled": "准备打印", "sending": "正在把材料送到打印机", "sent": "正在打印"}
BLOCKED_WORDS = {
    "suspended": "这台自助终端已停用",
    "revoked": "这台自助终端的接入凭证已被撤销",
    "unknown_terminal": "管理平台不认识这台自助终端",
    "older_epoch": "这台自助终端的数据是旧的，需要重新登记",
}


FORM_VIEWS: dict[State, Callable[[Terminal], dict[str, Any]]] = {
    State.FILL: form_views.fill,
    State.CONFIRM: form_views.confirm,
    State.CHECK: lambda terminal: {"check": check_views.check(terminal)},
    State.AGENT: lambda terminal: {"acting": form_views.agent(terminal)},
    State.LICENCES: lambda terminal: {"licences": form_views.licences(terminal)},
    State.SHEETS: lambda terminal: {"sheets": form_views.sheets(terminal)},
    State.CORRECT: lambda terminal: {"correct": book_views.correct(terminal)},
    State.LAUNCH: lambda terminal: {"launch": book_views.launch(terminal)},
}


def build_view(terminal: Terminal) -> dict[str, Any]:
    """Everything that every page needs, and what the present state needs beside."""
    attendant, catalogue = terminal.attendant, terminal.catalogue
    now = terminal.clock.now()
    journey = attendant.journey
    view: dict[str, Any] = {
        "state": attendant.state.value,
        "page": attendant.page,
        "catalogue": catalogue.revision,
        "lang": attendant.prefs.lang,
        "demo": terminal.demo,
        "theme": theme(terminal, now),
        "terminal": place(terminal),
        "now": clock_words(terminal, now),
        "network": network(terminal),
        "prefs": {
            "care": attendant.prefs.care,
            "low": attendant.prefs.low,
            "voice": attendant.prefs.voice,
            "lang": attendant.prefs.lang,
        },
        "idle": attendant.idle(),
        "service": service(terminal),
        "notices": [*terminal.orders.service.notices(), *catalogue.current_notices()],
        "faults": faults(terminal),
        "help": help_words(terminal),
        "item": item_of(terminal),
        "person": journey.person.masked() if journey.person else None,
        "error": journey.error,
        "languages": terminal.orders.profile["languages"],
        **terminal.orders.view(),
    }
    view |= _of_state(terminal, attendant.state)
    return view


def item_of(terminal: Terminal) -> dict[str, Any] | None:
    """The item of the journey; of a correction also one that is not offered here."""
    journey = terminal.attendant.journey
    found = terminal.catalogue.item(journey.item) if journey.item else None
    if found is None and journey.correction is not None:
        names = {"name": journey.correction.item_name, "department_name": journey.correction.department}
        return {"code": journey.item, "alternatives": [], **names}
    return found


def _of_state(terminal: Terminal, state: State) -> dict[str, Any]:
    if state is State.CONSENT:
        return {"consent": consent(terminal)}
    if state is State.IDENTITY:
        return {"identity": identity(terminal)}
    if state is State.RESUME:
        return {"papers": papers(terminal)}
    if state in FORM_VIEWS:
        return FORM_VIEWS[state](terminal)
    if state is State.SUBMIT:
        return {"submit": submit(terminal)}
    if state is State.PAY:
        return {"pay": pay_views.pay(terminal)}
    if state is State.PROGRESS:
        return {"progress": pay_views.progress(terminal)}
    if state in {State.PRINT, State.TAKE, State.RATE}:
        return after_result(terminal)
    if state is State.OUTCOME:
        return {"outcome": outcome(terminal)}
    if state is State.CLEAR:
        return {"clear": {"text": _("已清除您的信息"), "after": terminal.attendant.ended}}
    return {}


def live(terminal: Terminal) -> dict[str, Any]:
    """What the page follows while it stands."""
    attendant = terminal.attendant
    return {
        "page": attendant.page,
        "catalogue": terminal.catalogue.revision,
        "state": attendant.state.value,
        "idle": attendant.idle(),
        "network": network(terminal),
        "now": clock_words(terminal, terminal.clock.now()),
        "printing": printing(terminal) if attendant.state is State.PRINT else None,
        "submit": submit(terminal) if attendant.state is State.SUBMIT else None,
    }


def theme(terminal: Terminal, now: datetime) -> str:
    """The screens turn to night with the hour."""
    return "night" if terminal.orders.profile.night(now.astimezone(terminal.catalogue.zone).time()) else "day"


def clock_words(terminal: Terminal, now: datetime) -> dict[str, str]:
    """The wall clock in the area's zone, as people read it."""
    local = now.astimezone(terminal.catalogue.zone)
    greetings = (
        (5, "夜深了"),
        (9, "早上好"),
        (12, "上午好"),
        (14, "中午好"),
        (18, "下午好"),
        (23, "晚上好"),
        (24, "夜深了"),
    )
    greeting = next(word for until, word in greetings if local.hour < until)
    return {
        "time": f"{local:%H:%M}",
        "date": say(f"{local.month}月{local.day}日"),
        "weekday": _(WEEKDAYS[local.weekday()]),
        "greeting": _(greeting),
    }


def moment(terminal: Terminal, at: datetime, *, seconds: bool = False) -> str:
    """A time of day in the area's zone."""
    return f"{at.astimezone(terminal.catalogue.zone):{'%H:%M:%S' if seconds else '%H:%M'}}"


def place(terminal: Terminal) -> dict[str, Any]:
    """Which machine this is and whom to call."""
    sent, enrolled = terminal.catalogue.place, terminal.identity.enrolment
    code, zone = terminal.code, terminal.catalogue.zone
    return {
        "code": code,
        "number": code.rsplit("-", 1)[-1].lstrip("0") or code,
        "name": sent.get("name") or (enrolled.name if enrolled else code),
        "area": sent.get("area") or (enrolled.area if enrolled else ""),
        "place": sent.get("spot", ""),
        "address": sent.get("address", ""),
        "keeper_phone": keeper_phone(terminal),
        "report_url": str(sent.get("report_url", "")),
        "helper_hours": helper_until(sent.get("helper_hours", ""), terminal.clock.now().astimezone(zone).time()),
    }


def keeper_phone(terminal: Terminal) -> str:
    """Whom to call, where the place wants it shown."""
    shown = terminal.orders.profile["helper_phone_shown"]
    return str(terminal.catalogue.place.get("keeper_phone", "")) if shown else ""


def network(terminal: Terminal) -> dict[str, str]:
    """The line's state in words."""
    line = terminal.uplink.line
    words = {
        Level.OK: _("网络正常"),
        Level.SLOW: _("网络慢"),
        Level.OFFLINE: _("网络中断，可先办理不需要联网的事项"),
    }
    since = "" if line.level is Level.OK else moment(terminal, line.since)
    return {"level": line.level.value, "text": words[line.level], "since": since}


def service(terminal: Terminal) -> dict[str, Any]:
    """Whether the machine serves, and if not, the true notice."""
    catalogue, line = terminal.catalogue, terminal.uplink.line
    suspension = terminal.suspension()
    found: dict[str, Any] = {"level": "ok", "title": "", "text": "", "since": "", "alternatives": []}
    if suspension is not None:
        found |= {
            "level": "suspended",
            "title": _("暂停服务"),
            "text": suspension.get("text") or _("这台自助终端已停用"),
        }
        if suspension.get("since"):
            found["since"] = moment(terminal, datetime.fromisoformat(suspension["since"]))
    elif line.blocked:
        found |= {"level": "suspended", "title": _("暂停服务"), "since": moment(terminal, line.since)}
        found["text"] = _(BLOCKED_WORDS.get(line.blocked, "这台自助终端已停用"))
    elif terminal.identity.enrolment is None:
        found |= {"level": "suspended", "title": _("暂停服务"), "text": _("这台自助终端还没有登记")}
    elif not len(catalogue):
        found |= {"level": "preparing", "title": _("正在准备"), "text": _preparing(terminal)}
    elif catalogue.availability.service:
        text = catalogue.availability.service
        found |= {"level": "fault", "title": _("部分服务受影响"), "text": str(text.get("text", ""))}
        if text.get("since"):
            found["since"] = moment(terminal, datetime.fromisoformat(text["since"]))
    if found["level"] != "ok":
        # The nearest places for what people usually do here.
        seen: dict[str, dict[str, Any]] = {}
        for item in catalogue.home()["hot"]:
            for other in catalogue.alternatives(item["code"]):
                seen.setdefault(str(other.get("terminal", "")), other)
        found["alternatives"] = list(seen.values())[:3]
    return found


def _preparing(terminal: Terminal) -> str:
    """Why nothing can be offered yet. The page follows the catalogue and renews itself."""
    if terminal.catalogue.arrived:
        return _("管理平台还没有给这台自助终端登记办理事项，登记后这一页会自动更新")
    if terminal.uplink.line.level is Level.OFFLINE:
        return _("网络中断，连上后会自动取办理事项，这一页会自动更新")
    return _("正在从管理平台取这台自助终端的办理事项，取到后这一页会自动更新")


def faults(terminal: Terminal) -> dict[str, Any]:
    """What the center tells of faults here (停用告示): this machine's and the whole area's first, then the neighbours'.

    `old`: the line is down, so that nothing newer is known.
    """
    mine = [one for one in terminal.catalogue.faults if one["terminal"] in ("", terminal.code)]
    theirs = [one for one in terminal.catalogue.faults if one["terminal"] not in ("", terminal.code)]
    rows = [one | {"stops": one["title"] == STOPPED} for one in mine + theirs]
    return {"rows": rows, "old": terminal.uplink.line.level is Level.OFFLINE}


def help_words(terminal: Terminal) -> dict[str, Any] | None:
    """The call for help, as it stands."""
    called = terminal.attendant.help
    if called is None:
        return None
    online = terminal.uplink.line.level is not Level.OFFLINE
    text = _("已通知帮办，请稍候") if online else _("网络中断，通知还没有送到，请直接打电话")
    if called["answered"]:
        text = _("已有人应答，马上联系您，请留在这里")
    phone = keeper_phone(terminal)
    return {"kind": called["kind"], "at": moment(terminal, called["at"]), "text": text, "phone": phone}


def consent(terminal: Terminal) -> dict[str, Any]:
    """What the person is asked to agree to."""
    sent = terminal.catalogue.consent
    if terminal.attendant.prefs.lang == "en" and sent.get("english"):
        sent = {**sent, **sent["english"]}
    item = item_of(terminal) or {}
    department = item.get("department_name", "")
    lines = sent.get("lines") or [
        _("为办理您选的事项，本机读取您身份证上的姓名和号码，不保存照片"),
        _("您的信息加密后送到管理平台，再由平台交给%(department)s") % {"department": department or _("办理部门")},
        _("您离开后，本机不留下您的任何信息"),
    ]
    return {
        "may_act": form_views.may_act(terminal),
        "version": str(sent.get("version", "1")),
        "title": sent.get("title") or _("使用个人信息告知"),
        "lines": lines,
        "keeps": sent.get("keeps") or _("办件记录由管理平台按规定期限保存，本机不保存"),
    }


def identity(terminal: Terminal) -> dict[str, Any]:
    """How the identification stands."""
    attendant = terminal.attendant
    journey, reader = attendant.journey, attendant.reader
    phase, text, device_text = reader_words(str(reader.phase) if reader is not None else "")
    if journey.identity_phase == "checking":
        phase, text = "checking", _("正在核对，请稍候")
    elif journey.error and journey.identity_phase == "code":
        phase = "code"
    elif journey.error and phase in {"waiting", "no_reader"}:
        phase = "failed" if reader is not None or journey.identity_phase == "failed" else phase
    return {
        "reader": reader is not None,
        "phase": phase,
        "text": _(text),
        "can_type_code": attendant.card_code,
        "device_text": _(device_text) if device_text else "",
    }


def papers(terminal: Terminal) -> list[dict[str, Any]]:
    """Papers of earlier cases that the person has not taken, and cases that are still under way."""
    found = []
    for paper in terminal.attendant.journey.papers:
        at = str(paper.get("at", ""))
        try:
            local = datetime.fromisoformat(at).astimezone(terminal.catalogue.zone)
            at = say(f"{local.month}月{local.day}日 {local:%H:%M}")
        except ValueError:
            at = ""
        found.append(paper | {"at": at, "text": _paper_text(str(paper.get("paper_state", "")))})
    return found


def _paper_text(state: str) -> str:
    if state == "under_way":
        return _("部门正在办理")
    if state == "due":
        return _("还没有缴费，可以接着缴")
    return _("上次没有打印成功，可以重新打印") if state == "failed" else _("已办好，还没有取走，可以打印")


def submit(terminal: Terminal) -> dict[str, Any]:
    """How far the case is."""
    journey, now = terminal.attendant.journey, terminal.clock.now()
    since = journey.since or now
    return {
        "number": journey.number,
        "phase": journey.submit_phase,
        "text": _(journey.submit_text),
        "since": moment(terminal, since, seconds=True),
        "elapsed_s": max(0, round((now - since).total_seconds())),
        "safe": safe_words() if journey.submitted else "",
    }


def after_result(terminal: Terminal) -> dict[str, Any]:
    """What the person gets, while it is printed, taken and rated."""
    attendant = terminal.attendant
    journey, result = attendant.journey, attendant.journey.result
    found: dict[str, Any] = {"result": None}
    if result is not None:
        found["result"] = {
            "message": result.message,
            "rows": [list(row) for row in result.rows],
            "receipt_code": result.receipt_code,
            "verify_url": result.verify_url,
            "head": head_words(terminal, result.head),
            "parts": [
                {"name": one.name, "word": one.word, "state": one.state, "todo": one.todo, "message": one.message}
                for one in result.parts
            ],
        }
    if attendant.state is State.PRINT:
        found["printing"] = printing(terminal)
    elif attendant.state is State.TAKE:
        found["take"] = {
            "number": journey.number,
            "matter": matter(terminal),
            "text": _("请取走全部纸张"),
            "misprint_left": terminal.printing.misprints_left(
                attendant.act.number if attendant.act else journey.number
            ),
            "verify_url": result.verify_url if result else "",
        }
    else:
        texts = edition_on(terminal.clock.now().astimezone(terminal.catalogue.zone).date())
        levels = [
            {
                "code": level.code,
                "name": _(level.name),
                "negative": level.negative,
                "reasons": [{"code": reason.code, "name": _(reason.name)} for reason in reasons_for(level.code, texts)],
            }
            for level in LEVELS
        ]
        part = form_views.rated_part(terminal)
        found["rating"] = {"levels": levels, "number": journey.number, "part": part}
    return found


def head_words(terminal: Terminal, head: dict[str, Any]) -> dict[str, Any] | None:
    """The audit head that the receipt bears."""
    if not head or "seq" not in head:
        return None
    at = ""
    if head.get("at"):
        local = datetime.fromisoformat(str(head["at"])).astimezone(terminal.catalogue.zone)
        at = say(f"{local.month}月{local.day}日 {local:%H:%M}")
    return {"seq": head["seq"], "at": at, "hash": str(head.get("hash", ""))[:16]}


def matter(terminal: Terminal) -> str:
    """Whether what is printed is the result ("done"), or the receipt of what only was handed in ("receipt")."""
    return "done" if terminal.attendant.journey.case_state in {"", "done"} else "receipt"


def printing(terminal: Terminal) -> dict[str, Any] | None:
    """How far the printing is."""
    act = terminal.attendant.act
    if act is None:
        return None
    text = (
        TROUBLE_WORDS.get(act.trouble, TROUBLE_WORDS["other"]) if act.phase is Phase.TROUBLE else PHASE_WORDS[act.phase]
    )
    if act.failed and act.trouble == "paper_out":
        text = "打印机缺纸，补纸后请点重试"
    return {
        "number": terminal.attendant.journey.number or act.number,
        "phase": act.phase.value,
        "text": _(text),
        "trouble": act.trouble if act.phase is Phase.TROUBLE else "",
        "matter": matter(terminal),
        "safe": _("已办好，打印资格一直保留，不会重复办理；也可以以后带身份证来取")
        if matter(terminal) == "done"
        else safe_words(),
        "since": moment(terminal, act.since) if act.since else "",
        "documents": len(act.documents),
        "done": act.done,
        "can_retry": act.failed,
        "can_leave": act.phase is Phase.TROUBLE,
    }


def outcome(terminal: Terminal) -> dict[str, Any] | None:
    """How a case ended without a paper now."""
    journey = terminal.attendant.journey
    if journey.outcome is None:
        return None
    found = journey.outcome
    return {
        "kind": found.kind,
        "title": found.title,
        "text": found.text,
        "safe": found.safe,
        "again": found.again,
        "window": found.window,
        "number": journey.number,
    }
