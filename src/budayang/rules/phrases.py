"""Sentences that the rules and the forms compose, for translation: the rules write Chinese, a page says it in the
reader's language.

A row names the composed sentence and the translatable one with the same parts. What no row knows is asked for whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Phrase:
    """``msgid`` is what catalogues hold, with parts as ``%(name)s``; ``pattern`` finds the parts in the sentence."""

    msgid: str
    pattern: re.Pattern[str]


_PART = re.compile(r"%\((\w+)\)s")
_NUMBERS = {"n", "m", "k", "left", "sample", "least", "days", "needed", "bound"}
_CLOCKS = {"from", "to", "clock"}


def _phrase(msgid: str) -> Phrase:
    """The pattern follows from the sentence: a part is a number or a time of day when its name says so, else any text
    of one sentence.
    """
    pieces = _PART.split(msgid)
    parts = [re.escape(x.replace("%%", "%")) if i % 2 == 0 else _part(x) for i, x in enumerate(pieces)]
    return Phrase(msgid, re.compile("".join(parts), re.DOTALL))


def _part(name: str) -> str:
    if name in _NUMBERS:
        return rf"(?P<{name}>-?[0-9.]+(?:e[+-]?[0-9]+)?)"
    return rf"(?P<{name}>[0-9:]+)" if name in _CLOCKS else rf"(?P<{name}>[^；]+?)"


PHRASES: tuple[Phrase, ...] = tuple(
    _phrase(msgid)
    for msgid in (
        # rules/assets
        "“%(item)s”还没有结果。",
        "“%(item)s”不符合，请写明是什么情况。",
        # rules/catalogue
        "“%(name)s”既写了%(one)s又写了%(other)s",
        # rules/monthly_upkeep, rules/monthly_making
        "月初以前就启用的一体机 %(n)s 台里，本月没有一趟、没有一件的。"
        "部门专机 %(m)s 台没有使用记录，不知道有没有人用。",
        "这里的一体机现在能办的 %(n)s 个事项里，本月一件都没有的；按做月报那天的事项目录。",
        "可用时间只结算了 %(n)s 天，本月共 %(days)s 天；没有结算的日子不在数里。",
        # rules/services
        "计划停用：%(reason)s",
        "最近一次拨测没有通过：%(reason)s",
        "这台自助终端没有可用的%(device)s",
        "需要%(devices)s，请在部门专机或窗口办理",
        # rules/terminals
        "%(property)s状态不明（%(state)s）",
        # rules/standard
        "把“%(word)s”改为“%(instead)s”。",
        "用数值、时限或看得见的结果代替“%(word)s”。",
        "%(metric)s为%(number)s，要求不低于%(threshold)s，样本%(sample)s",
        "%(metric)s为%(number)s，要求不超过%(threshold)s，样本%(sample)s",
        "没有采集到%(metric)s所需的数据",
        "本期样本%(sample)s，少于%(least)s，不能判断",
        "平台投用%(days)s天，不足%(needed)s天；已有日志没有被删除，期满后再判断",
        "还有%(n)s条评价异常等人判断，判断完再下结论",
        "%(n)s秒",
        "%(n)s天",
        "%(n)s个",
        "≥ %(number)s",
        "≤ %(number)s",
        "%(terminal)s 有 %(n)s 分钟不可用，归为“%(bucket)s”",
        "审计链共 %(n)s 行，最早一行记于 %(at)s",
        "最慢的一次用了 %(n)s 秒",
        "办件 %(case)s 的打印件带验真码",
        "办件 %(case)s 办结后没有出现评价页",
        "办件 %(case)s 办结后出现了评价页",
        "办件 %(case)s 的评价：%(word)s",
        "办件 %(case)s 的评价",
        "已发布的月报有六项指标中的 %(n)s 项",
        "投诉 %(n)s：五步都有记录",
        "投诉 %(n)s：到期没有走完五步",
        "问卷 %(code)s 收回 %(n)s 份",
        "%(n)s 个终端·天里有人用过 %(m)s 个",
        "自助办件 %(n)s 件，加上窗口叫号共 %(m)s",
        "%(n)s 次无操作退出，其中 %(m)s 次清除了本次办理的内容",
        # rules/standard/trial_measures
        "要在 0 和 %(n)s 之间。",
        # rules/standard/judging
        "还没有上传：%(what)s",
        "还没有填写：%(what)s",
        "%(on)s已到期：%(what)s",
        "有文件，日期%(on)s，有效至%(until)s",
        "有文件，日期%(on)s",
        "最近%(n)s天的巡查没有答到这%(m)s个问题",
        "巡查回答%(n)s次，正常%(m)s次，要求正常的比例不低于%(k)s%%",
        "%(label)s%(n)s%(unit)s，要求不小于%(m)s %(same)s",
        "%(label)s%(n)s%(unit)s，要求不大于%(m)s %(same)s",
        "%(label)s%(n)s%(unit)s，要求%(m)s—%(k)s %(same)s",
        "不小于%(n)s %(unit)s",
        "不大于%(n)s %(unit)s",
        "%(n)s—%(m)s %(unit)s",
        "不适用：%(reason)s（%(first)s至%(until)s，%(by)s登记）",
        # center/standard/measuring
        "%(name)s：已指定",
        "%(name)s：没有指定",
        "%(body)s的设备维护人",
        "%(name)s：没有写全材料和步骤",
        "%(name)s：没有实施编码",
        "%(name)s：有评分",
        "%(name)s：还没有评分",
        "办件 %(case)s 没有同意或告知的记录",
        "办件 %(case)s 的差评：%(word)s",
        "%(n)s 台摄像头，最近一次查看时在线 %(m)s 台",
        "能回放的最短天数是 %(n)s 天",
        "%(test)s %(n)s 次，按时通过 %(m)s 次",
        "%(code)s：档案齐全",
        "%(code)s：没有档案，或缺型号、启用日期",
        "%(code)s：已验收",
        "%(code)s：没有验收记录",
        "%(day)s 没有做",
        "巡查记录 %(n)s",
        "补办、冲正记录 %(n)s",
        "%(terminal)s 的 %(what)s 不足",
        "库存 %(n)s 在本期有盘点差异",
        "%(thing)s：到期事项 %(n)s",
        "近一年完成演练 %(n)s 次，消防和应急培训 %(m)s 次",
        "停用告示 %(n)s 份，按时的 %(m)s 份",
        "用了 %(n)s 分钟",
        "%(on)s 填写，来源：%(source)s，%(by)s 登记，有效至 %(until)s",
        "%(on)s 填写，来源：%(source)s，%(by)s 登记",
        # rules/standard/edition_reading, edition_sheets and parts
        "缺少“%(sheet)s”这张表",
        "没有找到表头，第一列应是“%(column)s”",
        "不认识“%(column)s”这一列",
        "“%(column)s”这一列有两列",
        "缺少这些列：%(columns)s",
        "“%(column)s”不能空",
        "第 %(n)s 行已有 %(clause)s 的“%(what)s”，一条里每种填报方式只能有一个",
        "第 %(n)s 行已有“%(value)s”",
        "“章”表里没有第 %(n)s 章",
        "“条款”表里没有 %(clause)s",
        "附录 %(annex)s 的表号要以 %(start)s 开头",
        "平台没有“%(metric)s”这个指标",
        "检查表里没有这些问题：%(questions)s",
        "平台没有“%(name)s”这个参数",
        "“%(word)s”自己是术语，不能列为不用的词",
        "“%(word)s”已列在“%(term)s”之下",
        "不能从“%(state)s”开始",
        "文本状态是“%(state)s”的要写标准编号",
        "最多 %(n)s 个字，现在是 %(m)s 个字",
        "是表格软件的错误值 %(value)s，请改正公式或直接写内容",
        "不认识“%(value)s”，可以写：%(words)s",
        "请写“是”或“否”，现在是“%(value)s”",
        "要写 1 到 99 的整数，现在是“%(value)s”",
        "要写数字，现在是“%(value)s”",
        "权重要大于 0、不超过 100，现在是“%(value)s”",
        "%(hint)s，现在是“%(value)s”",
        "不认识的检查方式，可以写：%(words)s",
        "问题代码“%(code)s”只能是小写字母、数字和下划线",
        "“%(text)s”要写成 名称:说明:单位:下限:上限 五段",
        "“%(text)s”只能是小写字母、数字和下划线，字母开头",
        "“%(text)s”缺说明或单位",
        "“%(text)s”的上下限要写数字",
        "“%(text)s”至少要有一个上限或下限",
        "“%(text)s”的下限大于上限",
        "要写 1 到 %(n)s 的整天数",
        # rules/orders
        "工单现在是“%(state)s”，不能“%(event)s”",
        "这件差评现在是“%(state)s”，不能“%(event)s”",
        "这件现在是“%(state)s”，不能“%(event)s”",
        "后来又评了“%(level)s”",
        "这台终端 %(n)s 分钟里有 %(m)s 次评价",
        "评价页出现 %(n)s 秒就提交了",
        "同一天有 %(n)s 次评价的等级和几项原因完全相同",
        "维修或维护人员在这台终端旁时有 %(n)s 次“非常满意”",
        "有 %(n)s 天在同样的 %(m)s 分钟里出现“非常满意”",
        # rules/inference, rules/evidence, and what the center stores of an incident
        "%(department)s系统没有应答",
        "%(department)s用测试身份办不成“%(item)s”",
        "已收款 %(yuan)s 元，没有办成（%(number)s）",
        "群众报修：%(what)s",
        "%(what)s，须补办（%(number)s）",
        "没有对账单（%(provider)s %(on)s）",
        "巡查异常：%(what)s",
        "%(name)s没有按时完成",
        "%(name)s %(on)s 已过期",
        "%(name)s %(on)s 到期",
        "%(where)s的%(plate)s与事实不符",
        "日对账有 %(n)s 笔差异（%(provider)s %(on)s）",
        "%(movement)s%(verdict)s：我们 %(ours)s 元，对方 %(theirs)s 元",
        "%(name)s反复异常，状态不稳定",
        "%(name)s预计在无人值守时用完",
        "%(n)s分钟内变化%(m)s次（规则：不少于%(least)s次；平稳%(k)s分钟后结束）",
        "报告过该部门系统的%(n)s台终端中，%(m)s台都连不上",
        "序号 %(span)s 的事件没有送到",
        "此前有联系的%(n)s台终端中，%(m)s台先后失联，中断时刻可以重合（规则：至少%(least)s台，且超过%(share)s）",
        "还有%(n)s台终端有联系：不是整个自助区停电",
        "失联期间程序一直在运行，只是连不上管理平台（%(reason)s）",
        "证据互相矛盾：%(proofs)s",
        "%(n)s台终端说明了原因，其中%(m)s台一致",
        "%(n)s台终端说明了原因，说法不一致",
        # rules/patterns
        "%(n)s 天中 %(m)s 天 %(from)s—%(to)s 不可用：%(guess)s（%(proof)s）",
        "%(n)s 个周一至周四的夜里中 %(m)s 个 %(from)s—%(to)s 不可用：%(guess)s（%(proof)s）",
        "%(n)s 个周末日中 %(m)s 个整天不可用：%(guess)s（%(proof)s）",
        "现场证据 %(n)s 次",
        # rules/commands, and what the center stores of a roll-out
        "由%(who)s停下：%(note)s",
        "由%(who)s取消：%(note)s",
        "没有写原因",
        "“%(ring)s”这一批里 %(n)s 台有结果，%(m)s 台没有成功，超过允许的范围",
        "“%(ring)s”这一批还有 %(n)s 台没有结果",
        "“%(ring)s”这一批没有一台升级成功，不能说明新版本可用",
        "“%(ring)s”这一批已升级，再观察 %(n)s 分钟",
        "“%(ring)s”这一批 %(n)s 台成功",
        # rules/profiles
        "%(n)s 秒",
        "%(setting)s须是数字",
        "%(setting)s的百分数须在 %(n)s 到 100 之间",
        "%(setting)s须在 %(n)s 到 %(m)s 之间",
        "%(setting)s只能是“是”或“否”",
        "%(setting)s至少选一项，只能从给出的几项里选",
        "%(setting)s只能从给出的几项里选",
        "%(setting)s要写成 18:00-06:00 的样子",
        "%(setting)s的开始和结束不能相同",
        "%(setting)s要写成 06:00 80%%, 22:00 40%% 的样子，按时间先后，百分数 %(n)s 到 100",
        # rules/watch_settings, relay/discover
        "没有“%(kind)s”这种来源",
        "%(source)s没有这些设置：%(names)s",
        "%(field)s只能是：%(names)s",
        "%(field)s要写数字",
        "%(field)s要在 %(n)s 到 %(m)s 之间",
        "地址 %(host)s 不是一台机器的地址，请填自助区内网的地址",
        "地址“%(host)s”写法不对，例如 192.168.10.21",
        "%(field)s“%(text)s”写法不对。%(help)s",
        "%(field)s“%(text)s”写法不对",
        "%(field)s写法不对：要有主机，不能带用户名和密码。%(help)s",
        "%(field)s写法不对。%(help)s",
        "像交换机（%(text)s，%(n)s 个端口）：接到机器的端口要写上 ifIndex 后手工添加",
        "%(port)s %(n)s 端口在听",
        "有应答 %(n)s ms",
        "只能发往 %(hosts)s",
        # rules/escalation
        "第 %(n)s 步：等待须在 1 分钟到 7 天之间",
        "第 %(n)s 步：请写明时段的开始和结束",
        "第 %(n)s 步：请选择角色",
        "第 %(n)s 步：请选择人",
        "第 %(n)s 步：请选择单位",
        "步骤不能多于 %(n)s 步",
        "重复须在 1 到 %(n)s 次之间",
        "%(span)s仍无人确认，从头再来，最多 %(n)s 次",
        "仍无人确认，从头再来，最多 %(n)s 次",
        "%(span)s无人确认，再%(step)s",
        "只在 %(from)s—%(to)s 继续，其余时间%(otherwise)s",
        "等 %(span)s，%(step)s",
        "等 %(n)s 天",
        "等 %(n)s 小时",
        "等 %(n)s 分钟",
        "等 %(n)s 小时 %(m)s 分钟",
        "等 %(n)s 天 %(m)s 小时",
        "等 %(n)s 天 %(m)s 分钟",
        "等 %(n)s 天 %(m)s 小时 %(k)s 分钟",
        "%(n)s 天",
        "%(n)s 小时",
        "%(n)s 分钟",
        "%(n)s 小时 %(m)s 分钟",
        "%(n)s 天 %(m)s 小时",
        "%(n)s 天 %(m)s 分钟",
        "%(n)s 天 %(m)s 小时 %(k)s 分钟",
        "同时%(step)s",
        "没有步骤",
        "先%(step)s",
        "再%(step)s",
        "发到%(who)s",
        "通知%(who)s",
        # rules/duty
        "%(when)s 无人值班",
        "%(day)s %(from)s—次日 %(to)s，%(turn)s",
        "%(day)s %(from)s—%(to)s，%(turn)s",
        "%(day)s %(from)s—次日 %(to)s",
        "%(day)s %(from)s—%(to)s",
        "%(day)s %(from)s—%(last)s %(to)s",
        # rules/consumables, rules/run_out_words
        "按计数还有%(n)s%(unit)s，设备报告快用完，以设备为准",
        "按计数还有%(n)s%(unit)s，设备报告已经用完，以设备为准",
        "一次最多%(n)s张，请分几次登记",
        "%(runs)s；%(nobody)s。请在有人时补足",
        "预计%(at)s 前后（%(early)s—%(late)s）",
        "预计%(at)s 前后",
        "最早%(early)s，多半在60天以后",
        "%(name)s预计%(at)s 前后（%(early)s—%(late)s）用完",
        "%(name)s预计%(at)s 前后用完",
        "%(name)s最早%(early)s，多半在60天以后用完",
        "60天以后",
        "现在和以后没有排人值班",
        "%(nobody)s（没有值班表，按工作日办公时间算）",
        "现在无人值守，到%(back)s才有人",
        "%(leaves)s以后无人值守，到%(back)s才有人",
        "%(leaves)s以后没有排人值班",
        # forms
        "请选择“%(field)s”",
        "请填写“%(field)s”",
        "请填写%(field)s",
        "写得太短，至少%(least)s个字，还差%(left)s个",
        "写得太长，最多%(bound)s个字，请删去%(left)s个",
        "不能小于%(bound)s，请改大",
        "不能大于%(bound)s，请改小",
        "不能晚于%(field)s，请重新选择日期",
        "不能早于%(field)s，请重新选择日期",
        # rules/fault_notices
        "已通知%(who)s，等待接单",
        "%(who)s已接单",
        "%(who)s已到现场，正在处理",
        "%(who)s暂时做不下去：%(reason)s",
        "%(who)s已处理，正在检查",
        "原定%(when)s前修好，已经超过，正在催办",
        "最迟%(when)s修好",
        "本区%(terminal)s现在能办",
        "%(area)s现在能办，直线约%(km)s公里",
        "%(area)s现在能办",
        "%(where)s（这里停下的 %(n)s 件事能办 %(m)s 件）",
        # rules/emergencies, and what the center stores of emergencies, tests and cameras
        "第 %(n)s 步：请写明由谁做",
        "第 %(n)s 步：请用一句话写明做什么，最多 %(m)s 字",
        "第 %(n)s 步：时限须是 0 到 %(m)s 秒",
        "第 %(n)s 步：电话只能用数字、空格和短横，最多 20 位，没有电话就空着或写 -",
        "一张应急卡须有 1 到 %(n)s 步",
        "%(card)s：第 %(n)s 步超时",
        "%(test)s没有通过：%(what)s",
        "用了 %(n)s 秒",
        "只能回放 %(n)s 天，应有 %(m)s 天",
        # the clock and the chips
        "今天 %(at)s",
        "明天 %(at)s",
        "%(n)s月%(m)s日 %(at)s",
        "%(n)s月%(m)s日",
        "带%(materials)s",
        # rules/signs
        "%(place)s缺“%(sign)s”",
        "终端 %(code)s 没有画在平面图上，它的标志没有判断",
        "平面图上的终端 %(code)s 已不在这个自助区",
        "标志 %(code)s 的种类“%(kind)s”目录里没有，形状和颜色无法核对",
        "“%(sign)s”所属的对象 %(code)s 已不在平面图上",
        "“%(sign)s”没有设最远观察点，距离、角度和遮挡没有判断",
        "“%(sign)s”装在门窗等会移动的物体上",
        "“%(sign)s”不宜固定在%(place)s",
        "“%(sign)s”下缘离地 %(n)s 毫米，应不低于 %(m)s 毫米",
        "“%(sign)s”中心离地 %(n)s 毫米，宜在 %(m)s 至 %(k)s 毫米",
        "“%(sign)s”背对观察点",
        "“%(sign)s”与最远观察点视线的夹角 %(n)s 度，应不小于 %(m)s 度",
        "“%(sign)s”离最远观察点 %(n)s 米，超出尺寸表，应加设标志",
        "“%(sign)s”尺寸 %(n)s 毫米，观察距离 %(m)s 米时应不小于 %(k)s 毫米",
        "从观察点看，“%(sign)s”被%(thing)s挡住",
        "“%(sign)s”应排在“%(other)s”之前",
        "%(plate)s：没有标题",
        "%(plate)s：缺 %(things)s",
        "%(plate)s：没有二维码的目标",
        "%(plate)s：二维码的内容超过 %(n)s 个字符",
        "%(plate)s：没有步骤",
        "%(plate)s：没有平面图",
        "%(plate)s：超过 %(n)s 行",
        "不认识的牌子“%(plate)s”",
        "横写时的位置不能是“%(place)s”",
        "蒙古文字高应是汉文的 %(n)s%%",
        "蒙古文字高应是汉文的 %(n)s%% 至 %(m)s%%",
        "“%(sign)s”按 GB 2894-%(n)s 制作，现行的是 GB 2894-%(m)s",
        "%(n)s 块安全标志没有写明按 GB 2894 哪一版制作",
        "无障碍通道第 %(n)s 个拐弯处回转空间按图 %(m)s 毫米，应不小于 %(k)s 毫米",
        "无障碍通道第 %(n)s 个拐弯处没有标轮椅回转处，回转空间没有量过",
        "%(subject)s净宽量得 %(n)s 毫米，应不小于 %(m)s 毫米",
        "%(subject)s净宽按图 %(n)s 毫米，应不小于 %(m)s 毫米",
        "%(subject)s净宽没有量过",
        "无障碍通道第 %(n)s 段",
        "第 %(n)s 处轮椅回转空间",
        "门 %(code)s 的",
        "终端 %(code)s",
        "设施 %(code)s",
        "障碍物 %(code)s",
        "紧急出口 %(code)s",
        "入口 %(code)s",
        "出口 %(code)s",
        "内门 %(code)s",
        "平面图上 %(n)s 处，没有发现问题的 %(m)s 处",
        "%(source)s：符合 %(n)s 处，不符合 %(m)s 处",
        "还缺：%(need)s",
        "备有 %(n)s 套规则可以切换，还没有一套有文号",
        "看过 %(n)s 块，文字排列正确的 %(m)s 块",
        "%(n)s 种标志里 %(m)s 种的译文已审定",
        "双文并用 %(share)s，文字正确 %(right)s（要求 100%% 和 %(bound)s）",
        "%(n)s 台终端里 %(m)s 台旁边的标牌写明，内容属实",
        "按 %(document)s，规则按地区和日期切换",
        "按 %(document)s",
        "只核对了 %(n)s 处，共 %(m)s 处",
        "%(n)s 台终端没有画在平面图上",
        "%(n)s 处没有量测或没有设定",
        "一张平面图最多 %(n)s 个对象",
        "%(name)s 应是对象的列表",
        "%(name)s 应是位置的列表",
        "%(name)s 应是名称和数值",
        "%(subject)s：%(name)s 应是不超过 %(n)s 字的文字",
        "%(subject)s：%(name)s 不认识“%(value)s”",
        "%(subject)s：%(name)s 应大于 0",
        "%(subject)s：长度应是毫米的整数，不超过 %(n)s",
        "%(subject)s：位置应是两个数",
        "%(subject)s：起点和终点在同一处，请拉开或删去",
        "从终端 %(code)s 的正面没有宽 %(n)s 毫米的路通到出口，撤离路线画不出来",
        "对象 %(code)s",
        "测量值 %(name)s",
        # rules/services again: below the sentences of rules/run_outs, which end with the same word
        "%(supply)s快用完",
        "%(supply)s用完",
        # a state that the table of rules/terminals does not know; a name and what is said of it: loosest last
        "%(device)s的%(property)s为%(state)s",
        "%(name)s：%(word)s",
        "%(name)s %(clock)s",
    )
)
_LISTS = (("；", "; "), ("、", ", "))
_STOP = "。"


@lru_cache(maxsize=2048)
def _find(text: str) -> tuple[str, dict[str, str]] | None:
    for phrase in PHRASES:
        found = phrase.pattern.fullmatch(text)
        if found:
            return phrase.msgid, found.groupdict()
    return None


def say(text: str, translate: Callable[[str], str]) -> str:
    """``text`` of a rule in the language of ``translate`` (a gettext); what it does not know stays as it is."""
    if not text:
        return text
    whole = translate(text)
    if whole != text:
        return whole
    found = _find(text)
    if found is not None:
        msgid, parts = found
        return translate(msgid) % {name: say(part, translate) for name, part in parts.items()}
    return _in_parts(text, translate)


def _in_parts(text: str, translate: Callable[[str], str]) -> str:
    """Sentences in a row and lists: each part for itself, joined as the other language joins them."""
    if text.endswith(_STOP) and len(text) > 1:
        told = say(text[:-1], translate)
        return text if told == text[:-1] else f"{told}."
    for mark, joint in _LISTS:
        if mark in text:
            parts = text.split(mark)
            told_parts = [say(one, translate) for one in parts]
            return text if told_parts == parts else joint.join(told_parts)
    return text
