"""A hook of mkdocs: it adds pages and files outside of docs/, so that mkdocs checks the links to them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "distributions/README.md")
LINK = re.compile(r"(?<=\]\()(?:\.\./)*([\w./-]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages, and the files that pages link to."""
    from mkdocs.structure.files import File

    texts = [path.read_text(encoding="utf-8") for path in (*map(ROOT.joinpath, PAGES), *(ROOT / "docs").glob("*.md"))]
    linked = {link for text in texts for link in LINK.findall(text)}
    for name in sorted({*PAGES, *linked}):
        if (ROOT / name).is_file() and not name.startswith("docs/"):
            files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Let links lead from the root of the site, where the pages of docs/ are too."""
    up = "../" * page.file.src_uri.count("/")
    return LINK.sub(lambda link: up + link[1].removeprefix("docs/"), markdown)
