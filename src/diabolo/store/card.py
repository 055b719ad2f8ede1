"""The model card: README.md of a model folder, with the YAML header the Hugging Face hub reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from diabolo.recipes import RECIPES
from diabolo.trained import Trained


def model_card(trained: Trained, metrics: Mapping[str, Any]) -> str:
    """Markdown: what it is, how it was trained, how good it is beside PCA, how to use it, what it cannot do."""
    config, data = trained.config, trained.config.data
    recipe = RECIPES[config.recipe]
    parameters = sum(p.numel() for p in trained.model.parameters())
    return "\n".join(
        [
            "---",
            "library_name: diabolo",
            "tags:",
            *(f"- {tag}" for tag in ("autoencoder", config.recipe, str(data.get("kind", trained.kind.name)))),
            "---",
            "",
            f"# {config.recipe} autoencoder of {data.get('name', 'data')}",
            "",
            f"{recipe.what} ({recipe.paper})",
            "",
            "| | |",
            "|---|---|",
            f"| data | {data.get('name', 'unknown')}, {data.get('rows', '?')} rows; {data.get('reason', '')} |",
            f"| code | {config.latent_dim} numbers for {trained.kind.layout.cells} |",
            f"| network | `{json.dumps(config.composition.network.to_json())}` |",
            f"| weights | {parameters:,} |",
            f"| epochs | {len(trained.history)} |",
            "",
            *_results(metrics),
            "## Use",
            "",
            "```python",
            "from diabolo import load",
            "",
            'ae = load("path/to/this/folder")',
            "Z = ae.transform(X)            # codes",
            "X2 = ae.inverse_transform(Z)   # and back",
            "```",
            "",
            "## Limits",
            "",
            f"It knows data like {data.get('name', 'its training data')} and nothing else: {trained.kind.layout.shape} numbers "
            "a row. Rows from another source are restored as if they belonged to it.",
            "",
        ]
    )


def _results(metrics: Mapping[str, Any]) -> list[str]:
    table = metrics.get("table")
    if not table:
        return []
    names = list(table[0]["errors"])
    lines = [
        "## Results",
        "",
        f"On {metrics['data']} ({metrics['rows']:,}); errors on {metrics['scale']}.",
        "",
        "| | numbers | " + " | ".join(names) + " |",
        "|---|---|" + "---|" * len(names),
    ]
    for row in table:
        lines.append(f"| {row['name']} | {row['numbers']} | " + " | ".join(f"{row['errors'][n]:.5g}" for n in names) + " |")
    return [*lines, ""]
