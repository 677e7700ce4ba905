"""`hutong`: every act of an operator, one command group a noun."""

import typer

from services.commands import (
    clients,
    contracts,
    local,
    manifests,
    migrations,
    operations,
    processes,
    proofs,
)

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)
app.command("up")(local.up)
app.command("down")(local.down)
app.command("demo")(local.demo)
app.command("init")(operations.init)
app.command("provision")(operations.provision)
app.command("migrate")(operations.migrate)
app.command("introduce")(operations.introduce)
app.command("serve")(processes.serve)
app.command("work")(processes.work)
app.command("rebuild")(proofs.rebuild)
app.command("contracts")(contracts.contracts)
app.command("manifests")(manifests.manifests)
app.add_typer(clients.clients, name="clients")
app.add_typer(clients.access, name="access")
app.add_typer(proofs.audit, name="audit")
app.add_typer(migrations.app, name="migrations")


def main() -> None:
    app()


if __name__ == "__main__":
    main()
