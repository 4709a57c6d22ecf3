"""Formulas: every function stands beside its derivative, in one record."""
