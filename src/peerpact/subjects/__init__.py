"""Subjects: models that Inspect can reach, organisms whose true rate is known, weights for a local model."""
