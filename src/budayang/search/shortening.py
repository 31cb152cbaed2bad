"""Short names made from an official name, for an item of which nobody has written down what people call it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from budayang.search.plain import is_chinese, plain

# What the end of a name says is done with the matter, and what its beginning says of whom: neither is in a short name.
_DONE = re.compile(
    "(?:查询|打印|查验|办理|办理进度|进度|申请|申报|申领|提交|受理|校验|成立|设立|核发|核准|审批|审核|审查|新办|首次|延续|变更|换发|补发|补领|换领"
    "|自助|预约|服务|业务|事项|的)$"
)
_OF_WHOM = re.compile("^(?:城镇|城乡|农村|个人|公民|居民|职工|企业|用人单位|法人|本市|全市|自治区|国家|对|关于|普通)")
_BRACKETS = re.compile(r"[(（][^)）]*[)）]")
_LICENCE = re.compile("(?:许可证书|许可证|资格证书|合格证书|证明书|登记证书|登记证|证书|执照|证)$")
# Words by which official names fall apart; what stands between them falls into pairs.
_WORDS = re.compile(
    "(许可证|资格证|合格证|登记证|安全生产|危险化学品|机动车|不动产|残疾人|个体户|营业性|特种设备|医疗器械|经营|生产|许可|登记|注册"
    "|备案|认定|评定|鉴定|运输|道路|水路|旅客|货物|建筑|建设|施工|工程|企业|单位|机构|人员|医疗|卫生|公共|场所|场地|设施|设备|管理"
    "|社会|保险|保障|养老|教育|培训|职业|技能|资格|食品|药品|农药|种子|饲料|兽药|动物|植物|林木|草原|土地|水土|环境|排污|污水"
    "|消防|安全|烟草|专卖|广播|电视|网络|文化|旅游|体育|燃气|供水|供热|补贴|补助|津贴|救助|证明|证书|验收|检验|检测|合同|档案"
    "|小作坊|从业|执业|民办|学校|幼儿园|户外|广告|城市|市政|临时)"
)
_LONGEST, _MOST = 12, 16


def short_names(name: str) -> tuple[str, ...]:
    """Plain texts, likeliest first; none for a name without Chinese characters. 危险化学品经营许可证核发:
    危险化学品经营许可证, 危险化学品经营证, 危化许可证, 危化证 and the like.
    """
    core = plain(_BRACKETS.sub("", name))
    if not is_chinese(core):
        return ()
    core = _stripped(core)
    less = _OF_WHOM.sub("", core)
    found = [core, less, *_put_together(_words(less), licence=_LICENCE.search(less) is not None)]
    own = plain(name)
    return tuple(one for one in dict.fromkeys(found) if one != own and 3 <= len(one) <= _LONGEST)[:_MOST]


def _stripped(core: str) -> str:
    """Without what is done at the end; a name of nothing else stays."""
    while (less := _DONE.sub("", core)) != core and len(less) > 3:
        core = less
    return core


def _words(core: str) -> list[str]:
    words: list[str] = []
    for piece in _WORDS.split(core):
        while len(piece) > 3 and not _WORDS.fullmatch(piece):
            words.append(piece[:2])
            piece = piece[2:]
        if piece:
            words.append(piece)
    return words


def _put_together(words: list[str], *, licence: bool) -> Iterator[str]:
    """The first words, or their first characters, with the last word or all others: at a licence also 证 alone."""
    if len(words) < 2:
        return
    first, tails = words[:-1], [words[-1], *(["证"] if licence else [])]
    for tail in tails:
        for kept in (first, first[:1], first[:2], first[1:2]):
            if len(kept) > 1 or (kept and not _WORDS.fullmatch(kept[0])):
                yield "".join(kept) + tail
    heads = [word[0] if len(word) < 4 else word[0] + word[2] for word in first]
    for count in range(1, len(heads) + 1):
        short, rest = "".join(heads[:count]), "".join(first[count:])
        for tail in tails:
            if len(short + rest) > 1:
                yield short + rest + tail
            if len(short) > 1:
                yield short + tail
