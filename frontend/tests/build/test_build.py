"""The build: same sources, same bytes; nothing in the site that it was not meant to have."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from frontend.build import bytecode
from frontend.build.make import build
from frontend.build.paths import CACHE, DIST, FRONTEND, STATIC


@pytest.fixture(scope="module")
def manifest() -> dict:
    return build()


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    folder = CACHE / "again"
    shutil.rmtree(folder, ignore_errors=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_the_manifest_names_every_file_with_its_size_and_hash(manifest: dict) -> None:
    files = {file for file in DIST.rglob("*") if file.is_file()} - {DIST / "build.json"}
    assert {file.relative_to(DIST).as_posix() for file in files} == set(manifest["files"])
    for file in files:
        content = file.read_bytes()
        entry = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        assert manifest["files"][file.relative_to(DIST).as_posix()] == entry


def test_compiling_again_gives_the_same_bytes(manifest: dict, elsewhere: Path) -> None:
    for name, made in (("stdlib", bytecode.stdlib_zip), ("app", bytecode.app_zip)):
        again = hashlib.sha256(made(elsewhere).read_bytes()).hexdigest()
        assert manifest["files"][f"py/{name}.zip"]["sha256"] == again


def test_building_without_a_change_leaves_the_site_alone(manifest: dict) -> None:
    before = (DIST / "index.html").stat()
    assert build() == manifest
    assert (DIST / "index.html").stat().st_ino == before.st_ino


def test_the_app_holds_only_bytecode_and_nothing_that_belongs_to_the_build(manifest: dict) -> None:
    names = zipfile.ZipFile(DIST / "py/app.zip").namelist()
    assert {name.rpartition(".")[2] for name in names} == {"pyc"}
    assert {name.partition("/")[0] for name in names} == {
        "holdfast_protocol",
        "holdfast_web",
        "wybthon",
    }
    assert not {"wybthon/compiler.pyc", "wybthon/server.pyc", "wybthon/testing.pyc"} & set(names)


def test_every_address_in_the_page_is_relative_and_its_own() -> None:
    page = (DIST / "index.html").read_text("utf-8")
    for address in re.findall(r'(?:src|href)="([^"]*)"', page):
        assert re.match(r"[\w./-]+$", address), address
        assert not address.startswith("/"), address
        assert (DIST / address).is_file(), address


def test_no_script_of_ours_names_another_origin_or_evaluates_text() -> None:
    for script in sorted((DIST / "js").rglob("*.js")):
        code = script.read_text("utf-8")
        assert not re.search(r"https?://\w", code), script
        assert not re.search(r"\beval\(|new Function|innerHTML", code), script


def test_no_source_maps_are_asked_for() -> None:
    for script in sorted(DIST.rglob("*.js")):
        assert "sourceMappingURL=" not in script.read_text("utf-8")[-400:], script


def test_the_lock_file_names_no_registry() -> None:
    lock = (FRONTEND / "package-lock.json").read_text("utf-8")
    assert "resolved" not in lock
    packages = json.loads(lock)["packages"]
    assert all("integrity" in entry for name, entry in packages.items() if name)


def test_the_styles_are_one_file_in_the_order_that_the_page_names_them(manifest: dict) -> None:
    links = '<link rel="stylesheet" href="(.+?)">'
    named = re.findall(links, (STATIC / "index.html").read_text("utf-8"))
    assert re.findall(links, (DIST / "index.html").read_text("utf-8")) == ["style.css"]
    joined = "\n".join((STATIC / name).read_text("utf-8") for name in named)
    assert (DIST / "style.css").read_text("utf-8") == joined
    assert "style.css" in manifest["files"]
