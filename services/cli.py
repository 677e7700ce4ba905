"""`hutong`: every act of an operator, one command group a noun.

Only the module of the command that was named is imported: a process of a hub starts twice as fast for it.
"""

import importlib
import sys
from collections.abc import Mapping

import typer

#: Command → (its module in services/commands, the function or Typer group there).
COMMANDS: Mapping[str, tuple[str, str]] = {
    "up": ("local", "up"),
    "down": ("local", "down"),
    "demo": ("local", "demo"),
    "bench": ("local", "bench"),
    "synth": ("synth", "synth"),
    "linkage": ("linkage", "linkage"),
    "serve": ("processes", "serve"),
    "work": ("processes", "work"),
    "init": ("operations", "init"),
    "provision": ("operations", "provision"),
    "migrate": ("operations", "migrate"),
    "introduce": ("operations", "introduce"),
    "clients": ("clients", "clients"),
    "keys": ("keys", "keys"),
    "erase": ("erasures", "erase"),
    "access": ("clients", "access"),
    "contacts": ("clients", "contacts"),
    "peers": ("peers", "peers"),
    "authorities": ("peers", "authorities"),
    "profile": ("profiles", "profile"),
    "requirements": ("requirements", "requirements"),
    "audit": ("proofs", "audit"),
    "rebuild": ("proofs", "rebuild"),
    "figures": ("figures", "figures"),
    "backup": ("backup", "backup"),
    "restore": ("backup", "restore"),
    "contracts": ("contracts", "contracts"),
    "migrations": ("migrations", "app"),
    "manifests": ("manifests", "manifests"),
}


def app_for(wanted: str | None) -> typer.Typer:
    """The command line, with the wanted command alone or, for help, with all of them."""
    app = typer.Typer(
        no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False
    )

    @app.callback()
    def hutong() -> None:
        """Hutong 户童通: the hub for the care and protection of migrant children."""

    for name, (module, attribute) in COMMANDS.items():
        if wanted in (None, name):
            found = getattr(importlib.import_module(f"services.commands.{module}"), attribute)
            if isinstance(found, typer.Typer):
                app.add_typer(found, name=name)
            else:
                app.command(name)(found)
    return app


def main() -> None:
    wanted = sys.argv[1] if len(sys.argv) > 1 and sys.argv[1] in COMMANDS else None
    app_for(wanted)()


if __name__ == "__main__":
    main()
