"""Write exchanges as shell commands that repeat them when they are pasted into a terminal."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import quote, urljoin, urlsplit

from conformance.redaction import Variables, any_of
from conformance.wire.exchange import Exchange, Request
from conformance.wire.raw_connection import ending_lines, framing_lines, head_lines

CURL = "curl"
SET_RUN = "RUN=rc-$(date +%s)-$$"
"""Sets RUN to a new prefix for the names of models."""
LONGEST_WORD = 100_000
"""Maximum bytes of a body in one argument of a command; the limit of Linux is 131,071."""
SERVED = "served.invalid:80"
"""A placeholder for a host and port that the reader has in a variable."""
LOCATION = '"${LOCATION:?the response has no Location}"'
"""The Location of a response without its origin, as one shell word; an error if there was none."""
_REPEATED = re.compile(r"(.{1,40}?)\1{99,}")


@dataclass(frozen=True, slots=True)
class CommandOptions:
    """Options, as shell words, with which the commands reach the target as the run did."""

    curl: str = ""
    openssl: str = ""


NO_OPTIONS = CommandOptions()


def script(
    exchanges: Iterable[Exchange],
    base_url: str,
    variables: Variables,
    set_run: str = SET_RUN,
    options: CommandOptions = NO_OPTIONS,
) -> list[str]:
    """Return commands that repeat `exchanges` against `base_url`, with new names of models (`$RUN`)."""
    commands = [
        command
        for race, raced in groupby(exchanges, lambda exchange: exchange.race)
        for command in _at_once(_commands(raced, base_url, variables, options), race)
    ]
    uses_run = any("$RUN" in command for command in commands)
    return ([set_run] if uses_run else []) + commands


def _commands(exchanges: Iterable[Exchange], base_url: str, variables: Variables, options: CommandOptions) -> list[str]:
    """Return a command for each exchange, or one for all that shared a connection (`curl --next` reuses it).

    A request that follows a Location goes to the one that the reader's own server returns.
    """
    commands, last = list[str](), None
    before: Request | None = None
    for by_hand, some in _by_socket(exchanges):
        if by_hand:
            commands.append(raw_command([exchange.request for exchange in some], base_url, variables, options))
            continue
        for exchange in some:
            command = curl(exchange.request, base_url, variables, options)
            if exchange.request.follows_location:
                if before is not None and not before.follows_location:
                    commands[-1] = _set_location(commands[-1], before, base_url)
                commands.append(command)
            elif last is not None and exchange.connection == last and command.startswith(CURL):
                commands[-1] += f" --next{command.removeprefix(CURL)}"
            else:
                commands.append(command)
            before = exchange.request
            last = exchange.connection
    return commands


def _set_location(command: str, request: Request, base_url: str) -> str:
    """Return a command that also sets LOCATION, to the absolute path of what may be a URL or a relative path."""
    folder = base_url.rstrip("/").removeprefix(_origin(base_url)) + request.target.rpartition("/")[0]
    path = shlex.quote(f"s,^[^:]*: *\\(https*://[^/]*\\)*,,;s,^[^/],{folder}/&,")
    return f"LOCATION=$({command} | tee /dev/stderr | grep -i '^location:' | sed {path} | tr -d '\\r')"


def _origin(base_url: str) -> str:
    """Return a URL without its path; a variable that the reader sets has none."""
    return base_url if base_url.startswith("$") else urljoin(base_url, "/").rstrip("/")


def _by_socket(exchanges: Iterable[Exchange]) -> Iterator[tuple[bool, list[Exchange]]]:
    """Group the exchanges: those of one socket, or those that curl can send."""

    def socket(numbered: tuple[int, Exchange]) -> tuple[bool, int | None, int | None]:
        number, exchange = numbered
        if not _hidden_by_curl(exchange):
            return False, None, None
        return True, exchange.connection, number if exchange.connection is None else None

    for (by_hand, *_), some in groupby(enumerate(exchanges), socket):
        yield by_hand, [exchange for _, exchange in some]


def _hidden_by_curl(exchange: Exchange) -> bool:
    """Return whether curl cannot send the request, or hides what matters.

    It sends no trailers and no two Host headers, and hides content after a HEAD and further responses.
    """
    request, wire = exchange.request, exchange.request.wire_format
    return wire is not None and (
        request.method == "HEAD" or exchange.connection is not None or wire.hosts is not None or bool(wire.trailers)
    )


def raw_command(
    requests: Iterable[Request], base_url: str, variables: Variables, options: CommandOptions = NO_OPTIONS
) -> str:
    """Return a command that writes requests to one connection, a second apart, and prints the responses."""
    if base_url.startswith("$"):  # a variable that the reader sets: the address of a server without TLS
        address = f"${{{base_url.removeprefix('$')}#http://}}"
        variables, base_url = {**variables, SERVED: address}, f"http://{SERVED}"
        secure, address = False, f'"{address}"'
    else:
        url = urlsplit(base_url)
        secure = url.scheme == "https"
        address = f"{url.hostname}:{url.port or (443 if secure else 80)}"
    secured = " ".join(filter(None, ["openssl s_client -quiet", options.openssl, f"-connect {address}"]))
    reader = secured if secure else f"{CURL} -sS -m 9 telnet://{address}"
    parts = [part for request in requests for part in (*_printed(request, base_url, variables), "sleep 1")]
    return f"{{ {'; '.join(parts)}; }} | {reader}"


def _printed(request: Request, base_url: str, variables: Variables) -> list[str]:
    """Return commands that print the bytes of a request.

    They compute its length themselves if the body contains a variable that the reader sets.
    """
    text = (request.body or b"").decode("utf-8", "replace")
    head = [_quoted(line, variables) for line in head_lines(request, base_url)]
    content, known = _printing(text, variables), _printing(text, {})
    count = f"$({{ {'; '.join(content)}; }} | wc -c)"
    size = str(len(request.body or b""))
    head += [f'"{line}"' for line in framing_lines(request, size if content == known else count)]
    if request.chunked:
        size = f"{len(request.body or b''):x}" if content == known else f'"$(printf %x {count})"'
        ending = " ".join(_quoted(line, variables) for line in ending_lines(request))
        chunk = [f"printf '%s\\r\\n' {size}", *content, "printf '\\r\\n'"] if content else []
        content = [*chunk, f"printf '%s\\r\\n' {ending}"]
    later = ["sleep 1"] if request.wire_format is not None and request.wire_format.delay_body else []
    return [f"printf '%s\\r\\n' {' '.join(head)} ''", *later, *content]


def _printing(text: str, variables: Variables) -> list[str]:
    """Return commands that print a text: the lines that end in CRLF, and the rest."""
    *lines, rest = text.split("\r\n")
    words = " ".join(_quoted(line, variables) for line in lines)
    return [
        *([f"printf '%s\\r\\n' {words}"] if lines else []),
        *([f"printf %s {_quoted(rest, variables)}"] if rest else []),
    ]


def _at_once(commands: list[str], race: int | None) -> list[str]:
    """Return the commands, in the background if their requests raced."""
    return commands if race is None else [*(f"{command} &" for command in commands), "wait"]


def curl(request: Request, base_url: str, variables: Variables, options: CommandOptions = NO_OPTIONS) -> str:
    """Return a request as a curl command, with environment variables instead of secrets."""
    if base_url.startswith("$"):  # a variable that the reader sets
        variables = {**variables, base_url: base_url}
    words = [f"{CURL} -sS -i -w '\\n'"]  # otherwise the next response begins in the last line of this one's body
    words += [options.curl] if options.curl else []
    if request.method != "GET":
        words.append(f"-X {request.method}")
    if request.follows_location:
        words.append(_quoted(_origin(base_url), variables) + LOCATION)
    else:
        words.append(_quoted(base_url.rstrip("/") + request.target, variables))
    if "/." in request.target:
        words.append("--path-as-is")
    if request.wire_format is not None:
        words += ["--http1.0"] if request.wire_format.version == "1.0" else []
        words += ["--http1.1"] if request.header("upgrade") is not None else []  # HTTP/2 knows no such header
        words += (
            [f"--request-target {_quoted(base_url + request.target, variables)}"]
            if request.wire_format.absolute_target
            else []
        )
    words += _header_words(request, variables)
    added_by_curl = ["Accept"] if request.body is None else ["Accept", "Content-Type"]
    words.extend(f"-H '{name}:'" for name in added_by_curl if request.header(name) is None)
    if request.chunked:
        words.append("-H 'Transfer-Encoding: chunked'")
    if request.body is None:
        return " ".join(words)
    return _with_body(words, request.body, variables)


def _cookies(request: Request, variables: Variables) -> str:
    """Return all cookies as one shell word: a request has at most one Cookie header."""
    shown = (f'"{shell}"' if shell else _quoted(value, variables) for value, shell in request.cookies)
    return "'; '".join(shown)


def _header_words(request: Request, variables: Variables) -> list[str]:
    """Return the headers of a request as options of curl, with all cookies in one of them."""
    words = list[str]()
    if request.credential is not None:
        before = request.wire_format.authorization if request.wire_format is not None else "Authorization: "
        words.append(f'-H "{before}{request.credential.shell}"')
    words.extend(
        f'-H "{name}: {secret.shell}"' for name, secret in request.user_headers if request.is_separate_header(name)
    )
    if request.cookies:
        words.append(f"-H Cookie:' '{_cookies(request, variables)}")
    words.extend(
        f"-H {_quoted(f'{name}: {value}' if value else f'{name};', variables)}"
        for name, value in request.headers
        if request.is_separate_header(name)
    )
    return words


def _with_body(words: list[str], body: bytes, variables: Variables) -> str:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    if text is None or not text.isprintable():
        octal = "".join(chr(byte) if 32 <= byte < 127 and chr(byte) not in "\\%'" else f"\\{byte:03o}" for byte in body)
        return f"printf {_quoted(octal, variables)} | " + " ".join([*words, "--data-binary @-"])
    word = _quoted(text, variables)
    if text.startswith("@") or len(body) > LONGEST_WORD:
        return f"printf %s {word} | " + " ".join([*words, "--data-binary @-"])
    return " ".join([*words, f"--data-binary {word}"])


def _quoted(text: str, variables: Variables) -> str:
    """Return `text` as one shell word, with variables instead of the literals in `variables`."""
    spellings = _spellings(variables)
    parts = re.split(f"({any_of(spellings)})", text) if spellings else [text]
    return "".join(f'"{spellings[part]}"' if part in spellings else _literal(part) for part in parts if part) or "''"


def _literal(text: str) -> str:
    """Return `text` as one shell word; a part that repeats very often is written once."""
    word, place = "", 0
    for found in _REPEATED.finditer(text):
        unit = shlex.quote(found[1].replace("\\", "\\\\").replace("%", "%%") + "%.0s")
        before = text[place : found.start()]
        word += (
            shlex.quote(before) if before else ""
        ) + f'"$(printf -- {unit} $(seq {len(found[0]) // len(found[1])}))"'
        place = found.end()
    return word + (shlex.quote(text[place:]) if text[place:] else "")


def _spellings(variables: Variables) -> Variables:
    """Return the literals as they are, and percent-encoded as in a query."""
    return {quote(literal, safe=""): variable for literal, variable in variables.items()} | dict(variables)
