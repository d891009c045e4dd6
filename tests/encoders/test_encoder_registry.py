"""What a name, a repository or a folder leads to, with nothing but files: no network, no torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from photoindex import encoders
from photoindex.errors import EncoderUnavailableError, UnknownEncoderError

COMMIT = "94dffa8cb1179de3e03f091dbc3917e5d5a9ae84"


def test_every_name_in_the_registry_is_found():
    for spec in encoders.ENCODERS:
        assert encoders.find(spec.name) is spec
        assert encoders.find(spec.name.upper()) is spec
        assert spec.description and spec.dim and spec.languages
    assert encoders.RECOMMENDED.multilingual


def test_the_repository_of_a_known_encoder_is_that_encoder():
    assert encoders.find("openai/clip-vit-base-patch16").name == "clip-vit-b-16"


def test_any_repository_may_be_named_with_a_revision():
    spec = encoders.find("someone/their-clip@v2")
    assert (spec.repository, spec.revisions) == ("someone/their-clip", ("v2",))
    assert spec.name == "someone/their-clip@v2"


def test_unknown_name_is_one_line_with_a_suggestion():
    with pytest.raises(UnknownEncoderError, match=r"did you mean siglip2-base\?.*clip-vit-l-14") as caught:
        encoders.find("siglip-base")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "a/b/c", "no such thing", "https://example.org/model"])
def test_nonsense_is_an_unknown_encoder(name):
    with pytest.raises(UnknownEncoderError):
        encoders.find(name)


def test_folders_may_be_relative_or_begin_with_a_tilde(clip_folder, monkeypatch):
    monkeypatch.chdir(clip_folder.parent)
    monkeypatch.setenv("HOME", str(clip_folder.parent))
    for name in (str(clip_folder), "clip", "./clip", "~/clip"):
        assert encoders.find(name).name == str(clip_folder)


def test_folder_without_a_checkpoint_is_unknown(tmp_path):
    with pytest.raises(UnknownEncoderError, match=r"has no config\.json"):
        encoders.find(str(tmp_path))
    with pytest.raises(UnknownEncoderError, match="does not exist"):
        encoders.find(str(tmp_path / "gone"))


def test_availability_needs_a_whole_snapshot(checkpoints, siglip_folder, hub_cache):
    spec = encoders.RECOMMENDED
    assert encoders.available(encoders.find("starter")) == "installed"
    assert encoders.available(spec) == "download"
    snapshot = checkpoints.in_hub_cache(hub_cache, spec.repository, siglip_folder, COMMIT)
    assert encoders.available(spec) == "cached"
    (snapshot / "model.safetensors").resolve().unlink()  # an interrupted download leaves a dangling link
    assert encoders.available(spec) == "download"


def test_the_cache_follows_hf_home(checkpoints, siglip_folder, tmp_path, monkeypatch):
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    checkpoints.in_hub_cache(tmp_path / "hub", encoders.RECOMMENDED.repository, siglip_folder, COMMIT)
    assert encoders.available(encoders.RECOMMENDED) == "cached"


def test_weights_of_a_second_revision_are_found_in_the_cache(checkpoints, clip_folder, hub_cache):
    spec = encoders.find("clip-vit-b-32")
    checkpoints.in_hub_cache(hub_cache, spec.repository, clip_folder, COMMIT, "refs/pr/15")
    assert encoders.resolve(spec.name).commit == COMMIT


def test_automatic_takes_the_recommended_encoder_from_the_cache(checkpoints, siglip_folder, hub_cache):
    checkpoints.in_hub_cache(hub_cache, encoders.RECOMMENDED.repository, siglip_folder, COMMIT)
    resolved = encoders.resolve("auto")
    assert (resolved.spec.name, resolved.commit, resolved.notice) == ("siglip2-base", COMMIT, None)


def test_automatic_falls_back_on_the_starter_and_says_so(hub_cache):
    resolved = encoders.resolve("auto")
    assert resolved.spec.name == "starter"
    assert resolved.notice is not None and "\n" not in resolved.notice
    assert "HF_HUB_OFFLINE" in resolved.notice
    assert "photoindex up --encoder siglip2-base" in resolved.notice


def test_automatic_stays_with_what_the_library_uses(checkpoints, siglip_folder, clip_folder, hub_cache):
    checkpoints.in_hub_cache(hub_cache, encoders.RECOMMENDED.repository, siglip_folder, COMMIT)
    stays = encoders.resolve("auto", in_use="starter")
    assert stays.spec.name == "starter"
    assert stays.notice is not None and "photoindex up --encoder siglip2-base" in stays.notice
    assert encoders.resolve("starter").notice is None
    assert encoders.resolve("auto", in_use=str(clip_folder)).folder == clip_folder


def test_an_encoder_in_use_that_is_gone_is_never_replaced(hub_cache, tmp_path):
    for name in ("clip-vit-b-32", str(tmp_path / "moved-away")):
        with pytest.raises(EncoderUnavailableError, match=r"indexed with .*photoindex up --encoder starter") as caught:
            encoders.resolve("auto", in_use=name)
        assert "\n" not in str(caught.value)


def test_an_explicit_encoder_offline_is_unavailable(hub_cache):
    with pytest.raises(EncoderUnavailableError, match="HF_HUB_OFFLINE forbids"):
        encoders.resolve("clip-vit-l-14")


def test_fingerprints_are_stable_and_differ(checkpoints, clip_folder, siglip_folder, hub_cache, tmp_path):
    starter, clip = encoders.resolve("starter"), encoders.resolve(str(clip_folder))
    again = checkpoints.make_clip(tmp_path / "copy")
    other = checkpoints.make_clip(tmp_path / "other", seed=1)
    checkpoints.in_hub_cache(hub_cache, encoders.RECOMMENDED.repository, siglip_folder, COMMIT)
    marks = [encoders.fingerprint(item) for item in (starter, clip, encoders.resolve("siglip2-base"))]
    assert len(set(marks)) == 3
    assert encoders.fingerprint(encoders.resolve(str(again))) == marks[1]
    assert encoders.fingerprint(encoders.resolve(str(other))) not in marks


def test_resolving_imports_neither_torch_nor_transformers(clip_folder):
    code = (
        "import sys; from photoindex import encoders\n"
        f"[encoders.fingerprint(encoders.resolve(name)) for name in ('starter', {str(clip_folder)!r})]\n"
        "[encoders.available(spec) for spec in encoders.ENCODERS]\n"
        "print(sorted({'torch', 'transformers', 'huggingface_hub'} & sys.modules.keys()))"
    )
    root = Path(encoders.__file__).parents[2]
    shown = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
