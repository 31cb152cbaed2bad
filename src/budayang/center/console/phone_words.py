"""What the phone's page says: its scripts hold no words of their own, so that all of them can be translated.

{names} in braces are filled in by the page.
"""

from __future__ import annotations

from django.utils.translation import gettext as _


def phone_words() -> dict[str, str]:
    """Key of the scripts → words in the reader's language."""
    return {**_frame(), **_list(), **_question(), **_here(), **_sending()}


def _frame() -> dict[str, str]:
    return {
        "title": _("我的巡查"),
        "unsent": _("未送出 {n}"),
        "all_sent": _("已全部送到"),
        "line_away": _("没有网络。作答和照片都存在这部手机上，有网络后自动送出。"),
        "line_signed_out": _("登录已过期。请重新登录后自动发送，手机上的内容都在。"),
        "line_no_right": _("您的角色不能巡查。需要的话，请安全管理员授权；手机上的内容都在。"),
        "line_failed": _("管理平台没有接住（{detail}），稍后自动再送。"),
        "line_unkept": _("手机没有存下最新的巡查（{detail}），已经答的照常送出。请清理手机的空间。"),
        "line_other_person": _("这部手机上现在登录的是另一个人。请本人登录后再送。"),
        "sign_in": _("去登录"),
        "loading": _("正在取今天的巡查…"),
        "never_online": _("这部手机上还没有存下巡查。请在有网络的地方登录后打开一次。"),
    }


def _list() -> dict[str, str]:
    return {
        "kept": _("{at} 存到这部手机，没有网络也能巡查。"),
        "no_rounds": _("今天没有轮到您的巡查。到点会自动出现；要替别人做，请到“巡查巡检”里打开那次巡查，存到手机。"),
        "others": _("这部手机上还有 {n} 条是另一个人的，等本人登录后送出。您看不到内容，也不会以您的名义送出。"),
        "progress": _("{a} / {n} 项"),
        "bad": _("{n} 项异常"),
        "conflicts": _("{n} 处不一致"),
        "to_come": _("还没到时间"),
        "to_walk": _("待完成"),
        "finish_waits": _("已交，等待送出"),
        "finish_refused": _("没有交成"),
        "whole_area": _("整个自助区"),
        "left": _("{n} 项未答"),
        "stop_done": _("已答完"),
        "wants_photos": _("{n} 项要拍照"),
        "no_proof": _("没有到场证明"),
        "proof_waits": _("已扫码，等平台核对"),
        "finish": _("交上"),
        "finish_saved": _("已在这部手机上交上。还可以改答案，改动会留痕。"),
        "blank_help": _("还有 {n} 项没有作答。答完再交；做不到的，写明为什么。"),
        "blank_why": _("还有 {n} 项没有作答。请答完，或写明为什么不答。"),
        "why_blank": _("为什么不答"),
        "end_note": _("要说明的（可不填）"),
        "conflict_how": _("两个人对同一项的作答不一样，先到的暂时算数。请看过现场的人裁定，两次作答都会留着。"),
        "settle": _("去裁定（需要网络）"),
        "gone": _("这次巡查不在手机上"),
        "gone_why": _("它可能已经结束，或是另一个人的。"),
        "next": _("下一站：{what}"),
        "to_round": _("回到这次巡查"),
    }


def _question() -> dict[str, str]:
    return {
        "known": _("平台已知"),
        "known_more": _("{at} 由设备报告，您可以改"),
        "conflict": _("两次作答不一致"),
        "conflict_more": _("先到的是“{kept}”（{by}），后到的是“{other}”（{who}）。请到这次巡查的页面裁定。"),
        "field_number": _("数字{unit}"),
        "field_date": _("日期{unit}"),
        "field_text": _("文字{unit}"),
        "note": _("说明"),
        "saved_here": _("已保存，未送出"),
        "sent": _("已送到"),
        "refused": _("平台没有收"),
        "photo_add": _("拍照"),
        "photo_wanted": _("这一项要拍照"),
        "photos_there": _("平台已有 {n} 张"),
        "photo_n": _("{what}的照片 {n}"),
        "photo_waits": _("未送出"),
        "photo_drop": _("删去"),
        "photo_drop_sure": _("删去这张还没有送出的照片？"),
        "photo_bad": _("“{name}”不是能打开的照片，请重新拍。"),
        "phone_full": _("手机存不下了，这一条没有保存。请先把未送出的送出，或清理手机。"),
        "not_saved": _("没有存上，请再试一次。"),
    }


def _here() -> dict[str, str]:
    return {
        "prove_screen": _("扫这台终端屏幕上的巡查码，证明到场。"),
        "prove_label": _("扫机身上的码，确认您在这台机器前。"),
        "scan_or_type": _("扫码或输入码"),
        "prove": _("证明到场"),
        "scan": _("扫码"),
        "scan_help": _("用手机相机扫终端屏幕上的巡查码，或部门专机机身上的码，会回到这里。没有网络也可以。"),
        "no_camera": _("相机打不开。请用手机自带的相机扫，或把码粘贴到下面。"),
        "typed_code": _("码的内容"),
        "take_code": _("用这个码"),
        "are_you_here": _("您在 {what} 旁边吗？"),
        "here_changing": _("码已按现在的时间记下，平台收到后核对。"),
        "here_label": _("机身上的码不变，请只在亲眼看到这台机器时确认。会问手机的位置，不给也可以；作为您的陈述保存。"),
        "yes_here": _("在，继续{name}（{span}）"),
        "not_here": _("不在"),
        "not_mine": _("这台机器不在您存下的巡查里"),
        "not_a_code": _("这个码不在您存下的巡查里"),
        "not_mine_help": _("请看是不是这次巡查的机器；有网络时可以让平台看一看。"),
        "ask_center": _("请平台看这个码"),
    }


def _sending() -> dict[str, str]:
    return {
        "unsent_title": _("还没有送出的"),
        "unsent_help": _("都存在这部手机上，送到一条才删一条；关掉浏览器也不会丢。"),
        "send_now": _("现在送出"),
        "waits": _("等待送出"),
        "photo_of": _("照片：{what}"),
        "presence": _("到场证明"),
        "answer_again": _("改答"),
        "give_up": _("不要了"),
        "give_up_sure": _("删去这一条？平台没有收它，删去以后找不回来。"),
    }
