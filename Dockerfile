# One image for every service of docker-compose.yaml that is ours: Airflow, the operators and the library.
# What is in it comes from scripts/setup alone: the packages that requirements.txt pins, ffmpeg, a font.
FROM python:3.11.14-slim-bookworm

WORKDIR /opt/media-ops
COPY pyproject.toml requirements.txt README.md LICENSE ./
COPY scripts/setup scripts/setup
RUN PYTHON=/usr/local/bin/python3.11 sh scripts/setup && rm -rf build /root/.cache /var/lib/apt/lists/*

COPY media_ops media_ops
COPY plugins plugins
COPY dags dags
COPY config config
COPY scripts/container-init scripts/container-init

# The code is root's; whoever runs it owns three folders, whose volumes are made as these are.
RUN useradd --system --uid 10001 --home-dir /var/lib/airflow --shell /usr/sbin/nologin media \
    && install -d -o media -g media -m 0750 /var/lib/airflow /var/lib/airflow/auth /var/lib/airflow/logs /media-files
ENV PATH=/opt/media-ops/.venv/bin:$PATH \
    AIRFLOW_HOME=/var/lib/airflow \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
USER media
WORKDIR /var/lib/airflow
CMD ["media", "--help"]
