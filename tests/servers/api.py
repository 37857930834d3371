"""The endpoint as the tests of the servers call it."""

from __future__ import annotations

import time
from itertools import count
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx2

from tests.servers.fixtures import READ_WRITE_KEY

MODELS = "/api/models/"
RETRIES = 3


class Api:
    """Sends requests to one server. Names are unique to the instance, so that tests can share a server."""

    def __init__(self, client: httpx2.Client) -> None:
        self.client = client
        self._prefix = f"test-{uuid4().hex[:12]}"
        self._numbers = count()

    def name(self, suffix: str = "") -> str:
        """Return a name that no other test uses."""
        return f"{self._prefix}-{next(self._numbers)}{suffix}"

    def upsert(self, key: str = READ_WRITE_KEY, /, **body: Any) -> httpx2.Response:
        """Send a body of some fields."""
        return self.send("POST", MODELS, key, json=body)

    def created(self, key: str = READ_WRITE_KEY, /, **body: Any) -> dict[str, Any]:
        """Send a request that must create a model; return the model."""
        return self._model(self.upsert(key, **body), 201)

    def updated(self, key: str = READ_WRITE_KEY, /, **body: Any) -> dict[str, Any]:
        """Send a request that must update a model; return the model."""
        return self._model(self.upsert(key, **body), 200)

    def read(self, name: str, key: str = READ_WRITE_KEY) -> httpx2.Response:
        """Read a model by its path."""
        return self.send("GET", path_of(name), key)

    def delete(self, name: str, key: str = READ_WRITE_KEY) -> httpx2.Response:
        """Delete a model by its path."""
        return self.send("DELETE", path_of(name), key)

    def post(self, content: bytes, content_type: str = "application/json", **headers: str) -> httpx2.Response:
        """Send any bytes."""
        return self.send("POST", MODELS, content=content, headers={"Content-Type": content_type, **headers})

    def send(self, method: str, path: str, key: str | None = READ_WRITE_KEY, **request: Any) -> httpx2.Response:
        """Send any request, again after a 429; without credentials if the key is None."""
        credentials = {} if key is None else {"Authorization": f"Bearer {key}"}
        headers = {**credentials, **request.pop("headers", {})}
        for _ in range(RETRIES):
            response = self.client.request(method, path, headers=headers, **request)
            if response.status_code != 429:
                return response
            time.sleep(float(response.headers["Retry-After"]))
        raise AssertionError(f"{method} {path} got 429 {RETRIES} times")

    @staticmethod
    def _model(response: httpx2.Response, status: int) -> dict[str, Any]:
        assert response.status_code == status, response.text
        model: dict[str, Any] = response.json()
        return model


def path_of(name: str) -> str:
    """Return the path of a model; slashes in its name are not encoded."""
    return f"{MODELS}{quote(name, safe='/')}/"
