"""What closes an order: which proof is enough for which kind of fault, and why things stood still meanwhile."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from budayang.rules.incident_kinds import Bucket


class Proof(StrEnum):
    """What shows that a fault is gone. HEALED: the machine, or the room that found the fault, told so itself."""

    TEST = "test"
    HEALED = "healed"
    PHOTO = "photo"
    CALL_BACK = "call_back"


PROOF_NAMES: dict[Proof, str] = {
    Proof.TEST: "试打成功",
    Proof.HEALED: "状态恢复正常",
    Proof.PHOTO: "修复后的照片",
    Proof.CALL_BACK: "回访确认可以用",
}


@dataclass(frozen=True)
class ProofRule:
    """``proof``: the column of the table of causes. ``enough``: any one of these closes the order.

    A printer says "well" as soon as its cover is shut; that a page comes out, somebody or a test print has to show.
    What only people can see, only people can show.
    """

    proof: str
    enough: tuple[Proof, ...]


PROOF_RULES: tuple[ProofRule, ...] = (
    ProofRule("test_print", (Proof.TEST, Proof.PHOTO, Proof.CALL_BACK)),
    ProofRule("card_read", (Proof.PHOTO, Proof.CALL_BACK)),
    ProofRule("heartbeat", (Proof.HEALED,)),
    ProofRule("probe", (Proof.HEALED,)),
    ProofRule("state", (Proof.HEALED,)),
    ProofRule("person", (Proof.PHOTO, Proof.CALL_BACK)),
    # a later round that finds it well heals; nobody has to wait for one
    ProofRule("round", (Proof.HEALED, Proof.PHOTO, Proof.CALL_BACK)),
)
_ENOUGH: dict[str, tuple[Proof, ...]] = {rule.proof: rule.enough for rule in PROOF_RULES}


_SHOWN = (Proof.PHOTO, Proof.CALL_BACK)


def lacking(proof: str, given: Collection[Proof], *, reopened: bool = False) -> tuple[Proof, ...]:
    """The proofs of which one is still needed; empty when one is there. Raises KeyError for an unknown ``proof``.

    ``reopened``: the machine's own word was wrong once, so it is enough no more.
    """
    enough = _ENOUGH[proof]
    if reopened:
        enough = (*(one for one in enough if one is not Proof.HEALED and one not in _SHOWN), *_SHOWN)
    return () if set(enough) & set(given) else enough


def only_people_see(proof: str) -> bool:
    """Whether no machine tells when such a fault is gone: its end is the acceptance of its order."""
    return proof in ("person", "round")


DOWNTIME_REASONS: dict[str, str] = {
    "none": "没有影响办事",
    "device": "设备故障",
    "consumables": "耗材用完",
    "power": "停电",
    "network": "网络中断",
    "site": "场所关闭或环境异常",
    "switched_off": "被人关机",
    "damage": "人为损坏",
    "software": "本平台软件",
    "department": "部门系统",
    "spare_part": "等待备件",
    "no_access": "场所不让进入",
    "unknown": "没有查明",
}
"""停机原因, as asked when an order is closed. It explains the order; the division of lost minutes is measured
(:mod:`budayang.rules.hours`) and follows from facts alone.
"""
_BY_BUCKET: dict[Bucket, str] = {
    Bucket.SITE: "site",
    Bucket.SWITCHED_OFF: "switched_off",
    Bucket.POWER: "power",
    Bucket.NETWORK: "network",
    Bucket.DEVICE: "device",
    Bucket.CONSUMABLES: "consumables",
    Bucket.DEPARTMENT: "department",
    Bucket.SOFTWARE: "software",
    Bucket.DAMAGE: "damage",
}


def likely_downtime_reason(bucket: str, affects: Collection[str]) -> str:
    """The reason that the facts suggest, for whoever closes the order to confirm or mend."""
    return _BY_BUCKET.get(Bucket(bucket), "unknown") if affects else "none"
