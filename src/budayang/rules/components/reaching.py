"""Who can be reached: the terminal itself, its network, a department's system or its page, and what a relay sees of a
machine that cannot run our program.

What one source of a relay says proves its own fact only: a machine that does not answer a ping may still serve, so the
worst that one source says is a warning. The profile of a machine says which sources together prove what.
"""

from __future__ import annotations

from budayang.rules.components.table import (
    Code,
    ComponentKind,
    Property,
    StateMeaning,
    busy,
    fault,
    ok,
    unknown,
    warning,
)

TERMINAL = ComponentKind(
    "terminal",
    "自助终端",
    (
        # the status that ingest keeps of the wire itself
        Property(
            "link",
            "联系",
            (
                ok("online", "自助终端在线"),
                fault("silent", "自助终端失去联系", "检查电源、网络和程序", Code.CLEAR),
            ),
        ),
        # what the center makes of it: suspended and never heard of are no silence
        Property(
            "liveness",
            "运行",
            (
                ok("online", "自助终端在线"),
                fault("silent", "自助终端失去联系", "检查电源、网络和程序", Code.CLEAR),
                fault("suspended", "自助终端已停用", "查明停用原因后恢复", Code.CONFIGURATION),
                unknown("自助终端还没有联系过管理平台", "完成安装和登记"),
            ),
        ),
        # the program answers the center and yet nobody can use it: a fact of its own, beside link and devices
        Property(
            "application",
            "自助服务程序",
            (
                ok("inService", "自助服务程序正常"),
                busy("starting", "自助服务程序正在启动"),
                warning("maintenance", "自助终端在维护状态", "维护结束后退出维护状态", Code.CLEAR),
                fault("outOfService", "自助服务程序停止服务", "查看程序给出的原因", Code.CLEAR),
                fault("pageDead", "自助终端的屏幕没有反应", "重启屏幕程序，仍不行则重启终端", Code.RESET),
                fault("error", "自助服务程序出错", "重启程序，仍不行则联系软件支持", Code.RESET),
                unknown("自助服务程序状态未知"),
            ),
        ),
        # told from the first moment on, also where no screen ever stood: a machine that does not know yet what it
        # offers can do none of it, whatever its devices say
        Property(
            "catalogue",
            "事项目录",
            (
                ok("here", "已取到事项目录"),
                busy("waiting", "正在准备，还没有取到事项目录"),
                unknown("是否取到事项目录未知"),
            ),
        ),
        # told by the terminal itself, which compares its clock with the center's at each answer
        Property(
            "clock",
            "时钟",
            (
                ok("right", "时钟准确"),
                warning("wrong", "时钟与管理平台不一致", "检查校时服务和主板电池", Code.CONFIGURATION),
                unknown("时钟是否准确未知"),
            ),
        ),
    ),
    peripheral=False,
)

NETWORK = ComponentKind(
    "network",
    "网络",
    (
        Property(
            "uplink",
            "网络",
            (
                ok("ok", "网络正常"),
                warning("degraded", "网络不稳", "检查线路和信号", Code.SUSPEND),
                fault("down", "网络中断", "检查交换机、线路，联系运营商", Code.CLEAR),
                unknown("网络状态未知"),
            ),
        ),
    ),
    peripheral=False,
)

DEPARTMENT = ComponentKind(
    "department",
    "部门系统",
    (
        Property(
            "connector",
            "部门系统",
            (
                ok("ok", "部门系统正常"),
                fault("down", "部门系统没有应答", "联系该部门的系统值守人员", Code.SUSPEND),
                unknown("部门系统状态未知", "等待下一次探测"),
            ),
        ),
    ),
    peripheral=False,
)


def _source(name: str, label: str, well: str, *bad: StateMeaning) -> Property:
    return Property(name, label, (ok("ok", well), *bad, unknown(f"{label}没有结果", "等待下一次检查")))


REACH = ComponentKind(
    "reach",
    "连通检查",
    (
        _source(
            "ping",
            "ping 检查",
            "ping 有应答",
            warning("down", "ping 没有应答", "检查机器是否开机、网线是否松动", Code.CLEAR),
        ),
        _source(
            "tcp",
            "端口检查",
            "端口可以连接",
            warning("down", "端口连接不上", "检查机器上的程序是否在运行", Code.RESET),
        ),
        _source(
            "http",
            "网页检查",
            "网页正常",
            warning("error", "网页返回错误", "联系机器的归属单位检查程序", Code.RESET),
            warning("down", "网页打不开", "检查机器上的程序是否在运行", Code.RESET),
        ),
        _source(
            "certificate",
            "网页证书",
            "网页证书有效",
            warning("expiring", "网页证书快到期", "请机器的归属单位更换证书", Code.MAINTENANCE),
            warning("expired", "网页证书已过期", "请机器的归属单位更换证书", Code.MAINTENANCE),
        ),
        _source(
            "heartbeat",
            "心跳检查",
            "按时收到心跳",
            warning("late", "心跳没有按时到", "检查机器是否开机、计划任务是否还在", Code.CLEAR),
        ),
        Property(
            "link",
            "交换机端口",
            (
                ok("up", "交换机端口已连接"),
                warning("down", "交换机端口没有连接", "检查机器是否开机、网线是否松动", Code.CLEAR),
                unknown("交换机端口没有结果", "等待下一次检查"),
            ),
        ),
        _source(
            "round",
            "现场查看",
            "现场查看正常",
            warning("fault", "现场查看发现问题", "按查看记录处理", Code.CLEAR),
        ),
    ),
    peripheral=False,
)

POWER = ComponentKind(
    "power",
    "计量插座",
    (
        Property(
            "load",
            "用电",
            (
                ok("drawing", "机器在用电"),
                ok("standby", "机器只有待机用电"),
                warning("off", "机器没有用电：关机或断电", "检查机器开关和插座", Code.CLEAR),
                unknown("不知道机器是否用电", "等待下一次读数"),
            ),
        ),
    ),
    peripheral=False,
)

DEPARTMENT_PAGE = ComponentKind(
    "departmentPage",
    "部门网页窗口",
    (
        Property(
            "device",
            "部门网页窗口",
            (
                ok("online", "可以打开部门自己的网页"),
                busy("deviceBusy", "正开着部门的网页"),
                fault("offline", "打开部门网页的助手程序没有应答", "重启 budayang-page 服务，查看它的日志", Code.RESET),
                fault(
                    "noDevice",
                    "本机不能隔离地打开部门网页",
                    "按 docs/mechanisms/launch.md 检查浏览器、账户和命名空间的权限",
                    Code.CONFIGURATION,
                ),
                fault("hardwareError", "打开部门网页的助手程序出错", "查看助手程序的日志", Code.RESET),
                unknown("不知道能不能打开部门网页"),
            ),
        ),
    ),
    peripheral=False,
)

REACHING = (TERMINAL, NETWORK, DEPARTMENT, REACH, POWER, DEPARTMENT_PAGE)
