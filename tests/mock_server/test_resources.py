"""Paths and methods: what there is, what there is not, and what the response says about it."""

from __future__ import annotations

import json

import httpx2
import pytest
import yaml

from contract import Contract
from tests.mock_server.conftest import Names
from tests.mock_server.wire import KEY, MODELS, exchange, request

Address = tuple[str, int]

ALLOWED = {MODELS: "POST", f"{MODELS}gpt-4o/": "DELETE, GET, HEAD"}
METHODS = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "POST", "PROPFIND", "QUERY", "M-SEARCH"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ALLOWED)
def test_another_method_gets_405_with_all_that_are_allowed(address: Address, path: str, method: str) -> None:
    response = exchange(address, request(method, path))
    if method in ALLOWED[path].split(", "):
        assert response.status == 401
    else:
        assert response.status == 405
        assert response.headers["allow"] == ALLOWED[path]
        assert method == "HEAD" or method in response.json["detail"]


def test_head_responds_like_get_without_a_body(address: Address) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    get, head = (exchange(address, request(method, f"{MODELS}gpt-4o/", headers)) for method in ("GET", "HEAD"))
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(get.body))


@pytest.mark.parametrize(
    "path",
    ["/nope", "/api", "/api/", "/api/model/", "/API/MODELS/", "//api/models/", "/api/models//", "/x%00y", "/%FF", "/*"],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
def test_an_unknown_path_is_not_found(address: Address, path: str, method: str) -> None:
    response = exchange(address, request(method, path))
    assert response.status == 404
    assert response.json["detail"].startswith("There is nothing at ")


@pytest.mark.parametrize("path", ["/api/models", "/api/models/gpt-4o", "/api/models/a/b%0A"])
def test_a_path_without_its_last_slash_is_not_redirected_but_explained(address: Address, path: str) -> None:
    for method in ("GET", "POST"):
        response = exchange(address, request(method, path))
        assert response.status == 404
        assert "must end with a slash" in response.json["detail"]


def test_a_path_with_one_slash_too_many_is_explained(address: Address) -> None:
    response = exchange(address, request("GET", "/api/models//"))
    assert (response.status, response.json["detail"]) == (
        404,
        'There is nothing at "/api/models//". The path has one slash too many at its end: /api/models/',
    )


def test_the_percent_encoding_of_a_path_does_not_matter(address: Address) -> None:
    assert exchange(address, request("POST", "/api/model%73/")).status == 401


@pytest.mark.parametrize("path", ["/openapi.json", "/ui/swagger-ui.css"])
def test_a_page_can_only_be_looked_at(address: Address, path: str) -> None:
    response = exchange(address, request("POST", path))
    assert (response.status, response.headers["allow"]) == (405, "GET, HEAD")
    head = exchange(address, request("HEAD", path))
    assert head.status == 200
    assert head.body == b""


def test_a_body_on_a_read_is_ignored(address: Address) -> None:
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "text/plain"}
    assert exchange(address, request("GET", f"{MODELS}gpt-4o/", headers, b"{" * 10)).status == 200


def test_deleting_a_built_in_model_or_as_a_reader_is_forbidden(client: httpx2.Client, new_name: Names) -> None:
    name = new_name()
    client.post(MODELS, json={"model_name": name})
    reader = {"Authorization": "Bearer demo-acme-readonly"}
    assert client.delete(f"{MODELS}gpt-4o/").status_code == 403
    assert client.delete(f"{MODELS}{name}/", headers=reader).status_code == 403
    assert client.get(f"{MODELS}{name}/", headers=reader).status_code == 200


def test_a_deleted_model_is_gone_and_can_be_created_again(client: httpx2.Client, new_name: Names) -> None:
    name = new_name()
    client.post(MODELS, json={"model_name": name, "input_cost": 1})
    assert client.delete(f"{MODELS}{name}/").status_code == 204
    assert client.delete(f"{MODELS}{name}/").status_code == 404
    again = client.post(MODELS, json={"model_name": name})
    assert again.status_code == 201
    assert "input_cost" not in again.json()


def test_a_built_in_model_is_read_by_everyone(client: httpx2.Client) -> None:
    for key in ("demo-acme", "demo-acme-readonly", "demo-globex"):
        model = client.get(f"{MODELS}openai/gpt-4o-mini/", headers={"Authorization": f"Bearer {key}"}).json()
        assert (model["id"], model["input_cost"], model["source"]) == ("openai/gpt-4o-mini", 0.15, "hardcoded")
        assert model["created_at"] is None


def test_the_contract_is_served_for_the_mocks_own_address(client: httpx2.Client) -> None:
    document = client.get("/openapi.json").json()
    assert [server["url"] for server in document["servers"]] == ["/"]
    assert set(document["components"]["securitySchemes"]) == {"apiKey", "dashboardJwt"}
    assert "InfoFunc" not in json.dumps(document)


def test_the_contract_is_served_with_its_references(client: httpx2.Client, contract: Contract) -> None:
    """Generators of types name the types of bodies by them."""
    document = client.get("/openapi.json").json()
    written = yaml.safe_load(contract.file.read_text(encoding="utf-8"))
    assert document | {"servers": []} == written | {"servers": []}
    [body] = document["paths"][MODELS]["post"]["requestBody"]["content"].values()
    assert body["schema"] == {"$ref": "#/components/schemas/ModelUpsert"}
