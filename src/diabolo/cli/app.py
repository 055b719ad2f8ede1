"""The commands put together, and what happens to their errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

import typer

from diabolo import __version__
from diabolo.cli import console
from diabolo.cli.classify import classify
from diabolo.cli.cluster import cluster
from diabolo.cli.demo import demo
from diabolo.cli.denoise import denoise
from diabolo.cli.detect import detect
from diabolo.cli.diagnose import diagnose
from diabolo.cli.doctor import doctor
from diabolo.cli.embed import embed
from diabolo.cli.evaluate import evaluate
from diabolo.cli.extend import extend
from diabolo.cli.finetune import finetune
from diabolo.cli.generate import generate
from diabolo.cli.impute import impute
from diabolo.cli.interpolate import interpolate
from diabolo.cli.invocation import Invocation
from diabolo.cli.layerwise import layerwise
from diabolo.cli.listing import listing
from diabolo.cli.reconstruct import reconstruct
from diabolo.cli.report import report
from diabolo.cli.search import search
from diabolo.cli.show import show
from diabolo.cli.sweep import sweep
from diabolo.cli.train import train
from diabolo.cli.unshuffle import unshuffle
from diabolo.cli.upscale import upscale
from diabolo.errors import DiaboloError, ParameterError

DONE, FAILED, BAD_USAGE, INTERRUPTED = 0, 1, 2, 130

HELP = """Autoencoders for the data people really have: images and tables, no labels needed.

diabolo VERB [MODEL] DATA. Begin with: diabolo demo

MODEL is a folder that `diabolo train` made. DATA is a csv, tsv, parquet, xlsx, npy or npz file, a folder of pictures, \
or a named set such as demo:digits or mnist."""
END = """Results go to stdout, progress to stderr. Exit codes: 0 done, 1 failed, 2 bad usage. --version prints the version; \
--debug anywhere on the line (or DIABOLO_DEBUG=1) shows where an error came from."""

COMMANDS: dict[str, Callable[..., None]] = {
    "demo": demo,
    "train": train,
    "eval": evaluate,
    "diagnose": diagnose,
    "sweep": sweep,
    "embed": embed,
    "cluster": cluster,
    "reconstruct": reconstruct,
    "denoise": denoise,
    "upscale": upscale,
    "impute": impute,
    "extend": extend,
    "unshuffle": unshuffle,
    "detect": detect,
    "finetune": finetune,
    "layerwise": layerwise,
    "classify": classify,
    "generate": generate,
    "search": search,
    "interpolate": interpolate,
    "report": report,
    "list": listing,
    "show": show,
    "doctor": doctor,
}


def application(*, help_option: bool) -> typer.Typer:
    """The commands as one typer application. help_option: whether ``--help`` may stand before the verb."""
    app = typer.Typer(
        name="diabolo",
        help=HELP,
        epilog=END,
        rich_markup_mode=None,  # rich takes longer to draw the help than everything else together
        no_args_is_help=True,
        add_help_option=help_option,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for name, command in COMMANDS.items():
        app.command(name)(command)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code: 0 done, 1 failed, 2 bad usage, 130 interrupted.

    arguments: without the program's name; those of this process where None.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given or os.environ.get("DIABOLO_DEBUG", "0") not in ("", "0")
    given = [a for a in given if a != "--debug"]
    console.make_robust()
    if given == ["--version"]:
        typer.echo(f"diabolo {__version__}")
        return DONE
    try:
        # Where the option is there and not given, typer imports pydantic to find that out, which doubles the time of a help.
        app = application(help_option=given[:1] in (["--help"], ["-h"]))
        app(args=given, prog_name="diabolo", obj=Invocation(given))
    except KeyboardInterrupt:
        return _interrupted()
    except SystemExit as end:
        if end.code == INTERRUPTED:  # how typer passes Ctrl-C on
            return _interrupted()
        return end.code if isinstance(end.code, int) else DONE if end.code is None else FAILED
    except DiaboloError as problem:
        if debug:
            raise
        console.failure(str(problem))
        return BAD_USAGE if isinstance(problem, ParameterError) else FAILED
    return DONE


def _interrupted() -> int:
    console.failure("Interrupted by Ctrl-C.")
    return INTERRUPTED
