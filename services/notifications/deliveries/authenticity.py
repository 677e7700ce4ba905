"""Authenticity of what goes to a peer hub: the hub's key signs nothing there that the hub did not write itself."""

from shared.authenticity import Attested

MESSAGES = Attested(
    kind="message",
    table="deliveries",
    columns=("receiver", "message_id", "path", "body"),
    name="delivery {id}",
    event="delivery.forged",
    where="client IS NULL AND state IN ('pending', 'parked')",
)
