"""Linkage models as data: the one this release carries, and those that were registered since.

Guaranteed: a registered model never changes, nor do its counted name frequencies, so that every
decision can be taken again under the model it was taken by; of all registered models one is active.
"""
