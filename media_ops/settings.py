"""What whoever runs the library may set, by environment variables such as `MEDIA_OPS_TRIES`."""

from __future__ import annotations

from pydantic import ByteSize, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of a local run, and of every attempt."""

    model_config = SettingsConfigDict(env_prefix="MEDIA_OPS_", frozen=True)

    tries: int = Field(3, ge=1, le=10, description="Attempts at a piece of work that failed through no fault of it.")
    retry_delay: float = Field(1.0, ge=0, le=600, description="Seconds between two of them.")
    stall_seconds: float = Field(
        60.0, ge=1, description="Seconds without progress after which a worker's process is ended and tried again."
    )
    start_seconds: float = Field(
        120.0,
        ge=1,
        description="Seconds until its first progress, if that is more: it starts, and imports.",
    )
    memory_bytes: ByteSize = Field(
        ByteSize(16 * 2**30), ge=2**28, description="Address space of a worker's process, such as `16GiB`."
    )
    resident_bytes: ByteSize = Field(
        ByteSize(0),
        ge=0,
        description="Memory that it and its children may fill; 0 is three quarters of what the machine has.",
    )
    file_bytes: ByteSize = Field(
        ByteSize(256 * 2**30), ge=2**20, description="Size of the largest file that it may write."
    )
    cpu_seconds: int = Field(7 * 86400, ge=1, description="CPU time that it may use.")
    font: str = Field(
        "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
        description="Font file of text that names none: what `make setup` installs.",
    )
    http_hosts: str = Field(
        "",
        description="Hosts that sources may be read from by `http(s)`, separated by commas: `host`, `host:port`, "
        "`*.domain`; none by default.",
    )
    http_private: bool = Field(False, description="Whether these may have addresses of an internal network.")
    s3_buckets: str = Field(
        "",
        description="Buckets that sources of Airflow's jobs may be read from, separated by commas; none by default.",
    )
    presign: bool = Field(
        False,
        description="Whether the processes that open media are given signed addresses of `s3:` sources, and no key "
        "of the object store unless they have to write to it.",
    )
    presign_seconds: int = Field(
        6 * 3600, ge=60, le=7 * 86400, description="Seconds for which such an address is good: longer than any task."
    )
    source_patience: float = Field(
        60.0, ge=0, le=3600, description="Seconds for which a far source that does not answer is asked again."
    )
    cache: str = Field(
        "",
        description="Folder, on a disk of this machine, where blocks of far sources are kept for all jobs; none by "
        "default: each job keeps its own.",
    )
    cache_bytes: ByteSize = Field(ByteSize(20 * 2**30), ge=0, description="The most it may take, such as `20GiB`.")
