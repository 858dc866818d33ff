"""Scoring whole tables of flights."""
