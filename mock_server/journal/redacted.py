"""An exchange as it may be shown."""

from __future__ import annotations

from contract.spelling import LONG_ENOUGH
from mock_server.hiding.bodies import BodyRedaction
from mock_server.hiding.credentials import Headers, in_headers, in_query
from mock_server.hiding.redaction import BETWEEN, HideAll, Redaction, header, pairs
from mock_server.journal.exchange import Exchange, is_cut


class Redacted:
    """One exchange without its secrets."""

    def __init__(self, redaction: Redaction, exchange: Exchange) -> None:
        self._exchange = exchange
        self._names = redaction.names
        requested, answered = BodyRedaction(self._names), BodyRedaction(self._names)
        request = requested.hide(exchange.request.decode("utf-8", "surrogateescape"))
        response = answered.hide(exchange.response.decode("utf-8", "surrogateescape"))
        values = [each for each in (*requested.found, *answered.found) if len(each) >= LONG_ENOUGH]
        found = [
            *in_headers(exchange.headers, self._names),
            *in_headers(exchange.response_headers, self._names),
            *in_query(exchange.query.decode("latin-1"), self._names),
            *values,
        ]
        headers = (*exchange.headers, *exchange.response_headers)
        # Of a secret whose end was not kept, the whole cannot be found in other texts: nothing of them is shown.
        lost = any(is_cut(value) and self._names.has(name.decode("latin-1")) for name, value in headers)
        self._hider = HideAll() if lost else redaction.hider(found)
        self.request_body = self.hide(request, cut=len(exchange.request) < exchange.request_length)
        """What is not UTF-8 in a body stands in it as surrogates."""
        self.response_body = self.hide(response, cut=len(exchange.response) < exchange.response_length)
        self.path = self.hide(pairs(exchange.path.decode("latin-1"), self._names))
        self.query = self.hide(BodyRedaction(self._names).query(exchange.query.decode("latin-1")))

    def hide(self, text: str, *, cut: bool = False) -> str:
        """Hide in a text whatever secrets the exchange has, and those that are known."""
        return self._hider.hide(text, cut=cut)

    def headers(self, headers: Headers) -> list[tuple[str, str]]:
        """Return headers, their names in lower case, without secrets."""
        lines: list[str] = []
        for raw_name, raw_value in headers:
            name = raw_name.decode("latin-1").lower()
            lines += [name, header(name, raw_value.decode("latin-1"), self._names)]
        shown = self.hide(BETWEEN.join(lines)).split(BETWEEN) if lines else []
        return list(zip(shown[::2], shown[1::2], strict=True))
