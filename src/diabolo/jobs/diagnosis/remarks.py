"""Remarks: what a diagnosis and a sweep say, in English. Other languages have catalogues of their own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from diabolo.jobs.findings import Finding

ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        "diagnosis.layers.fine": (
            "Hidden units that are always the same: {dead} of {n} (at most {limit_share} of a layer may be)."
        ),
        "diagnosis.layers.found": (
            "Dead units: {dead} of the {n} units after `{layer}` ({function}) give the same for every row, {dead_share}; from "
            "{limit_share} on a layer is called sick."
        ),
        "diagnosis.layers.do": (
            "Units that always give the same get no gradient and come back no more (Lu et al. 2019). Train again with a "
            "smaller `learning_rate`, with `network.activation=silu` or `leaky-relu` instead of `relu`, or with "
            "`network.normalization=batch`."
        ),
        "diagnosis.layers.none": "The network has no activation functions of its own.",
        "diagnosis.collapsed.fine": (
            "Active numbers of the code: {used} of {n}; active is one whose posterior mean has a variance over the rows above "
            "{limit} (Burda et al. 2016)."
        ),
        "diagnosis.collapsed.some": (
            "Active numbers of the code: {used} of {n}; the others have collapsed to the prior: the variance of their "
            "posterior mean over the rows is at most {limit} (Burda et al. 2016)."
        ),
        "diagnosis.collapsed.some.do": (
            "That wastes room and harms nothing else. `latent_dim={used}` would do; to wake the others, lower "
            "`bottleneck.beta`, let the KL grow in (`bottleneck.warmup=0.3`), or set `bottleneck.free_bits=0.1`."
        ),
        "diagnosis.collapsed.all": (
            "The posterior has collapsed: the largest variance of a posterior mean over the rows is {largest}, and {limit} is "
            "the least of an active number (Burda et al. 2016). The code says nothing, the decoder ignores it."
        ),
        "diagnosis.collapsed.all.do": (
            "Lower `bottleneck.beta`, let the KL grow in (`bottleneck.warmup=0.3`), or set `bottleneck.free_bits=0.1`."
        ),
        "diagnosis.dead.fine": "Numbers of the code that vary: {used} of {n}.",
        "diagnosis.dead.some": (
            "Numbers of the code that vary: {used} of {n}; the others have less than a millionth of the largest one's variance."
        ),
        "diagnosis.dead.some.do": "`latent_dim={used}` would do as well.",
        "diagnosis.dead.some.relu.do": (
            "ReLU always makes them 0: `bottleneck.activation=none` prevents that, a smaller `learning_rate` makes it rarer."
        ),
        "diagnosis.dead.some.sparse.do": (
            "They never are among those that speak: a larger `bottleneck.k`, a lower price, or `latent_dim={used}` wastes less."
        ),
        "diagnosis.dead.all": "The code is the same for every row: it says nothing.",
        "diagnosis.dead.all.do": (
            "Train again with a smaller `learning_rate` or `bottleneck.activation=none`; where codes pay a price, with a "
            "lower one."
        ),
        "diagnosis.saturated.fine": "Units stuck at an end of their range: {stuck} of {n}.",
        "diagnosis.saturated.found": (
            "Saturated: {stuck} of {n} units of `{layer}` lie within 1 % of an end of their range in 95 % of the rows, where "
            "there is next to no gradient (Glorot & Bengio 2010); from {limit_share} on it is called sick."
        ),
        "diagnosis.saturated.do": (
            "Use a smaller `learning_rate`, `optimizer.weight_decay`, or a function without ends: `network.activation=silu`, "
            "`bottleneck.activation=none`."
        ),
        "diagnosis.saturated.none": "Nothing in the model has a range to be stuck in.",
        "diagnosis.exploding.fine": (
            "Size of the codes (root of the mean square of a number): {size}; up to {limit} is healthy."
        ),
        "diagnosis.exploding.size": (
            "Codes are large: the root of the mean square of a number is {size}, and up to {limit} is healthy{prior}."
        ),
        "diagnosis.exploding.prior": " where codes are pulled to a standard normal, whose is 1",
        "diagnosis.exploding.free": " where nothing holds them",
        "diagnosis.exploding.row": (
            "A few codes are huge: the longest one is {times} times as long as an ordinary one (the median); from {limit} "
            "times on that is called sick."
        ),
        "diagnosis.exploding.do": (
            "Look whether the data have rows with absurd values. If not: a smaller `learning_rate`, `optimizer.clip=1`, "
            "`network.normalization=layer`, or a code with a range (`bottleneck.activation=tanh`)."
        ),
        "diagnosis.overfit.fine": (
            "Held-out error over training error: {times} times ({held_out} to {train}); from {limit} times on it is called "
            "overfitting."
        ),
        "diagnosis.overfit.found": (
            "Overfitting: the error on rows the model has not seen is {times} times that on its training rows ({held_out} to "
            "{train}); from {limit} times on it is called so."
        ),
        "diagnosis.overfit.do": (
            "More rows help most. Else a smaller code (`latent_dim`), a smaller network (`size=s`), `network.dropout=0.1`, "
            "`optimizer.weight_decay=0.01`, or a recipe that damages its inputs (`denoising`)."
        ),
        "diagnosis.overfit.past": (
            "After epoch {epoch} the held-out rows only lost while the training rows gained; the weights of that epoch were "
            "kept."
        ),
        "diagnosis.overfit.past.do": "Fewer `epochs` would have done; the model itself is the one of that epoch.",
        "diagnosis.beside.fine": "Error {error}; of {rival} {pca}, of the mean {mean}.",
        "diagnosis.beside.pca": (
            "Underfitting: the error {error} is no better than that of {rival}, {pca} (the mean's: {mean})."
        ),
        "diagnosis.beside.pca.do": "Train longer (`epochs`), with a larger network (`size=l`), or take PCA, which is simpler.",
        "diagnosis.beside.priced": (
            "The error {error} is above that of {rival}, {pca} (the mean's: {mean}). This recipe pays for more than errors: "
            "PCA pays for nothing else."
        ),
        "diagnosis.beside.priced.do": (
            "Where reconstruction is what counts: recipe `plain`; else train longer (`epochs`) or lower the price "
            "(`bottleneck.beta`, the weight of a penalty, the damage of the inputs)."
        ),
        "diagnosis.beside.discrete": "The error {error} is above that of {rival}, {pca} (the mean's: {mean}).",
        "diagnosis.beside.discrete.do": (
            "Train longer (`epochs`), with a larger network (`size=l`), or with more entries (`bottleneck.entries`) or levels "
            "(`bottleneck.levels`)."
        ),
        "diagnosis.rival.numbers": "PCA with as many numbers ({n})",
        "diagnosis.rival.bits": "PCA at as many bits ({n})",
        "diagnosis.beside.mean": (
            "The model has learned nothing: its error {error} is no better than that of the mean of the rows, {mean} "
            "({rival}: {pca})."
        ),
        "diagnosis.beside.mean.do": (
            "Train longer (`epochs`), with another `learning_rate` (ten times smaller first), and look at the data: columns "
            "of noise alone cannot be learned."
        ),
        "diagnosis.unfinished.fine": "At its end the training had come to rest.",
        "diagnosis.unfinished.short": "The training had {n} epochs: too few to see whether it had come to rest.",
        "diagnosis.unfinished.falling": (
            "Unfinished: the last {n} epochs still brought {gain_share} of what the second half of the training brought; a "
            "tenth or less is rest."
        ),
        "diagnosis.unfinished.do": "Train longer: more `epochs`, a longer `time_budget`, or `warm_start=True` to go on.",
        "diagnosis.narrow.fine": (
            "{kept_share} of the variance comes back (numbers in the code: {n}; the data fill about {dimensions} dimensions "
            "by the participation ratio)."
        ),
        "diagnosis.narrow.found": (
            "The code is narrow: {kept_share} of the variance comes back, and below half it is called so where a code has "
            "fewer numbers, here {n}, than the data fill dimensions, about {dimensions} (participation ratio)."
        ),
        "diagnosis.narrow.do": "A larger `latent_dim`; `diabolo sweep` or `ae.sweep` shows how much each width brings.",
        "diagnosis.copying.fine": (
            "Of rows whose cells were shuffled {noise_share} of the variance comes back, of real ones {data_share}: the model "
            "knows its data from noise."
        ),
        "diagnosis.copying.wide": (
            "The model copies: {noise_share} of the variance of shuffled cells comes back, which have nothing to do with the "
            "data (of real rows: {data_share}; numbers in the code: {n}, in a row: {cells}). From {limit_share} on it is "
            "called copying."
        ),
        "diagnosis.copying.do": (
            "A smaller `latent_dim`, or a recipe that keeps a wide code from copying: `denoising`, `sparse`, `contractive`, "
            "`vae`."
        ),
        "diagnosis.steady.fine": (
            "Noise of a quarter of the data's spread moves a code by {model} of the spread of codes (PCA: {pca}); up to twice "
            "PCA's, or {limit}, it is steady."
        ),
        "diagnosis.steady.alone": "Noise of a quarter of the data's spread moves a code by {model} of the spread of codes.",
        "diagnosis.steady.found": (
            "Codes are unsteady: noise of a quarter of the data's spread moves a code by {model} of the spread of codes (PCA: "
            "{pca}); up to twice PCA's, or {limit}, it is steady."
        ),
        "diagnosis.steady.do": "Recipes `denoising` and `contractive` hold codes still; a smaller `latent_dim` does a little.",
        "diagnosis.holes.fine": (
            "Codes drawn from {name}: {far_share} lie in holes, farther from every training code than 99 % of the rows' codes "
            "(up to {limit_share} counts as none). Distance of the codes from a standard normal {normal}, from their own "
            "Gaussian {gaussian}, by chance {chance} (energy coefficient, 0 to 1)."
        ),
        "diagnosis.holes.plain": (
            "New codes drawn from one Gaussian fall into holes: {far_share} of them lie farther from every training code than "
            "99 % of the rows' codes (up to {limit_share} counts as none), from {name} {best_share}. Distance of the codes "
            "from a standard normal {normal}, from their own Gaussian {gaussian}, by chance {chance} (energy coefficient, 0 "
            "to 1)."
        ),
        "diagnosis.holes.plain.do": (
            "Do not sample from a normal distribution: `sample(density='{name}')`, `--density {name}`; `diabolo generate "
            "--judge` compares new rows themselves. Or train recipe `wae` or `vae`, whose codes are pulled to a normal."
        ),
        "diagnosis.holes.all": (
            "New codes fall into holes whatever they are drawn from: of {name}, which has the fewest, {far_share} lie farther "
            "from every training code than 99 % of the rows' codes (up to {limit_share} counts as none). "
            "Distance of the codes from a standard normal {normal}, from their own Gaussian {gaussian}, by chance {chance} "
            "(energy coefficient, 0 to 1)."
        ),
        "diagnosis.holes.all.do": (
            "A smaller `latent_dim` leaves less room for holes; recipes `wae` and `vae` pull codes to a normal distribution."
        ),
        "diagnosis.holes.prior": (
            "The prior has holes: {far_share} of codes drawn from it lie farther from every training code than 99 % of the "
            "rows' codes (up to {limit_share} counts as none), of those of {name} {best_share}. Distance of the codes from the "
            "prior {normal}, by chance {chance} (energy coefficient, 0 to 1)."
        ),
        "diagnosis.holes.prior.do": (
            "Sample with `density='{name}'` (`--density {name}`), or raise the pull to the prior: `bottleneck.beta`, or the "
            "weight of the penalty."
        ),
        "diagnosis.holes.wide": (
            "The codes are too wide to fit densities to (numbers: {n}). Distance from a standard normal {normal}, from their "
            "own Gaussian {gaussian}, by chance {chance} (energy coefficient, 0 to 1)."
        ),
        "diagnosis.bumpy.fine": (
            "Half way between a code and its nearest neighbor, decoding and encoding again misses {times} times as far as at "
            "the codes themselves; up to {limit} times the code is called continuous."
        ),
        "diagnosis.bumpy.found": (
            "Holes between codes: half way between a code and its nearest neighbor, decoding and encoding again misses "
            "{times} times as far as at the codes themselves; up to {limit} times the code is called continuous."
        ),
        "diagnosis.bumpy.do": "Interpolate with care; recipes `vae`, `wae`, `denoising` and `contractive` smooth the code.",
        "diagnosis.skipped.data": "This needs rows: give data.",
        "diagnosis.skipped.pairs": "Outputs of this model are not like its inputs: nothing to compare.",
        "diagnosis.skipped.history": "The model carries no history.",
        "diagnosis.skipped.held-out": (
            "No rows were held out, and none were given beside the training rows: nothing to compare."
        ),
        "diagnosis.skipped.kind": "This is asked of codes that are distributions only.",
        "diagnosis.skipped.point": "This is asked of codes that are points only; whether they have collapsed is said above.",
        "diagnosis.skipped.because": "Explained by what was found above.",
        "diagnosis.skipped.discrete": (
            "Discrete codes are drawn from a prior over their entries, and between these there are no codes; `diabolo "
            "generate --judge` compares new rows themselves."
        ),
        "diagnosis.skipped.pca": "The model carries no PCA to compare with.",
        "diagnosis.skipped.few": "Too few rows, or codes that are all alike.",
        "diagnosis.healthy": "Nothing is wrong: {n} checks, no finding.",
        "diagnosis.healthy.notes": "Nothing is wrong; worth knowing: {n} of {checks} checks.",
        "diagnosis.sick": "Findings: {n} of {checks} checks.",
        "wide.code": (
            "latent_dim={n} is more than the {cells} numbers of a row: such a code can hold the row itself, and {then}. Take "
            "fewer (a sweep says how many), or recipe `sparse` or `denoising`."
        ),
        "wide.idle": "the KL will leave many of them idle",
        "wide.copy": "the model may learn to copy",
        "wide.tried": "A code of {n} numbers is wider than a row of {cells}: it can hold the row itself.",
        "wide.tried.copied": (
            "A code of {n} numbers is wider than a row of {cells}: it can hold the row itself, and {copied_share} of the "
            "variance of shuffled cells comes back."
        ),
        "widths.none": (
            "No width restores held-out rows better than their mean does (the best, {best}, keeps {kept_share} of the "
            "variance), so none can be told from another. Train longer, or with more rows."
        ),
        "widths.active": (
            "{width} has room for all numbers that are active in the best width, {best}: {used} of {n}; the KL leaves the rest "
            "idle."
        ),
        "widths.kept": (
            "{width} is the smallest width that keeps {limit_share} of what the best one, {best}, keeps of the variance of "
            "held-out rows: {kept_share} of {best_share}."
        ),
        "widths.in-use": "In the best, {used} of {n} numbers are active.",
        "widths.narrower": "Narrower loses: {width} keeps {kept_share}.",
        "widths.copies": (
            "Too wide copies: {width} gives back {copied_share} of the variance of shuffled cells, which have nothing to do "
            "with the data."
        ),
        "widths.widest": "The widest, {width}, keeps {kept_share}.",
        "widths.widest.copied": "The widest, {width}, keeps {kept_share} (and {copied_share} of shuffled cells).",
        "widths.edge": "It is the widest that was tried: wider may be better.",
        "widths.beside": "Its error is {times} times that of {rival}.",
        "widths.beside.numbers": "Its error is {times} times that of {rival}: train longer, or take PCA.",
        "widths.beside.kl": (
            "As for restoring alone, its error is {times} times that of {rival}. But its codes are to be drawn from, and the "
            "KL term is the price of that: a code tells {kl} nats a row, and PCA would be at {pca} if no more nats could be "
            "told of its numbers (this width: {error}). To restore better {then}."
        ),
        "widths.beside.drawn": (
            "As for restoring alone, its error is {times} times that of {rival}. But its codes are to be drawn from, and the "
            "pull to the prior is the price of that. To restore better {then}."
        ),
        "widths.cheaper.beta": "lower the price, `bottleneck.beta` (now {beta}), or train longer",
        "widths.cheaper.spread": (
            "let the likelihood learn how far outputs miss (`likelihood.{name}=shared`), which sets the price against the "
            "error, or train longer"
        ),
        "widths.cheaper.both": (
            "let the likelihood learn how far outputs miss (`likelihood.{name}=shared`), which sets the price against the "
            "error, or lower the price, `bottleneck.beta` (now {beta})"
        ),
        "widths.cheaper.weight": "lower the weight of the pull, `regularizers.{name}.weight`, or train longer",
        "widths.cheaper.longer": "train longer",
        "widths.beside.bits": "Its error is {times} times that of {rival}: train longer, or with a larger network (`size=l`).",
    }
)


def in_english(finding: Finding) -> str:
    """A remark in English, without the marks of code; shares in percent.

    >>> in_english(Finding("diagnosis.dead.fine", {"used": 3, "n": 4}))
    'Numbers of the code that vary: 3 of 4.'
    """
    return ENGLISH[finding.key].format(**{k: _shown(k, v) for k, v in finding.values.items()}).replace("`", "")


def _shown(name: str, value: Any) -> Any:
    if isinstance(value, Finding):
        return in_english(value)
    if isinstance(value, float) and name.endswith("share"):
        return f"{round(100 * value, 2) + 0.0:.3g} %"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return value
