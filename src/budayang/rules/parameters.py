"""Every number that policy may change: its name, its value in the reference edition, its unit and the clause it comes
from.

The center keeps the values in force as rows with history (platform.Parameter); this tuple is what they start from.
Clause ids are those of
``data/requirements.csv``; an empty clause marks a default of our own.
"""

from __future__ import annotations

from dataclasses import dataclass

SEVERITIES = ("general", "serious", "urgent")
STEPS = ("respond", "arrive", "repair")


@dataclass(frozen=True)
class Parameter:
    """``unit``: s, d, c (degrees Celsius), ratio, count. ``minimum`` and ``maximum`` bound what a place may set; None:
    unbounded.
    """

    name: str
    default: float
    unit: str
    label: str
    clause: str = ""
    minimum: float | None = 0
    maximum: float | None = None

    def problem(self, value: float) -> str:
        """Why ``value`` is not allowed, in Chinese; empty when it is."""
        if self.minimum is not None and value < self.minimum:
            return f"不能小于{self.minimum:g}，请改大"
        if self.maximum is not None and value > self.maximum:
            return f"不能大于{self.maximum:g}，请改小"
        return ""


_MINUTE, _HOUR, _DAY = 60, 3600, 86400

PARAMETERS: tuple[Parameter, ...] = (
    Parameter("respond_general_s", 30 * _MINUTE, "s", "一般故障响应时限", "WH-15"),
    Parameter("respond_serious_s", 30 * _MINUTE, "s", "严重故障响应时限", "WH-15"),
    Parameter("respond_urgent_s", 30 * _MINUTE, "s", "紧急故障响应时限", "WH-15"),
    Parameter("arrive_general_s", 4 * _HOUR, "s", "一般故障到场时限", "WH-16"),
    Parameter("arrive_serious_s", 2 * _HOUR, "s", "严重故障到场时限", "WH-16"),
    Parameter("arrive_urgent_s", 1 * _HOUR, "s", "紧急故障到场时限", "WH-16"),
    Parameter("repair_general_s", 8 * _HOUR, "s", "一般故障修复时限", "WH-17"),
    Parameter("repair_serious_s", 4 * _HOUR, "s", "严重故障修复时限", "WH-17"),
    Parameter("repair_urgent_s", 2 * _HOUR, "s", "紧急故障修复时限", "WH-17"),
    Parameter("mean_repair_s", 2 * _HOUR, "s", "平均修复用时上限", "WH-18", _MINUTE),
    Parameter("alarm_s", 5 * _MINUTE, "s", "离线或关键部件异常的告警时限", "WH-14"),
    Parameter("heartbeat_plan_s", 30, "s", "自助终端计划联系间隔", "", 5, 3600),
    Parameter("silence_grace_s", 30, "s", "判定自助终端失联前的宽限", "WH-14", 1, 300),
    Parameter("stop_show_ahead_s", 48 * _HOUR, "s", "计划停用提前多久向市民显示", "", 0, 30 * _DAY),
    Parameter("settle_s", 0, "s", "状态至少持续多久才开故障（故障原因表里更长的从表）", "", 0, 600),
    Parameter("flap_changes", 6, "count", "一段时间内变化几次算反复异常", "", 3, 100),
    Parameter("flap_window_s", 10 * _MINUTE, "s", "判断反复异常的时间段", "", 60, 86400),
    Parameter("flap_calm_s", 15 * _MINUTE, "s", "平稳多久算反复异常结束", "", 60, 86400),
    Parameter("component_keep_d", 7, "d", "不再上报的部件保留显示的天数", "", 0, 365),
    Parameter("room_cold_c", 5, "c", "自助区偏冷的温度", "", None, None),
    Parameter("room_hot_c", 35, "c", "自助区偏热的温度", "", None, None),
    Parameter("room_margin_c", 10, "c", "偏冷偏热再差多少度算过冷过热", "", 0, 50),
    Parameter("room_dry_ratio", 0.20, "ratio", "自助区过于干燥的相对湿度", "", 0, 1),
    Parameter("room_damp_ratio", 0.80, "ratio", "自助区过于潮湿的相对湿度", "", 0, 1),
    Parameter("circuit_failures", 5, "count", "部门接口连续失败几次后暂停调用", "", 1, 100),
    Parameter("circuit_open_s", 30, "s", "部门接口暂停调用后多久试一次", "", 5, _HOUR),
    Parameter("circuit_longest_s", 10 * _MINUTE, "s", "部门接口暂停调用的最长间隔", "", 30, _DAY),
    Parameter("calls_keep_d", 180, "d", "部门接口调用记录留存天数", "JB-13", 180, 1095),
    Parameter("probe_fresh_s", 24 * _HOUR, "s", "拨测结果的有效时间"),
    Parameter("probe_every_s", 6 * _HOUR, "s", "按计划拨测的间隔", "", 10 * _MINUTE, 7 * _DAY),
    Parameter("probe_again_s", 5 * _MINUTE, "s", "拨测没有通过后多久再试", "", _MINUTE, _DAY),
    Parameter("probe_failures", 2, "count", "部门的拨测连续几次没有通过才开故障", "", 1, 20),
    Parameter("promise_first_s", 60 * _MINUTE, "s", "出门前保障：提前多久先试一遍", "", 15 * _MINUTE, _DAY),
    Parameter("promise_last_s", 20 * _MINUTE, "s", "出门前保障：提前多久再试一遍", "", 5 * _MINUTE, _DAY),
    Parameter("stop_carry_over_s", 10 * _MINUTE, "s", "停用开始后，手上这件还能办多久", "", 0, _HOUR),
    Parameter("duty_no_overlap", 1, "count", "同一个人不得同时值两个班（1 是，0 否）", "", 0, 1),
    Parameter("duty_comp_night", 0.5, "ratio", "夜间（22:00—06:00）每值 1 小时可补休几小时", "", 0, 3),
    Parameter("duty_comp_restday", 1, "ratio", "周末每值 1 小时可补休几小时", "", 0, 3),
    Parameter("duty_comp_holiday", 1, "ratio", "法定节假日每值 1 小时可补休几小时", "", 0, 3),
    Parameter("duty_comp_valid_d", 365, "d", "补休多久不用就作废", "", 7, 1100),
    Parameter("duty_day_s", 8 * _HOUR, "s", "补休一天按多长时间扣", "", _HOUR, _DAY),
    Parameter("duty_rest_s", 8 * _HOUR, "s", "两个班之间至少休息多久（荐人替班时看）", "", 0, 2 * _DAY),
    Parameter("duty_swap_approval", 1, "count", "换班须管理员同意（1 是，0 否）", "", 0, 1),
    Parameter("notice_bundle_s", 2 * _MINUTE, "s", "同一人的通知合并多久再发", "", 0, 600),
    Parameter("notice_urgent_at_once", 1, "count", "紧急故障的首条通知立即发出（1 是，0 否）", "", 0, 1),
    Parameter("notice_remind_s", 4 * _HOUR, "s", "故障未恢复时隔多久再提醒", "", 10 * _MINUTE, None),
    Parameter("notice_link_valid_s", 7 * _DAY, "s", "通知里确认链接的有效时间", "", _HOUR, 30 * _DAY),
    Parameter("watch_seen_keep_s", 24 * _HOUR, "s", "现场确认专机状态后多久仍算数", "", _HOUR, 30 * _DAY),
    Parameter("watch_plug_price", 60, "count", "监测用计量插座的单价（元，估计）", "", 0, 10000),
    Parameter("watch_snmp_port_price", 260, "count", "监测用可网管交换机的单价（元，估计）", "", 0, 100000),
    Parameter("watch_ping_minutes", 5, "count", "加一项 ping 监测的工时（分钟，估计）", "", 0, 600),
    Parameter("watch_tcp_minutes", 10, "count", "加一项端口监测的工时（分钟，估计）", "", 0, 600),
    Parameter("watch_http_minutes", 15, "count", "加一项网页监测的工时（分钟，估计）", "", 0, 600),
    Parameter("watch_snmp_printer_minutes", 20, "count", "加一项打印机监测的工时（分钟，估计）", "", 0, 600),
    Parameter("watch_snmp_port_minutes", 30, "count", "加一项交换机端口监测的工时（分钟，估计）", "", 0, 600),
    Parameter("watch_plug_minutes", 15, "count", "加一个计量插座的工时（分钟，估计）", "", 0, 600),
    Parameter("help_answer_s", 30, "s", "按求助按钮后有人应答的时限", "JB-34", 1, 600),
    Parameter("help_test_d", 30, "d", "求助按钮多久测试一次", "JB-34", 1, 366),
    Parameter("exit_open_s", 5, "s", "断电后从里面打开门的时限", "JB-35", 1, 120),
    Parameter("exit_test_d", 30, "d", "断电开门多久测试一次", "JB-35", 1, 366),
    Parameter("camera_keep_d", 30, "d", "监控录像至少保存的天数", "JB-27", 1, 366),
    Parameter("door_way_d", 30, "d", "一种开门方式多久没有成功过，算没有证明", "JB-35", 1, 366),
    Parameter("watch_door_minutes", 30, "count", "接一台门禁控制器的工时（分钟，估计）", "", 0, 600),
    Parameter("watch_heartbeat_minutes", 20, "count", "加一项机器心跳的工时（分钟，估计）", "", 0, 600),
    Parameter("paper_low_ratio", 0.20, "ratio", "耗材低限", "YJ-13", 0, 1),
    Parameter("supply_lead_s", 4 * _HOUR, "s", "耗材将在无人值守时用完时，值班结束前多久派工单", "YJ-13", 0, 7 * _DAY),
    Parameter("office_opens_s", 8.5 * _HOUR, "s", "没有值班表时视为有人的起始时刻（零点起的秒数）", "", 0, _DAY),
    Parameter("office_closes_s", 17.5 * _HOUR, "s", "没有值班表时视为有人的结束时刻（零点起的秒数）", "", 0, _DAY),
    *(
        Parameter(f"supply_price_{code}", 0, "count", f"{name}每{unit}的单价（元，0 表示没有填）", "", 0, 10000)
        for code, name, unit in (
            ("a4", "A4打印纸", "张"),
            ("a4_lower", "下纸盒打印纸", "张"),
            ("toner", "碳粉盒", "页"),
            ("receipt_roll", "凭条纸卷", "张凭条"),
            ("cards", "空白卡", "张"),
            ("certificate", "证书专用纸", "张"),
            ("stamp_ink", "印油", "次"),
            ("label", "标签", "张"),
        )
    ),
    Parameter("monthly_day", 4, "count", "每月几号做上个月的月报", "", 1, 28),
    Parameter("few_trips_day", 1, "count", "一台一体机平均每天少于几趟，月报列为很少有人用", "", 0, 100),
    Parameter("idle_warn_s", 60, "s", "无操作多久后提示", "JB-24", 30, 90),
    Parameter("idle_clear_s", 15, "s", "提示后多久退出并清除", "JB-24", 5, 30),
    Parameter("hours_close_s", 15 * _MINUTE, "s", "每天零点后多久结算前一天的可用时间", "", 60, 6 * _HOUR),
    Parameter("hours_settle_s", 2 * _MINUTE, "s", "迟到的数据多久后重算已结算的日子", "", 0, _HOUR),
    Parameter("hours_back_d", 92, "d", "迟到的数据最多重算多少天以前的可用时间", "", 1, 400),
    Parameter("pay_expires_s", 5 * _MINUTE, "s", "缴费二维码的有效时间", "", 60, _HOUR),
    Parameter("statement_late_s", 18 * _HOUR, "s", "一天过后多久还没有对账单就派人去问支付机构", "", _HOUR, 7 * _DAY),
    Parameter("paid_output_s", 3 * _MINUTE, "s", "已收款而没有结果，多久后派出最高级工单", "", 30, _DAY),
    Parameter("make_good_wait_s", 10 * _MINUTE, "s", "打印中断后，多久没有人回来取就派人补办", "", 30, _DAY),
    Parameter("defer_keep_d", 7, "d", "夜间存件最多保管的天数", "", 1, 60),
    Parameter("case_poll_s", 30 * _MINUTE, "s", "已收件的办件隔多久向部门询问进度", "", 30, 7 * _DAY),
    Parameter("material_sheet_bytes", 3_000_000, "count", "一张材料最大的字节数", "", 200_000, 8_000_000),
    Parameter("material_case_bytes", 8_000_000, "count", "一件办件全部材料最大的字节数", "", 1_000_000, 8_400_000),
    Parameter("material_link_valid_s", 10 * _MINUTE, "s", "手机上传材料的二维码有效时间", "", 2 * _MINUTE, _HOUR),
    Parameter("material_blank_ratio", 0.0015, "ratio", "墨迹少于这个比例的材料算空白", "", 0, 0.1),
    Parameter("material_sharp", 70, "count", "清晰度低于这个值的材料算模糊（拉普拉斯方差）", "", 0, 2000),
    Parameter("material_side", 500, "count", "短边少于这么多像素的材料算太小", "", 100, 3000),
    Parameter("material_wait_d", 2, "d", "办件没有到的材料最多保管的天数", "", 1, 30),
    Parameter("availability_target", 0.98, "ratio", "设备正常运行率目标", "YJ-07", 0, 1),
    Parameter("round_remind_s", 30 * _MINUTE, "s", "巡查结束前多久提醒", "", 60, _DAY),
    Parameter("round_grace_s", 15 * _MINUTE, "s", "巡查过了时间段，多久算没有按时完成", "", 0, _DAY),
    Parameter("due_warn_d", 60, "d", "灭火器、检测、证照到期前多少天提醒", "", 1, 400),
    Parameter("sign_round_most", 5, "count", "日常巡查每次看几块标志", "BS-15", 0, 200),
    Parameter("sign_fault_notice_s", 5 * _MINUTE, "s", "故障后多久之内要有告示", "BS-05", _MINUTE, _DAY),
    Parameter("sign_look_s", 60 * _MINUTE, "s", "标牌内容多久核对一次", "BS-03", _MINUTE, _DAY),
    Parameter("round_code_slack_s", 2 * _MINUTE, "s", "终端动态码与手机时间允许相差", "", 0, 30 * _MINUTE),
    Parameter("good_condition_target", 0.95, "ratio", "设备完好率合格线", "YJ-08", 0, 1),
    Parameter("log_retention_d", 180, "d", "网络日志留存天数", "JB-13", 180, None),
    Parameter("verify_code_target", 1.0, "ratio", "打印件可验真比例", "JB-08", 0, 1),
    Parameter("report_answer_s", 4 * _HOUR, "s", "群众报修的答复时限", "", 10 * _MINUTE, 7 * _DAY),
    Parameter("report_phone_d", 7, "d", "报修答复后保存手机号和照片的天数", "", 0, 90),
    Parameter("report_phone_most_d", 60, "d", "报修的手机号和照片最长保存的天数", "", 1, 180),
    Parameter("report_client_hour", 6, "count", "一个网络地址一小时内直接受理的报修数", "", 1, 1000),
    Parameter("report_place_hour", 20, "count", "一台终端或一个自助区一小时内直接受理的报修数", "", 1, 1000),
    Parameter("opinion_client_hour", 6, "count", "一个网络地址一小时内直接列入的标准意见数", "", 1, 1000),
    Parameter("opinion_project_hour", 60, "count", "一个标准项目一小时内直接列入的标准意见数", "", 1, 10_000),
    Parameter("standard_test_questions", 5, "count", "标准测试一次出几道题", "", 1, 50),
    Parameter("standard_test_pass", 0.8, "ratio", "标准测试答对多少算通过", "", 0.1, 1),
    Parameter("sign_edition", 0, "count", "安全标志按 GB 2894 哪一版（0 按日期，2008，2025）", "BS-11", 0, 2025),
    Parameter("sign_bottom_mm", 2000, "count", "悬挂和柱式标志下缘离地至少（毫米）", "BS-14", 1000, 4000),
    Parameter("sign_angle", 75, "count", "牌面与视线的夹角至少（度）", "BS-15", 30, 90),
    Parameter("sign_eye_mm", 1500, "count", "看标志的人眼睛离地（毫米）", "", 900, 1900),
    Parameter("access_path_mm", 1200, "count", "无障碍通道净宽至少（毫米）", "YJ-20", 800, 3000),
    Parameter("access_turn_mm", 1500, "count", "轮椅回转空间直径至少（毫米）", "YJ-19", 1200, 3000),
    Parameter("access_door_mm", 900, "count", "门开启后通行净宽至少（毫米）", "YJ-21", 700, 2000),
    Parameter("order_closed_target", 1.0, "ratio", "工单闭环率目标", "WH-22", 0, 1),
    Parameter("rating_shown_target", 1.0, "ratio", "办结后评价页触发率目标", "PJ-01", 0, 1),
    Parameter("rating_days_d", 7, "d", "未当场评价的补评期限", "PJ-06"),
    Parameter("negative_check_workdays", 1, "d", "差评核实时限（工作日）", "PJ-07"),
    Parameter("negative_fix_workdays", 5, "d", "差评整改办结时限（工作日）", "PJ-08"),
    Parameter("negative_call_workdays", 3, "d", "差评整改后回访时限（工作日）", "PJ-09", 1, 30),
    Parameter("negative_call_tries", 3, "count", "差评回访最多打几次没有接通就记为联系不上", "PJ-09", 1, 10),
    Parameter("negative_rerate_d", 7, "d", "差评整改后本人再评价的期限", "PJ-11", 1, 60),
    Parameter("negative_appeal_workdays", 5, "d", "归属单位对差评申诉的期限（工作日）", "PJ-10", 1, 30),
    Parameter("negative_decide_workdays", 5, "d", "差评申诉裁定时限（工作日）", "PJ-10", 1, 30),
    Parameter("negative_warn_s", 4 * _HOUR, "s", "差评各步到期前多久提醒", "", 0, 3 * _DAY),
    Parameter("negative_phone_d", 7, "d", "差评办结后保存手机号的天数", "", 0, 90),
    Parameter("negative_phone_most_d", 60, "d", "差评的手机号最长保存的天数", "", 1, 180),
    Parameter("complaint_accept_workdays", 2, "d", "投诉、建议受理时限（工作日）", "PJ-17", 1, 30),
    Parameter("complaint_investigate_workdays", 5, "d", "投诉调查时限（工作日，从收到起）", "PJ-17", 1, 60),
    Parameter("complaint_handle_workdays", 10, "d", "投诉处置时限（工作日，从收到起）", "PJ-17", 1, 60),
    Parameter("complaint_answer_workdays", 15, "d", "投诉、表扬、建议反馈时限（工作日，从收到起）", "PJ-17", 1, 60),
    Parameter("complaint_file_workdays", 20, "d", "投诉、表扬、建议归档时限（工作日，从收到起）", "PJ-17", 1, 120),
    Parameter("complaint_client_hour", 4, "count", "一个网络地址一小时内直接收下的投诉、表扬、建议", "", 1, 1000),
    Parameter("complaint_area_hour", 30, "count", "一个自助区一小时内直接收下的投诉、表扬、建议", "", 1, 1000),
    Parameter("complaint_keep_d", 30, "d", "投诉、表扬、建议结束后保存原文和手机号的天数", "", 0, 365),
    Parameter("complaint_most_d", 180, "d", "投诉、表扬、建议的原文和手机号最长保存的天数", "", 1, 730),
    Parameter("supervision_reply_workdays", 5, "d", "监督检查发现的问题答复时限（工作日）", "PJ-21", 1, 60),
    Parameter("supervision_late_d", 3, "d", "监督检查到期后还能交几天", "", 0, 30),
    Parameter("supervision_link_d", 90, "d", "监督检查的链接到期后还能看答复几天", "", 0, 366),
    Parameter("placement_days", 60, "d", "布局与使用建议看多少天", "", 14, 366),
    Parameter("placement_least_days", 14, "d", "终端到位不足多少天不判断用得多少", "", 1, 366),
    Parameter("placement_overlap_cases", 3, "count", "相邻两台终端一个事项一共办不到几件算用得少", "", 0, 1000),
    Parameter("placement_overlap_items", 5, "count", "相邻两台终端有几个用得少的重复事项才提建议", "", 1, 500),
    Parameter("placement_near_m", 1000, "count", "两个自助区相距多少米以内算相邻", "", 0, 20000),
    Parameter("placement_gap_s", 60, "s", "前一件结束多久以内开始下一件算一件接一件", "", 5, 600),
    Parameter("placement_queue_starts", 20, "count", "一个时段至少办了几件才看有没有人等", "", 2, 10000),
    Parameter("placement_queue_share", 0.5, "ratio", "一个时段一件接一件的占多少算有人等", "", 0.05, 1),
    Parameter("placement_searches", 10, "count", "找了几次才建议增设事项", "", 2, 10000),
    Parameter("search_words_k", 5, "count", "同样的话至少几次有人找才记下原话", "", 3, 1000),
    Parameter("survey_margin", 0.10, "ratio", "满意度问卷的满意率要准到正负多少（95 %）", "PJ-14", 0.01, 0.5),
    Parameter("survey_client_hour", 3, "count", "一个网络地址一小时内计入的问卷份数", "", 1, 1000),
    Parameter("lived_before_s", 30 * _MINUTE, "s", "差评前多久之内的故障算这次经历", "", 60, _DAY),
    Parameter("slow_call_s", 10, "s", "部门接口一次应答超过多久算慢", "", 1, 300),
    Parameter("flag_burst", 6, "count", "一台终端短时间内几次评价算集中", "PJ-04", 2, 1000),
    Parameter("flag_burst_s", 10 * _MINUTE, "s", "判断集中评价的时间段", "PJ-04", 60, _DAY),
    Parameter("flag_fast_s", 1, "s", "评价页出现多久之内提交算太快", "PJ-04", 0, 60),
    Parameter("flag_same", 4, "count", "一天内几次评价的等级和几项原因完全相同算可疑", "PJ-04", 2, 1000),
    Parameter("flag_staffed", 3, "count", "维护人员在场时几次非常满意算可疑", "PJ-04", 1, 1000),
    Parameter("flag_days", 5, "count", "几天在同一时刻非常满意算可疑", "PJ-04", 2, 30),
    Parameter("flag_wait_s", _HOUR, "s", "评价后多久再判断是否异常（等迟到的数据）", "", 0, _DAY),
)

BY_NAME: dict[str, Parameter] = {p.name: p for p in PARAMETERS}


def deadline_name(step: str, severity: str) -> str:
    """The parameter of one step (respond, arrive, repair) at one severity (general, serious, urgent). Raises
    KeyError.
    """
    name = f"{step}_{severity}_s"
    return BY_NAME[name].name


def get_parameter(name: str) -> Parameter:
    """Raises KeyError for a name that is not in the tuple."""
    return BY_NAME[name]
