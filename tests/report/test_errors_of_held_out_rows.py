"""What the table of errors says of held-out rows: whether an epoch was chosen by them."""

from __future__ import annotations

import dataclasses

from diabolo.report.errors import error_table
from diabolo.report.language import language
from tests.report.conftest import case


def test_rows_that_chose_no_epoch_are_told_from_those_that_did() -> None:
    g = case("sparse").gathered()
    g = dataclasses.replace(g, evaluation=dataclasses.replace(g.evaluation, role="held-out"))
    assert "they chose the epoch" in str(error_table(g, language("en"))["intro"])
    alone = tuple({k: v for k, v in row.items() if not k.startswith("validation")} for row in g.trained.history)
    apart = dataclasses.replace(g, trained=dataclasses.replace(g.trained, history=alone))
    assert "neither a weight nor an epoch was chosen" in str(error_table(apart, language("en"))["intro"])
