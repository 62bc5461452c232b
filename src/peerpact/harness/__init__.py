"""Running models: the only package that imports Inspect, and only in the modules that need it."""
