"""The Studio's records: datasets, models, jobs and people, in SQLite under one home folder or in PostgreSQL."""
