"""Successions (区划承继): what stands under the code of a division that has ended, and what becomes of it."""
