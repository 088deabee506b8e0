"""The generated catalogue of tables: what exists, without importing what makes the rows.

``index.py`` maps names to modules for the engine; ``catalogue.json`` is what the server, the UI, the shell's
completion and the docs read. Both, and ``schema.lock`` beside them in the repository, come from
``python -m leadline.catalogue``.
"""
