"""An invented population for the demo, the bench and the tests: children, moves, records and dirt.

Every person is fictional. Identity numbers are well formed but drawn at random; telephone numbers
begin with 142, 143 or 154, which are assigned to nobody.
"""

from services.population.expectations import crossings, hardships_in, status_on
from services.population.generation import Population, Push, generate
from services.population.measurement import Quality, b_cubed, pairwise
from services.population.people import Child, Guardian, Hardship, HukouSpell, Stay
from services.population.places import CHONGQING, CHONGQING_AND_HEZE, HEZE, Hub, Place, Places
from services.population.rates import Rates

__all__ = [
    "CHONGQING",
    "CHONGQING_AND_HEZE",
    "HEZE",
    "Child",
    "Guardian",
    "Hardship",
    "Hub",
    "HukouSpell",
    "Place",
    "Places",
    "Population",
    "Push",
    "Quality",
    "Rates",
    "Stay",
    "b_cubed",
    "crossings",
    "generate",
    "hardships_in",
    "pairwise",
    "status_on",
]
