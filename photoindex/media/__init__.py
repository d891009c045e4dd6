"""Media: from the bytes of a file to an upright RGB image, its metadata and its thumbnail. Knows no database."""
