"""`photoindex doctor`: does everything fit together, and does the search find what it should?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from photoindex.cli.options import data_option, json_option, opened
from photoindex.cli.terminal import one_line, print_json
from photoindex.config import Settings, load_settings
from photoindex.messages import some

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from photoindex.database import Database
    from photoindex.doctor import Finding
    from photoindex.embeddings import StoredEncoder


@click.command()
@click.option("--repair", is_flag=True, help="Mend what can be made anew; user data are never changed.")
@click.option("--deep", is_flag=True, help="Also read every original again, and decode every thumbnail.")
@click.option("--salvage", is_flag=True, help="Save what can be read of a damaged database into a new one.")
@click.option("--recall", is_flag=True, help="Measure what the search snapshot of a large library misses.")
@click.option("--queries", default=25, type=click.IntRange(1, 1000), help="How many queries of each kind (25).")
@json_option
@data_option
@click.pass_context
def doctor(
    context: click.Context,
    repair: bool,
    deep: bool,
    salvage: bool,
    recall: bool,
    queries: int,
    as_json: bool,
    data: str | None,
) -> None:
    """Check that everything in the data folder fits together. Ends with code 1 when it does not."""
    settings = load_settings({"data": data})
    if salvage:
        _salvage(settings, as_json)
        return
    with opened(settings) as database:
        findings = _examine(database, settings, repair, deep)
        found = _overview(database, settings, recall, queries) | {"findings": [asdict(each) for each in findings]}
    found["sound"] = all(each.repaired for each in findings)
    if as_json:
        print_json(found)
    else:
        for line in (*_lines(found, recall), *map(_line, findings)):
            click.echo(line)
        if not findings:
            click.echo("all is well")
    if not found["sound"]:
        context.exit(1)


def _examine(database: Database, settings: Settings, repair: bool, deep: bool) -> list[Finding]:
    from photoindex import encoders
    from photoindex.doctor import Patient, examine

    patient = Patient(
        database,
        settings.thumbnails,
        settings.snapshots,
        repair,
        deep,
        lambda encoder: encoders.load_text(encoder.name, encoder.fingerprint, "cpu"),
    )
    return list(examine(patient))


def _overview(database: Database, settings: Settings, recall: bool, queries: int) -> dict[str, Any]:
    """What is there: the encoders, the snapshot, and what that misses."""
    from photoindex import embeddings

    found: dict[str, Any] = {"encoders": [], "snapshot": None, "recall": None}
    with database.read() as session:
        found["encoders"] = [_encoder(session, each) for each in embeddings.stored_encoders(session)]
        active = embeddings.active_encoder(session)
        if active is not None:
            found["snapshot"] = _snapshot(session, active, settings)
            if recall:
                found["recall"] = _recall(session, active, settings, queries)
    return found


def _line(finding: Finding) -> str:
    said = "; ".join(one_line(each) for each in (finding.problem, finding.advice) if each)
    return f"{'repaired' if finding.repaired else 'problem':<10} {finding.check}: {said}"


def _salvage(settings: Settings, as_json: bool) -> None:
    from photoindex.doctor.salvage import salvage
    from photoindex.lock import DaemonLock

    with DaemonLock(settings.daemon_lock):
        saved = salvage(settings.database)
    if as_json:
        print_json({"rows": saved.rows, "incomplete": saved.incomplete, "kept": str(saved.kept)})
        return
    for table, count in saved.rows.items():
        if count or table in saved.incomplete:
            click.echo(f"saved      {count:,} of {table}{', the rest is damaged' if table in saved.incomplete else ''}")
    click.echo(f"the damaged database is kept: {one_line(str(saved.kept))}")


def _encoder(session: Session, encoder: StoredEncoder) -> dict[str, Any]:
    from photoindex import embeddings

    return {
        "name": encoder.name,
        "state": str(encoder.state),
        "photos": embeddings.count_searchable(session, encoder.id),
        "lacking": embeddings.count_lacking(session, encoder.id),
        "sound": embeddings.is_sound(session, encoder),
    }


def _snapshot(session: Session, encoder: StoredEncoder, settings: Settings) -> dict[str, Any] | None:
    """The state of the active encoder's snapshot; None when the library has, and needs, none."""
    from photoindex.snapshots import changes
    from photoindex.snapshots.format import SnapshotError, header_of, verify

    standing = changes.standing(session, encoder.id)
    if standing is None:
        return None
    found: dict[str, Any] = {
        "name": standing.name,
        "embeddings": None,
        "changed_since": changes.count_changed(session, encoder.id, standing.sequence),
        "sound": True,
        "problem": "it is being built, or waits for the daemon to build it" if standing.name is None else None,
    }
    if standing.name is not None:
        try:
            verify(settings.snapshots, standing.name)
            found["embeddings"] = header_of(settings.snapshots, standing.name).rows
        except SnapshotError as error:
            found |= {"sound": False, "problem": f"{error}; the daemon builds it anew when it starts"}
    return found


def _recall(session: Session, encoder: StoredEncoder, settings: Settings, count: int) -> list[dict[str, Any]]:
    """What the snapshot misses; nothing where sqlite-vec answers, which is exact."""
    from photoindex.snapshots import SnapshotSpace, Spaces
    from photoindex.snapshots.recall import image_queries, measure, text_queries

    space = Spaces(settings.snapshots).of(session, encoder)
    if not isinstance(space, SnapshotSpace):
        return []
    encode, kind = _text_encoder(encoder)
    asked = {"photos": image_queries(space, count), kind: text_queries(space, count, encode)}
    return [asdict(measure(session, space, name, queries)) for name, queries in asked.items()]


def _text_encoder(encoder: StoredEncoder) -> tuple[Any, str]:
    """What embeds texts, and how queries made with it are called."""
    from photoindex import encoders
    from photoindex.errors import EncoderError

    try:
        return encoders.load_text(encoder.name, encoder.fingerprint, "cpu").encode_texts, "texts"
    except EncoderError as error:
        click.echo(f"photoindex: texts are made up: {one_line(str(error))}", err=True)
        return None, "made-up texts"


def _lines(found: dict[str, Any], recall: bool) -> Iterator[str]:
    if not found["encoders"]:
        yield "nothing is indexed yet"
    for each in found["encoders"]:
        table = "search table sound" if each["sound"] else "search table damaged; the daemon repairs it when it starts"
        lacking = f", {each['lacking']:,} without" if each["lacking"] > 0 and each["state"] != "retired" else ""
        photos = some(each["photos"], "photo")
        yield f"encoder    {one_line(each['name'])} ({each['state']}): {photos}{lacking}, {table}"
    snapshot = found["snapshot"]
    if snapshot is not None and snapshot["problem"]:
        yield f"snapshot   {one_line(snapshot['problem'])}"
    elif snapshot is not None:
        changed = some(snapshot["changed_since"], "photo")
        yield f"snapshot   sound: {some(snapshot['embeddings'], 'embedding')}, {changed} changed since"
    elif found["encoders"]:
        yield "snapshot   none: the library is not large"
    if recall:
        yield from _recall_lines(found["recall"])


def _recall_lines(measured: list[dict[str, Any]] | None) -> Iterator[str]:
    if not measured:
        yield "recall     exact: sqlite-vec answers, which misses nothing"
    for each in measured or ():
        yield (
            f"recall     {each['recall_at_10']:.3f} of the nearest 10, {each['recall_at_50']:.3f} of 50 "
            f"({each['queries']} {each['kind']}); {each['snapshot_ms']:.1f} ms, exactly {each['exact_ms']:.1f} ms"
        )
