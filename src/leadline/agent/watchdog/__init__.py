"""The process that watches the worker: limits, measures, and what the two tell each other."""
