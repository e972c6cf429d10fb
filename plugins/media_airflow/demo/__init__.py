"""`make demo`: a film through Airflow, shown while it happens, proved and measured."""
