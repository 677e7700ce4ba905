"""Guardianship (监护): assessments of a child's family, and placements into care."""
