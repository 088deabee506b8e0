"""Relational state: SQLAlchemy Core tables, one module of statements a subject, migrations."""
