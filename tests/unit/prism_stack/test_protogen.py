"""The generator finds the protos, and replaces only what differs."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

PROTOGEN = Path(__file__).parents[3] / "prism/protogen.py"


@pytest.fixture(scope="module")
def protogen() -> ModuleType:
    """The generator, which is a file and not a package."""
    spec = spec_from_file_location("protogen", PROTOGEN)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project folder below another one, without protos."""
    folder = tmp_path / "checkout/prism"
    folder.mkdir(parents=True)
    return folder


def test_a_checkout_has_the_protos_beside_the_project(protogen: ModuleType, project: Path) -> None:
    """What both languages are generated from comes first."""
    (project.parent / "proto/prism").mkdir(parents=True)
    (project / "proto/prism").mkdir(parents=True)

    assert protogen.proto_folder(project) == project.parent / "proto"


def test_an_sdist_has_the_protos_inside(protogen: ModuleType, project: Path) -> None:
    """Unpacked anywhere, also beside a folder of that name with something else in it, it finds its own."""
    (project.parent / "proto/others").mkdir(parents=True)
    (project / "proto/prism").mkdir(parents=True)

    assert protogen.proto_folder(project) == project / "proto"


def test_without_protos_the_error_says_where_they_were_sought(protogen: ModuleType, project: Path) -> None:
    """Both places are named."""
    with pytest.raises(protogen.ProtoFolderMissingError) as caught:
        protogen.proto_folder(project)

    assert caught.value.tried == (project.parent / "proto", project / "proto")


def test_every_folder_of_generated_code_is_a_package(protogen: ModuleType) -> None:
    """Folders that hold only folders are packages too."""
    generated = [Path("prism/a_pb2.py"), Path("prism/interfaces/keyvalue/b_pb2.py")]

    folders = protogen.package_folders(generated)

    assert folders == {Path("prism"), Path("prism/interfaces"), Path("prism/interfaces/keyvalue")}


def test_a_file_that_stays_the_same_is_not_touched(protogen: ModuleType, tmp_path: Path) -> None:
    """Others may be importing it, and nothing that watches it should think that it changed."""
    fresh, target = tmp_path / "fresh", tmp_path / "target"
    for folder, content in ((fresh, "new"), (target, "old")):
        folder.mkdir()
        (folder / "same.py").write_text("same")
        (folder / "changed.py").write_text(content)
    inode = (target / "same.py").stat().st_ino

    protogen.replace_tree(fresh, target)

    assert (target / "same.py").stat().st_ino == inode
    assert (target / "changed.py").read_text() == "new"


def test_a_file_without_a_proto_goes(protogen: ModuleType, tmp_path: Path) -> None:
    """What a removed proto left would still be imported."""
    fresh, target = tmp_path / "fresh", tmp_path / "target"
    fresh.mkdir()
    (target / "old").mkdir(parents=True)
    (target / "old/removed_pb2.py").touch()

    protogen.replace_tree(fresh, target)

    assert not (target / "old/removed_pb2.py").exists()
