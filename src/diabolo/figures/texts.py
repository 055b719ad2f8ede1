"""What the figures say, by key: English, and Russian. A catalogue may hold more keys than these."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Texts = Mapping[str, str]

ENGLISH: Texts = MappingProxyType(
    {
        "curves.epoch": "epoch",
        "curves.train": "training",
        "curves.validation": "validation",
        "curves.best": "best: epoch {epoch}",
        "curves.loss": "loss",
        "curves.kl": "KL to the prior, nats",
        "curves.perplexity": "perplexity of the codebook",
        "curves.mse": "mean squared error",
        "curves.bce": "cross-entropy, nats a cell",
        "curves.l1": "mean absolute error",
        "curves.reconstruction": "reconstruction",
        "pairs.input": "input",
        "pairs.output": "output",
        "pairs.value": "value",
        "pairs.spread": "in standard deviations",
        "codes.other": "other",
        "codes.missing": "no label",
        "clusters.typical": "typical, nearest to the center first",
        "clusters.odd": "odd, farthest first",
        "clusters.rows": "rows: {count}",
        "units.active": "in use: {count}",
        "units.inactive": "not in use: {count}",
        "units.all": "units: {count}",
        "units.unit": "unit of the code",
        "units.rank": "units of the code, largest first",
        "units.kl": "KL, nats",
        "units.variance": "variance",
        "strip.step": "step",
        "strip.low": "lowest",
        "strip.high": "highest",
        "neighbors.query": "query",
        "neighbors.nearest": "nearest by code",
        "neighbors.distances": "nearest by code, with distances",
        "architecture.parameters": "parameters: {count}",
        "errors.lower": "{metric} (lower is better)",
        "errors.higher": "{metric} (higher is better)",
    }
)

RUSSIAN: Texts = MappingProxyType(
    {
        "curves.epoch": "эпоха",
        "curves.train": "обучение",
        "curves.validation": "проверка",
        "curves.best": "лучшая эпоха: {epoch}",
        "curves.loss": "функция потерь",
        "curves.kl": "KL с априорным, наты",
        "curves.perplexity": "перплексия кодовой книги",
        "curves.mse": "среднеквадратичная ошибка",
        "curves.bce": "кросс-энтропия, наты на ячейку",
        "curves.l1": "средняя абсолютная ошибка",
        "curves.reconstruction": "восстановление",
        "pairs.input": "вход",
        "pairs.output": "выход",
        "pairs.value": "значение",
        "pairs.spread": "в стандартных отклонениях",
        "codes.other": "прочие",
        "codes.missing": "без метки",
        "clusters.typical": "типичные, ближайшие к центру первыми",
        "clusters.odd": "необычные, самые далекие первыми",
        "clusters.rows": "строк: {count}",
        "units.active": "работают: {count}",
        "units.inactive": "не работают: {count}",
        "units.all": "всего: {count}",
        "units.unit": "номер числа в коде",
        "units.rank": "числа кода по убыванию",
        "units.kl": "KL, наты",
        "units.variance": "дисперсия",
        "strip.step": "шаг",
        "strip.low": "наименьшее",
        "strip.high": "наибольшее",
        "neighbors.query": "запрос",
        "neighbors.nearest": "ближайшие по коду",
        "neighbors.distances": "ближайшие по коду, с расстояниями",
        "architecture.parameters": "параметров: {count}",
        "errors.lower": "{metric} (чем меньше, тем лучше)",
        "errors.higher": "{metric} (чем больше, тем лучше)",
    }
)


def resolved(texts: Texts | None) -> Texts:
    """The English captions, with those of ``texts`` in their place."""
    return ENGLISH if texts is None else {**ENGLISH, **texts}
