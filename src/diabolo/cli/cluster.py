"""``diabolo cluster``: rows in groups by their codes, beside the same method on PCA and on the data themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli import options


def cluster(
    model: options.Model,
    data: options.Data,
    clusters: Annotated[
        str, typer.Option("--clusters", metavar="N", help="How many; auto tries up to 15 and says why.")
    ] = "auto",
    method: Annotated[str, typer.Option("--method", metavar="NAME", help="kmeans, or mixture (of Gaussians).")] = "kmeans",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Cluster of all rows: .csv, .npz or .parquet.", show_default=False),
    ] = None,
    pictures: Annotated[
        Path | None,
        typer.Option("--pictures", metavar="FILE", help="Typical and odd pictures of each cluster: .png.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Where the search starts.")] = 0,
    label: options.Label = None,
    id_: options.Id = None,
    skip_broken: options.SkipBroken = False,
    device: options.Device = "auto",
    as_json: options.Json = False,
) -> None:
    """Sort DATA into clusters by the codes of MODEL.

    Typical and odd rows of each cluster, and how well the clusters lie apart and follow the labels where there are any, beside
    the same method on PCA with as many numbers and on the data themselves.
    """
    from diabolo.cli import clustering, console, outputs
    from diabolo.cli.inputs import open_model, read_for
    from diabolo.jobs.codes.cluster import cluster as clustered

    number = clustering.number(clusters)
    ending = None if output is None else outputs.ending(output, outputs.TABLES, data)
    if pictures is not None:
        outputs.ending(pictures, (".png",), data, option="--pictures")
    trained = open_model("cluster", model, data, device)
    clustering.check_pictures(trained, pictures)
    reading = read_for(trained, data, label=label, id=id_, skip_broken=skip_broken)
    found = clustered(trained, reading.source, reading.labels, clusters=number, method=method, random_state=seed)
    if output is not None and ending is not None:
        beside = {
            id_ or trained.kind.wants.id or "id": reading.ids,
            label or trained.kind.wants.label or "label": reading.labels,
        }
        clustering.write_assignments(found, output, ending, beside)
    if pictures is not None:
        clustering.write_pictures(trained, reading, found, pictures)
    if as_json:
        console.document(
            {"model": model, "data": reading.name, "output": output, "pictures": pictures, "all": len(found.assignments)}
            | found.to_dict()
        )
        return
    clustering.show(reading, found)
    if output is not None:
        console.result(f"Clusters: {output}")
    if pictures is not None:
        console.result(f"Typical and odd members: {pictures}")
