"""What nobody is served with is told apart from those who were deceived, who check, and who ask for themselves."""

from __future__ import annotations

import pytest

from budayang.rules.search import (
    ELSEWHERE,
    OUTSIDE,
    REFUSALS,
    Manner,
    Nearest,
    find_refusal,
    good_enough,
    is_no_matter,
    surely_outside,
)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("办个假身份证", "forged"),
        ("帮我做一张假的结婚证", "forged"),
        ("伪造公章", "forged"),
        ("ps营业执照", "forged"),
        ("虚开发票", "forged"),
        ("帮我把征信记录删掉", "tampering"),
        ("消除违章记录", "tampering"),
        ("买分消分", "points"),
        ("用我哥的驾照扣分", "points"),
        ("怎么骗取失业金", "fraud"),
        ("医保卡套现", "fraud"),
        ("我爸去世了还能继续领养老金吗", "fraud"),
        ("用朋友的身份证开户", "impersonation"),
        ("代人刷脸认证", "impersonation"),
        ("查前妻的房产", "other_person"),
        ("帮我看看别人的征信", "other_person"),
        ("查老公的开房记录", "other_person"),
        ("查某个手机号是谁的", "other_person"),
        ("找黄牛抢号", "scalping"),
        ("假离婚证能打一张吗", "forged"),
        ("买个残疾证", "forged"),
        ("找人替我考科目一", "forged"),
        ("把我欠的罚款删了", "tampering"),
        ("怎么让征信变干净", "tampering"),
        ("把我驾照扣的分消掉给钱", "points"),
        ("别人的违章我来顶", "points"),
        ("虚报草场面积多拿补贴", "fraud"),
        ("让死去的奶奶继续领高龄补贴", "fraud"),
        ("用我爸身份证偷偷贷款", "impersonation"),
        ("查我儿媳妇的出入境记录", "other_person"),
        ("查欠我钱那人的身份证住址", "other_person"),
        ("查这个人有没有案底", "other_person"),
    ],
)
def test_it_is_refused_with_a_reason(asked: str, code: str) -> None:
    refusal = find_refusal([asked])
    assert refusal is not None
    assert refusal.code == code
    assert refusal.reason


@pytest.mark.parametrize(
    "asked",
    [
        "收到一张发票怕是假的",
        "查发票真假",
        "买二手房怕房本是假的",
        "买到假货",
        "举报有人伪造公章",
        "身份证丢了怕被人冒用",
        "老人买保健品被骗",
        "给我妈打社保证明",
        "我爸的退休金要刷脸认证",
        "跟女朋友要领证",
        "买个二手房看看抵押",
        "买车要居住证",
        "违章罚款交了",
        "二套公积金能贷多少",
        "买房看证是不是伪造",
        "给儿媳妇办生育津贴",
        "我爸去世了公积金怎么取",
        "征信有逾期看看消了没",
        "签合同前看看对方公司靠不靠谱",
        "处理违章",
        "驾照扣分查询",
        "医保信息改一下",
        "买发票本",
        "pswgwxkz",
    ],
)
def test_honest_questions_are_not_refused(asked: str) -> None:
    assert find_refusal([asked]) is None


def test_the_question_as_it_was_read_counts_too() -> None:
    assert find_refusal(["banjiashenfenzheng", "办假身份证"]) is not None


def test_codes_and_kinds_are_unique() -> None:
    assert len({one.code for one in REFUSALS}) == len(REFUSALS)
    assert len({one.kind for one in OUTSIDE}) == len(OUTSIDE)


def test_what_is_good_enough() -> None:
    assert good_enough(Nearest(0.6, 0.5, 0.6), Nearest(0.2, 0.5, 0.5), Manner(6, 1.0))
    assert not good_enough(Nearest(0.6, 0.5, 0.6), Nearest(0.7, 0.8, 0.8), Manner(6, 1.0))  # nearer to what is not ours
    assert good_enough(Nearest(0.6, 0.5, 0.8), Nearest(0.5, 0.3, 0.4), Manner(14, 2.0))  # which is only a word of it
    assert not good_enough(
        Nearest(0.3, 0.3, 0.4), Nearest(0.6, 0.3, 0.5), Manner(14, 2.0)
    )  # unless it is nearer by far
    assert good_enough(Nearest(0.2, 1.0, 1.0), Nearest(), Manner(1))  # a beginning of what we have
    assert not good_enough(Nearest(0.2, 1.0, 1.0), Nearest(0.96, 1.0), Manner(1))  # said of something else


def test_a_story_need_not_fit_as_well_as_a_few_words() -> None:
    assert not good_enough(Nearest(0.22, 0.3, 0.25), Nearest(), Manner(4, 1.0))
    assert good_enough(Nearest(0.22, 0.3, 0.25), Nearest(), Manner(10, 1.0))
    assert not good_enough(Nearest(0.1, 0.2, 0.3), Nearest(), Manner(40, 1.0))


def test_what_is_put_as_others_are_asked_must_fit_better() -> None:
    """The nouns are the same; 多少钱一套 and 丢了补一张 are not asked of the same people."""
    ours, outside = Nearest(0.5, 0.5, 0.6), Nearest(0.4, 0.4, 0.4)
    assert good_enough(ours, outside, Manner(8, 2.0))
    assert not good_enough(ours, outside, Manner(8, -2.0))


def test_advice_is_given_only_when_it_is_known_what_else_is_meant() -> None:
    assert surely_outside(Nearest(0.6, 0.5), Nearest(0.4, 0.5))
    assert not surely_outside(Nearest(0.6, 0.3), Nearest(0.4, 0.5))
    assert not surely_outside(Nearest(0.3, 0.5), Nearest(0.4, 0.5))


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ("北京积分落户", ELSEWHERE),
        ("上海的居住证积分咋算", ELSEWHERE),
        ("哪个银行贷款划算", ""),
        ("行李能带多少公斤", ""),
        ("北京的养老保险转过来", None),
        ("西安住院报销备案", None),
        ("从呼市来的办居住证", None),
        ("怎么养老认证", None),
        ("附近哪家药店能刷医保", None),
    ],
)
def test_another_city_and_opinions_are_no_matter_of_ours(asked: str, kind: str | None) -> None:
    assert is_no_matter(asked) == kind
