"""Which proof closes which order."""

from __future__ import annotations

import pytest

from budayang.rules.causes import CAUSES, Bucket
from budayang.rules.order_proofs import (
    DOWNTIME_REASONS,
    PROOF_NAMES,
    PROOF_RULES,
    Proof,
    lacking,
    likely_downtime_reason,
)

P = Proof


@pytest.mark.parametrize(
    ("proof", "given", "reopened", "expected"),
    [
        ("test_print", (), False, (P.TEST, P.PHOTO, P.CALL_BACK)),
        ("test_print", (P.HEALED,), False, (P.TEST, P.PHOTO, P.CALL_BACK)),
        ("test_print", (P.HEALED, P.TEST), False, ()),
        ("test_print", (P.PHOTO,), False, ()),
        ("card_read", (P.TEST,), False, (P.PHOTO, P.CALL_BACK)),
        ("card_read", (P.CALL_BACK,), False, ()),
        ("heartbeat", (P.HEALED,), False, ()),
        ("heartbeat", (P.PHOTO,), False, (P.HEALED,)),
        ("state", (P.HEALED,), True, (P.PHOTO, P.CALL_BACK)),
        ("state", (P.HEALED, P.PHOTO), True, ()),
        ("test_print", (P.HEALED,), True, (P.TEST, P.PHOTO, P.CALL_BACK)),
        ("person", (P.HEALED,), False, (P.PHOTO, P.CALL_BACK)),
        ("round", (P.HEALED,), False, ()),
        ("round", (), False, (P.HEALED, P.PHOTO, P.CALL_BACK)),
    ],
)
def test_what_is_lacking(proof: str, given: tuple[Proof, ...], reopened: bool, expected: tuple[Proof, ...]) -> None:
    assert lacking(proof, given, reopened=reopened) == expected


def test_every_cause_has_its_rule_and_every_proof_its_word() -> None:
    assert {cause.proof for cause in CAUSES} <= {rule.proof for rule in PROOF_RULES}
    assert set(PROOF_NAMES) == set(Proof)
    assert all(rule.enough for rule in PROOF_RULES)


def test_a_reason_is_suggested_for_every_bucket() -> None:
    for bucket in Bucket:
        assert likely_downtime_reason(bucket.value, ("terminal",)) in DOWNTIME_REASONS
        assert likely_downtime_reason(bucket.value, ()) == "none"
    assert likely_downtime_reason("consumables", ("printing",)) == "consumables"
