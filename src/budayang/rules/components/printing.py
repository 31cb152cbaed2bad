"""What puts something on paper: the A4 printer, the receipt printer, the stamping machine."""

from __future__ import annotations

from budayang.rules.components.table import (
    Code,
    ComponentKind,
    Property,
    device,
    fault,
    locked_door,
    module,
    ok,
    paper,
    path_of_paper,
    supply,
    unknown,
    warning,
)

_A4 = "补充A4打印纸"

PRINTER = ComponentKind(
    "printer",
    "打印机",
    (
        device("打印机"),
        paper("paper.upper", "上纸盒纸张", _A4, "打印机缺纸"),
        paper("paper.lower", "下纸盒纸张", _A4, "下纸盒纸张用完"),
        supply("toner", "碳粉", "打印机碳粉不足", "打印机碳粉用完", soon="准备更换碳粉盒", refill="更换碳粉盒"),
        path_of_paper("打印机"),
        Property(
            "x-printer.outputBin",
            "出纸口",
            (
                ok("ok", "出纸口有空位"),
                warning("high", "出纸口快满", "取走出纸口的纸", Code.CLEAR),
                fault("full", "出纸口已满", "取走出纸口的纸", Code.CLEAR),
                unknown("出纸口状态未知"),
            ),
        ),
        Property(
            "x-printer.waste",
            "废粉盒",
            (
                ok("ok", "废粉盒有空位"),
                warning("high", "废粉盒快满", "准备更换废粉盒", Code.CLEAR),
                fault("full", "废粉盒已满", "更换废粉盒", Code.CLEAR),
                unknown("废粉盒状态未知"),
            ),
        ),
        Property(
            "x-printer.queue",
            "打印队列",
            (
                ok("running", "打印队列正常"),
                fault("paused", "打印队列被暂停", "在打印机面板上恢复", Code.CLEAR),
                unknown("打印队列状态未知"),
            ),
        ),
    ),
)

RECEIPT_PRINTER = ComponentKind(
    "receiptPrinter",
    "凭条打印机",
    (
        device("凭条打印机"),
        paper("paper.upper", "凭条纸卷", "更换凭条纸卷", "凭条打印机缺纸"),
        path_of_paper("凭条打印机", "凭条出口"),
        module("x-receipt.cutter", "切刀", "凭条打印机的切刀不动"),
    ),
)

STAMP = ComponentKind(
    "stamp",
    "盖章机",
    (
        device("盖章机"),
        supply("ink", "印油", "盖章机印油不足", "盖章机印油用完", soon="准备补充印油", refill="补充印油"),
        path_of_paper("盖章机", "盖章通道"),
        locked_door("cabinetFrontDoor", "印章盒的门"),
    ),
)

PRINTING = (PRINTER, RECEIPT_PRINTER, STAMP)
