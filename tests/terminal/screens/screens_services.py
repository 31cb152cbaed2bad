"""What the screens of booked times and of corrections are given on the stage."""

from __future__ import annotations

from typing import Any

TIMES: dict[str, Any] = {
    "phase": "known",
    "at": "20:49",
    "gone": "",
    "lost": False,
    "days": [
        {"key": f"2026-11-{day}", "near": near, "name": name, "weekday": weekday, "free": free, "shown": day == 25}
        for day, near, name, weekday, free in (
            (24, "明天", "11月24日", "星期二", 0),
            (25, "后天", "11月25日", "星期三", 3),
            (26, "", "11月26日", "星期四", 4),
            (27, "", "11月27日", "星期五", 4),
            (30, "", "11月30日", "星期一", 4),
        )
    ],
    "times": [
        {"id": f"2026-11-25 {hour}", "word": word, "until": until, "left": left, "chosen": hour == "10:00"}
        for hour, word, until, left in (
            ("09:00", "上午9:00", "9:50", 0),
            ("10:00", "上午10:00", "10:50", 2),
            ("14:30", "下午14:30", "15:20", 1),
            ("15:30", "下午15:30", "16:20", 2),
        )
    ],
    "day": "11月25日（星期三）",
    "slot": "2026-11-25 10:00",
    "chosen": "2026年11月25日（星期三）上午10:00至10:50",
    "place": "演示市公证处（演示市法治路1号）一楼接待厅",
}
SLOT: dict[str, Any] = {"name": "slot", "label": "预约时间", "kind": "slot", "required": True}
STEP: dict[str, Any] = {
    "n": 1, "of": 4, "first": True, "last": False, "single": False, "title": "选一个时间", "lead": "",
    "can_add": False, "can_remove": False, "more": "", "returning": False,
}  # fmt: skip
CORRECT: dict[str, Any] = {
    "items": ["行政行为的决定书或者能证明行政行为存在的材料", "对方的全称，要和营业执照或身份证上的一样"],
    "asked_at": "11月24日",
    "until": "2026年12月1日",
    "item": "行政复议申请提交",
    "department": "司法",
    "number": "KBS03-7Q2M-000017-C",
}
