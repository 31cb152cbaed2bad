"""What reads a card, a code, a face, a document or a signature, and what hands out cards."""

from __future__ import annotations

from budayang.rules.components.table import (
    Code,
    ComponentKind,
    Property,
    busy,
    device,
    fault,
    lens,
    module,
    ok,
    switched,
    unknown,
    warning,
)

ID_READER = ComponentKind(
    "idReader",
    "身份证阅读器",
    (
        device("身份证阅读器"),
        Property(
            "media",
            "证件",
            (
                ok("present", "证件在阅读区"),
                ok("notPresent", "阅读区没有证件"),
                ok("notSupported", "不报告证件"),
                ok("unknown", "不报告证件"),
            ),
        ),
        Property(
            "security",
            "安全模块",
            (
                ok("open", "安全模块正常"),
                fault(
                    "notReady",
                    "身份证阅读器的安全模块没有就绪",
                    "重启阅读器；仍不行则联系运维商检修或重新授权",
                    Code.RESET,
                ),
                ok("notSupported", "不报告安全模块"),
                unknown("安全模块状态未知"),
            ),
        ),
        module("chipModule", "芯片模块", "身份证阅读器的芯片模块不可用"),
    ),
)

IC_CARD = ComponentKind(
    "icCard",
    "社保卡读写器",
    (
        device("社保卡读写器"),
        Property(
            "media",
            "卡片",
            (
                ok("present", "卡片在读写器里"),
                ok("notPresent", "读写器里没有卡片"),
                busy("entering", "卡片正在进入"),
                ok("latched", "卡片已锁定"),
                fault("jammed", "社保卡读写器卡住了卡片", "取出卡住的卡片，登记后交还失主", Code.CLEAR),
                ok("notSupported", "不报告卡片"),
                unknown("卡片状态未知"),
            ),
        ),
        Property(
            "chipPower",
            "卡片芯片",
            (
                ok("online", "卡片芯片已通电"),
                busy("busy", "正在读写卡片"),
                ok("poweredOff", "卡片芯片没有通电"),
                ok("noCard", "没有卡片"),
                ok("noDevice", "没有接触式读写"),
                warning("hardwareError", "卡片没有应答", "请群众取出卡片重试；多张卡都不行则联系运维商", Code.CLEAR),
                ok("notSupported", "不报告卡片芯片"),
                unknown("卡片芯片状态未知"),
            ),
        ),
    ),
)

CARD_DISPENSER = ComponentKind(
    "cardDispenser",
    "发卡机",
    (
        device("发卡机"),
        Property(
            "media",
            "通道里的卡",
            (
                ok("notPresent", "通道里没有卡"),
                ok("present", "卡在出口或读写位置"),
                busy("entering", "卡正在移动"),
                ok("latched", "卡已锁定"),
                fault("jammed", "发卡机卡住了卡片", "打开发卡机取出卡片", Code.CLEAR),
                ok("notSupported", "不报告通道"),
                unknown("通道状态未知"),
            ),
        ),
        Property(
            "replenishmentStatus",
            "卡箱",
            (
                ok("ok", "卡箱里的卡充足"),
                ok("full", "卡箱已装满"),
                ok("high", "卡箱快装满"),
                warning("low", "卡箱里的卡快发完", "准备补充卡片", Code.CLEAR),
                fault("empty", "卡箱里没有卡", "补充卡片", Code.CLEAR),
                unknown("卡箱状态未知"),
            ),
        ),
        Property(
            "storage",
            "卡箱机构",
            (
                ok("ok", "卡箱机构正常"),
                fault("inoperative", "卡箱机构不可用", "联系运维商检修", Code.MAINTENANCE),
                fault("missing", "卡箱没有装上", "装好卡箱", Code.CLEAR),
                fault("notConfigured", "卡箱没有配置", "在终端的维护页设置卡箱", Code.CONFIGURATION),
                fault("manipulated", "卡箱在营业中被动过", "清点卡片后重新登记", Code.CLEAR),
                unknown("卡箱机构状态未知"),
            ),
        ),
        Property(
            "retainBin",
            "回收箱",
            (
                ok("ok", "回收箱有空位"),
                warning("high", "回收箱快满", "清点并取走回收的卡", Code.CLEAR),
                fault("full", "回收箱已满", "清点并取走回收的卡", Code.CLEAR),
                ok("notSupported", "没有回收箱"),
                unknown("回收箱状态未知"),
            ),
        ),
    ),
)

SCANNER = ComponentKind("scanner", "扫码器", (device("扫码器"), switched("scanner", "扫码窗")))
PAYMENT = ComponentKind("payment", "支付扫码器", (device("支付扫码器"), switched("scanner", "付款码扫描窗")))
SIGNATURE_PAD = ComponentKind(
    "signaturePad", "电子签名板", (device("电子签名板"), switched("x-signature.pad", "签名板"))
)

CAMERA = ComponentKind("camera", "摄像头", (device("摄像头"), lens("person", "人像镜头"), lens("room", "环境镜头")))
DOCUMENT_CAMERA = ComponentKind("documentCamera", "高拍仪", (device("高拍仪"), lens("document", "文档镜头")))

READING = (ID_READER, IC_CARD, CARD_DISPENSER, SCANNER, PAYMENT, SIGNATURE_PAD, CAMERA, DOCUMENT_CAMERA)
