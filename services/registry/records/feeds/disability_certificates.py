"""Disability certificates (残疾人证): granted, renewed and revoked."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from services.registry.records.feeds.examples import example
from services.registry.records.feeds.feed import Feed
from services.registry.records.feeds.item import Item
from services.registry.records.feeds.wire import Day, Label, NullAsEmpty
from shared.vocabulary import Department


class CertificateEvent(StrEnum):
    """What happened to the certificate (残疾人证): `granted` 发放, `renewed` 换发, `revoked` 注销."""

    GRANTED = "granted"
    RENEWED = "renewed"
    REVOKED = "revoked"


class Disability(StrEnum):
    """The seven kinds of GB/T 26341.

    `visual` 视力, `hearing` 听力, `speech` 言语, `physical` 肢体, `intellectual` 智力, `mental` 精神, `multiple` 多重.
    """

    VISUAL = "visual"
    HEARING = "hearing"
    SPEECH = "speech"
    PHYSICAL = "physical"
    INTELLECTUAL = "intellectual"
    MENTAL = "mental"
    MULTIPLE = "multiple"


class DisabilityCertificate(Item):
    """One event of one child's certificate."""

    model_config = example(
        "SL-CJZ-2024-000031",
        "2024-09-12",
        event="granted",
        kinds=["hearing"],
        grade=2,
        certificate_number="37172120170503012642",
        on="2024-09-10",
        valid_until="2034-09-09",
    )

    event: CertificateEvent
    """What happened."""
    on: Day
    """The day it took effect."""
    kinds: Annotated[tuple[Disability, ...], Field(max_length=7), NullAsEmpty()] = ()
    """Kinds of disability on the certificate (残疾类别)."""
    grade: Annotated[int, Field(strict=True, ge=1, le=4)] | None = None
    """Grade (残疾等级): 1 is the most severe."""
    certificate_number: Label | None = None
    """Number of the certificate; it usually contains the identity number."""
    valid_until: Day | None = None
    """Last day of validity."""


FEED = Feed(
    name="disability-certificates",
    model=DisabilityCertificate,
    departments=(Department.DISABLED_FEDERATION,),
    legal_basis=(
        "Law on the Protection of Disabled Persons (残疾人保障法) art. 2 and GB/T 26341: kinds and "
        "grades; own disability (自身残疾) opens the key-care ledger in every plan (Chongqing "
        "二(一)3, Heze (五), Tianmen 三(二)); subsidies need the hukou place (Chongqing 二(二)3)"
    ),
    expected_every_days=92,
    title_zh="残疾人证",
    title_en="Disability certificates",
)
