"""What pages and API are built with: language, templates, charts, form values, child processes, settings, faults."""
