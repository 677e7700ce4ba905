"""Compartments (分隔档案): what most who know a child may not know of it, kept apart by row, by column and by key."""
