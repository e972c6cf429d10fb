"""Airflow from outside: its REST API."""
