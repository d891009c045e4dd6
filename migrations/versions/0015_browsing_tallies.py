"""Counts and covers of folders, cameras, places and cells of the map, kept so that pages need not count all photos."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_GEAR = ("camera", "lens", "format")
_CELL = 78.75 / 4096
"""How many degrees a cell of the map is high and wide: 56 pixels of a map of zoom 12. No rounding is in it."""
_PRESENT = "state NOT IN ('failed', 'missing')"


def _row(of: str) -> str:
    return f"CAST(({of}.latitude + 90) / {_CELL!r} AS INTEGER)"


def _column(of: str) -> str:
    return f"CAST(({of}.longitude + 180) / {_CELL!r} AS INTEGER)"


def _millionths(angle: str) -> str:
    """A whole number: what is added and taken away again leaves nothing behind."""
    return f"CAST(round({angle} * 1000000) AS INTEGER)"


def _counted(of: str, column: str) -> str:
    return f"{of}.visible AND {of}.{column} IS NOT NULL"


# --- cameras, lenses, formats, places: a value in a column of the photo ------------------------------------------


def _tallied(column: str) -> tuple[str, str, str]:
    """The table, and the columns and values that name a row of it, of `{}`."""
    if column == "place_id":
        return "place_tally", "place_id", "{}.place_id"
    return "gear_tally", "kind, name", f"'{column}', {{}}.{column}"


def _add_value(column: str) -> str:
    table, names, values = _tallied(column)
    return f"""
        INSERT INTO {table} ({names}, photos, cover_photo_id)
            SELECT {values.format("NEW")}, 1, NEW.id WHERE {_counted("NEW", column)}
            ON CONFLICT DO UPDATE SET photos = photos + 1,
                cover_photo_id = max(cover_photo_id, excluded.cover_photo_id);
    """


def _take_value(column: str) -> str:
    table, names, values = _tallied(column)
    which = f"({names}) = ({values.format('OLD')}) AND {_counted('OLD', column)}"
    return f"""
        UPDATE {table} SET photos = photos - 1 WHERE {which};
        DELETE FROM {table} WHERE {which} AND photos <= 0;
        UPDATE {table} SET cover_photo_id =
                (SELECT id FROM photo WHERE {column} = OLD.{column} AND visible = 1 ORDER BY id DESC LIMIT 1)
            WHERE {which} AND cover_photo_id = OLD.id;
    """


# --- the map -----------------------------------------------------------------------------------------------------


def _located(of: str) -> str:
    return f"{of}.visible AND {of}.latitude IS NOT NULL AND {of}.longitude IS NOT NULL"


def _in_cell(of: str) -> str:
    return f"map_tally.row = {_row(of)} AND map_tally.col = {_column(of)} AND {_located(of)}"


_ADD_POSITION = f"""
        INSERT INTO map_tally (row, col, photos, latitudes, longitudes, south, west, north, east, cover_photo_id)
            SELECT {_row("NEW")}, {_column("NEW")}, 1, {_millionths("NEW.latitude")}, {_millionths("NEW.longitude")},
                NEW.latitude, NEW.longitude, NEW.latitude, NEW.longitude, NEW.id WHERE {_located("NEW")}
            ON CONFLICT DO UPDATE SET photos = photos + 1,
                latitudes = latitudes + excluded.latitudes, longitudes = longitudes + excluded.longitudes,
                south = min(south, excluded.south), west = min(west, excluded.west),
                north = max(north, excluded.north), east = max(east, excluded.east),
                cover_photo_id = max(cover_photo_id, excluded.cover_photo_id);
    """
# Where many photos are at the very same point, the box of its cell is not reckoned again for each of them.
_TAKE_POSITION = f"""
        UPDATE map_tally SET photos = photos - 1, latitudes = latitudes - {_millionths("OLD.latitude")},
                longitudes = longitudes - {_millionths("OLD.longitude")}
            WHERE {_in_cell("OLD")};
        DELETE FROM map_tally WHERE {_in_cell("OLD")} AND photos <= 0;
        UPDATE map_tally SET (south, west, north, east, cover_photo_id) = (
                SELECT min(latitude), min(longitude), max(latitude), max(longitude), max(id) FROM photo
                WHERE latitude > map_tally.row * {_CELL!r} - 90.000001
                AND latitude < (map_tally.row + 1) * {_CELL!r} - 89.999999 AND {_in_cell("photo")})
            WHERE {_in_cell("OLD")} AND (cover_photo_id = OLD.id
                OR (OLD.latitude IN (south, north) OR OLD.longitude IN (west, east)) AND NOT EXISTS (
                    SELECT 1 FROM photo WHERE latitude = OLD.latitude AND longitude = OLD.longitude AND visible));
    """

# --- folders: a photo counts for each file that shows it ---------------------------------------------------------


def _add_files(which: str) -> str:
    """Count files that are there, of the table `file`, whose photos are visible."""
    return f"""
        INSERT INTO folder_tally (folder_id, photos, cover_photo_id)
            SELECT folder_id, count(*), max(photo_id) FROM file
            WHERE {which} AND {_PRESENT} AND folder_id IS NOT NULL GROUP BY folder_id
            ON CONFLICT DO UPDATE SET photos = photos + excluded.photos,
                cover_photo_id = max(cover_photo_id, excluded.cover_photo_id);
    """


def _settle(which: str, photo_id: str, without: str = "") -> str:
    """After a photo was taken off the counts of folders: it may have been the cover. `without` files of it."""
    return f"""
        DELETE FROM folder_tally WHERE {which} AND photos <= 0;
        UPDATE folder_tally SET cover_photo_id = (
                SELECT file.photo_id FROM file CROSS JOIN photo ON photo.id = file.photo_id
                WHERE file.folder_id = folder_tally.folder_id AND file.{_PRESENT} AND +photo.visible {without}
                ORDER BY file.photo_id DESC LIMIT 1)
            WHERE {which} AND cover_photo_id = {photo_id};
    """


def _take_photo(photo_id: str) -> str:
    """Take all files of a photo off: it is visible no more, or goes."""
    files = f"FROM file WHERE photo_id = {photo_id} AND {_PRESENT}"
    which = f"folder_id IN (SELECT folder_id {files})"
    return f"""
        UPDATE folder_tally SET photos = photos - (SELECT count(*) {files} AND file.folder_id = folder_tally.folder_id)
            WHERE {which};
        {_settle(which, photo_id, without=f"AND file.photo_id <> {photo_id}")}
    """


def _shows(file: str) -> str:
    """Whether a file counts in its folder."""
    return (
        f"{file}.folder_id IS NOT NULL AND {file}.{_PRESENT} "
        f"AND EXISTS (SELECT 1 FROM photo WHERE id = {file}.photo_id AND visible)"
    )


_TAKE_FILE = f"""
        UPDATE folder_tally SET photos = photos - 1 WHERE folder_id = OLD.folder_id AND {_shows("OLD")};
        {_settle("folder_id = OLD.folder_id", "OLD.photo_id")}
    """
_ADD_FILE = f"""
        INSERT INTO folder_tally (folder_id, photos, cover_photo_id)
            SELECT NEW.folder_id, 1, NEW.photo_id WHERE {_shows("NEW")}
            ON CONFLICT DO UPDATE SET photos = photos + 1,
                cover_photo_id = max(cover_photo_id, excluded.cover_photo_id);
    """


def _triggers() -> Iterator[str]:
    values = (*_GEAR, "place_id")
    add = "".join(map(_add_value, values)) + _ADD_POSITION
    take = "".join(map(_take_value, values)) + _TAKE_POSITION
    columns = ("visible", *values, "latitude", "longitude")
    changed = " OR ".join(f"OLD.{each} IS NOT NEW.{each}" for each in columns)
    yield f"CREATE TRIGGER browsing_photo_insert AFTER INSERT ON photo WHEN NEW.visible BEGIN {add} END"
    yield f"CREATE TRIGGER browsing_photo_delete AFTER DELETE ON photo WHEN OLD.visible BEGIN {take} END"
    yield f"""
    CREATE TRIGGER browsing_photo_update AFTER UPDATE OF {", ".join(columns)} ON photo
    WHEN (OLD.visible OR NEW.visible) AND ({changed}) BEGIN {take} {add} END
    """
    yield f"""
    CREATE TRIGGER folder_tally_show AFTER UPDATE OF visible ON photo WHEN NEW.visible AND NOT OLD.visible BEGIN
        {_add_files("photo_id = NEW.id")} END
    """
    yield f"""
    CREATE TRIGGER folder_tally_hide AFTER UPDATE OF visible ON photo WHEN OLD.visible AND NOT NEW.visible BEGIN
        {_take_photo("NEW.id")} END
    """
    # Before, as its files lose it by a foreign key, and their trigger then finds no photo.
    yield f"""
    CREATE TRIGGER folder_tally_delete_photo BEFORE DELETE ON photo WHEN OLD.visible BEGIN
        {_take_photo("OLD.id")} END
    """
    yield f"CREATE TRIGGER folder_tally_insert AFTER INSERT ON file BEGIN {_ADD_FILE} END"
    yield f"CREATE TRIGGER folder_tally_delete AFTER DELETE ON file BEGIN {_TAKE_FILE} END"
    yield f"""
    CREATE TRIGGER folder_tally_update AFTER UPDATE OF folder_id, state, photo_id ON file
    WHEN OLD.folder_id IS NOT NEW.folder_id OR OLD.state <> NEW.state OR OLD.photo_id IS NOT NEW.photo_id BEGIN
        {_TAKE_FILE} {_ADD_FILE} END
    """


# --- upgrade -----------------------------------------------------------------------------------------------------


def _whole(name: str, primary: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, primary_key=primary)


def upgrade() -> None:
    """Count once, and let triggers count from then on. Who makes one of the tables anew makes its triggers anew."""
    whole = ("photos", "cover_photo_id")
    op.create_table(
        "gear_tally",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        *map(_whole, whole),
        sa.PrimaryKeyConstraint("kind", "name"),
    )
    op.create_table("place_tally", _whole("place_id", primary=True), *map(_whole, whole))
    op.create_table(
        "map_tally",
        *map(_whole, ("row", "col", "photos", "latitudes", "longitudes")),
        *(sa.Column(name, sa.Double(), nullable=False) for name in ("south", "west", "north", "east")),
        _whole("cover_photo_id"),
        sa.PrimaryKeyConstraint("row", "col"),
    )
    op.create_table(
        "folder_tally",
        _whole("folder_id", primary=True),
        *map(_whole, whole),
        sa.ForeignKeyConstraint(["folder_id"], ["folder.id"], ondelete="CASCADE"),
    )
    _count()
    for trigger in _triggers():
        op.execute(trigger)


def _count() -> None:
    for kind in _GEAR:
        op.execute(
            f"INSERT INTO gear_tally SELECT '{kind}', {kind}, count(*), max(id) FROM photo "
            f"WHERE {_counted('photo', kind)} GROUP BY {kind}"
        )
    op.execute(
        "INSERT INTO place_tally SELECT place_id, count(*), max(id) FROM photo "
        f"WHERE {_counted('photo', 'place_id')} GROUP BY place_id"
    )
    op.execute(
        f"INSERT INTO map_tally SELECT {_row('photo')}, {_column('photo')}, count(*), "
        f"sum({_millionths('latitude')}), sum({_millionths('longitude')}), "
        "min(latitude), min(longitude), max(latitude), max(longitude), max(id) "
        f"FROM photo WHERE {_located('photo')} GROUP BY 1, 2"
    )
    op.execute(
        "INSERT INTO folder_tally SELECT folder_id, count(*), max(photo_id) FROM file "
        f"WHERE {_PRESENT} AND folder_id IS NOT NULL AND photo_id IN (SELECT id FROM photo WHERE visible) "
        "GROUP BY folder_id"
    )


def downgrade() -> None:
    """There is no way back but the backup made before the upgrade."""
    raise NotImplementedError
