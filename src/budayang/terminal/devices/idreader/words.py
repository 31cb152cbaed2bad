"""What a person at the reader is told, by the driver's phase. Apart from the driver: a terminal without a reader
loads none.
"""

from __future__ import annotations

# driver's phase → (phase of the page, text, text about the device)
WORDS: dict[str, tuple[str, str, str]] = {
    "": ("no_reader", "请输入卡上的码", "这台自助终端没有身份证阅读器"),
    "off": ("waiting", "请将身份证放在感应区", ""),
    "waiting": ("waiting", "请将身份证放在感应区；已经放着的，请移开后重新放置", ""),
    "reading": ("reading", "正在读取，请不要移动身份证", ""),
    "lift": ("waiting", "感应区上有证件，请移开后重新放置", ""),
    "failed": ("failed", "没有读出来，请把证件移开，再重新放到感应区", ""),
    "expired": ("failed", "证件已过有效期，请换用有效证件，或到窗口办理", ""),
    "unreachable": ("failed", "身份证阅读器没有应答", "身份证阅读器没有应答，可以输入卡上的码，或换一台自助终端"),
}


def reader_words(phase: str) -> tuple[str, str, str]:
    """Page's phase, text and device text of a driver's phase; "" is a terminal without a reader."""
    return WORDS.get(phase, WORDS["off"])
