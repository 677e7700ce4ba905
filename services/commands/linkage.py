"""`hutong linkage`: the linkage model, from training it to measuring it; each act is a module of its own."""

import typer

from services.commands.bench_linkage import alternative, bench
from services.commands.evaluate import evaluate
from services.commands.preview import apply, preview
from services.commands.rekey import rekey
from services.commands.reread import reread
from services.commands.resend import resend
from services.commands.train import train
from services.commands.verify import verify

linkage = typer.Typer(help="The linkage model (比对模型).", no_args_is_help=True)
linkage.command("train")(train)
linkage.command("evaluate")(evaluate)
linkage.command("preview")(preview)
linkage.command("apply")(apply)
linkage.command("rekey")(rekey)
linkage.command("reread")(reread)
linkage.command("resend")(resend)
linkage.command("verify")(verify)
linkage.command("bench")(bench)
linkage.command("alternative", hidden=True)(alternative)
