"""The one table of how often each error is made; the errors themselves are in dirt/."""

from dataclasses import dataclass, field, fields, replace

NOT_ERRORS = frozenset({"id_missing_by_feed", "reentered", "named_later", "corrected"})
"""Rows of the table that are no error's own rate."""


@dataclass(frozen=True, slots=True)
class Rates:
    """How often each error is made, as a share of the records in which it is possible.

    `scaled` multiplies all of them, for a dirtier or a cleaner world.
    """

    id_missing: float = 0.13
    """No number, or a word that says so; see also `id_missing_by_feed`."""
    id_birth_certificate: float = 0.12
    """The birth certificate's number; below six years of age, in health systems only."""
    id_passport: float = 0.002
    """A passport's number."""
    id_digit: float = 0.012
    """One digit mistyped."""
    id_transposed: float = 0.006
    """Two neighbouring digits exchanged."""
    id_truncated: float = 0.003
    """A digit or two lost at one end."""
    id_fifteen: float = 0.002
    """Cut to fifteen digits, or written in the fifteen-digit way."""
    id_rounded: float = 0.002
    """Rounded by a spreadsheet: three zeros at the end, or 3.71721E+17."""
    id_of_guardian: float = 0.003
    id_of_sibling: float = 0.0015
    """Of records of children with a sibling."""
    id_of_twin: float = 0.004
    """Of records of twins."""
    id_restyled: float = 0.04
    """Spaces, full-width digits, a small x, a quote: the same number, written otherwise."""
    name_missing: float = 0.003
    name_homophone: float = 0.01
    """A glyph written as another that sounds alike."""
    name_fuzzy: float = 0.003
    """A glyph written as one that a southern ear hears alike: zh and z, n and l, -ng and -n."""
    name_look_alike: float = 0.005
    name_dropped: float = 0.002
    """A glyph left out, of names of three glyphs and more."""
    name_older_form: float = 0.005
    """Traditional glyphs."""
    name_pinyin: float = 0.003
    """Latin letters only, in one of five fashions."""
    name_turned: float = 0.0015
    """The surname last."""
    name_annotated: float = 0.002
    """Something behind the name: (大), 小朋友, 1."""
    name_of_guardian: float = 0.001
    """The wrong field: a guardian's name for the child's."""
    name_spaced: float = 0.008
    name_former: float = 0.25
    """Of records of renamed children: still the former name."""
    name_placeholder: float = 0.12
    """Of health and insurance records of the first three months of life: 李芳之女, 宝宝, 未取名."""
    name_rare_lost: float = 0.3
    """Of names with a glyph that old systems cannot write: lost, masked, or another instead."""
    name_dot: float = 0.35
    """Of names with a middle dot: another dot, none, or the first part alone."""
    name_respelled: float = 0.12
    """Of transliterated names: spelled by another office's habit."""
    birth_missing: float = 0.015
    birth_swapped: float = 0.004
    """Day and month exchanged, where both can be."""
    birth_off_by_one: float = 0.004
    """A day early or late."""
    birth_month: float = 0.0015
    birth_year: float = 0.0025
    birth_lunar: float = 0.004
    """The date of the Chinese calendar."""
    birth_filler: float = 0.003
    """The first of January, the first of the month, 1900-01-01."""
    birth_restyled: float = 0.08
    sex_missing: float = 0.01
    sex_wrong: float = 0.004
    guardians_missing: float = 0.08
    guardian_other: float = 0.05
    """Another of the child's guardians than the one asked for, where the item does not name it."""
    guardian_stranger: float = 0.015
    """Somebody who stands in: an uncle, a neighbour."""
    guardian_homophone: float = 0.01
    guardian_title: float = 0.005
    """李女士, 王先生."""
    guardian_id_missing: float = 0.2
    guardian_id_fifteen: float = 0.01
    guardian_id_digit: float = 0.01
    phone_missing: float = 0.08
    phone_digit: float = 0.006
    phone_earlier: float = 0.04
    phone_shared: float = 0.008
    """The village office's or the school's phone, which many unrelated children share."""
    hukou_missing: float = 0.1
    hukou_former: float = 0.02
    """Of divisions that have ended: still stated by their former code."""
    hukou_is_residence: float = 0.004
    residence_missing: float = 0.04
    residence_earlier: float = 0.02
    """Of moved families: the system still shows the address before (in the new division)."""
    address_missing: float = 0.05
    address_restyled: float = 0.15
    """栋 for 幢, Chinese or full-width digits, without province: the same address."""
    address_shortened: float = 0.06
    address_digit: float = 0.01
    school_restyled: float = 0.05
    reentered: float = 0.3
    """Of later reports of one system: the child block is typed anew, with errors of its own."""
    named_later: float = 0.8
    """Of later reports of a system that knew a newborn by a placeholder: it knows the name now."""
    corrected: float = 0.05
    """Of cards with an error: the source sends a corrected next version."""
    id_missing_by_feed: dict[str, float] = field(
        default_factory=lambda: {
            "vaccinations": 0.35,
            "health-checks": 0.2,
            "surveys": 0.2,
            "insurance-enrolments": 0.05,
            "household-registrations": 0.03,
        }
    )
    """Where a feed's systems differ from `id_missing`."""

    def scaled(self, factor: float) -> "Rates":
        """The same table with every rate multiplied; none exceeds 0.9."""
        changed = {
            column.name: min(0.9, getattr(self, column.name) * factor)
            for column in fields(self)
            if column.name not in NOT_ERRORS
        }
        by_feed = {feed: min(0.9, rate * factor) for feed, rate in self.id_missing_by_feed.items()}
        return replace(self, **changed, id_missing_by_feed=by_feed)
