"""Previews: what another linkage model would change, told before anything is changed.

Cast: a *group* is persons that must be looked at together under the new model: they resemble each other, wait for
a review, or are bound by a ruling; a *preview* (试算) names the groups that would change, the number of the last
link it saw, and a digest of every change; *applying* it takes the same groups and makes those changes, or none.

Guaranteed: a preview changes nothing and holds nobody up; what is applied is what was previewed, since neither begins
from other links nor ends at another digest; human rulings bind the new model as they bound the old one.
"""
