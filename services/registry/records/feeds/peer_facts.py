"""Peer facts (对端信息): who a child is and where it lives, as another hub's registry holds it.

Identity, hukou and residence travel in the common block; hardship never does on this feed.
"""

from services.registry.records.feeds.examples import example
from services.registry.records.feeds.feed import Feed
from services.registry.records.feeds.item import Company, Item
from services.registry.records.feeds.wire import Code, Day, DivisionText
from shared.vocabulary import Department


class PeerFacts(Item):
    """One child's identity, hukou and residence there, as a peer hub answered on one day."""

    model_config = example(
        "SL-DD-2025-000003",
        "2025-03-09",
        hub="other-city",
        since="2025-02-20",
        accompanied_by="both_parents",
        notice_ref="01JSHILI0000000000000000",
    )

    hub: Code
    """Name of the answering hub."""
    own_hukou: bool | None = None
    """Whether the hukou lies in the hub's own territory, of which it speaks for itself."""
    since: Day | None = None
    """First day of living there."""
    until: Day | None = None
    """Last day of living there, once it has ended."""
    accompanied_by: Company | None = None
    """With whom the child lives there."""
    handed_over_by: DivisionText | None = None
    """The hub's county that has the child's file, and asks a county of ours to take it over (移交)."""
    notice_ref: Code | None = None
    """Opaque reference of the notice that led to the exchange."""


FEED = Feed(
    name="peer-facts",
    model=PeerFacts,
    departments=(Department.HUB,),
    legal_basis=(
        "Chongqing plan 二(一)2, Heze plan (六), Heilongjiang plan 3: exchange between residence "
        "and hukou place over the data exchange platform (依托数据共享交换平台)"
    ),
    expected_every_days=None,
    title_zh="对端户童信息",
    title_en="Facts of a peer hub",
)
