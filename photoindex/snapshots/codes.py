"""Short codes of embeddings, searched by FAISS: which rows may be near. The only file that knows FAISS.

Product quantization with 4 bits for every two dimensions, compared 32 rows at a time by table look-ups in registers
(fast-scan; André, Kermarrec, Le Scouarnec, "Accelerated Nearest Neighbor Search with Quick ADC", arXiv 1704.07355), in
inverted lists when there are many rows. What is coded there is how a row differs from its list's centre: that takes a
third of the candidates for the same recall.

FAISS takes as many threads as there are cores unless told otherwise, thread by thread; here it always takes one.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import faiss


class Codes:
    """The codes of n rows, by position. Searching is safe from any thread."""

    def __init__(self, index: faiss.Index) -> None:
        self._index = index

    @property
    def lists(self) -> int:
        """How many inverted lists there are; 0 without any."""
        return int(getattr(self._index, "nlist", 0))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @staticmethod
    def trained(sample: NDArray[np.float32], lists: int) -> Codes:
        """Codes of no rows yet, made for rows like the sample (m, dim). May take a minute."""
        faiss = _faiss()
        dim = sample.shape[1]
        parts = dim // 2 if dim % 2 == 0 else dim
        kind = f"PQ{parts}x4fs"
        index = faiss.index_factory(dim, f"IVF{lists},{kind}r" if lists else kind, faiss.METRIC_INNER_PRODUCT)
        index.pq.cp.min_points_per_centroid = 1  # else it writes to stderr about small samples
        if lists:
            index.cp.min_points_per_centroid = 1
        index.train(np.ascontiguousarray(sample))
        return Codes(index)

    def add(self, rows: NDArray[np.float32]) -> None:
        """Append rows (n, dim), some tens of thousands at a time."""
        _faiss()  # one thread
        self._index.add(np.ascontiguousarray(rows))

    def save(self, path: Path) -> None:
        """Write to a file."""
        _faiss().write_index(self._index, str(path))

    @staticmethod
    def load(path: Path) -> Codes:
        """What `save` wrote. Only for files whose checksum is right: FAISS trusts what it reads."""
        faiss = _faiss()
        return Codes(faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC))

    def search(self, vector: NDArray[np.float32], count: int, probes: int) -> NDArray[np.int64]:
        """Positions of up to `count` rows whose inner product with `vector` (dim,) seems greatest, best first.

        `probes`: in how many of the inverted lists they are looked for.
        """
        _faiss()  # one thread
        parameters = _probing(probes) if self.lists else None
        rows = np.ascontiguousarray(vector, dtype=np.float32)[None]
        found: NDArray[np.int64] = self._index.search(rows, min(count, len(self)), params=parameters)[1][0]
        return found[found >= 0]


@lru_cache(maxsize=256)
def _probing(probes: int) -> Any:
    return _faiss().SearchParametersIVF(nprobe=probes)


_thread = threading.local()


def _faiss() -> Any:
    """FAISS, with one thread for whoever calls."""
    import faiss

    if not hasattr(_thread, "is_told"):
        faiss.omp_set_num_threads(1)
        _thread.is_told = True
    return faiss
