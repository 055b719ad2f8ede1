"""``diabolo unshuffle``: tiles put back in order."""

from __future__ import annotations

from diabolo.cli import options


def unshuffle(
    model: options.Model,
    data: options.Damaged = None,
    output: options.MendedOutput = None,
    label: options.Label = None,
    skip_broken: options.SkipBroken = False,
    device: options.Device = "auto",
    as_json: options.Json = False,
) -> None:
    """Put the shuffled tiles of the pictures in DATA back in order.

    MODEL was trained with --recipe jigsaw. A picture may have any size that its tiles divide, a folder gives a folder.
    """
    from diabolo.cli import mending

    mending.run("unshuffle", model, data, output, label=label, skip_broken=skip_broken, device=device, as_json=as_json)
