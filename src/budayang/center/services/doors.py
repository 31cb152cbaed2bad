"""What a setting of an address to ask must be (payment providers, sources of e-licences), before it is stored."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused
from budayang.center.services.lines.addresses import BadAddress, check_address, split_plugin

CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,15}")


def checked(code: str, *, name: str, url: str, key: str, known_url: str | None) -> dict[str, str]:
    """The name and address to store. `known_url`: where the row that is there leads; None for a new one.

    Raises:
        Refused: with the repair.
    """
    if CODE.fullmatch(code) is None:
        raise Refused(_("编码用 2 到 16 个大写字母、数字或连字符，例如 BANK-1。"))
    if not name.strip():
        raise Refused(_("请填写名称。"))
    try:
        address = check_address(url.strip())
    except BadAddress as error:
        raise Refused(_("这个地址不能用：须为 https 地址，或本机的 http 地址，不带账号和参数。")) from error
    if split_plugin(address)[0] != "http":
        raise Refused(_("这里的地址不用插件，直接写 https://主机/路径。"))
    if not key and address != known_url:
        raise Refused(_("请填写密钥。新登记或换了地址，都要填写密钥，旧密钥不会带到新地址。"))
    return {"name": name.strip()[:40], "url": address}
