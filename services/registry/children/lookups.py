"""Look-ups: the hashes by which a child may be found, and its siblings."""

from services.registry.children.folding import Fold
from services.registry.children.kit import Kit
from shared.hashes import lookup_hashes


def own_hashes(kit: Kit, folded: Fold) -> list[bytes]:
    """Hashes by which the child may be found: ID number; name with birth date."""
    found: list[bytes] = []
    if number := folded.fields.get("id_number"):
        found += lookup_hashes(kit.index, "id_number", number.value)
    name, born = folded.fields.get("name"), folded.birth_on
    if name and born:
        found += lookup_hashes(kit.index, "name_birth", name.value, born)
    return found


def guardian_hashes(kit: Kit, folded: Fold) -> list[bytes]:
    """Hashes of the guardians' ID numbers, by which siblings are found."""
    found: list[bytes] = []
    for guardian in folded.guardians:
        if guardian.id_number:
            found += lookup_hashes(kit.index, "guardian", guardian.id_number.upper())
    return list(dict.fromkeys(found))
