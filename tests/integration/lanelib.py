"""For lanes that run the tests of this folder once more, on another ground: whether each of them is there, or said to be left out."""
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent


def forgotten(present, left_out):
    """Tests of a whole world that are neither present nor left out, and what is left out although it is present or not there at all.
    `left_out`: {a test, or a whole file as "test_e2e_move": why}."""
    missing, used = [], set()
    for path in sorted(HERE.glob("test_*.py")):
        text = path.read_text()
        if not re.search(r"\bworldlib\b|^def test_\w+\((world|crowd)\b", text, re.M):
            continue
        for name in re.findall(r"^def (test_\w+)\(", text, re.M):
            rows = {path.stem, name} & set(left_out)
            if name not in present:
                used |= rows
                if not rows:
                    missing.append(f"{path.stem}: {name}")
    return missing, sorted(set(left_out) - used)
