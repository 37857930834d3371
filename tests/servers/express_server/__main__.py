"""Runs the Express server in place of this process, once its packages are installed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.servers.catalogue import node_binary
from tests.servers.express_server.packages import install

if __name__ == "__main__":
    install()
    node = node_binary()
    os.execv(node, [node, str(Path(__file__).with_name("server.mjs")), *sys.argv[1:]])
