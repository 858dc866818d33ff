"""The choice of settings, and how good a model is."""
