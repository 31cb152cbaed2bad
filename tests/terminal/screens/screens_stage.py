"""A stage for the screens: a terminal of plain contexts, served in process. All people and facts are invented."""

# A table of contexts reads better wide than folded.
# ruff: noqa: E501

from __future__ import annotations

import asyncio
import copy
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from tests.terminal.screens.screens_services import CORRECT, SLOT, STEP, TIMES

from budayang.forms import Choice, Field
from budayang.terminal.screens import pages

ORIGIN = "http://terminal.test"
PLACES = [
    {
        "terminal": "KBS-02",
        "area": "康巴什区24小时政务自助区",
        "distance_km": 0.0,
        "text": "2 号终端现在能办，在您左手边",
    },
    {
        "terminal": "YJHL-01",
        "area": "伊金霍洛旗24小时政务自助区",
        "distance_km": 22.4,
        "text": "1 号终端现在能办，24 小时开放",
    },
]


# Names of bodies and machines, which are data: a translated sentence holds them as they are.
FAULT_NAMES = ("测试运维商", "测试归属单位", "测试管理单位", "KBS-02 号终端")
FAULTS = [
    {
        "terminal": code,
        "stops": bool(code),
        "subject": subject,
        "sentence": sentence,
        "lines": [
            ("从什么时候", "11月23日 19:52"),
            ("谁在处理", who),
            ("预计", expected),
            ("最近能办", "本区KBS-02 号终端现在能办（这里停下的 12 件事能办 10 件）"),
        ],
    }
    for code, subject, sentence, who, expected in (
        ("KBS-03", "KBS-03", "这台机器暂时不能打印。", "测试运维商已接单", "最迟11月23日 23:52修好"),
        ("KBS-04", "KBS-04", "这台机器暂时不能用。", "已通知测试归属单位，等待接单", "修好的时间还不能确定"),
        ("", "", "自助区供暖异常，正在处理。", "测试管理单位暂时做不下去：等待备件（合同允许）", "修好的时间还不能确定"),
    )
]  # fmt: skip


def item(code: str, name: str, department: str, truth: str, **more: Any) -> dict[str, Any]:
    words = {"doable": ("可办", "ok"), "submittable": ("可提交", "hand"), "stopped": ("暂停服务", "stop")}
    words |= {"unconfirmed": ("待部门确认", "ask"), "machine": ("专机办理", "ask")}
    base = {
        "code": code, "name": name, "short": name, "department": department[:2], "department_name": department,
        "minutes": 2, "fee": "不收费", "bring": "带身份证", "truth": truth, "truth_word": words[truth][0],
        "truth_class": words[truth][1], "text": "", "reason": "", "until": "", "can_start": truth in {"doable", "submittable"},
        "alternatives": [], "night": True, "life_events": ["print"],
    }  # fmt: skip
    return base | more


ITEMS = [
    item("ZZ001", "个人参保证明查询打印", "人社", "doable", who_acts="限本人", materials="居民身份证或电子社保卡",
         output="A4 参保证明（带电子印章和验证码）", legal_limit="即时", legal_basis="社会保险法（查询免费）", unverified=True),
    item("ZZ033", "异地就医备案", "医保", "submittable", minutes=5),
    item("ZZ054", "税收完税证明打印", "税务", "stopped", until="23:00", text="部门系统维护", alternatives=PLACES),
    item("ZZ130", "法律援助申请", "司法", "unconfirmed", minutes=15, text="夜间办理时间等部门确认"),
    item("ZZ031", "医保参保凭证打印", "医保", "doable"),
    item("ZZ071", "不动产登记信息查询打印（有房、无房证明）", "不动产", "machine", text="在本区不动产专机上办理"),
]  # fmt: skip
LAUNCHED = item("ZZ099", "出入境业务网上办理", "公安-出入境", "doable", minutes=10, launch=True)
DEPARTMENTS = [
    {"code": f"D{n:02}", "name": name, "count": 18 - n % 7}
    for n, name in enumerate(
        (
            *("人社", "税务", "医保", "司法", "公安-户政", "不动产", "公积金", "公安-交管", "公安-出入境", "市场监管"),
            *("民政", "政务服务", "公用事业", "卫健", "教育", "住建", "农牧", "残联", "征信", "交通运输", "退役军人"),
            *("文旅", "信用", "城管"),
        )
    )
]
EVENTS = [
    {"code": code, "name": name, "icon": code, "count": 9}
    for code, name in (("print", "打印证明"), ("job", "换工作"), ("birth", "生孩子"), ("retire", "退休"),
                       ("house", "买房"), ("shop", "开店"), ("card", "办证件"))
]  # fmt: skip
BASE: dict[str, Any] = {
    "state": "attract", "page": 1, "catalogue": 1, "lang": "zh", "demo": True, "theme": "night",
    "terminal": {"code": "KBS-03", "number": "3", "name": "KBS-03", "area": "康巴什区24小时政务自助区", "place": "一层东厅",
                 "address": "康巴什区鄂尔多斯大街（演示地址）一层东厅", "keeper_phone": "0477-000-0000", "helper_hours": "22:00",
                 "report_url": "http://127.0.0.1:8800/r/t/KBS-03/0123456789abcdef0123/"},
    "now": {"time": "20:46", "date": "11月23日", "weekday": "星期一", "greeting": "晚上好"},
    "network": {"level": "ok", "text": "网络正常", "since": ""},
    "prefs": {"care": False, "low": False, "voice": False, "lang": "zh"},
    "idle": {"warning": False, "ends_in_s": 3600, "total_s": 3600},
    "service": {"level": "ok", "title": "", "text": "", "since": "", "alternatives": []},
    "notices": [], "help": None, "item": None, "person": None, "error": "", "languages": ["zh", "en"], "announcement": None,
}  # fmt: skip
PERSON = {"name_masked": "测**", "id_masked": "9999**********0021", "kind": "id_card", "label": "居民身份证"}
CLEAR = {"name": "测试甲", "id_number": "999999199001010021", "address": "演示地址"}
NUMBER = "KBS03-7Q2M-000017-C"
RESULT = {
    "message": "参保状态：正常参保", "rows": [["参保地", "鄂尔多斯市（演示）"], ["缴费月数", "86 个月"], ["最近缴费", "2026年10月"]],
    "receipt_code": "7KQ2-M9XD-4HPT-W3", "verify_url": "http://127.0.0.1:8800/verify/7KQ2M9XD4HPTW3",
    "head": {"seq": 18204, "at": "11月23日 20:47", "hash": "9f3ce1a07b2244d1"},
}  # fmt: skip
SAFE = "已保存在本机和管理平台，断网断电也不会丢，也不会重复办理。"
FIELDS = [
    Field("phone", "联系电话", "phone", required=True, value="", hint="办理结果发短信到这个号码", max_length=11, keyboard="number"),
    Field("city", "去哪个城市看病", "text", required=True, value="", max_length=20, keyboard="pinyin"),
    Field("kind", "备案类型", "choice", required=True, value="",
          choices=(Choice("long", "长期居住"), Choice("work", "常驻异地工作"), Choice("once", "临时外出就医"))),
    Field("from", "从哪一天开始", "date", required=True, value="", max_length=10, keyboard="number"),
    Field("note", "要说明的情况", "multiline", required=False, value="", max_length=100, keyboard="pinyin"),
    Field("true", "我承诺所填内容属实", "promise", required=True, value=""),
]  # fmt: skip
_BAD = [{"code": "slow", "name": "等得太久"}, {"code": "hard", "name": "不会操作"}, {"code": "fault", "name": "机器出故障"},
        {"code": "result", "name": "没有办成"}, {"code": "other", "name": "其他"}]  # fmt: skip
LEVELS = [
    {"code": code, "name": name, "negative": bad, "reasons": _BAD if bad else []}
    for code, name, bad in (("very_satisfied", "非常满意", False), ("satisfied", "满意", False), ("fair", "基本满意", False),
                            ("unsatisfied", "不满意", True), ("very_unsatisfied", "非常不满意", True))
]  # fmt: skip


def view(state: str = "attract", **changes: Any) -> dict[str, Any]:
    """A context as the journey gives it; `changes` replace keys, dictionaries are merged one level deep."""
    made = copy.deepcopy(BASE) | {"state": state}
    for key, value in changes.items():
        made[key] = made[key] | value if isinstance(value, dict) and isinstance(made.get(key), dict) else value
    return made


def _printing(**more: Any) -> dict[str, Any]:
    base = {"number": NUMBER, "phase": "sent", "text": "第 1 份正在出纸", "trouble": "", "safe": SAFE, "since": "20:47",
            "documents": 2, "done": 0, "can_retry": False, "can_leave": False}  # fmt: skip
    return {"printing": base | more, "item": ITEMS[0], "result": RESULT}


_CONSENT = {
    "version": "2026-11", "title": "读证件之前，请您同意", "keeps": "本机不保存您的身份信息；离开或超时就全部清除。",
    "lines": ["读取身份证上的姓名、号码和照片，只用来确认是您本人办理这件事。", "加密后交给管理平台，由平台转给人社部门查询您的参保信息。",
              "部门按法律规定保存办件记录；自助区管理员、运维人员看不到您的个人信息。"],
}  # fmt: skip
_IDENTITY = {
    "reader": True,
    "phase": "waiting",
    "text": "平放在亮灯的地方，等屏幕变化后再拿起",
    "can_type_code": True,
    "device_text": "",
}
_SUBMIT = {
    "number": NUMBER,
    "phase": "working",
    "text": "人社部门正在查询，一般半分钟",
    "since": "20:46:12",
    "elapsed_s": 14,
    "safe": SAFE,
}
_OUT = {"level": "suspended", "title": "本机暂停服务：打印机维修", "text": "莫师傅已接单，预计 22:30 前到场修好。", "since": "11月23日 19:20",
        "alternatives": PLACES}  # fmt: skip
_CHECK = {"phase": "choose", "text": "", "face": True, "why": "", "child": False, "address": "", "notice": {
    "version": "face-2026-11", "title": "刷脸比对，请您单独同意", "lines": [
        "谁来比对：这台自助终端，只在本机上比对，人脸不上传。", "为什么：办理部门要求确认您就是身份证上的人，防止别人冒用您的证件。",
        "怎样比对：拍一张您现在的照片，和身份证里的照片比一次。", "对您的影响：人脸是敏感个人信息，泄露会影响人身和财产安全，所以比完就删。",
        "不同意也照样能办：可以请工作人员当面核对，也可以到窗口核对，不多收费、不往后排。", "同意以后可以随时撤回；撤回后改用别的办法核对。"],
    "keeps": "照片和比对数据比完立即删除；只记下是否一致、相似程度分档、您同意的版次和时间，办结后保存 3 年。"}}  # fmt: skip


def _checking(*prefs: str, **more: Any) -> dict[str, Any]:
    chosen = dict.fromkeys(prefs, True)
    return view("check", item=ITEMS[0], person=PERSON, check={**_CHECK, **more}, prefs=chosen)


_PREPARING = {"level": "preparing", "title": "正在准备", "text": "正在从管理平台取这台自助终端的办理事项，取到后这一页会自动更新", "since": "",
              "alternatives": []}  # fmt: skip
_PAPERS = [
    {
        "number": NUMBER,
        "item": "ZZ001",
        "item_name": "个人参保证明查询打印",
        "at": "11月22日 02:14",
        "paper_state": "entitled",
        "text": "上次打印机缺纸，没有打完",
    }
]

_PAY = {
    "state": "open",
    "title": "交通违法罚款",
    "yuan": "200.00",
    "text": "请用手机扫码付款",
    "note": "",
    "qr": "http://127.0.0.1:8810/pay/p/abcdefghijklmnop",
    "until": "20:54",
    "number": NUMBER,
    "payment": f"{NUMBER}-P1",
    "safe": "没有付款就不办理，也不收费；付了没办成，原路退回",
}
_FOUND = {
    "word": "待补正",
    "law": "部门一次性告知了要补正的全部内容。补齐以前不受理，法定期限还没有起算。",
    "message": "",
    "state": "correction",
    "item": "法律援助申请",
    "department": "司法",
    "number": NUMBER,
    "limit": "受理后 7 个工作日；还没有受理，没有起算",
    "promised": "",
    "missing": ["经济困难状况说明", "劳动合同或工资条"],
    "missing_until": "2026年12月1日",
    "payments": [],
    "paper": "",
    "steps": [
        ("平台已收件", "11月23日 20:49"),
        ("部门已收件", "11月23日 20:49"),
        ("部门一次性告知补正", "11月24日 09:20"),
    ],
    "may_withdraw": True,
    "may_correct": False,
    "appointment": "",
    "appointment_place": "",
}


def _times(**changes: Any) -> dict[str, Any]:
    given = {"fields": [SLOT], "values": {}, "errors": {}, "step": STEP, "slots": TIMES | changes}
    return view("fill", item=ITEMS[1], person=PERSON, **given)


# name -> (path, view): every screen a person can meet
SCREENS: dict[str, tuple[str, dict[str, Any]]] = {
    "home": ("/", view(catalogue=4)),
    "home-day": ("/", view("choose", theme="day", now={"time": "10:05", "greeting": "上午好"})),
    "home-fault": ("/", view("choose", network={"level": "offline", "text": "网络中断，可先办理不需要联网的事项", "since": "20:31"},
                             terminal={"helper_hours": ""}, service={"level": "fault", "title": "打印机快没纸了", "text": "打印类事项可能要等补纸。"})),
    "home-announced": ("/", view(announcement={"text": "本机将重新启动，约 3 分钟后恢复", "reason": "更换路由器后要重新连接网络",
                                               "seconds": 60})),
    "home-notice": ("/", view(notices=[{"id": "command-7", "title": "", "text": "本周六 9:00 到 11:00 检修供电，届时本机不能使用。"}])),
    "search": ("/?q=", view("choose")),
    "search-found": ("/?q=dsbzm", view("choose")),
    "search-none": ("/?q=qqzz", view("choose")),
    "search-refused": ("/?q=办假证", view("choose")),
    "search-elsewhere": ("/?q=结婚登记", view("choose")),
    "departments": ("/departments/", view("choose")),
    "list": ("/departments/D00", view("choose")),
    "item-doable": ("/items/ZZ001", view("choose")),
    "item-submittable": ("/items/ZZ033", view("choose")),
    "item-stopped": ("/items/ZZ054", view("choose")),
    "item-unconfirmed": ("/items/ZZ130", view("choose")),
    "consent": ("/", view("consent", item=ITEMS[0], consent=_CONSENT)),
    "identity": ("/", view("identity", item=ITEMS[0], identity=_IDENTITY)),
    "identity-reading": ("/", view("identity", item=ITEMS[0], identity=_IDENTITY | {"phase": "reading", "text": "读到卡了，请别拿开"})),
    "identity-failed": ("/", view("identity", item=ITEMS[0], identity=_IDENTITY | {"phase": "failed", "text": "卡拿开得太早了"})),
    "identity-noreader": ("/", view("identity", item=ITEMS[0], error="没有这个编码，请看清卡片再输", identity=_IDENTITY | {
        "reader": False, "phase": "no_reader", "text": "可以改用卡片上的编码", "device_text": "从 19:02 起没有回应，运维人员已收到。"})),
    "resume": ("/", view("resume", item=ITEMS[0], person=PERSON, papers=_PAPERS)),
    "resume-under-way": ("/", view("resume", item=ITEMS[0], person=PERSON, papers=[_PAPERS[0] | {"paper_state": "under_way", "text": "部门正在办理"}])),
    "fill": ("/", view("fill", item=ITEMS[1], person=PERSON, fields=FIELDS, values={"phone": "13800000000"}, errors={})),
    "fill-errors": ("/", view("fill", item=ITEMS[1], person=PERSON, fields=FIELDS, values={"phone": "138", "kind": "once"},
                              errors={"phone": "手机号码是 11 位数字", "city": "请填城市，例如“北京”"})),
    "confirm": ("/", view("confirm", item=ITEMS[1], person=PERSON, has_form=True, masks=PERSON, truth="现在提交，工作日办理，结果发短信。",
                          rows=[["联系电话", "138****0000"], ["去哪个城市看病", "北京"], ["备案类型", "临时外出就医"]])),
    "submit": ("/", view("submit", item=ITEMS[0], person=PERSON, submit=_SUBMIT)),
    "print": ("/", view("print", person=PERSON, **_printing(done=1, text="第 2 份正在出纸"))),
    "print-trouble": ("/", view("print", person=PERSON, **_printing(phase="trouble", trouble="paper_out", done=1, can_retry=True, can_leave=True,
                                                                   text="参保证明打好了，回执还没有打。"))),
    "take": ("/", view("take", item=ITEMS[0], person=PERSON, result=RESULT,
                       take={"number": NUMBER, "text": "一共 2 份，在出纸口", "misprint_left": 2, "verify_url": RESULT["verify_url"]})),
    "pay": ("/", view("pay", item=ITEMS[0], person=PERSON, pay=_PAY)),
    "pay-scanner": ("/", view("pay", item=ITEMS[0], person=PERSON, pay=_PAY | {"scanner": True})),
    "pay-closed": ("/", view("pay", item=ITEMS[0], person=PERSON, pay=_PAY | {"state": "closed", "text": "付款码已失效，没有收费", "qr": ""})),
    "progress": ("/", view("progress", progress={"number": "", "code": "", "found": None})),
    "progress-found": ("/", view("progress", progress={"number": NUMBER, "code": "K7QM4", "found": _FOUND})),
    "progress-correct": ("/", view("progress", progress={"number": NUMBER, "code": "K7QM4", "found": _FOUND | {"may_correct": True}})),
    "progress-booked": ("/", view("progress", progress={"number": NUMBER, "code": "K7QM4", "found": _FOUND | {
        "word": "已办结", "law": "这件事已经办结。", "state": "done", "item": "公证业务预约办理", "limit": "", "missing": [], "missing_until": "",
        "appointment": TIMES["chosen"], "appointment_place": TIMES["place"]}})),
    "correct": ("/", view("correct", item=ITEMS[1], correct=CORRECT)),
    "times": ("/", _times()),
    "times-gone": ("/", _times(lost=True, gone="2026年11月25日（星期三）上午9:00至9:50", slot="", chosen="", place="",
                               times=[time | {"chosen": False} for time in TIMES["times"]])),
    "times-silent": ("/", _times(phase="silent", days=[], times=[], slot="", chosen="")),
    "times-none": ("/", _times(phase="none", times=[], slot="", chosen="")),
    "times-asking": ("/", _times(phase="asking", days=[], times=[], slot="", chosen="")),
    "item-launch": ("/items/ZZ099", view("choose")),
    "launch": ("/", view("launch", item=ITEMS[0], launch={"host": "zwfw.example.gov.cn", "left_s": 570})),
    "launch-idle": ("/", view("launch", item=ITEMS[0], launch={"host": "zwfw.example.gov.cn", "left_s": 570},
                              idle={"warning": True, "ends_in_s": 14, "total_s": 90})),
    "outcome": ("/", view("outcome", item=ITEMS[0], person=PERSON, outcome={
        "kind": "refused", "title": "部门没有查到您的参保记录", "text": "人社部门的答复：未查到记录。", "safe": "没有收费，没有留下办件。", "again": False, "number": NUMBER})),
    "outcome-later": ("/", view("outcome", item=ITEMS[2], person=PERSON, outcome={
        "kind": "failed", "title": "部门系统现在没有回应", "text": "已经试了三次。", "safe": SAFE, "again": True, "number": NUMBER})),
    "rate": ("/", view("rate", item=ITEMS[0], rating={"levels": LEVELS, "number": NUMBER}, result=RESULT)),
    "clear": ("/", view("clear", clear={"text": "您的信息已从本机清除。", "after": "done"})),
    "clear-idle": ("/", view("clear", clear={"text": "一分钟没有人操作，本机自动退出了。已提交的事不受影响。", "after": "idle"})),
    "out": ("/", view(service=_OUT)),
    "check": ("/", _checking()),
    "check-again": ("/", _checking(text="和身份证上的照片不像，没有留下照片。请再试一次，或选别的办法")),
    "check-child": ("/", _checking(face=False, child=True, why="未满 14 周岁不刷脸，请监护人陪同，选下面的办法")),
    "check-consent": ("/", _checking(phase="consent")),
    "check-looking": ("/", _checking(phase="looking")),
    "check-staff": ("/", _checking(phase="staff", address="https://center.example/console/help/check/?c=KBS-03.29700000." + "Q" * 86)),
    "confirm-face": ("/", view("confirm", item=ITEMS[1], person=PERSON, has_form=True, masks=PERSON, by_face=True, truth="现在办完",
                               rows=[["联系电话", "138****0000"]])),
    "care-check": ("/", _checking("care")),
    "low-check": ("/", _checking("low")),
    "preparing": ("/", view(service=_PREPARING)),
    "out-fault": ("/", view(service=_OUT, faults={"rows": FAULTS[:1], "old": False})),
    "home-told": ("/", view("choose", faults={"rows": FAULTS, "old": False})),
    "faults": ("/faults", view("choose", faults={"rows": FAULTS, "old": True})),
    "here": ("/here", view("choose", presence="https://center.example/console/rounds/here/?c=KBS-03.29700000.abc")),
    "report": ("/report", view(catalogue=4)),
    "idle": ("/", view("fill", item=ITEMS[1], person=PERSON, fields=FIELDS, values={}, errors={}, idle={"warning": True, "ends_in_s": 14, "total_s": 90})),
    "help": ("/", view("fill", item=ITEMS[1], person=PERSON, fields=FIELDS, values={}, errors={},
                       help={"kind": "help", "at": "20:49", "text": "已通知帮办，请稍候，一般一分钟内有人联系您。", "phone": "0477-000-0000"})),
    "sos": ("/", view("choose", help={"kind": "sos", "at": "20:49", "text": "值守人员已收到，正在赶来。", "phone": "110"})),
    "error": ("/items/NONE", view("choose")),
    "care-home": ("/", view("choose", prefs={"care": True})),
    "care-item": ("/items/ZZ054", view("choose", prefs={"care": True}, theme="day")),
    "care-fill": ("/", view("fill", prefs={"care": True}, item=ITEMS[1], person=PERSON, fields=FIELDS, values={}, errors={})),
    "care-rate": ("/", view("rate", prefs={"care": True}, rating={"levels": LEVELS, "number": NUMBER})),
    "low-home": ("/", view("choose", prefs={"low": True})),
    "low-search": ("/?q=", view("choose", prefs={"low": True})),
    "low-fill": ("/", view("fill", prefs={"low": True}, item=ITEMS[1], person=PERSON, fields=FIELDS, values={}, errors={})),
    "low-item": ("/items/ZZ001", view("choose", prefs={"low": True}, theme="day")),
    "low-care-confirm": ("/", view("confirm", prefs={"low": True, "care": True}, item=ITEMS[1], person=PERSON, has_form=True, masks=PERSON,
                                   truth="现在提交，工作日办理，结果发短信。", rows=[["联系电话", "138****0000"]])),
}  # fmt: skip


class StageCatalogue:
    def home(self) -> dict[str, Any]:
        return {"hot": ITEMS[:4], "events": EVENTS, "departments": DEPARTMENTS}

    def answer(self, query: str, limit: int = 20) -> dict[str, Any]:
        none = {"verdict": "not_found", "items": [], "elsewhere": [], "reason": "", "advice": "", "read_as": ""}
        if query == "办假证":
            return {
                **none,
                "verdict": "refused",
                "reason": "伪造、变造、买卖证件、印章、票据和证明是违法的，这里不提供任何帮助。",
            }
        if query == "结婚登记":
            return {**none, "verdict": "found", "elsewhere": ["婚姻登记预约"]}
        if query not in {"dsbzm", "社保", "d", "ds"}:
            return none
        return {**none, "verdict": "found", "items": ITEMS[:limit], "read_as": "打社保证明" if query == "dsbzm" else ""}

    def department(self, code: str) -> dict[str, Any] | None:
        return {"code": code, "name": "人社", "items": ITEMS * 2} if code.startswith("D") else None

    def event(self, code: str) -> dict[str, Any] | None:
        return {"code": code, "name": "打印证明", "items": ITEMS} if code == "print" else None

    def item(self, code: str) -> dict[str, Any] | None:
        return next((dict(found) for found in (*ITEMS, LAUNCHED) if found["code"] == code), None)


class StageTerminal:
    """Stands where budayang.terminal.app.Terminal stands; `posts` keeps what the page sent."""

    def __init__(self, shown: dict[str, Any]) -> None:
        self.shown = shown
        self.catalogue = StageCatalogue()
        self.posts: list[tuple[str, dict[str, list[str]]]] = []
        self.vain: list[str] = []
        self.questions: list[str] = []

    def presence(self) -> str:
        return str(self.shown.get("presence", ""))

    def looked_in_vain(self, item: str, reason: str) -> None:
        self.vain.append(item)

    def asked(self, query: str, answer: Mapping[str, Any]) -> None:
        self.questions.append(query)

    def view(self) -> dict[str, Any]:
        return copy.deepcopy(self.shown)


async def _journey(request: Request) -> Response:
    terminal: StageTerminal = request.app.state.terminal
    form = await request.form()
    terminal.posts.append((request.path_params["event"], {key: [str(v) for v in form.getlist(key)] for key in form}))
    if "json" in request.headers.get("accept", ""):
        return JSONResponse(
            {"ok": True, "state": terminal.shown["state"], "page": terminal.shown["page"], "ends_in_s": 90}
        )
    return RedirectResponse("/", status_code=303)


async def _activity(request: Request) -> Response:
    request.app.state.terminal.posts.append(("activity", {}))
    return JSONResponse({"ends_in_s": 90})


async def _person(request: Request) -> Response:
    return JSONResponse(CLEAR)


class Client:
    """Asks the stage in process, with or without a running loop around (Playwright brings its own)."""

    def __init__(self, app: Starlette) -> None:
        self._app = app

    def request(
        self, method: str, path: str, *, content: bytes = b"", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=self._app), base_url=ORIGIN) as client:
                return await client.request(method, path, content=content, headers=headers)

        with ThreadPoolExecutor(max_workers=1) as pool:
            return pool.submit(asyncio.run, ask()).result()

    def get(self, path: str) -> httpx.Response:
        return self.request("GET", path)


def stage(shown: dict[str, Any]) -> tuple[StageTerminal, Client]:
    """A terminal that shows `shown`, and a client that reaches its pages in process."""
    own = [
        Route("/journey/{event}", _journey, methods=["POST"]),
        Route("/api/activity", _activity, methods=["POST"]),
        Route("/api/person", _person),
    ]
    app = Starlette(routes=[*own, *pages.routes()])
    app.state.terminal = terminal = StageTerminal(shown)
    return terminal, Client(app)


def serve(page: Any, client: Client) -> None:
    """Let `page` (Playwright) talk to the stage without a socket. /api/live stays unanswered, as by a quiet terminal."""

    def answer(route: Any) -> None:
        request = route.request
        parts = urlsplit(request.url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = {name: value for name, value in request.headers.items() if name in {"accept", "content-type"}}
        got = client.request(request.method, path, content=request.post_data_buffer or b"", headers=headers)
        route.fulfill(status=got.status_code, headers=dict(got.headers), body=got.content)

    page.add_init_script(_QUIET)
    page.route(f"{ORIGIN}/**", answer)


# The held request is a promise that never settles unless a test answers it through window.live(…).
_QUIET = """
const ask = window.fetch.bind(window);
window.fetch = (to, ...more) => String(to).startsWith("/api/live")
  ? new Promise((done) => { window.live = (value) => done(new Response(JSON.stringify(value))); }) : ask(to, ...more);
"""
