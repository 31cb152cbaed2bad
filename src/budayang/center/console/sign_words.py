"""What the editor of a plan says: its scripts hold no words of their own, so that all of them can be translated.

{names} in braces are filled in by the page.
"""

from __future__ import annotations

from django.utils.translation import gettext as _


def editor_words() -> dict[str, str]:
    """Key of the scripts → words in the reader's language."""
    return {**_names(), **_fields(), **_tools(), **_help(), **_keeping()}


def _names() -> dict[str, str]:
    return {
        "name_wall": _("墙 {n}"),
        "name_door": _("门 {n}（{name}）"),
        "name_terminal": _("终端 {name}"),
        "name_facility": _("设施 {name}（{n}）"),
        "name_obstacle": _("障碍物 {n} {name}"),
        "name_sign": _("标志 {name}（{n}）"),
        "name_path": _("无障碍通道第 {n} 点"),
        "name_turn": _("轮椅回转处 {n}"),
        "seen_of": _("观察点：{name}"),
        "plan_itself": _("整张平面图"),
        "about_area": _("整个自助区"),
        "not_chosen": _("未选"),
        "objects_count": _("{n} 个对象，列出 {shown} 个"),
    }


def _fields() -> dict[str, str]:
    return {
        "p_x": _("横 x（毫米）"),
        "p_y": _("竖 y（毫米）"),
        "p_x1": _("起点 x"),
        "p_y1": _("起点 y"),
        "p_x2": _("终点 x"),
        "p_y2": _("终点 y"),
        "p_width": _("宽（毫米）"),
        "p_depth": _("深（毫米）"),
        "p_height": _("高（毫米）"),
        "p_facing": _("朝向（度，右 0 下 90）"),
        "p_clear": _("玻璃，不挡视线"),
        "p_door_kind": _("门的用途"),
        "p_clear_mm": _("净宽，量得（毫米）"),
        "p_terminal": _("终端"),
        "p_low": _("低位，轮椅使用者够得着"),
        "p_facility": _("设施"),
        "p_name": _("名称"),
        "p_sign_kind": _("标志种类"),
        "p_bottom": _("下缘离地（毫米）"),
        "p_mounting": _("固定方式"),
        "p_about": _("说的是谁"),
        "p_seen_x": _("观察点 x"),
        "p_seen_y": _("观察点 y"),
        "p_group": _("并排的组名"),
        "p_place": _("组内次序"),
        "p_edition": _("制作依据的版本"),
        "p_plan_width": _("平面图宽（毫米）"),
        "p_plan_depth": _("平面图深（毫米）"),
        "bad_number": _("请填 {min} 到 {max} 的整数"),
    }


def _tools() -> dict[str, str]:
    return {
        "no_terminals": _("这个自助区还没有登记终端。先到“自助终端”里登记，再回来放到图上。"),
        "not_standing": _("还没放到图上的"),
        "standing": _("图上已有的"),
        "own_facilities": _("本区登记的设施"),
        "other_facilities": _("其他类别"),
        "find_kind": _("找：安全出口、禁止吸烟…"),
        "kinds_found": _("选一种，再点图上的位置"),
        "no_kind": _("目录里没有这样的标志。换个说法再找。"),
        "cannot_terminal": _("没有可放的终端。"),
        "cannot_sign": _("请先在左边选一种标志。"),
        "cannot_seen": _("请先选一块标志，再点它最远要从哪里看清。"),
        "line_begun": _("起点已定。方向键移到终点，按 Enter。"),
        "placed": _("已放上：{name}"),
        "removed": _("已删除：{name}。按 Ctrl+Z 找回。"),
        "done_undo": _("已撤销一步。"),
        "done_redo": _("已重做一步。"),
    }


def _help() -> dict[str, str]:
    return {
        "help_select": _(
            "点选并拖动；空白处拖动平移，滚轮或双指缩放。键盘：[ 和 ] 换对象，方向键移 50 毫米（按住 Shift 移 500），"
            "R 转 90 度，N 再来一个，Delete 删除，Enter 改属性，Ctrl+Z 撤销。"
        ),
        "help_wall": _(
            "墙：点起点，再点终点，接着画下一段；按住 Shift 画直线，Esc 结束。键盘：方向键移十字，Enter 定点。"
        ),
        "help_door": _("门：在墙上点一侧，再点另一侧。键盘：方向键移十字，Enter 定点。量得的净宽填在属性里。"),
        "help_terminal": _("终端：选一台，点它站的位置。靠墙放会自动背对墙。键盘：方向键移十字，Enter 放下。"),
        "help_facility": _("设施：选一类，点它的位置。键盘：方向键移十字，Enter 放下。"),
        "help_obstacle": _("障碍物：柱子、绿植、展架这些会挡住视线和通道的。键盘：方向键移十字，Enter 放下。"),
        "help_sign": _("标志：选一种，点挂的位置。键盘：方向键移十字，Enter 放下；尺寸、高度、朝向在属性里改。"),
        "help_seen": _("观察点：先选一块标志，再点人最远要从哪里看清它。键盘：方向键移十字，Enter 放下。"),
        "help_path": _("无障碍通道：从入口开始，依次点每个转折。键盘：方向键移十字，Enter 加一点，Esc 结束。"),
        "help_turn": _("轮椅回转处：点圆心，圆的直径是 1.50 米。键盘：方向键移十字，Enter 放下。"),
    }


def _keeping() -> dict[str, str]:
    return {
        "unsaved": _("有改动没有保存"),
        "all_saved": _("已保存，第 {n} 版"),
        "new_plan": _("新平面图"),
        "saved": _("已存为第 {n} 版。"),
        "to_plan": _("看平面图页"),
        "save_failed": _("没有存成，改动还在这台设备的草稿里。请稍后再存。"),
        "save_no_network": _("连不上管理平台，改动还在这台设备的草稿里。有网络后再存。"),
        "save_signed_out": _("登录已过期，改动还在这台设备的草稿里。请在另一个窗口登录，再回来保存。"),
        "check_failed": _("现在查不了，画图不受影响。改动后会再查。"),
        "draft_found": _("这台设备上有 {at} 没存完的草稿，是在第 {n} 版上改的。"),
        "draft_take": _("接着改草稿"),
        "draft_drop": _("不要草稿"),
        "conflict_look": _("在新窗口看那一版"),
        "conflict_over": _("仍存我的，作第 {n} 版"),
        "conflict_theirs": _("放弃我的，打开那一版"),
    }
