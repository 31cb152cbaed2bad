"""The night story: one matter at 2 a.m., from the touch to the evidence, in real processes, each link judged.

People act by the requests that their pages send; facts are read where people read them: on the screens, the public
page, the console and its exports. The story may be played again on the same data.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import httpx

from budayang.cli.links import Broken, Link
from budayang.cli.night import FORM, ITEM, Night
from budayang.cli.stage import Stage
from budayang.cli.story_notices import notices_agree
from budayang.cli.visitors import Astray, Citizen, text_of

CASE = re.compile(r"[A-Z0-9]+-[A-Z0-9]{4}-\d{6}-[A-Z0-9]")
CODE = re.compile(r"[0-9A-Z]{5}(?:-[0-9A-Z]{5}){3}")
HEAD = re.compile(r"第\s*(\d+)\s*条审计记录的指纹\s*([0-9a-f]{16,64})")


def night(stage: Stage) -> list[Link]:
    """Play the story; the links up to the first broken one."""
    told = Night(stage)
    try:
        for part in (
            ready,
            notices_agree,
            first_matter,
            witness,
            paper_runs_out,
            news_arrives,
            order_is_worked,
            evidence,
        ):
            part(told)
    except Broken:
        pass
    finally:
        httpx.post(f"{stage.sandbox}/control/readers/1", json={"card": None}, timeout=10)
        told.close()
    return told.chain.links


def ready(told: Night) -> None:
    """The house stands: the item can be done on the first terminal, and the clauses have their answers of before."""
    told.printer(paper=200, toner=80.0, jam=False, cover_open=False)
    told.chain.see(
        "terminals_in_service",
        "终端在线，事项可办",
        lambda: told.startable() and _doable(told, "KBS-02") and _doable(told, "KBS-01"),
        within_s=60,
        tell=lambda row: f"{row['area_name']} {row['terminal']} {row['text']}",
    )

    def remember() -> str:
        told.answers_before = told.clauses()
        told.ratings_before = len(told.clerk("zhu").table("/console/ratings/"))
        return f"{len(told.answers_before)} 条"

    told.chain.do("conformity_before", "记下此前的条款结论（参照版）", remember)


def _doable(told: Night, terminal: str) -> dict[str, Any] | None:
    row = told.public_row(terminal)
    return row if row and row["truth"] == "doable" else None


def first_matter(told: Night) -> None:
    """A citizen finishes a matter: choose, consent, identity, fill, confirm, submit, print, take, rate, clear."""
    person = told.citizen("甲")

    def hand_in() -> str:
        person.begin()
        _fresh(person)
        person.hand_in(ITEM, FORM)
        told_ = person.until("print", "take", "outcome", within_s=40)
        if told_["state"] == "outcome":
            raise Astray(text_of(person.page())[:300])
        return "身份核验、填写、核对、提交完成"

    def take() -> str:
        person.until("take", within_s=40)
        page = text_of(person.page())
        number, code, head = CASE.search(page), CODE.search(page), HEAD.search(page)
        if not (number and code and head):
            raise Astray("the take page shows no case number, code or audit head")
        told.number, told.code, told.head = number[0], code[0], (head[1], head[2])
        person.post("taken")
        return f"办件 {told.number}，纸张已取"

    def rate() -> str:
        person.rate("very_satisfied")
        if "测试甲" in person.page():
            raise Astray("the screen still shows the person")
        return "非常满意；屏幕已清空"

    told.chain.do("first_handed_in", "甲在凌晨办一件事", hand_in)
    told.chain.do("first_printed", "证明和回执打出并取走", take)
    told.chain.do("first_rated", "评价并清除个人信息", rate)


def _fresh(person: Citizen) -> None:
    """Leave whatever a story before this one left on the screen, with no card on the reader."""
    person.lay_card(None)
    if person.live()["state"] not in ("attract", "clear"):
        person.post("exit")
    person.until("attract", within_s=15)


def witness(told: Night) -> None:
    """The paper's code and the receipt's audit head are checked where anybody can check them."""

    def verify() -> str:
        page = httpx.get(f"{told.stage.center}/verify/{told.code.replace('-', '')}", timeout=10)
        shown = text_of(page.text)
        if page.status_code != 200 or told.number not in shown or "测试甲" in shown:
            raise Astray(f"the verify page answered {page.status_code} and does not show the masked paper")
        return "验证码对应这张纸，姓名已遮盖"

    def receipt() -> str:
        seq, hash_ = told.head
        page = text_of(httpx.get(f"{told.stage.center}/receipt/", params={"seq": seq, "hash": hash_}, timeout=10).text)
        forged = hash_[:-1] + ("0" if hash_[-1] != "0" else "1")
        other = text_of(
            httpx.get(f"{told.stage.center}/receipt/", params={"seq": seq, "hash": forged}, timeout=10).text
        )
        if "不一致" in page or "一致" not in page or page == other:
            raise Astray("the receipt page does not tell a true head from a forged one")
        return f"回执作证：第 {seq} 条在审计链中，改一位即不一致"

    told.chain.do("paper_verified", "公众页验证纸张", verify)
    told.chain.do("receipt_checked", "公众页核对回执上的审计指纹", receipt)


def paper_runs_out(told: Night) -> None:
    """One sheet is left: the second citizen's paper comes out, the receipt does not."""
    told.printer(paper=1)
    person = told.citizen("乙")

    def hand_in() -> str:
        person.begin()
        _fresh(person)
        person.hand_in(ITEM, FORM)
        person.until("print", within_s=40)
        return "乙已提交，开始打印"

    def trouble() -> dict[str, Any] | None:
        printing: dict[str, Any] | None = person.live().get("printing")
        return printing if printing and printing["trouble"] == "paper_out" else None

    told.chain.do("second_handed_in", "乙接着办同一事项", hand_in)
    seen = told.chain.see(
        "paper_out_on_screen",
        "打到一半缺纸，屏幕如实说明",
        trouble,
        within_s=25,
        tell=lambda printing: str(printing["safe"]),
    )
    told.second = str(seen["number"])


def news_arrives(told: Night) -> None:
    """The item stops here and names the nearest place; one incident, one order for the owner unit, with clocks."""
    told.chain.see(
        "item_stopped_in_public",
        "公众页：本机暂停服务，并有原因",
        lambda: next((r for r in [told.public_row("KBS-01")] if r and r["truth"] == "stopped"), None),
        within_s=15,
        tell=lambda row: f"{row['terminal']}：{row['text']}",
    )
    there = told.citizen("丙", reader=2)
    there.begin()
    told.chain.see(
        "item_still_doable_next_door",
        "邻机屏幕：仍可办",
        lambda: next((i for i in there.find("参保证明") if i["code"] == ITEM and i["truth"] == "doable"), None),
        within_s=10,
        tell=lambda item: f"KBS-02 {item['truth_word']}",
    )

    def nearest() -> dict[str, Any] | None:
        found = told.citizen("乙").find("参保证明")
        item = next((one for one in found if one["code"] == ITEM), None)
        return item["alternatives"][0] if item and item["truth"] == "stopped" and item["alternatives"] else None

    told.chain.see(
        "nearest_named",
        "本机屏幕：暂停服务，并指出最近能办的地方",
        nearest,
        within_s=15,
        tell=lambda place: str(place["text"]),
    )
    row = told.chain.see(
        "one_order",
        "一个故障、一张工单，派给设备归属单位",
        lambda: _open_order(told),
        within_s=20,
        tell=lambda order: f"{order['工单']} {order['故障']} · {order['承办']} · {order['下一时限']}",
    )
    told.order = row["工单"]
    incidents = [
        one for one in told.clerk("ren").table("/console/incidents/") if not one["恢复"] and "纸" in one["故障"]
    ]
    told.chain.hold("one_incident", "同一原因只有一个故障", len(incidents) == 1, f"{len(incidents)} 个未恢复的缺纸故障")
    refused = told.clerk("ou").read(f"/console/orders/{told.order}/").status_code
    told.chain.hold("stranger_kept_out", "别区的管理员看不到这张工单", refused in (403, 404), f"HTTP {refused}")


def _open_order(told: Night) -> dict[str, str] | None:
    orders = told.clerk("ren").table("/console/orders/", state="active")
    return next((order for order in orders if "纸" in order["故障"]), None)


def order_is_worked(told: Night) -> None:
    """Accept, arrive, paper, the second citizen's papers come out, test print, closed; one negative rating."""
    clerk, page = told.clerk("ren"), f"/console/orders/{told.order}/"

    def step(name: str, **fields: str) -> str:
        answer = text_of(clerk.send(page, f"{page}{name}/", **fields).text)
        if "已记下" not in answer:
            raise Astray(answer[:300])
        return "已记下"

    told.chain.do("order_accepted", "任受理工单", lambda: step("accept"))
    told.chain.do("order_arrived", "任到场", lambda: step("arrive"))
    told.printer(paper=200)
    person = told.citizen("乙")
    told.chain.see(
        "second_printed",
        "补纸后剩下的自己打完",
        lambda: person.live() if person.live()["state"] == "take" else None,
        within_s=30,
        tell=lambda _live: told.second,
    )

    def rate() -> str:
        person.post("taken")
        person.rate("unsatisfied", _reason(person))
        return "不满意，写明原因"

    told.chain.do("second_rated", "乙取走并评价", rate)
    told.chain.do("order_repaired", "任登记已补纸", lambda: _repair(told, step))
    told.chain.see(
        "order_closed",
        "终端试打成功，工单验收关闭",
        lambda: next(
            (o for o in clerk.table("/console/orders/") if o["工单"] == told.order and "关闭" in o["状态"]), None
        ),
        within_s=40,
        tell=lambda order: order["状态"],
    )
    told.chain.see(
        "item_doable_again",
        "公众页：本机恢复可办",
        lambda: _doable(told, "KBS-01"),
        within_s=15,
        tell=lambda row: row["terminal"],
    )


def _reason(person: Citizen) -> str:
    found = re.search(r'name="reasons"[^>]*value="([^"]+)"', person.page())
    if found is None:
        raise Astray("the rating page offers no reasons")
    return found[1]


def _repair(told: Night, step: Callable[..., str]) -> str:
    step("repair", note_repair="已补 A4 纸一包（演示）")
    return step("test")


def evidence(told: Night) -> None:
    """Minutes have a reason and an owner, ratings count once, the clauses changed, the chain is whole."""
    incident = next(
        (row for row in told.clerk("ren").table("/console/incidents/") if "纸" in row["故障"] and row["恢复"]), None
    )
    told.chain.hold(
        "minutes_attributed",
        "不可用的时间有原因、有归属",
        incident is not None and bool(incident["归因"]) and bool(incident["持续"]),
        f"{incident['归因']} {incident['持续']}" if incident else "没有",
    )
    told.chain.see(
        "ratings_counted_once",
        "两件办件各计一次评价",
        lambda: _ratings(told),
        within_s=20,
        tell=lambda rows: "，".join(f"{row['办件']} {row['评价']}" for row in rows),
    )
    told.chain.see(
        "clauses_changed",
        "条款结论随之改变，每条有数值、期间和证据（参照版）",
        lambda: _changed(told),
        within_s=60,
        tell=lambda codes: f"{len(codes)} 条改变：{'、'.join(codes)}",
    )
    told.chain.do("audit_whole", "审计链完整，且与回执上的指纹一致", lambda: _audit(told))


def _ratings(told: Night) -> list[dict[str, str]] | None:
    rows = told.clerk("zhu").table("/console/ratings/")
    ours = [row for row in rows if row["办件"] in (told.number, told.second)]
    return ours if len(ours) == 2 and len(rows) == told.ratings_before + 2 else None


def _changed(told: Night) -> list[str] | None:
    now, before = told.clauses(), told.answers_before
    keys = ("结论", "数值", "样本")
    changed = [code for code, row in now.items() if any(row[key] != before.get(code, {}).get(key) for key in keys)]
    expected = {"PJ-01", "PJ-02", "WH-15", "WH-17", "WH-22", "YJ-07"}
    return changed if expected <= set(changed) else None


def _audit(told: Night) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "budayang.cli.main", "audit", "verify", "--json"],
        env=told.stage.full_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode != 0:
        raise Astray((done.stdout + done.stderr)[-300:])
    return f"{json.loads(done.stdout)['lines']} 条"


STORIES: dict[str, Callable[[Stage], list[Link]]] = {"night": night}
