"""What Airflow loads from `plugins/`; everything else is the installed package `media_airflow`."""

from media_airflow.plugin import MediaPlugin as MediaPlugin
