"""Makes small CLIP and SigLIP checkpoints with random weights and a tokenizer of their own, in a second."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import CLIPConfig, CLIPModel, SiglipConfig, SiglipModel
from transformers.utils import logging as transformers_logging

TEXTS = ["a photo of a cat", "two dogs in the snow", "the sea at night, seen from a small boat"]
CLIP_MEAN, CLIP_STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]


def make_clip(folder: Path, seed: int = 0) -> Path:
    """A CLIP of 32 dimensions that takes 64 pixels."""
    start, end, size = _write_tokenizer(folder, "CLIPTokenizer", 77)
    torch.manual_seed(seed)
    text = {"vocab_size": size, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    text |= {"num_attention_heads": 2, "max_position_embeddings": 77}
    text |= {"bos_token_id": start, "eos_token_id": end, "pad_token_id": end}
    vision = {"hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 2}
    vision |= {"image_size": 64, "patch_size": 16}
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=32))
    _save(model, folder)
    _write_json(
        folder / "preprocessor_config.json",
        {
            "image_processor_type": "CLIPImageProcessor",
            "do_resize": True,
            "size": {"shortest_edge": 64},
            "resample": 3,
            "do_center_crop": True,
            "crop_size": {"height": 64, "width": 64},
            "do_rescale": True,
            "rescale_factor": 1 / 255,
            "do_normalize": True,
            "image_mean": CLIP_MEAN,
            "image_std": CLIP_STD,
            "do_convert_rgb": True,
        },
    )
    return folder


def make_siglip(folder: Path, seed: int = 0) -> Path:
    """A SigLIP of 48 dimensions that takes 64 pixels and texts of 16 tokens."""
    start, end, size = _write_tokenizer(folder, "PreTrainedTokenizerFast", 16)
    torch.manual_seed(seed)
    text = {"vocab_size": size, "hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 2}
    text |= {"num_attention_heads": 2, "max_position_embeddings": 16, "projection_size": 48}
    text |= {"bos_token_id": start, "eos_token_id": end, "pad_token_id": end}
    vision = {"hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 2}
    vision |= {"image_size": 64, "patch_size": 16}
    _save(SiglipModel(SiglipConfig(text_config=text, vision_config=vision)), folder)
    _write_json(
        folder / "preprocessor_config.json",
        {
            "image_processor_type": "SiglipImageProcessor",
            "do_resize": True,
            "size": {"height": 64, "width": 64},
            "resample": 2,
            "do_rescale": True,
            "rescale_factor": 1 / 255,
            "do_normalize": True,
            "image_mean": [0.5, 0.5, 0.5],
            "image_std": [0.5, 0.5, 0.5],
        },
    )
    return folder


def in_hub_cache(cache: Path, repository: str, checkpoint: Path, commit: str, revision: str = "main") -> Path:
    """Lay a checkpoint out as the Hugging Face cache does → the snapshot's folder."""
    storage = cache / f"models--{repository.replace('/', '--')}"
    snapshot = storage / "snapshots" / commit
    snapshot.mkdir(parents=True)
    (storage / "blobs").mkdir()
    for file in checkpoint.iterdir():
        blob = storage / "blobs" / file.name
        blob.write_bytes(file.read_bytes())
        (snapshot / file.name).symlink_to(blob)
    reference = storage / "refs" / revision
    reference.parent.mkdir(parents=True)
    reference.write_text(commit)
    return snapshot


def _write_tokenizer(folder: Path, class_name: str, longest: int) -> tuple[int, int, int]:
    """A byte-level BPE without merges → the ids of its start and end marks, and its size."""
    folder.mkdir(parents=True, exist_ok=True)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = [*alphabet, *(letter + "</w>" for letter in alphabet), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {word: index for index, word in enumerate(words)}
    start, end = vocabulary["<|startoftext|>"], vocabulary["<|endoftext|>"]
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], end_of_word_suffix="</w>", unk_token="<|endoftext|>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.RobertaProcessing(
        ("<|endoftext|>", end), ("<|startoftext|>", start), trim_offsets=False, add_prefix_space=False
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    described = {"tokenizer_class": class_name, "model_max_length": longest}
    described |= {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>"}
    described |= {"unk_token": "<|endoftext|>", "pad_token": "<|endoftext|>"}
    _write_json(folder / "tokenizer_config.json", described)
    return start, end, len(vocabulary)


def _save(model: torch.nn.Module, folder: Path) -> None:
    transformers_logging.disable_progress_bar()
    model.save_pretrained(folder)


def _write_json(file: Path, content: dict[str, object]) -> None:
    file.write_text(json.dumps(content))
