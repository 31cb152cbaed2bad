"""What is around the machine: power, doors, presence, climate, sound and light, the operator's key.

Numbers (degrees, per cent, loudness) are told as bands; the number itself is the raw word beside the state.
"""

from __future__ import annotations

from budayang.rules.components.table import (
    Code,
    ComponentKind,
    Property,
    busy,
    device,
    fault,
    locked_door,
    ok,
    unknown,
    warning,
)

UPS = ComponentKind(
    "ups",
    "不间断电源",
    (
        device("不间断电源"),
        Property(
            "supply",
            "供电",
            (
                ok("powerIn", "市电供电"),
                ok("recovered", "市电已恢复"),
                warning("powering", "市电中断，正由电池供电", "查明停电原因", Code.SUSPEND),
                fault("low", "市电中断，电池即将耗尽", "立即恢复供电，否则自助终端将关机", Code.CLEAR),
                unknown("供电状态未知"),
            ),
        ),
        Property(
            "battery",
            "电池",
            (
                ok("full", "电池充足"),
                ok("operational", "电池正常"),
                warning("low", "电池电量低", "等待充电，长时间不恢复则更换", Code.SUSPEND),
                fault("critical", "电池电量将尽", "立即恢复供电", Code.CLEAR),
                warning("failure", "电池失效", "更换电池", Code.MAINTENANCE),
                unknown("电池状态未知"),
            ),
        ),
    ),
)

DOOR = ComponentKind(
    "door",
    "门",
    (
        Property(
            "entrance",
            "自助区的门",
            (
                ok("open", "自助区的门可以进入"),
                ok("closed", "自助区的门关着，可以推开"),
                fault("locked", "自助区的门锁着，群众进不来", "派人开门，查明门禁原因", Code.CLEAR),
                unknown("自助区的门状态未知"),
            ),
        ),
        locked_door("cabinet", "机柜门"),
        Property(
            "tamperSensor",
            "防拆",
            (
                ok("off", "机柜没有被撬动"),
                fault("on", "机柜被撬动", "保护现场，通知安保", Code.MAINTENANCE),
                ok("notAvailable", "没有防拆传感器"),
                unknown("防拆传感器状态未知"),
            ),
        ),
    ),
)

PRESENCE = ComponentKind(
    "presence",
    "人体感应",
    (
        device("人体感应"),
        Property(
            "proximitySensor",
            "终端前",
            (
                ok("present", "终端前有人"),
                ok("notPresent", "终端前没有人"),
                ok("notAvailable", "没有人体感应"),
                unknown("不知道终端前有没有人"),
            ),
        ),
    ),
)

OPERATOR = ComponentKind(
    "operator",
    "维护开关",
    (
        Property(
            "operatorSwitch",
            "维护钥匙",
            (
                ok("run", "维护钥匙在运行位置"),
                warning("maintenance", "维护钥匙在维护位置", "维护结束后拨回运行位置", Code.CLEAR),
                warning("supervisor", "维护钥匙在管理位置", "管理结束后拨回运行位置", Code.CLEAR),
                ok("notAvailable", "没有维护钥匙"),
                unknown("维护钥匙状态未知"),
            ),
        ),
        Property(
            "service",
            "维护状态",
            (
                ok("inactive", "不在维护"),
                busy("enterPending", "正在进入维护"),
                warning("active", "正在维护", "维护结束后退出维护状态", Code.CLEAR),
                busy("exitPending", "正在退出维护"),
                unknown("不知道是否在维护"),
            ),
        ),
    ),
)


def _alarm(name: str, label: str, well: str, alarm: str, action: str) -> Property:
    return Property(
        name,
        label,
        (
            ok("off", well),
            fault("on", alarm, action, Code.CLEAR),
            ok("notAvailable", f"没有{label}传感器"),
            unknown(f"{label}传感器状态未知"),
        ),
    )


ENVIRONMENT = ComponentKind(
    "environment",
    "环境传感器",
    (
        device("环境传感器"),
        Property(
            "x-env.temperature",
            "温度",
            (
                ok("ok", "温度适宜"),
                warning("cold", "自助区偏冷", "检查供暖和门窗", Code.CLEAR),
                warning("hot", "自助区偏热", "检查空调和通风", Code.CLEAR),
                fault("tooCold", "自助区过冷，设备和群众都受影响", "立即恢复供暖，关好门窗", Code.CLEAR),
                fault("tooHot", "自助区过热，设备可能自行关机", "立即降温，查明热源", Code.CLEAR),
                unknown("温度未知"),
            ),
        ),
        Property(
            "x-env.humidity",
            "湿度",
            (
                ok("ok", "湿度适宜"),
                warning("dry", "自助区过于干燥，容易卡纸和产生静电", "加湿", Code.CLEAR),
                warning("damp", "自助区过于潮湿，容易卡纸", "除湿，检查是否漏水", Code.CLEAR),
                unknown("湿度未知"),
            ),
        ),
        _alarm("x-env.smoke", "烟雾", "没有烟雾", "自助区有烟雾", "立即派人查看，必要时疏散并报警"),
        _alarm("heatSensor", "过热", "机柜没有过热", "机柜过热", "断电检查，查明热源"),
    ),
)

SPEAKER = ComponentKind(
    "speaker",
    "扬声器",
    (
        device("扬声器"),
        Property(
            "volume",
            "音量",
            (
                ok("ok", "音量正常"),
                warning("muted", "扬声器被静音，语音提示听不到", "在终端的维护页恢复音量", Code.CONFIGURATION),
                unknown("音量未知"),
            ),
        ),
        Property(
            "x-audio.sink",
            "声卡",
            (
                ok("ok", "声卡正常"),
                fault("missing", "找不到声卡", "重新插拔扬声器，仍不行则联系运维商检修", Code.RESET),
                unknown("声卡状态未知"),
            ),
        ),
    ),
)

_FLASHES = ("off", "熄灭"), ("slow", "慢闪"), ("medium", "闪烁"), ("quick", "快闪"), ("continuous", "常亮")


def _light(name: str, label: str) -> Property:
    return Property(
        name, label, (*(ok(rate, f"{label}{word}") for rate, word in _FLASHES), unknown(f"{label}状态未知"))
    )


LIGHTS = ComponentKind(
    "lights",
    "引导灯",
    (
        device("引导灯"),
        _light("cardReader", "读卡引导灯"),
        _light("documentPrinter", "出纸引导灯"),
        _light("receiptPrinter", "凭条引导灯"),
        _light("scanner", "扫码引导灯"),
        _light("statusInService", "营业灯"),
        _light("fasciaLight", "照明灯"),
    ),
)

SURROUNDINGS = (UPS, DOOR, PRESENCE, OPERATOR, ENVIRONMENT, SPEAKER, LIGHTS)
