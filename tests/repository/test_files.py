from pathlib import Path

from papercoder.repository.files import read_files


def test_only_text_of_the_repositorys_own_is_read(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    own = ["main.py", "model.py", "requirements.txt", "src/a.py"]
    foreign = [".git/a.py", "__pycache__/a.py", "mine/lib/a.py", "weights.bin", "node_modules/a.json"]
    for name in (*own, *foreign):
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text("x = 1\n", encoding="utf-8")
    (repository / "mine" / "pyvenv.cfg").touch()
    (repository / "big.json").write_text("1" * 300_000, encoding="utf-8")
    (repository / "link.py").symlink_to(repository / "main.py")
    assert [file.path for file in read_files(repository)] == own
