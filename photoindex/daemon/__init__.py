"""The daemon: keeps the database like the disk, and makes every new photo searchable."""
