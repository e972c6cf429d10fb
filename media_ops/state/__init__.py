"""What becomes of a job: put together from Airflow's answers and from what attempts left in the store."""
