"""The one table of how often each error is made; the errors themselves are in dirt.py."""

from dataclasses import dataclass, field, fields, replace


@dataclass(frozen=True, slots=True)
class Rates:
    """How often each error is made, as a share of the records in which it is possible.

    `scaled` multiplies all of them, for a dirtier or a cleaner world.
    """

    id_missing: float = 0.08
    id_birth_certificate: float = 0.12
    """Below six years of age, in health systems only."""
    id_digit: float = 0.012
    id_transposed: float = 0.006
    id_truncated: float = 0.003
    id_of_guardian: float = 0.008
    id_of_sibling: float = 0.005
    id_restyled: float = 0.03
    name_missing: float = 0.003
    name_homophone: float = 0.015
    name_look_alike: float = 0.006
    name_older_form: float = 0.006
    name_pinyin: float = 0.004
    name_spaced: float = 0.01
    name_former: float = 0.3
    """Of children who were renamed."""
    name_rare_lost: float = 0.4
    """Of names with a character that old systems cannot write."""
    name_dot: float = 0.4
    """Of names with a middle dot: another dot, none, or the first part alone."""
    birth_missing: float = 0.03
    birth_swapped: float = 0.006
    birth_off_by_one: float = 0.006
    birth_year: float = 0.003
    birth_restyled: float = 0.08
    sex_missing: float = 0.03
    sex_wrong: float = 0.004
    guardians_missing: float = 0.08
    guardian_homophone: float = 0.01
    guardian_id_missing: float = 0.2
    guardian_id_fifteen: float = 0.01
    guardian_id_digit: float = 0.01
    phone_missing: float = 0.08
    phone_digit: float = 0.006
    phone_earlier: float = 0.03
    hukou_missing: float = 0.1
    hukou_former: float = 0.02
    """Of divisions that have ended: still stated by their former code."""
    hukou_is_residence: float = 0.004
    residence_missing: float = 0.04
    residence_earlier: float = 0.02
    """Of moved families: the system still shows the address before (in the new division)."""
    reentered: float = 0.3
    """Of later reports of one system: the child block is typed anew, with errors of its own."""
    corrected: float = 0.05
    """Of cards with an error: the source sends a corrected next version."""
    id_missing_by_feed: dict[str, float] = field(
        default_factory=lambda: {
            "vaccinations": 0.3,
            "health-checks": 0.15,
            "surveys": 0.15,
            "insurance-enrolments": 0.01,
            "household-registrations": 0.01,
        }
    )
    """Where a feed's systems differ from `id_missing`."""

    def scaled(self, factor: float) -> "Rates":
        """The same table with every rate multiplied; none exceeds 0.9."""
        changed = {
            column.name: min(0.9, getattr(self, column.name) * factor)
            for column in fields(self)
            if column.name not in ("id_missing_by_feed", "reentered", "corrected")
        }
        by_feed = {feed: min(0.9, rate * factor) for feed, rate in self.id_missing_by_feed.items()}
        return replace(self, **changed, id_missing_by_feed=by_feed)
