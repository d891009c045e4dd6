"""Bring the translations up to date: python scripts/translate.py [--check]

Finds every text that the pages show (marked with `_`, `gettext`, `ngettext`, `lazy_gettext`, `say` and `mark`), updates
each translations/LANGUAGE/LC_MESSAGES/messages.po, compiles it to messages.mo, and lists what is not translated yet:
write that into the .po, and run this once more. With --check nothing is written. Exits with 1 when something is
missing, fuzzy or out of date.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
KEYWORDS = DEFAULT_KEYWORDS | {"lazy_gettext": None, "say": None, "mark": None}
REMARKS = ("Translators:",)


def main() -> int:
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        print((__doc__ or "").splitlines()[0], file=sys.stderr)
        return 2
    template = found()
    wrongs = []
    for path in sorted(ROOT.glob("translations/*/LC_MESSAGES/messages.po")):
        wrongs += [f"{path.relative_to(ROOT)}: {each}" for each in bring_up_to_date(path, template, check)]
    for each in wrongs:
        print(each, file=sys.stderr)
    return 1 if wrongs else 0


def found() -> Catalog:
    """Every text in the source, without places: those change with every line, and would fill each commit."""
    template = Catalog(charset="utf-8")
    with (ROOT / "babel.cfg").open() as configuration:
        mapping, options = parse_mapping_cfg(configuration)
    for _, _, message, remarks, context in extract_from_dir(
        ROOT, mapping, options, KEYWORDS, REMARKS, strip_comment_tags=True
    ):
        template.add(message, auto_comments=remarks, context=context)
    return template


def bring_up_to_date(path: Path, template: Catalog, check: bool) -> list[str]:
    """Update and compile one language, or only look; what is wrong with it, a line each."""
    before = path.read_bytes()
    language = path.parents[1].name
    catalogue = read_po(io.BytesIO(before), locale=language)
    catalogue.update(template, no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    po, mo = _written(catalogue), _compiled(catalogue)
    compiled = path.with_suffix(".mo")
    wrongs = []
    if not check:
        path.write_bytes(po)
        compiled.write_bytes(mo)
    elif po != before or not compiled.is_file() or not _same(compiled.read_bytes(), mo):
        wrongs.append("not up to date; run scripts/translate")
    for message in catalogue:
        if message.id:
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            if not all(strings) or message.fuzzy:
                wrongs.append(f"not translated: {message.id!r}")
            else:
                wrongs += [f"{message.id!r}: {error}" for error in message.check(catalogue)]
    return wrongs


def _written(catalogue: Catalog) -> bytes:
    stream = io.BytesIO()
    write_po(stream, catalogue, width=0, no_location=True, sort_output=True, ignore_obsolete=True)
    return re.sub(rb'"Generated-By: [^"]*"\n', b"", stream.getvalue())


def _same(first: bytes, second: bytes) -> bool:
    """Whether two compiled catalogues say the same; their heads name the version of Babel."""
    one, other = (
        [(each.id, each.string) for each in read_mo(io.BytesIO(content)) if each.id] for content in (first, second)
    )
    return one == other


def _compiled(catalogue: Catalog) -> bytes:
    stream = io.BytesIO()
    write_mo(stream, catalogue)
    return stream.getvalue()


if __name__ == "__main__":
    sys.exit(main())
