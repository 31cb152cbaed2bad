"""What the night's story does not do, done the morning after it, so that the pages of these can be looked at too: a
promise before leaving home, a fine paid, several matters at once, and one that goes to the window.
"""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import httpx

from budayang.cli.night import ITEM
from budayang.cli.stage import Stage
from budayang.cli.visitors import Astray, Citizen

ZONE = ZoneInfo("Asia/Shanghai")
FINE, OFFICE = "ZZ095", "GAJG"
JOINT = "YJSJY"
JOINT_PAGES = (
    {"how": "hired"}, {"left_before": "yes"}, {"fund": "no"}, {"phone": "13800000000"}, {"promise": "true"},
)  # fmt: skip
CODE = re.compile(r'验证码 <b class="code">([0-9A-Z-]+)</b>')
NUMBER = re.compile(r'办件编号 <b class="code">([0-9A-Z-]+)</b>')
NOBODY = "庚"  # no department has a record of this citizen
PATIENCE_S = 90
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def morning(stage: Stage) -> dict[str, str]:
    """Names for the addresses of shots: `promise` and `case` numbers, `joint` the code of a joint matter."""
    _order(stage, "printers/1", paper=200, toner=80, jam=False, page_s=0.3)
    _order(stage, f"departments/{OFFICE}", always_open=True)
    names = {"promise": promise(stage), "case": ""}
    person = Citizen(stage.screen(stage.terminals[0]), stage.sandbox, 1, NOBODY)
    person.begin()
    try:
        names["case"] = to_the_window(person)
        pay_a_fine(stage, person)
        names["joint"] = several_at_once(stage, person)
    finally:
        person.lay_card(None)
        person.close()
    return names


def promise(stage: Stage) -> str:
    """The number of a promise to be at KBS-01 in three hours."""
    at = (datetime.now(ZONE) + timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M")
    with httpx.Client(base_url=stage.center, timeout=20, follow_redirects=True) as phone:
        page = phone.get("/promise/new/", params={"item": ITEM, "terminal": "KBS-01"})
        token = TOKEN.search(page.text)
        fields = {"item": ITEM, "terminal": "KBS-01", "at": at, "csrfmiddlewaretoken": token[1] if token else ""}
        made = phone.post("/promise/new/", data=fields, headers={"Referer": str(page.url)})
    if made.url.path.rstrip("/").endswith("/new"):
        raise Astray(f"no promise was made: {made.status_code}")
    return made.url.path.rstrip("/").rsplit("/", 1)[-1]


def to_the_window(person: Citizen) -> str:
    """A matter that the department refuses goes to its window; its number."""
    _come(person, NOBODY, ITEM)
    person.hand_in(ITEM, {"insurance": "all", "months": "12"})
    person.until("outcome", within_s=PATIENCE_S)
    person.post("to_window")
    person.until("take", within_s=PATIENCE_S)
    found = NUMBER.search(person.page())
    if found is None:
        raise Astray("the slip for the window shows no number")
    person.post("taken")
    _leave(person)
    return found[1]


def pay_a_fine(stage: Stage, person: Citizen) -> None:
    """A fine, paid by the code on the screen."""
    _come(person, "甲", FINE)
    person.hand_in(FINE, {"decision": ""})
    person.until("pay", within_s=PATIENCE_S)
    ends = time.monotonic() + PATIENCE_S
    while "扫码付款" not in person.page() and time.monotonic() < ends:
        time.sleep(0.3)
    _order(stage, "money", pay="last")
    person.until("take", within_s=PATIENCE_S)
    person.post("taken")
    _leave(person)


def several_at_once(stage: Stage, person: Citizen) -> str:
    """A joint matter; the code on its receipt."""
    _come(person, "甲", JOINT)
    person.post("choose", item=JOINT)
    person.post("agree")
    person.show_card("fill")
    for page in JOINT_PAGES:
        person.post("filled", **page)
    person.until("confirm", within_s=PATIENCE_S)
    person.post("submit")
    person.until("take", within_s=PATIENCE_S)
    found = CODE.search(person.page())
    if found is None:
        raise Astray("the receipt of the joint matter shows no code")
    person.post("taken")
    _leave(person)
    return found[1]


def _come(person: Citizen, key: str, item: str) -> None:
    """Stand before the terminal with this citizen's card in hand, once the item can be begun."""
    person.key = key
    person.lay_card(None)
    person.until("attract", within_s=PATIENCE_S)
    ends = time.monotonic() + PATIENCE_S
    while not _startable(person, item):
        if time.monotonic() > ends:
            raise Astray(f"{item} cannot be begun")
        time.sleep(0.5)


def _startable(person: Citizen, item: str) -> bool:
    answer = person.client.get(f"{person.base}/items/{item}")
    return answer.status_code == 200 and 'name="item"' in answer.text


def _leave(person: Citizen) -> None:
    person.lay_card(None)
    if person.live()["state"] == "rate":
        person.post("rated", level="satisfied")
    person.until("attract", within_s=PATIENCE_S)


def _order(stage: Stage, what: str, **settings: object) -> None:
    httpx.post(f"{stage.sandbox}/control/{what}", json=settings, timeout=20).raise_for_status()
