"""Dossiers (一人一档): one child, one file: everything that happened to it and was done for it, each event once."""
