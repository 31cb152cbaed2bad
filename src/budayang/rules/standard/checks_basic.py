"""Chapter 4 (基本要求): what the platform's own rows answer."""

from __future__ import annotations

from budayang.rules.standard.answers import Answer, ClauseAnswer, ClauseCheck, Numbers
from budayang.rules.standard.check_making import GE, LE, check, ratio, slowest


def _dark(n: Numbers) -> tuple[float | None, int]:
    """Seconds in which a machine was dark while promised; sample: machines with promised time."""
    return (n["dark_s"] if n["promised_s"] > 0 else None), int(n["terminals"])


def _log_age(n: Numbers) -> tuple[float | None, int]:
    return n["log_age_d"], int(n["log_lines"])


def _log_young(n: Numbers, threshold: float) -> ClauseAnswer | None:
    """A system younger than the period cannot prove it; but it has not broken it either, unless lines older than the
    first kept one were removed.
    """
    if n["log_age_d"] < threshold and n["in_service_d"] < threshold and n["log_age_d"] >= n["in_service_d"] - 1:
        why = f"平台投用{n['in_service_d']:.0f}天，不足{threshold:.0f}天；已有日志没有被删除，期满后再判断"
        return ClauseAnswer(Answer.NO_EVIDENCE, n["log_age_d"], threshold, "d", int(n["log_lines"]), why)
    return None


def _playback(n: Numbers) -> tuple[float | None, int]:
    return (n["playback_d"] if n["cameras_played"] > 0 else None), int(n["cameras_played"])


BASIC_CHECKS: tuple[ClauseCheck, ...] = (
    check("JB-01", "公示时段内设备没有开机联系的时间", 0, LE, "s", ("dark_s", "promised_s", "terminals"), _dark),
    ratio("JB-03", "已指定的责任人占应有的比例", "posts_filled", "posts", of_now=True),
    ratio("JB-04", "写明材料和步骤的事项占在办事项的比例", "items_guided", "items_offered", of_now=True),
    ratio("JB-05", "绑定实施编码的事项占在办事项的比例", "items_coded", "items_offered", of_now=True),
    ratio("JB-08", "打印件带验真码的比例", "papers_verifiable", "papers", parameter="verify_code_target"),
    slowest("JB-09", "断电断网到自动发现的最长用时", "slowest_outage_s", "outages", 300),
    check(
        "JB-13",
        "最早一条网络日志距今",
        0,
        GE,
        "d",
        ("log_age_d", "log_lines", "in_service_d"),
        _log_age,
        parameter="log_retention_d",
        special=_log_young,
        of_now=True,
    ),
    ratio("JB-17", "办件中有同意或告知留痕的比例", "cases_consented", "cases_taken"),
    ratio("JB-24", "无操作后按时退出并清除的比例", "idle_cleared", "idle_sessions"),
    ratio("JB-26", "最近一次查看时在线的摄像头比例", "cameras_online", "cameras", bound=0.98),
    check(
        "JB-27",
        "录像能回放的最短天数",
        0,
        GE,
        "d",
        ("playback_d", "cameras_played"),
        _playback,
        parameter="camera_keep_d",
    ),
    ratio("JB-34", "按时有人应答的求助测试比例", "help_passed", "help_tests"),
    ratio("JB-35", "按时打开的断电开门测试比例", "exit_passed", "exit_tests"),
)
