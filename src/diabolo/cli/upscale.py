"""``diabolo upscale``: pictures made larger."""

from __future__ import annotations

from diabolo.cli import options


def upscale(
    model: options.Model,
    data: options.Damaged = None,
    output: options.MendedOutput = None,
    label: options.Label = None,
    skip_broken: options.SkipBroken = False,
    device: options.Device = "auto",
    as_json: options.Json = False,
) -> None:
    """Enlarge the pictures in DATA.

    A picture gives a picture, a folder of pictures a folder. MODEL was trained with --recipe upscaling, or on pairs.
    """
    from diabolo.cli import mending

    mending.run("upscale", model, data, output, label=label, skip_broken=skip_broken, device=device, as_json=as_json)
