"""Serves the odd server until the process is terminated."""

from __future__ import annotations

from tests.servers.odd_server.app import OddServer
from tests.servers.serving import options, serve

parser = options()
parser.add_argument("--seed", default="1", help="what habits and whims are drawn from")
parser.add_argument("--without-reads", action="store_true", help="models cannot be read or deleted at their path")
arguments = parser.parse_args()
serve(OddServer(arguments.seed, reads=not arguments.without_reads), arguments.port)
