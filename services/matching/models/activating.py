"""Which model is active, and any registered model with its counted name frequencies."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.matching.entries.sealing import hashes
from services.matching.linkage import weights
from services.matching.linkage.names import Name
from services.matching.linkage.weights import Frequency, Model, uncounted
from services.matching.models import shipped
from services.matching.models.registering import key_id, register
from shared.database import raw
from shared.keys import KeySet
from shared.problems import NotFound
from shared.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Effective:
    """A model and the name frequencies it was made with."""

    model: Model
    frequency: Frequency


async def activate(session: AsyncSession, rule_version: str, now: datetime) -> None:
    """From the next batch on, decisions are taken by this model. NotFound for an unregistered one."""
    connection = await raw(session)
    known = await connection.fetchval(
        "INSERT INTO activations (rule_version, activated_at)"
        " SELECT rule_version, $2 FROM models WHERE rule_version = $1 RETURNING true",
        rule_version,
        now,
    )
    if not known:
        raise NotFound


async def active(session: AsyncSession, master: KeySet, now: datetime, children: int) -> Effective:
    """The active model. Where none was ever activated, the shipped one for so many children is registered and becomes it; a
    later release's model, or one for another number, takes effect only when somebody activates it.
    """
    connection = await raw(session)
    version = await active_version(session)
    if version is None:
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _FIRST)
        version = await active_version(session)
    if version is None:
        version = (await register(session, shipped.text(children), {}, master, now)).rule_version
        await activate(session, version, now)
    return await registered(session, version, master)


async def active_version(session: AsyncSession) -> str | None:
    connection = await raw(session)
    found: str | None = await connection.fetchval(
        "SELECT rule_version FROM activations ORDER BY activation DESC LIMIT 1"
    )
    return found


async def registered(session: AsyncSession, rule_version: str, master: KeySet) -> Effective:
    """A model as it was registered, to decide or to replay by; NotFound for an unregistered one."""
    connection = await raw(session)
    row = await connection.fetchrow(
        "SELECT text, frequency_master, frequency_key FROM models WHERE rule_version = $1",
        rule_version,
    )
    if row is None:
        raise NotFound
    model = weights.parse(row["text"])
    if row["frequency_key"] is None:
        return Effective(model, uncounted)
    key = Sealer(master).unwrap(key_id(rule_version), row["frequency_master"], row["frequency_key"])
    counted = await connection.fetch(
        "SELECT key, share FROM name_frequencies WHERE rule_version = $1", rule_version
    )
    shares = dict(map(tuple, counted))

    def frequency(name: Name) -> float | None:
        return shares.get(hashes(key, (name.text,))[0])

    return Effective(model, frequency)


_FIRST = 0x68_74_6D_6F_64_65_6C_73
"""The advisory lock under which the first model becomes active."""
