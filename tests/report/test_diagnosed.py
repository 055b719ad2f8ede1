"""The doctor's findings on the page: in both languages, said once, with what to change."""

from __future__ import annotations

import html

import pytest

from diabolo.jobs.diagnosis.diagnose import Check, Diagnosis
from diabolo.jobs.findings import Finding
from diabolo.report.health import SAID, diagnosed
from diabolo.report.language import LANGUAGES, language
from tests.report.conftest import case, report


@pytest.mark.parametrize("lang", LANGUAGES)
def test_how_codes_lie_and_move_stands_on_the_page(lang: str) -> None:
    found, say = case("vae").gathered().diagnosis, language(lang)
    told = diagnosed(found)
    assert told
    page = html.unescape(report("vae", lang).html)
    assert [f.key for f in told if html.unescape(str(say.say(f))) not in page] == []
    assert report("vae", lang).to_dict()["diagnosis"]["rows"] == 60


def test_what_is_said_elsewhere_is_not_said_twice() -> None:
    said = Finding("diagnosis.dead.all")
    checks = tuple(Check(name, "fault", said) for name in (*SAID, "copying"))
    fine, skipped = Check("narrow code", "fine", said), Check("holes", "skipped", said)
    assert diagnosed(Diagnosis((*checks, fine, skipped), 5)) == (said,)
    measured = Check("unsteady codes", "measured", said)
    assert diagnosed(Diagnosis((measured,), 5)) == (said,)
    remedy = Finding("diagnosis.copying.do")
    assert diagnosed(Diagnosis((Check("copying", "warning", said, remedy),), 5)) == (said, remedy)
