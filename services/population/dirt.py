"""The dirt of real life: what goes wrong between a child and a department's record of it.

Cast: a *card* is what one system holds of one child, so that an error in it recurs in that system's
later reports; a *label* names an error that was made, so that missed links can be counted by their
cause. How often each is made stands in rates.py.

Of the errors of one kind (number, name, birth date) at most one is made at a time.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from services.population import names
from services.population.people import Child
from services.population.rates import Rates


@dataclass(frozen=True, slots=True)
class Soiler:
    """Makes errors: one table of rates, one source of chance."""

    random: Random
    rates: Rates

    def happens(self, share: float) -> bool:
        return self.random.random() < share

    def card(
        self, feed: str, stated: dict[str, Any], child: Child, siblings: list[Child], day: date
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """The child block as a system of `feed` holds it, and the errors in it."""
        card, labels = dict(stated), list[str]()
        for make in (self._number, self._name, self._birth, self._sex):
            if label := make(feed, card, child, siblings, day):
                labels.append(label)
        return card, tuple(labels)

    def surroundings(self, item: dict[str, Any], child: Child, day: date) -> tuple[str, ...]:
        """Change guardians, hukou and residence of `item` in place; name the errors."""
        labels = [*self._guardians(item, child, day), *self._places(item, child, day)]
        return tuple(labels)

    def _one_of(self, **rates: float) -> str | None:
        """At most one error of a kind, each with its own rate."""
        draw = self.random.random()
        for label, rate in rates.items():
            draw -= rate
            if draw < 0:
                return label
        return None

    def _number(
        self, feed: str, card: dict[str, Any], child: Child, siblings: list[Child], day: date
    ) -> str | None:
        rates, number = self.rates, child.number
        certified = feed in ("vaccinations", "health-checks") and child.age_on(day) < 6
        label = self._one_of(
            id_missing=rates.id_missing_by_feed.get(feed, rates.id_missing),
            id_birth_certificate=rates.id_birth_certificate if certified else 0,
            id_digit=rates.id_digit,
            id_transposed=rates.id_transposed,
            id_truncated=rates.id_truncated,
            id_of_guardian=rates.id_of_guardian,
            id_of_sibling=rates.id_of_sibling if siblings else 0,
            id_restyled=rates.id_restyled,
        )
        match label:
            case "id_missing":
                card["id_number"] = self.random.choice((None, "", "无"))
            case "id_birth_certificate":
                card |= {"id_number": child.certificate, "id_kind": "birth_certificate"}
            case "id_digit":
                card["id_number"] = self._another_digit(number)
            case "id_transposed":
                card["id_number"] = self._transposed(number)
            case "id_truncated":
                card["id_number"] = number[:-1]
            case "id_of_guardian":
                card["id_number"] = self.random.choice(child.guardians).number
            case "id_of_sibling":
                card["id_number"] = self.random.choice(siblings).number
            case "id_restyled":
                card["id_number"] = self._restyled_number(number)
        return label

    def _name(
        self, feed: str, card: dict[str, Any], child: Child, siblings: list[Child], day: date
    ) -> str | None:
        rates, name = self.rates, child.name
        label = self._one_of(
            name_former=rates.name_former if child.former_name else 0,
            name_dot=rates.name_dot if "·" in name else 0,
            name_rare_lost=rates.name_rare_lost if names.rare_letters(name) else 0,
            name_missing=rates.name_missing,
            name_homophone=rates.name_homophone,
            name_look_alike=rates.name_look_alike,
            name_older_form=rates.name_older_form,
            name_pinyin=rates.name_pinyin,
            name_spaced=rates.name_spaced,
        )
        match label:
            case "name_former":
                card["name"] = child.former_name
            case "name_dot":
                first = name.split("·")[0]
                card["name"] = self.random.choice(
                    (name.replace("·", "•"), name.replace("·", ""), name.replace("·", "．"), first)
                )
            case "name_rare_lost":
                lost = self.random.choice("?*？")
                for letter in names.rare_letters(name):
                    name = name.replace(letter, lost)
                card["name"] = name
            case "name_missing":
                card["name"] = None
            case "name_homophone":
                card["name"] = self._heard(name)
            case "name_look_alike":
                card["name"] = self._swapped_letter(name, names.LOOK_ALIKES)
            case "name_older_form":
                card["name"] = "".join(names.OLDER_FORMS.get(letter, letter) for letter in name)
            case "name_pinyin":
                card["name"] = names.pinyin(name)
            case "name_spaced":
                card["name"] = f"{name[0]} {name[1:]}"
        return label if card["name"] != child.name else None

    def _birth(
        self, feed: str, card: dict[str, Any], child: Child, siblings: list[Child], day: date
    ) -> str | None:
        rates, born = self.rates, child.born
        label = self._one_of(
            birth_missing=rates.birth_missing,
            birth_swapped=rates.birth_swapped if born.day <= 12 and born.day != born.month else 0,
            birth_off_by_one=rates.birth_off_by_one,
            birth_year=rates.birth_year,
            birth_restyled=rates.birth_restyled,
        )
        match label:
            case "birth_missing":
                card["birth_date"] = None
            case "birth_swapped":
                card["birth_date"] = date(born.year, born.day, born.month).isoformat()
            case "birth_off_by_one":
                card["birth_date"] = str(born + timedelta(days=self.random.choice((-1, 1))))
            case "birth_year":
                card["birth_date"] = f"{born.year - 1}-{born:%m-%d}"
            case "birth_restyled":
                card["birth_date"] = self.random.choice(
                    (
                        f"{born:%Y%m%d}",
                        f"{born.year}/{born.month}/{born.day}",
                        f"{born.year}年{born.month}月{born.day}日",
                        f"{born.year}.{born:%m.%d}",
                    )
                )
        return label

    def _sex(
        self, feed: str, card: dict[str, Any], child: Child, siblings: list[Child], day: date
    ) -> str | None:
        label = self._one_of(sex_missing=self.rates.sex_missing, sex_wrong=self.rates.sex_wrong)
        if label == "sex_missing":
            card["sex"] = self.random.choice((None, "unknown"))
        elif label == "sex_wrong":
            card["sex"] = "female" if child.sex == "male" else "male"
        return label

    def _guardians(self, item: dict[str, Any], child: Child, day: date) -> list[str]:
        if not item["guardians"]:
            return []
        if self.happens(self.rates.guardians_missing):
            item["guardians"] = []
            return ["guardians_missing"]
        rates, labels = self.rates, list[str]()
        for stated in item["guardians"]:
            guardian = next(one for one in child.guardians if one.relation == stated["relation"])
            number = self._guardian_number(stated)
            phone = self._one_of(
                phone_missing=rates.phone_missing,
                phone_digit=rates.phone_digit,
                phone_earlier=rates.phone_earlier,
            )
            match phone:
                case "phone_missing":
                    stated["phone"] = None
                case "phone_digit":
                    stated["phone"] = self._another_digit(stated["phone"])
                case "phone_earlier":
                    stated["phone"] = guardian.earlier_phone
            heard = self._one_of(guardian_homophone=rates.guardian_homophone)
            if heard:
                stated["name"] = self._heard(stated["name"])
            labels += [made for made in (number, phone, heard) if made]
        return labels

    def _guardian_number(self, stated: dict[str, Any]) -> str | None:
        number = stated.get("id_number")
        if number is None:
            return None
        label = self._one_of(
            guardian_id_missing=self.rates.guardian_id_missing,
            guardian_id_fifteen=self.rates.guardian_id_fifteen if number[6:8] == "19" else 0,
            guardian_id_digit=self.rates.guardian_id_digit,
        )
        match label:
            case "guardian_id_missing":
                stated["id_number"] = None
            case "guardian_id_fifteen":
                stated["id_number"] = number[:6] + number[8:17]
            case "guardian_id_digit":
                stated["id_number"] = self._another_digit(number)
        return label

    def _places(self, item: dict[str, Any], child: Child, day: date) -> list[str]:
        rates, labels = self.rates, []
        if item.get("hukou"):
            former = child.hukou_on(day).place.former
            home = item.get("residence")
            label = self._one_of(
                hukou_missing=rates.hukou_missing,
                hukou_former=rates.hukou_former if former and day > former[1] else 0,
                hukou_is_residence=rates.hukou_is_residence if home else 0,
            )
            if label == "hukou_missing":
                item["hukou"] = None
            elif label == "hukou_former" and former:
                item["hukou"]["division"] = former[0]
            elif label == "hukou_is_residence" and home:
                item["hukou"] = {"division": home["division"], "address": home["address"]}
            labels.append(label)
        if item.get("residence") and "until" not in item["residence"]:
            stays = [stay for stay in child.stays if stay.since <= day]
            label = self._one_of(
                residence_missing=rates.residence_missing,
                residence_earlier=rates.residence_earlier if len(stays) > 1 else 0,
            )
            if label == "residence_missing":
                item["residence"] = None
            elif label == "residence_earlier":
                item["residence"]["address"] = stays[-2].address
            labels.append(label)
        return [label for label in labels if label]

    def _another_digit(self, number: str) -> str:
        at = self.random.randrange(len(number) - 1)
        digit = self.random.choice([one for one in "0123456789" if one != number[at]])
        return number[:at] + digit + number[at + 1 :]

    def _transposed(self, number: str) -> str:
        unequal = [at for at in range(len(number) - 1) if number[at] != number[at + 1]]
        at = self.random.choice(unequal)
        return number[:at] + number[at + 1] + number[at] + number[at + 2 :]

    def _restyled_number(self, number: str) -> str:
        match self.random.randrange(3):
            case 0:
                return number.lower()
            case 1:
                return f"{number[:6]} {number[6:14]} {number[14:]}"
        return "".join(chr(ord(letter) + 0xFEE0) for letter in number)

    def _heard(self, name: str) -> str:
        """The name with one character written as another that sounds alike."""
        possible = [at for at, letter in enumerate(name) if at and names.homophones(letter)]
        if not possible:
            return name
        at = self.random.choice(possible)
        return name[:at] + self.random.choice(names.homophones(name[at])) + name[at + 1 :]

    def _swapped_letter(self, name: str, table: dict[str, str]) -> str:
        possible = [at for at, letter in enumerate(name) if letter in table]
        if not possible:
            return name
        at = self.random.choice(possible)
        return name[:at] + table[name[at]] + name[at + 1 :]
