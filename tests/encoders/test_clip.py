"""CLIP and SigLIP checkpoints against transformers' own models and image processors."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer, CLIPModel, SiglipModel
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil
from transformers.utils import logging as transformers_logging

from photoindex import encoders
from photoindex.encoders import device
from photoindex.errors import EncoderError

SIZES = [(640, 480), (480, 641), (64, 64), (333, 77), (65, 200), (40, 30), (2000, 1500)]
TEXTS = ["a photo of a cat", "Two Dogs in the Snow", "the sea at night, seen from a small boat", ""]


@pytest.fixture(params=["clip", "siglip"])
def case(request, clip_folder, siglip_folder):
    """A checkpoint's folder with the model and image processor that transformers has for it."""
    transformers_logging.disable_progress_bar()
    if request.param == "clip":
        return clip_folder, CLIPModel.from_pretrained(clip_folder), CLIPImageProcessorPil
    return siglip_folder, SiglipModel.from_pretrained(siglip_folder), SiglipImageProcessorPil


@pytest.fixture
def float32(monkeypatch):
    """Full precision, so that differences are mistakes."""
    monkeypatch.setattr(device, "fast_dtype", lambda _: torch.float32)


def _photo(size: tuple[int, int]) -> Image.Image:
    """Smooth colours with edges, like a photo; another for each size."""
    width, height = size
    rng = np.random.default_rng(width * height)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    image = coarse.resize(size, Image.Resampling.BICUBIC)
    image.paste((250, 240, 10), (width // 3, height // 4, width // 2, height // 2))
    return image


def _unit(tensor: torch.Tensor) -> np.ndarray:
    return torch.nn.functional.normalize(tensor.detach().float()).numpy()


def test_images_embed_as_with_the_reference_processor(case, float32):
    folder, model, processor_class = case
    encoder = encoders.load(str(folder))
    processor = processor_class.from_pretrained(folder)
    for size in SIZES:
        pixels = processor(images=_photo(size), return_tensors="pt")["pixel_values"]
        expected = _unit(model.get_image_features(pixel_values=pixels).pooler_output)
        prepared = encoder.prepare(_photo(size))
        assert prepared.dtype == np.uint8 and prepared.shape == (64, 64, 3)
        assert float((encoder.encode_images([prepared]) @ expected.T).item()) > 0.999, size


def test_the_pixels_are_those_of_the_reference_processor(case):
    folder, _, processor_class = case
    encoder = encoders.load(str(folder), parts="text")
    processor = processor_class.from_pretrained(folder, do_normalize=False, do_rescale=False)
    for size in SIZES:
        expected = np.asarray(processor(images=_photo(size), return_tensors="np")["pixel_values"])[0]
        got = encoder.prepare(_photo(size)).transpose(2, 0, 1).astype(int)
        difference = np.abs(got - expected.astype(int))
        assert difference.mean() < 0.6 and np.percentile(difference, 99) <= 6, size


def test_texts_embed_as_with_the_whole_model(case, float32):
    folder, model, _ = case
    encoder = encoders.load(str(folder), parts="text")
    fixed = isinstance(model, SiglipModel)
    tokens = AutoTokenizer.from_pretrained(folder)(
        TEXTS, padding="max_length" if fixed else True, truncation=True, return_tensors="pt"
    )
    names = ("input_ids",) if fixed else ("input_ids", "attention_mask")
    features = model.get_text_features(**{name: tokens[name] for name in names}).pooler_output
    assert np.abs(encoder.encode_texts(TEXTS) - _unit(features)).max() < 1e-5


def test_texts_embed_alike_alone_and_in_a_batch(case, float32):
    encoder = encoders.load(str(case[0]), parts="text")
    alone = np.concatenate([encoder.encode_texts([text]) for text in TEXTS])
    assert np.allclose(encoder.encode_texts(TEXTS), alone, atol=1e-5)
    assert np.allclose(encoder.encode_texts(["A CAT"]), encoder.encode_texts(["a cat"]))
    assert np.isfinite(encoder.encode_texts(["far too long " * 500])).all()


def test_many_threads_get_the_answers_of_one(case, float32):
    encoder = encoders.load(str(case[0]))
    images = [encoder.prepare(_photo(size)) for size in SIZES]
    expected = encoder.encode_images(images), encoder.encode_texts(TEXTS)

    def differs(turn: int) -> bool:
        texts = TEXTS[turn % 3 :]  # of other lengths at the same time
        return not (
            np.allclose(encoder.encode_images(images), expected[0], atol=1e-4)
            and np.allclose(encoder.encode_texts(texts), expected[1][turn % 3 :], atol=1e-4)
        )

    with ThreadPoolExecutor(6, initializer=encoders.set_threads, initargs=(1,)) as pool:
        assert not any(pool.map(differs, range(60)))


def test_reduced_precision_keeps_the_embeddings(case, monkeypatch):
    images = [encoders.load(str(case[0])).prepare(_photo(size)) for size in SIZES]
    found = []
    for dtype in (torch.float32, torch.bfloat16):
        monkeypatch.setattr(device, "fast_dtype", lambda _, dtype=dtype: dtype)
        encoder = encoders.load(str(case[0]))
        found.append(np.concatenate([encoder.encode_images(images), encoder.encode_texts(TEXTS)]))
    assert (found[0] * found[1]).sum(axis=1).min() > 0.998


def test_each_half_is_loaded_alone_and_has_the_same_identity(case):
    folder = str(case[0])
    whole, image, text = (encoders.load(folder, parts=parts) for parts in ("both", "image", "text"))
    assert whole.info.fingerprint == image.info.fingerprint == text.info.fingerprint
    assert whole.info.dim == image.info.dim == text.info.dim
    with pytest.raises(EncoderError, match="for images only"):
        image.encode_texts(["cat"])
    with pytest.raises(EncoderError, match="for texts only"):
        text.encode_images([whole.prepare(_photo((64, 64)))])


def _broken(source: Path, target: Path, **changes: object) -> str:
    """A copy of a checkpoint with fields of its config.json changed."""
    shutil.copytree(source, target)
    config = json.loads((target / "config.json").read_text()) | changes
    (target / "config.json").write_text(json.dumps(config))
    return str(target)


def _refused(folder: str, message: str) -> None:
    with pytest.raises(EncoderError, match=message) as caught:
        encoders.load(folder)
    assert "\n" not in str(caught.value)


def test_other_models_are_refused(clip_folder, tmp_path):
    _refused(_broken(clip_folder, tmp_path / "bert", model_type="bert"), "of a bert model")
    _refused(_broken(clip_folder, tmp_path / "naflex", model_type="siglip2"), "siglip2-base-patch32-256")
    _refused(_broken(clip_folder, tmp_path / "half", vision_config=None), "not of a whole CLIP")


@pytest.mark.parametrize("name", ["tokenizer.json", "preprocessor_config.json", "model.safetensors"])
def test_a_missing_file_is_named(clip_folder, tmp_path, name):
    folder = _broken(clip_folder, tmp_path / "copy")
    (tmp_path / "copy" / name).unlink()
    _refused(folder, "safetensors format" if name.startswith("model") else name)


def test_pickled_weights_are_never_loaded(clip_folder, tmp_path):
    folder = _broken(clip_folder, tmp_path / "copy")
    (tmp_path / "copy" / "model.safetensors").rename(tmp_path / "copy" / "pytorch_model.bin")
    _refused(folder, r"only pytorch_model\.bin, which PhotoIndex never loads")


@pytest.mark.parametrize("name", ["tokenizer.json", "preprocessor_config.json", "config.json"])
def test_a_damaged_json_is_named(clip_folder, tmp_path, name):
    folder = _broken(clip_folder, tmp_path / "copy")
    (tmp_path / "copy" / name).write_text('{"cut": ')
    _refused(folder, "tokenizer in" if name.startswith("token") else f"{name} can't be read")


def test_damaged_weights_are_refused(clip_folder, tmp_path):
    folder = _broken(clip_folder, tmp_path / "copy")
    weights = tmp_path / "copy" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    _refused(folder, "can't be loaded")


@pytest.mark.parametrize("name", ["visual_projection.weight", "text_model.encoder.layers.1.mlp.fc1.bias"])
def test_missing_weights_are_not_made_up(clip_folder, tmp_path, name):
    folder = _broken(clip_folder, tmp_path / "copy")
    weights = load_file(tmp_path / "copy" / "model.safetensors")
    del weights[name]
    save_file(weights, tmp_path / "copy" / "model.safetensors", metadata={"format": "pt"})
    _refused(folder, "not whole")


def test_weights_of_not_a_number_are_refused(clip_folder, tmp_path):
    folder = _broken(clip_folder, tmp_path / "copy")
    weights = load_file(tmp_path / "copy" / "model.safetensors")
    weights["visual_projection.weight"].fill_(float("nan"))
    save_file(weights, tmp_path / "copy" / "model.safetensors", metadata={"format": "pt"})
    encoder = encoders.load(folder)
    with pytest.raises(EncoderError, match="not-a-number"):
        encoder.encode_images([encoder.prepare(_photo((64, 64)))])


def test_a_preprocessing_that_does_not_fit_is_refused(clip_folder, tmp_path):
    folder = _broken(clip_folder, tmp_path / "copy")
    file = tmp_path / "copy" / "preprocessor_config.json"
    described = json.loads(file.read_text())
    file.write_text(json.dumps(described | {"crop_size": {"height": 32, "width": 32}}))
    _refused(folder, "makes images of 32 pixels, but the encoder takes 64")
    file.write_text(json.dumps({key: value for key, value in described.items() if key != "image_mean"}))
    _refused(folder, "'image_mean' is missing")
