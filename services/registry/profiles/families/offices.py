"""The offices and bodies (单位) that clauses name."""

from typing import Literal

Office = Literal[
    "civil_affairs",
    "education",
    "police",
    "health",
    "disease_control",
    "medical_insurance",
    "disabled_federation",
    "statistics",
    "business_environment",
    "political_legal",
    "court",
    "procuratorate",
    "justice",
    "womens_federation",
    "youth_league",
    "women_children_committee",
    "village_committee",
    "school",
    "protection_institution",
    "welfare_institution",
]
"""`political_legal` 党委政法委, `business_environment` 营商局, `women_children_committee` 妇儿工委办,
`village_committee` 村（居）民委员会, `protection_institution` 未成年人救助保护机构,
`welfare_institution` 儿童福利机构; the rest as in the glossary."""

Category = Literal[
    "family_hardship",
    "disability",
    "missing_guardianship",
    "vagrancy",
    "psychological_behavioural",
    "self_request",
    "out_of_school",
    "insurance_status",
]
