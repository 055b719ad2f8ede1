"""``diabolo denoise``: noise taken out of pictures and rows."""

from __future__ import annotations

from diabolo.cli import options


def denoise(
    model: options.Model,
    data: options.Damaged = None,
    output: options.MendedOutput = None,
    label: options.Label = None,
    skip_broken: options.SkipBroken = False,
    device: options.Device = "auto",
    as_json: options.Json = False,
) -> None:
    """Take the noise out of DATA.

    A picture gives a picture of its own size, channels and bits, a folder of pictures a folder. MODEL was trained on damaged
    inputs (--recipe denoising, or noise2self where no clean picture exists) or on pairs.
    """
    from diabolo.cli import mending

    mending.run("denoise", model, data, output, label=label, skip_broken=skip_broken, device=device, as_json=as_json)
