"""What this room puts into an evidence pack: ratings, without the case they are of."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from budayang.center.evaluation.queries import ratings_visible_to
from budayang.center.platform.actors import Actor
from budayang.center.platform.evidence import About, Row, Section, plain, words_mark


def ratings(actor: Actor, about: About) -> Iterator[Row]:
    """Ratings of the period. `case` is a mark that this center can compare, not the number."""
    rows = ratings_visible_to(actor).filter(terminal_id__in=about.terminal_ids, at__gte=about.start, at__lt=about.end)
    for one in rows.order_by("at", "pk").iterator(chunk_size=2000):
        negative = getattr(one, "negative_case", None)
        yield {
            "ref": f"terminal:{one.terminal.code}",
            "case": words_mark(one.case_number),
            "terminal": one.terminal.code,
            "owner": one.owner.code,
            "item": one.item_code,
            "level": one.level,
            "reasons": one.reasons,
            "texts": one.texts,
            "channel": one.channel,
            "set_aside": {"at": plain(one.set_aside_at), "for": one.set_aside_for} if one.set_aside_at else None,
            "at": plain(one.at),
            "negative": {
                "state": negative.state,
                "opened_at": plain(negative.opened_at),
                "verify_due_at": plain(negative.verify_due_at),
                "close_due_at": plain(negative.close_due_at),
                "verified_at": plain(negative.verified_at),
                "fixed_at": plain(negative.fixed_at),
                "called_at": plain(negative.called_at),
                "rerated": negative.rerated_level,
                "closed_at": plain(negative.closed_at),
            }
            if negative
            else None,
        }


SECTIONS: tuple[Section, ...] = (
    Section(
        "ratings",
        _("评价"),
        (("at", _("时间")), ("terminal", _("终端")), ("item", _("事项")), ("level", _("等级"))),
        ratings,
    ),
)
