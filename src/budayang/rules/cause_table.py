"""The table of causes: one row a kind of incident. A new kind is one row here (docs/mechanisms/causes.md explains the
columns); the words of component, property and state are those of rules/terminals.
"""

from __future__ import annotations

from budayang.rules.incident_kinds import Bucket, IncidentKind, NodeLevel, Severity, Source

_MINUTE, _DAY = 60.0, 86400.0
_MACHINES = (Source.STATE, Source.LINK, Source.INFERENCE)


def _row(
    code: str,
    title: str,
    severity: Severity,
    bucket: Bucket,
    level: NodeLevel,
    where: str,
    states: str,
    *,
    affects: str,
    proof: str = "state",
    after: tuple[float, float] = (0, 0),
    tells: str,
    citizen: str,
    source: Source = Source.STATE,
    hushable: bool | None = None,
) -> IncidentKind:
    """``where`` is "kind property", ``after`` (open after, clear after) in seconds; lists are written with spaces.
    ``hushable`` where its source does not say it: what machines tell is, what messages and people tell is not.
    """
    kind, prop = where.split()
    return IncidentKind(
        code, title, severity, bucket, level, kind, prop, frozenset(states.split()), tuple(affects.split()), proof,
        after[0], after[1], tuple(tells.split()), citizen, source,
        source in _MACHINES if hushable is None else hushable,
    )  # fmt: skip


_G, _S, _U = Severity.GENERAL, Severity.SERIOUS, Severity.URGENT
_P, _T = NodeLevel.PERIPHERAL, NodeLevel.TERMINAL
_SITE, _POWER, _NET = NodeLevel.SITE, NodeLevel.POWER, NodeLevel.NETWORK
_STOCK, _DEVICE, _UNSETTLED = Bucket.CONSUMABLES, Bucket.DEVICE, Bucket.UNDETERMINED
_GONE = "offline powerOff noDevice hardwareError"
_STOPPED = f"{_GONE} userError"
# Who fills up, who repairs, who opens the hall.
_FILL, _MEND, _HALL = "owner keeper", "owner vendor keeper", "keeper manager"
_NO_PRINT, _NO_RECEIPT = "这台机器暂时不能打印。", "这台机器暂时不打印凭条，不影响办理结果。"
_NO_ID, _NO_CARD = "这台机器暂时不能读身份证。", "这台机器暂时不发卡。"
_DOWN, _CLOSED = "这台机器暂时不能用。", "自助区暂时不能进入。"

# fmt: off
CAUSES: tuple[IncidentKind, ...] = (
    # The site: door, climate, smoke.
    _row("door_locked", "自助区的门锁着", _U, Bucket.SITE, _SITE, "door entrance", "locked",
         affects="entry", tells="keeper manager guard", citizen=_CLOSED),
    _row("site_smoke", "自助区有烟雾", _U, Bucket.SITE, _SITE, "environment x-env.smoke", "on",
         affects="entry", after=(0, _MINUTE), tells="keeper manager guard", citizen="请立即离开自助区。",
         hushable=False),
    _row("site_cold", "自助区过冷", _S, Bucket.SITE, _SITE, "environment x-env.temperature", "tooCold",
         affects="", after=(10 * _MINUTE, 10 * _MINUTE), tells=_HALL, citizen="自助区供暖异常，正在处理。"),
    _row("site_hot", "自助区过热", _S, Bucket.SITE, _SITE, "environment x-env.temperature", "tooHot",
         affects="", after=(5 * _MINUTE, 10 * _MINUTE), tells=_HALL, citizen="自助区温度过高，正在处理。"),

    # Power of the area.
    _row("area_power", "自助区停电，多台终端同时失去联系", _S, Bucket.POWER, _POWER, "area silence", "power",
         affects="terminal", proof="heartbeat", tells=_HALL, citizen="自助区停电，正在恢复。", source=Source.INFERENCE),
    _row("power_ending", "市电中断，电池即将耗尽", _U, Bucket.POWER, _POWER, "ups supply", "low",
         affects="terminal", tells="keeper manager owner", citizen="自助区停电，机器即将关闭，请不要开始办理。"),
    _row("power_lost", "市电中断，正由电池供电", _S, Bucket.POWER, _POWER, "ups supply", "powering",
         affects="", after=(1.5 * _MINUTE, 30), tells=_HALL, citizen=""),

    # Network of the area.
    _row("area_network", "自助区断网，多台终端同时失去联系", _S, Bucket.NETWORK, _NET, "area silence", "network",
         affects="terminal", proof="heartbeat", tells=_HALL, citizen="自助区网络中断，正在恢复。",
         source=Source.INFERENCE),
    _row("area_silent", "自助区多台终端同时失去联系", _S, _UNSETTLED, _NET, "area silence", "unknown",
         affects="terminal", proof="heartbeat", tells=_HALL, citizen="自助区的机器暂时不能用，正在恢复。",
         source=Source.INFERENCE),
    _row("network_down", "网络中断", _S, Bucket.NETWORK, _NET, "network uplink", "down",
         affects="terminal", proof="heartbeat", tells=_HALL, citizen="自助区网络中断，正在恢复。"),
    _row("network_degraded", "网络不稳", _G, Bucket.NETWORK, _NET, "network uplink", "degraded",
         affects="", after=(5 * _MINUTE, 5 * _MINUTE), tells=_HALL, citizen=""),

    # The terminal.
    _row("terminal_silent", "自助终端失去联系", _S, _UNSETTLED, _T, "terminal liveness", "silent",
         affects="terminal", proof="heartbeat", tells="keeper manager owner", citizen=_DOWN, source=Source.LINK),
    _row("terminal_cloned", "自助终端的凭证被重复使用，已停用", _U, _UNSETTLED, _T, "terminal credential", "cloned",
         affects="terminal", proof="heartbeat", tells="keeper manager center", citizen=_DOWN, source=Source.LINK,
         hushable=False),
    _row("machine_unusable", "部门专机不能用", _S, _UNSETTLED, _T, "watch usable", "off unreachable fault",
         affects="terminal", proof="heartbeat", tells="owner keeper", citizen=_DOWN, source=Source.LINK),
    _row("relay_silent", "监测中继失去联系，专机状态未知", _G, Bucket.MONITORING_LOST, _T, "relay liveness", "silent",
         affects="", proof="heartbeat", tells="keeper center", citizen="", source=Source.LINK),
    _row("application_down", "自助服务程序停止服务", _S, Bucket.SOFTWARE, _T, "terminal application",
         "outOfService error", affects="terminal", proof="heartbeat", tells="keeper center", citizen=_DOWN),
    _row("page_dead", "自助终端的屏幕没有反应", _S, Bucket.SOFTWARE, _T, "terminal application", "pageDead",
         affects="terminal", proof="heartbeat", tells="keeper center", citizen=_DOWN),
    # It is heard and told of no fault, and an end-to-end try (拨测) fails all the same: nobody else would know.
    _row("machine_probe_failed", "自助终端没有通过拨测", _G, _UNSETTLED, _T, "terminal probe", "failed",
         affects="", tells="keeper owner center", citizen="", source=Source.ELSEWHERE),
    # Papers and receipts carry the hour: a wrong clock is a fault though everything seems to work.
    _row("clock_wrong", "自助终端的时钟不准", _G, Bucket.SOFTWARE, _T, "terminal clock", "wrong",
         affects="", after=(5 * _MINUTE, _MINUTE), tells="keeper center", citizen=""),
    _row("cabinet_forced", "机柜门被强行打开", _U, Bucket.DAMAGE, _T, "door cabinet", "tampered",
         affects="terminal", tells="guard keeper owner", citizen=_DOWN, hushable=False),
    _row("cabinet_pried", "机柜被撬动", _U, Bucket.DAMAGE, _T, "door tamperSensor", "on",
         affects="terminal", tells="guard keeper owner", citizen=_DOWN, hushable=False),
    _row("cabinet_open", "机柜门一直开着", _G, Bucket.DEVICE, _T, "door cabinet", "open",
         affects="", after=(10 * _MINUTE, 0), tells=_FILL, citizen=""),
    _row("cabinet_hot", "机柜过热", _S, _DEVICE, _T, "environment heatSensor", "on",
         affects="", after=(_MINUTE, 5 * _MINUTE), tells=_MEND, citizen=""),
    _row("events_lost", "自助终端有事件没有送到就丢失了", _G, Bucket.SOFTWARE, _T, "terminal outbox", "lost",
         affects="", after=(0, _DAY), tells="center", citizen="", source=Source.MESSAGE),

    # The A4 printer.
    _row("paper_out", "打印机缺纸", _G, _STOCK, _P, "printer paper.upper", "out",
         affects="printing", proof="test_print", tells=_FILL, citizen=_NO_PRINT),
    _row("paper_low", "打印纸快用完", _G, _STOCK, _P, "printer paper.upper", "low",
         affects="", tells=_FILL, citizen=""),
    _row("paper_jam", "打印机卡纸", _G, _DEVICE, _P, "printer media", "jammed",
         affects="printing", proof="test_print", tells=_MEND, citizen=_NO_PRINT),
    _row("paper_tray_jam", "纸盒卡纸", _G, _DEVICE, _P, "printer paper.upper", "jammed",
         affects="printing", proof="test_print", tells=_MEND, citizen=_NO_PRINT),
    _row("lower_paper_out", "下纸盒缺纸", _G, _STOCK, _P, "printer paper.lower", "out",
         affects="printing", proof="test_print", tells=_FILL, citizen=_NO_PRINT),
    _row("lower_paper_low", "下纸盒纸张快用完", _G, _STOCK, _P, "printer paper.lower", "low",
         affects="", tells=_FILL, citizen=""),
    _row("lower_tray_jam", "下纸盒卡纸", _G, _DEVICE, _P, "printer paper.lower", "jammed",
         affects="printing", proof="test_print", tells=_MEND, citizen=_NO_PRINT),
    _row("toner_out", "打印机碳粉用完", _G, _STOCK, _P, "printer toner", "out",
         affects="printing", proof="test_print", tells=_FILL, citizen=_NO_PRINT),
    _row("toner_low", "打印机碳粉不足", _G, _STOCK, _P, "printer toner", "low",
         affects="", tells=_FILL, citizen=""),
    _row("printer_cover", "打印机盖板打开或等待人工处理", _G, _DEVICE, _P, "printer device", "userError",
         affects="printing", proof="test_print", after=(_MINUTE, 0), tells=_MEND, citizen=_NO_PRINT),
    _row("printer_offline", "打印机没有应答", _G, _DEVICE, _P, "printer device", _GONE,
         affects="printing", proof="test_print", tells=_MEND, citizen=_NO_PRINT),
    _row("output_bin_full", "打印机出纸口已满", _G, _STOCK, _P, "printer x-printer.outputBin", "full",
         affects="printing", proof="test_print", tells=_FILL, citizen=_NO_PRINT),
    _row("waste_full", "打印机废粉盒已满", _G, _STOCK, _P, "printer x-printer.waste", "full",
         affects="printing", proof="test_print", tells=_FILL, citizen=_NO_PRINT),
    _row("queue_paused", "打印队列被暂停", _G, _DEVICE, _P, "printer x-printer.queue", "paused",
         affects="printing", proof="test_print", tells=_MEND, citizen=_NO_PRINT),

    # Receipt printer, stamping machine.
    _row("receipt_paper_out", "凭条打印机缺纸", _G, _STOCK, _P, "receiptPrinter paper.upper", "out",
         affects="receipt", tells=_FILL, citizen=_NO_RECEIPT),
    _row("receipt_paper_low", "凭条纸卷快用完", _G, _STOCK, _P, "receiptPrinter paper.upper", "low",
         affects="", tells=_FILL, citizen=""),
    _row("receipt_paper_jam", "凭条纸卷卡住", _G, _DEVICE, _P, "receiptPrinter paper.upper", "jammed",
         affects="receipt", tells=_MEND, citizen=_NO_RECEIPT),
    _row("receipt_jam", "凭条打印机卡纸", _G, _DEVICE, _P, "receiptPrinter media", "jammed",
         affects="receipt", tells=_MEND, citizen=_NO_RECEIPT),
    _row("receipt_cutter", "凭条打印机的切刀不动", _G, _DEVICE, _P, "receiptPrinter x-receipt.cutter", "inoperable",
         affects="receipt", tells=_MEND, citizen=_NO_RECEIPT),
    _row("receipt_printer_down", "凭条打印机不可用", _G, _DEVICE, _P, "receiptPrinter device", _STOPPED,
         affects="receipt", tells=_MEND, citizen=_NO_RECEIPT),
    _row("stamp_ink_out", "盖章机印油用完", _G, _STOCK, _P, "stamp ink", "out",
         affects="stamping", tells=_FILL, citizen="这台机器暂时不能盖章。"),
    _row("stamp_ink_low", "盖章机印油不足", _G, _STOCK, _P, "stamp ink", "low", affects="", tells=_FILL, citizen=""),
    _row("stamp_jam", "盖章机卡纸", _G, _DEVICE, _P, "stamp media", "jammed",
         affects="stamping", tells=_MEND, citizen="这台机器暂时不能盖章。"),
    _row("stamp_down", "盖章机不可用", _G, _DEVICE, _P, "stamp device", _STOPPED,
         affects="stamping", tells=_MEND, citizen="这台机器暂时不能盖章。"),
    _row("seal_box_forced", "印章盒的门被强行打开", _U, Bucket.DAMAGE, _P, "stamp cabinetFrontDoor", "tampered",
         affects="stamping", tells="guard keeper owner manager", citizen="这台机器暂时不能盖章。", hushable=False),

    # Cards and identity.
    _row("id_reader_down", "身份证阅读器不可用", _S, _DEVICE, _P, "idReader device", _STOPPED,
         affects="identity", proof="card_read", tells=_MEND, citizen=_NO_ID),
    _row("id_reader_security", "身份证阅读器安全模块没有就绪", _S, _DEVICE, _P, "idReader security", "notReady",
         affects="identity", proof="card_read", tells=_MEND, citizen=_NO_ID),
    _row("id_reader_chip", "身份证阅读器芯片模块不可用", _S, _DEVICE, _P, "idReader chipModule", "inoperable",
         affects="identity", proof="card_read", tells=_MEND, citizen=_NO_ID),
    _row("device_tampered", "身份证阅读器疑似被动过手脚", _U, Bucket.DAMAGE, _P, "idReader device", "fraudAttempt",
         affects="identity", proof="card_read", tells="guard keeper owner", citizen=_NO_ID, hushable=False),
    _row("ic_card_down", "社保卡读写器不可用", _G, _DEVICE, _P, "icCard device", _STOPPED,
         affects="ic_card", tells=_MEND, citizen="这台机器暂时不能读社保卡。"),
    _row("ic_card_stuck", "社保卡读写器卡住了卡片", _S, _DEVICE, _P, "icCard media", "jammed",
         affects="ic_card", tells=_MEND, citizen="卡片被卡住，请联系工作人员取回。"),
    _row("ic_card_tampered", "社保卡读写器疑似被动过手脚", _U, Bucket.DAMAGE, _P, "icCard device", "fraudAttempt",
         affects="ic_card", tells="guard keeper owner", citizen="这台机器暂时不能读社保卡。", hushable=False),
    _row("cards_out", "发卡机没有卡", _G, _STOCK, _P, "cardDispenser replenishmentStatus", "empty",
         affects="card_issue", tells=_FILL, citizen=_NO_CARD),
    _row("cards_low", "发卡机的卡快发完", _G, _STOCK, _P, "cardDispenser replenishmentStatus", "low",
         affects="", tells=_FILL, citizen=""),
    _row("card_jam", "发卡机卡住了卡片", _G, _DEVICE, _P, "cardDispenser media", "jammed",
         affects="card_issue", tells=_MEND, citizen=_NO_CARD),
    _row("card_box_down", "发卡机卡箱不可用", _G, _DEVICE, _P, "cardDispenser storage",
         "inoperative missing notConfigured manipulated", affects="card_issue", tells=_MEND, citizen=_NO_CARD),
    _row("retain_bin_full", "发卡机回收箱已满", _G, _STOCK, _P, "cardDispenser retainBin", "full",
         affects="card_issue", tells=_FILL, citizen=_NO_CARD),
    _row("card_dispenser_down", "发卡机不可用", _G, _DEVICE, _P, "cardDispenser device", _STOPPED,
         affects="card_issue", tells=_MEND, citizen=_NO_CARD),

    # What reads, pays, signs, sees and speaks.
    _row("scanner_down", "扫码器不可用", _G, _DEVICE, _P, "scanner device", _STOPPED,
         affects="scanning", tells=_MEND, citizen="这台机器暂时不能扫码，可以改用身份证。"),
    _row("scan_window_dead", "扫码窗不可用", _G, _DEVICE, _P, "scanner scanner", "inoperative",
         affects="scanning", tells=_MEND, citizen="这台机器暂时不能扫码，可以改用身份证。"),
    _row("payment_down", "支付扫码器不可用", _G, _DEVICE, _P, "payment device", _STOPPED,
         affects="payment", tells=_MEND, citizen="这台机器暂时不能缴费。"),
    _row("payment_window_dead", "付款码扫描窗不可用", _G, _DEVICE, _P, "payment scanner", "inoperative",
         affects="payment", tells=_MEND, citizen="这台机器暂时不能缴费。"),
    _row("signature_pad_down", "电子签名板不可用", _G, _DEVICE, _P, "signaturePad device", _STOPPED,
         affects="signature", tells=_MEND, citizen="这台机器暂时不能签名。"),
    _row("signature_dead", "签名板没有反应", _G, _DEVICE, _P, "signaturePad x-signature.pad", "inoperative",
         affects="signature", tells=_MEND, citizen="这台机器暂时不能签名。"),
    _row("camera_down", "摄像头不可用", _G, _DEVICE, _P, "camera device", _GONE,
         affects="camera", tells=_MEND, citizen="这台机器暂时不能拍照核对。"),
    _row("camera_blind", "人像镜头不可用", _G, _DEVICE, _P, "camera person", "inop",
         affects="camera", tells=_MEND, citizen="这台机器暂时不能拍照核对。"),
    _row("document_camera_down", "高拍仪不可用", _G, _DEVICE, _P, "documentCamera device", _STOPPED,
         affects="documents", tells=_MEND, citizen="这台机器暂时不能拍摄材料。"),
    _row("document_lens_dead", "高拍仪镜头不可用", _G, _DEVICE, _P, "documentCamera document", "inop",
         affects="documents", tells=_MEND, citizen="这台机器暂时不能拍摄材料。"),
    _row("speaker_down", "扬声器不可用", _G, _DEVICE, _P, "speaker device", _STOPPED,
         affects="voice", tells=_MEND, citizen="这台机器暂时没有语音提示。"),
    _row("sound_card_missing", "找不到声卡", _G, _DEVICE, _P, "speaker x-audio.sink", "missing",
         affects="voice", tells=_MEND, citizen="这台机器暂时没有语音提示。"),
    _row("speaker_muted", "扬声器被静音", _G, _DEVICE, _P, "speaker volume", "muted",
         affects="", after=(10 * _MINUTE, 0), tells=_FILL, citizen=""),
    _row("ups_battery_failed", "不间断电源的电池失效", _G, _DEVICE, _P, "ups battery", "failure",
         affects="", after=(_MINUTE, _MINUTE), tells=_MEND, citizen=""),
    _row("ups_down", "不间断电源没有应答", _G, _DEVICE, _P, "ups device", _STOPPED,
         affects="", after=(_MINUTE, 0), tells=_MEND, citizen=""),
    _row("part_down", "辅助设备不可用", _G, _DEVICE, _P, "any device", _STOPPED,
         affects="", after=(_MINUTE, 0), tells=_MEND, citizen=""),
    _row("part_tampered", "设备疑似被动过手脚", _U, Bucket.DAMAGE, _P, "any device", "fraudAttempt",
         affects="", tells="guard keeper owner", citizen="", hushable=False),
    _row("unstable", "反复异常，状态不稳定", _G, _DEVICE, _P, "any changes", "many",
         affects="", tells=_MEND, citizen="", source=Source.INFERENCE),
    _row("run_out_ahead", "预计耗材将在无人值守时用完", _G, _STOCK, _P, "any forecast", "runs_out",
         affects="", tells=_FILL, citizen="", source=Source.ELSEWHERE),

    # Departments' systems.
    _row("department_down", "部门系统没有应答", _S, Bucket.DEPARTMENT, NodeLevel.DEPARTMENT, "department connector",
         "down", affects="items", proof="probe", tells="department manager",
         citizen="该部门的系统暂时不通，请稍后再来或到窗口办理。"),
    _row("department_probe_failed", "部门用测试身份办不成事项", _S, Bucket.DEPARTMENT, NodeLevel.DEPARTMENT,
         "department probe", "failed", affects="items", proof="probe", tells="department manager",
         citizen="该部门的部分事项暂时办不了，请稍后再来或到窗口办理。", source=Source.ELSEWHERE, hushable=True),
    _row("department_link_down", "这台终端连不上部门系统", _G, _UNSETTLED, _P, "department line", "down_here",
         affects="items", tells=_MEND, citizen="这台机器暂时办不了该部门的事项，其他机器可以办。",
         source=Source.INFERENCE),

    # Matters that people came for.
    _row("paid_without_output", "已收款，没有办成", _U, _UNSETTLED, NodeLevel.ITEM, "any payment", "no_output",
         affects="", tells="keeper manager", citizen="", source=Source.ELSEWHERE),
    _row("make_good", "没有拿到结果，须补办", _S, _UNSETTLED, NodeLevel.ITEM, "any case", "interrupted",
         affects="", tells="keeper manager", citizen="", source=Source.ELSEWHERE),
    _row("reconciliation_differs", "日对账有差异，须核对", _S, _UNSETTLED, NodeLevel.ITEM, "any reconciliation",
         "differs", affects="", tells="keeper manager", citizen="", source=Source.ELSEWHERE),
    _row("statement_late", "支付机构没有出对账单", _S, _UNSETTLED, NodeLevel.ITEM, "any statement",
         "late", affects="", tells="keeper manager", citizen="", source=Source.ELSEWHERE),

    # What people told us (报修): no proof yet, so it takes nothing from anybody; rules/reports says which is how grave.
    _row("report_general", "群众报修", _G, _UNSETTLED, NodeLevel.ITEM, "any report", "general",
         affects="", proof="person", tells="keeper manager", citizen="", source=Source.ELSEWHERE),
    _row("report_serious", "群众报修（严重）", _S, _UNSETTLED, NodeLevel.ITEM, "any report", "serious",
         affects="", proof="person", tells="keeper manager", citizen="", source=Source.ELSEWHERE),
    _row("report_urgent", "群众报修（紧急）", _U, _UNSETTLED, NodeLevel.ITEM, "any report", "urgent",
         affects="", proof="person", tells="keeper manager guard", citizen="", source=Source.ELSEWHERE),
    _row("report_unanswered", "群众报修没有按时答复", _S, _UNSETTLED, NodeLevel.ITEM, "any report", "unanswered",
         affects="", tells="keeper manager", citizen="", source=Source.ELSEWHERE),

    # What people say.
    _row("manual", "人工报修", _G, _UNSETTLED, _P, "any report", "told",
         affects="", proof="person", tells=_MEND, citizen="", source=Source.ELSEWHERE),

    _row("negative_rating", "差评反映的问题", _G, _UNSETTLED, _P, "any rating", "told",
         affects="", proof="person", tells=_MEND, citizen="", source=Source.ELSEWHERE),

    _row("supervision_finding", "监督检查发现的问题", _G, _UNSETTLED, _P, "any visit", "found",
         affects="", proof="person", tells=_MEND, citizen="", source=Source.ELSEWHERE),

    # What a round found, or that nobody walked it (巡查、巡检); the question says where the fault belongs.
    _row("round_found_general", "巡查发现问题", _G, _UNSETTLED, NodeLevel.ITEM, "any round", "general",
         affects="", proof="round", tells="keeper manager", citizen="", source=Source.ELSEWHERE),
    _row("round_found_serious", "巡查发现严重问题", _S, _UNSETTLED, NodeLevel.ITEM, "any round", "serious",
         affects="", proof="round", tells="keeper manager", citizen="", source=Source.ELSEWHERE),
    _row("round_found_urgent", "巡查发现紧急问题", _U, _UNSETTLED, NodeLevel.ITEM, "any round", "urgent",
         affects="", proof="round", tells="keeper manager guard", citizen="", source=Source.ELSEWHERE),
    _row("round_missed", "巡查没有按时完成", _S, _UNSETTLED, NodeLevel.ITEM, "any round", "missed",
         affects="", tells="keeper manager", citizen="", source=Source.ELSEWHERE),

    _row("due_soon", "快到期，须更换或续期", _G, _UNSETTLED, NodeLevel.ITEM, "any due_date", "soon",
         affects="", tells="keeper manager", citizen="", source=Source.ELSEWHERE),
    _row("due_over", "已过期，须更换或续期", _S, _UNSETTLED, NodeLevel.ITEM, "any due_date", "over",
         affects="", tells="keeper manager", citizen="", source=Source.ELSEWHERE),

    _row("sign_stale", "标牌内容与事实不符，须更换", _G, _UNSETTLED, NodeLevel.ITEM, "any sign", "stale",
         affects="", tells="keeper manager", citizen="", source=Source.ELSEWHERE),

    # Safety at night: a card at work, a step of it that is late, tests and recordings that fall short.
    _row("emergency", "应急处置中", _U, _UNSETTLED, NodeLevel.ITEM, "any emergency", "running",
         affects="", tells="keeper manager guard", citizen="", source=Source.ELSEWHERE),
    _row("emergency_late", "应急处置有步骤超时", _U, _UNSETTLED, NodeLevel.ITEM, "any emergency", "late",
         affects="", tells="keeper manager", citizen="", source=Source.ELSEWHERE),
    _row("safety_test_failed", "安全测试没有通过", _S, _UNSETTLED, NodeLevel.ITEM, "any safety_test", "failed",
         affects="", tells="keeper manager guard", citizen="", source=Source.ELSEWHERE),
    _row("camera_short", "监控离线或录像保存不够", _S, _UNSETTLED, NodeLevel.ITEM, "any camera_check", "short",
         affects="", tells="keeper manager", citizen="", source=Source.ELSEWHERE),

    # Somebody calls for help (求助呼叫).
    _row("help_pressed", "有人紧急求助", _U, _UNSETTLED, NodeLevel.ITEM, "any help", "pressed",
         affects="", tells="keeper manager guard", citizen="", source=Source.ELSEWHERE),
    _row("help_unanswered", "求助呼叫没有人应答", _S, _UNSETTLED, NodeLevel.ITEM, "any help", "unanswered",
         affects="", tells="keeper manager guard", citizen="", source=Source.ELSEWHERE),

    # Our own watching.
    _row("ingest_down", "管理平台收不到终端的消息", _U, Bucket.MONITORING_LOST, _SITE, "center ingest", "down",
         affects="", tells="center", citizen="", source=Source.ELSEWHERE),
)
# fmt: on
