"""The catalogues: the same keys and values in both languages, numbers as each writes them, words for every finding."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

import diabolo
from diabolo.figures.texts import ENGLISH, RUSSIAN, Texts
from diabolo.jobs.findings import Finding
from diabolo.report.language import LANGUAGES, Language, language, plural

EN, RU = language("en"), language("ru")
SRC = Path(diabolo.__file__).parent


def placeholders(text: object) -> set[str]:
    forms = [v for k, v in text.items() if k != "by"] if not isinstance(text, str) else [text]  # type: ignore[attr-defined]
    return {name for form in forms for _, name, _, _ in Formatter().parse(form) if name}


def test_both_have_the_same_keys() -> None:
    assert sorted(EN.texts) == sorted(RU.texts)


@pytest.mark.parametrize("key", sorted(EN.texts))
def test_both_have_the_same_values(key: str) -> None:
    assert placeholders(EN.texts[key]) == placeholders(RU.texts[key])


@pytest.mark.parametrize("code", LANGUAGES)
def test_plural_texts_have_every_form(code: str) -> None:
    forms = {"en": {"one", "other"}, "ru": {"one", "other"}}[code]
    for key, text in language(code).texts.items():
        if not isinstance(text, str):
            assert forms <= set(text), key
            assert set(text) <= {"by", "one", "few", "many", "other"}, key
            assert not ({"few"} & set(text) and "many" not in text), key


def test_russian_is_russian() -> None:
    """Every Russian text has Cyrillic letters, but for those that are a value, a name or an abbreviation alone."""
    bare = {
        "layer.activation",
        "layer.said",
        "part.other",
        "errors.mse",
        "errors.mae",
        "errors.bce",
        "errors.ssim",
        "errors.pca",
        "pictures.pca",
        "clusters.nmi",
        "clusters.ari",
    }
    bare |= {"made.device.value", "tile.time.epochs", "pictures.error.pca", "anomalies.by.linear"}
    assert not [k for k, v in RU.texts.items() if not re.search("[а-яё]", str(v).lower()) and k not in bare]


def test_no_text_is_without_use() -> None:
    """Every key of the catalogue is a word in the source, whole or as what it begins with."""
    source = "\n".join(p.read_text(encoding="utf-8") for p in SRC.rglob("*") if p.suffix in (".py", ".html"))
    words = set(re.findall(r"""["'f]([a-z][\w.-]*)(?=["'{])""", source))
    begun = {w for w in words if w.endswith((".", "-"))}
    unused = [k for k in EN.texts if k not in words and not any(k.startswith(b) for b in begun) and not k.startswith("figure.")]
    assert not unused


@pytest.mark.parametrize(("figures", "report"), [(ENGLISH, EN), (RUSSIAN, RU)])
def test_figures_and_reports_have_one_name_for_a_density(figures: Texts, report: Language) -> None:
    for name in ("prior", "gaussian", "mixture", "kernel"):
        assert str(report.texts[f"samples.origin.{name}"]).startswith(figures[f"samples.{name}"])


def test_every_finding_has_words() -> None:
    """The keys given to Finding in the source, those without a part to be filled in, are in the catalogue."""
    keys = []
    for path in [*SRC.glob("report/*.py"), *SRC.glob("jobs/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Finding" and node.args:
                found = [n.value for n in ast.walk(node.args[0]) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
                keys += [k for k in found if isinstance(node.args[0], ast.Constant | ast.IfExp) and "." in k]
    assert len(keys) > 40
    assert not [k for k in keys if k not in EN.texts]


@pytest.mark.parametrize(
    ("value", "english", "russian"),
    [
        (0.00493, "0.00493", "0,00493"),
        (24.5, "24.5", "24,5"),
        (0.25, "0.25", "0,25"),
        (1797, "1,797", "1797"),
        (60000, "60,000", "60\u202f000"),
        (-113.42, "−113", "−113"),
        (1234567.0, "1,234,567", "1\u202f234\u202f567"),
        (0.00001234, "1.23·10⁻⁵", "1,23·10⁻⁵"),
        (3.2e12, "3.2·10¹²", "3,2·10¹²"),
        (0.0, "0", "0"),
        (999.9, "1,000", "1000"),
        (float("inf"), "∞", "∞"),
        (float("nan"), "–", "–"),
    ],
)
def test_numbers(value: float, english: str, russian: str) -> None:
    show = (EN.count, RU.count) if isinstance(value, int) else (EN.number, RU.number)
    assert (show[0](value), show[1](value)) == (english, russian)  # type: ignore[arg-type]


def test_shares_times_and_durations() -> None:
    assert [EN.percent(s) for s in (0.934, 0.0512, 0.0004, 0, 1)] == ["93%", "5.1%", "0.04%", "0%", "100%"]
    assert RU.percent(0.0512) == "5,1\u00a0%"
    assert [EN.times(x) for x in (1.034, 3.4, 24.5, 140.2, 12345.0)] == ["1.03", "3.4", "24.5", "140", "12,345"]
    assert [EN.duration(s) for s in (0.74, 12.3, 75, 3700)] == ["0.74 s", "12 s", "1 min 15 s", "1 h 1 min"]
    assert RU.duration(75) == "1 мин 15 с"
    assert [EN.fixed(x, 2) for x in (1234.567, -0.126, 3.0)] == ["1,234.57", "−0.13", "3.00"]
    assert RU.fixed(-0.126, 1) == "−0,1"


@pytest.mark.parametrize(
    ("n", "form"),
    [
        ("1", "one"),
        ("3", "few"),
        ("5", "many"),
        ("0", "many"),
        ("12", "many"),
        ("21", "one"),
        ("112", "many"),
        ("1,5", "other"),
    ],
)
def test_russian_plurals(n: str, form: str) -> None:
    assert plural("ru", n) == form


def test_russian_agrees_with_its_numbers() -> None:
    assert [RU.plain("noun.image", n=n) for n in (1, 2, 5, 21)] == [
        "1 изображение",
        "2 изображения",
        "5 изображений",
        "21 изображение",
    ]
    said = [RU.plain("size.smaller", cells=64, n=8, times=t) for t in (8.0, 2.0, 24.5, 21.0)]
    assert [s.rsplit(": ")[1] for s in said] == [
        "в 8 раз меньше.",
        "в 2 раза меньше.",
        "в 24,5 раза меньше.",
        "в 21 раз меньше.",
    ]


def test_values_are_escaped_and_code_is_marked() -> None:
    said = EN("page.heading", recipe="vae", data="<b>&")
    assert str(said) == "<code>vae</code> autoencoder on &lt;b&gt;&amp;"
    assert EN.plain("page.heading", recipe="vae", data="<b>") == "vae autoencoder on <b>"


def test_a_finding_inside_a_finding() -> None:
    subject = Finding("subject.other.table", {"data": "spring"})
    assert EN.say(Finding("verdict.as-near", {"subject": subject})).startswith("The rows of spring: what comes out")
