"""The school of `../shared/cases/school.py` and its bad nights, read from there."""

import importlib.util
from pathlib import Path


def _nights() -> dict[str, tuple[bytes, bytes, str]]:
    path = Path(__file__).parents[2] / "shared" / "cases" / "school.py"
    spec = importlib.util.spec_from_file_location("school", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return dict(module.NIGHTS)


NIGHTS = _nights()


def files(night: str) -> dict[str, bytes]:
    """Both files of a night, by name."""
    teachers, students, _ = NIGHTS[night]
    return {"teachers.csv": teachers, "students.csv": students}
