"""Filters that take noise out of pictures and learn nothing: median, total variation, non-local means, wavelets.

Pictures are (n, H, W, C) floats, clean ones in [0, 1]; so is what comes back, cut to that range, in the dtype given. ``std``
is the noise's standard deviation; None estimates it for each picture by itself. All but the median need scikit-image.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from diabolo.baselines.base import Array
from diabolo.baselines.pictures import as_pictures, one_by_one, restoration
from diabolo.errors import ParameterError

TV_WEIGHT = 0.75  # of the noise's standard deviation


def median(x: Array, size: int = 3) -> Array:
    """Each pixel the median of the size × size pixels around it, a channel by itself; borders are mirrored.

    Reference: Tukey, 1977, Exploratory Data Analysis; Huang, Yang & Tang, 1979, https://doi.org/10.1109/TASSP.1979.1163188.
    """
    x = as_pictures(x)
    if size < 1:
        raise ParameterError(f"The median filter needs a size of at least 1, got {size}.")
    return np.clip(median_filter(x, size=(1, size, size, 1), mode="reflect"), 0, 1)


def total_variation(x: Array, std: float | None = None) -> Array:
    """The picture of least ``|y - x|² / (2 · weight) + TV(y)``, all channels in one; weight = 0.75 · std.

    That share was the best or near it on digits and photographs, gray and color, noise of 0.1 to 0.5.

    Reference: Rudin, Osher & Fatemi, 1992, https://doi.org/10.1016/0167-2789(92)90242-F; solved as by Chambolle, 2004,
    https://doi.org/10.1023/B:JMIV.0000011325.36760.1e.
    """
    tools = restoration("Denoising by total variation")

    def change(picture: Array, noise: float) -> Array:
        return tools.denoise_tv_chambolle(picture, weight=max(TV_WEIGHT * noise, 1e-6), channel_axis=-1)

    x = as_pictures(x)
    return one_by_one(change, x, noise_levels(x, std))


def non_local_means(x: Array, std: float | None = None) -> Array:
    """Each pixel the mean of those within 6 pixels whose 5 × 5 surroundings look alike, to within 0.6 · std.

    Reference: Buades, Coll & Morel, 2005, https://doi.org/10.1109/CVPR.2005.38; the fast form and its 0.6 are scikit-image's.
    """
    tools = restoration("Denoising by non-local means")

    def change(picture: Array, noise: float) -> Array:
        h = max(0.6 * noise, 1e-6)
        return tools.denoise_nl_means(picture, 5, 6, h, fast_mode=True, sigma=noise, channel_axis=-1)

    x = as_pictures(x)
    return one_by_one(change, x, noise_levels(x, std))


def wavelet(x: Array, std: float | None = None) -> Array:
    """Small wavelet coefficients are shrunk to zero, by a threshold for each level (BayesShrink); color as YCbCr.

    Reference: Chang, Yu & Vetterli, 2000, https://doi.org/10.1109/83.862633.
    """
    tools = restoration("Denoising by wavelets")

    def change(picture: Array, noise: float) -> Array:
        if min(picture.shape[:2]) < 2:  # no room for a wavelet
            return picture
        color = picture.shape[-1] == 3
        return tools.denoise_wavelet(picture, max(noise, 1e-6), method="BayesShrink", channel_axis=-1, convert2ycbcr=color)

    x = as_pictures(x)
    return one_by_one(change, x, noise_levels(x, std))


FILTERS: Mapping[str, Callable[..., Array]] = {
    "median": median,
    "total variation": total_variation,
    "non-local means": non_local_means,
    "wavelet": wavelet,
}


def noise_levels(x: Array, std: float | None = None) -> NDArray[np.float64]:
    """The noise's standard deviation in each picture, (n,): ``std`` where it is given, else a mean over the channels.

    The estimate is the median of the finest diagonal wavelet coefficients, over 0.6745: Donoho & Johnstone, 1994,
    https://doi.org/10.1093/biomet/81.3.425. It takes independent Gaussian noise and mostly smooth pictures for granted; 0 for
    a picture without detail.
    """
    x = as_pictures(x)
    if std is not None:
        if not 0 <= std < np.inf:
            raise ParameterError(f"Expected a standard deviation of at least 0, or None to estimate it, got {std}.")
        return np.full(len(x), float(std))
    tools = restoration("Estimating noise")
    narrow = max(0, 5 - x.shape[2])  # scikit-image takes up to 4 columns for channels and warns
    x = np.pad(x, ((0, 0), (0, 0), (0, narrow), (0, 0)), mode="symmetric")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Mean of empty slice|invalid value", RuntimeWarning)  # no coefficient differs from 0
        levels = [float(tools.estimate_sigma(p, average_sigmas=True, channel_axis=-1)) for p in x]
    return np.nan_to_num(np.array(levels), nan=0.0)
