"""Relearning: matching's database was lost or made anew, and the registry tells it everything again.

Guaranteed: numbers of link and review changes go on above all that the registry ever saw, so nothing new looks
old to it; rulings that it holds bind the entries as they arrive.
"""
