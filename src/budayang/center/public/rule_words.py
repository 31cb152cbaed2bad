"""Sentences that the shared rules say to people. Rules know no translation, so their sentences are listed here for it.

A sentence that is missing here is shown in Chinese; `tests/center/public` compares this list with what the rules say.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop

RULE_WORDS: tuple[str, ...] = (
    gettext_noop("现在可以办理"),
    gettext_noop("现在可以提交，工作时间内审核"),
    gettext_noop("现在可以提交，下一个工作日审核"),
    gettext_noop("最近一次拨测通过，现在可以办理"),
    gettext_noop("最近一次拨测通过，现在可以提交"),
    gettext_noop("部门还没有确认这个事项的办理时间"),
    gettext_noop("还没有探测到部门系统的状态"),
    gettext_noop("部门系统暂时没有应答"),
    gettext_noop("部门系统此时不开放"),
    gettext_noop("部门系统连续出错，暂时不再送件"),
    gettext_noop("放假安排尚未公布，时间按周末推算"),
    gettext_noop("A4打印纸快用完"),
    gettext_noop("下纸盒打印纸快用完"),
    gettext_noop("碳粉盒快用完"),
    gettext_noop("A4打印纸用完"),
    gettext_noop("碳粉盒用完"),
    gettext_noop("这台自助终端失去联系，不能确认可用"),
    gettext_noop("这台自助终端已停用"),
    gettext_noop("还没有收到这台自助终端的状态"),
    gettext_noop("这台自助终端正在准备"),
    gettext_noop("计划停用：自助区此时不开放"),
    gettext_noop("打印机缺纸"),
    gettext_noop("打印机硬件故障"),
    gettext_noop("打印机没有应答"),
    gettext_noop("打印机没有通电"),
    gettext_noop("找不到打印机"),
    gettext_noop("打印机等待人工处理"),
    gettext_noop("打印机碳粉用完"),
    gettext_noop("打印机卡纸"),
)
