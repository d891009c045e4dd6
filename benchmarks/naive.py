#!/usr/bin/env python3
"""Index a folder the way a short CLIP demo does: full decode, CLIPProcessor, fixed batches, one process.

    python benchmarks/naive.py PHOTOS --checkpoint DIR [--batch 32]

The line that `benchmarks/index.py` compares with. Nothing is stored, no thumbnail is made. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

import torch
from PIL import Image
from transformers import CLIPModel, CLIPProcessor

ENDINGS = {".png", ".jpg", ".jpeg", ".bmp", ".gif"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--batch", type=int, default=32)
    arguments = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = CLIPModel.from_pretrained(arguments.checkpoint).to(device).eval()
    processor = CLIPProcessor.from_pretrained(arguments.checkpoint)
    paths = sorted(path for path in arguments.photos.rglob("*") if path.suffix.lower() in ENDINGS)

    def encode(batch: list[Path]) -> torch.Tensor:
        images = [Image.open(path).convert("RGB") for path in batch]
        inputs = processor(images=images, return_tensors="pt").to(device)
        with torch.no_grad():
            features = model.get_image_features(**inputs)
        features = getattr(features, "pooler_output", features)
        return torch.nn.functional.normalize(features, dim=-1).cpu()

    encode(paths[:1])
    started, started_cpu = time.perf_counter(), time.process_time()
    for first in range(0, len(paths), arguments.batch):
        encode(paths[first : first + arguments.batch])
    seconds, cpu = time.perf_counter() - started, time.process_time() - started_cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        json.dumps(
            {
                "photos": len(paths),
                "photos_per_second": len(paths) / seconds,
                "cpu_ms_per_photo": cpu / len(paths) * 1000,
                "peak_mib": peak,
            }
        )
    )


if __name__ == "__main__":
    main()
