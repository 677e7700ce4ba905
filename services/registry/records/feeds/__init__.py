"""What departments may push, feed by feed: the wire models and why each may be asked for."""

from services.registry.records.feeds import (
    assistance,
    disability_certificates,
    enrolments,
    health_checks,
    household_registrations,
    hukou_answers,
    insurance_enrolments,
    medical_cost_alerts,
    peer_facts,
    rehabilitations,
    residence_permits,
    surveys,
    vaccinations,
    visits,
)
from services.registry.records.feeds.assistance import Assistance
from services.registry.records.feeds.disability_certificates import DisabilityCertificate
from services.registry.records.feeds.enrolments import Enrolment
from services.registry.records.feeds.feed import Feed
from services.registry.records.feeds.health_checks import HealthCheck
from services.registry.records.feeds.household_registrations import HouseholdRegistration
from services.registry.records.feeds.hukou_answers import HukouAnswer
from services.registry.records.feeds.insurance_enrolments import InsuranceEnrolment
from services.registry.records.feeds.item import Child, Company, Guardian, Hukou, Item, Residence
from services.registry.records.feeds.medical_cost_alerts import MedicalCostAlert
from services.registry.records.feeds.peer_facts import PeerFacts
from services.registry.records.feeds.rehabilitations import Rehabilitation
from services.registry.records.feeds.residence_permits import ResidencePermit
from services.registry.records.feeds.surveys import Survey
from services.registry.records.feeds.vaccinations import Vaccination
from services.registry.records.feeds.visits import Visit
from shared.vocabulary import Department

FEEDS: dict[str, Feed] = {
    feed.name: feed
    for feed in (
        enrolments.FEED,
        residence_permits.FEED,
        household_registrations.FEED,
        health_checks.FEED,
        vaccinations.FEED,
        insurance_enrolments.FEED,
        medical_cost_alerts.FEED,
        disability_certificates.FEED,
        rehabilitations.FEED,
        assistance.FEED,
        surveys.FEED,
        visits.FEED,
        hukou_answers.FEED,
        peer_facts.FEED,
    )
}
"""Every feed by its wire name, in the order in which the documents list them."""

__all__ = [
    "FEEDS",
    "Assistance",
    "Child",
    "Company",
    "Department",
    "DisabilityCertificate",
    "Enrolment",
    "Feed",
    "Guardian",
    "HealthCheck",
    "HouseholdRegistration",
    "Hukou",
    "HukouAnswer",
    "InsuranceEnrolment",
    "Item",
    "MedicalCostAlert",
    "PeerFacts",
    "Rehabilitation",
    "Residence",
    "ResidencePermit",
    "Survey",
    "Vaccination",
    "Visit",
]
