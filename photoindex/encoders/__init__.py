"""Encoders: what turns images and texts into embeddings."""
