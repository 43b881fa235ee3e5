"""Artifacts in a bucket of S3, or of a server that speaks it, through obstore. Needs the extra `s3`.

Who we are is read from the environment as Amazon's own clients do it: AWS_ACCESS_KEY_ID and others.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import obstore
from obstore import exceptions as refused
from obstore.store import S3Store

from queuebit_store.artifacts import port
from queuebit_store.artifacts.port import BYTES_MAX, FORGOTTEN_MAX, RENEWED_AFTER_S, Now, Shelf
from queuebit_store.errors import ArtifactGone, StoreFailed, StoreUnavailable

REQUEST_S, RETRIES_MAX, RETRY_S = 15, 2, 5
"""In all a put takes less than the lease of who keeps what a provider has just answered."""
REMEDY = "Check QUEUEBIT_ARTIFACTS, the AWS credentials of this process, and what they may do in the bucket."
_REFUSED = (
    refused.PermissionDeniedError,
    refused.UnauthenticatedError,
    refused.NotSupportedError,
    refused.InvalidPathError,
    refused.UnknownConfigurationKeyError,
)


class S3Artifacts:
    """Below one prefix of one bucket. Every request is signed, with the hash of what it carries."""

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        now: Now,
        endpoint: str | None = None,
        region: str | None = None,
        bytes_max: int = BYTES_MAX,
    ) -> None:
        """`endpoint`: of a server other than Amazon's. Asks nothing of it yet."""
        config: Any = {"checksum_algorithm": "sha256", "conditional_put": "etag"}
        if region is not None:
            config["region"] = region
        if endpoint is not None:
            config |= {"endpoint": endpoint, "virtual_hosted_style_request": False}
        self._store = S3Store(
            bucket,
            prefix=prefix or None,
            config=config,
            client_options={
                "allow_http": (endpoint or "").startswith("http://"),
                "timeout": timedelta(seconds=REQUEST_S),
            },
            retry_config={"max_retries": RETRIES_MAX, "retry_timeout": timedelta(seconds=RETRY_S)},
        )
        self._name = f"s3://{bucket}/{prefix}".rstrip("/")
        self._now = now
        self._bytes_max = bytes_max

    def put(self, data: bytes, shelf: Shelf) -> str:
        sha256 = port.hash_of(port.checked_size(data, self._bytes_max))
        path = port.place_of(sha256, shelf)
        with _translated():
            try:
                obstore.put(self._store, path, data, mode="create", use_multipart=False)
            except refused.AlreadyExistsError:
                self._renew(path, data)
        return sha256

    def get(self, sha256: str) -> bytes:
        port.checked_hash(sha256)
        for shelf in Shelf:
            with _translated():
                try:
                    found = obstore.get(self._store, port.place_of(sha256, shelf))
                    if found.meta["size"] > self._bytes_max:
                        return port.checked(b"", sha256)
                    return port.checked(bytes(found.bytes()), sha256)
                except FileNotFoundError:
                    continue
        raise ArtifactGone(f"There is no artifact {sha256} in {self._name}.")

    def forget(self, shelf: Shelf, before: datetime, limit: int = FORGOTTEN_MAX) -> int:
        count = 0
        with _translated():
            for page in obstore.list(self._store, prefix=shelf.value):
                old = [each["path"] for each in page if each["last_modified"] < before][: limit - count]
                if old:
                    obstore.delete(self._store, old)
                count += len(old)
                if count >= limit:
                    break
        return count

    def _renew(self, path: str, data: bytes) -> None:
        """What was put long ago counts as put now, and what is damaged is mended: written again, for it is the same."""
        found = obstore.head(self._store, path)
        age_s = (self._now() - found["last_modified"]).total_seconds()
        whole = found["size"] == len(data)
        if age_s > RENEWED_AFTER_S or not whole:
            obstore.put(self._store, path, data, mode="overwrite", use_multipart=False)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except _REFUSED as error:
        raise StoreFailed(f"The artifacts cannot be used: {_words(error)}", remedy=REMEDY) from error
    except FileNotFoundError as error:
        raise StoreFailed(f"The bucket of the artifacts is not there: {_words(error)}", remedy=REMEDY) from error
    except (refused.BaseError, OSError) as error:
        raise StoreUnavailable(f"The artifacts cannot be reached: {_words(error)}", remedy=REMEDY) from error


def _words(error: Exception) -> str:
    """The first line: what follows are the innards of the client."""
    return str(error).strip().split("\n")[0][:300]
