"""What has been computed before, kept as lines of JSON, so that a run goes on where it stopped."""

import json
from pathlib import Path
from typing import Any

CACHE = Path(__file__).parents[1] / ".cache"


class Cache:
    """A dictionary that appends what it is given to a file; without one it keeps nothing longer."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.values: dict[str, Any] = {}
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    entry = json.loads(line)
                except json.JSONDecodeError:  # a run was killed while it wrote
                    continue
                self.values[entry["key"]] = entry["value"]

    def __len__(self) -> int:
        return len(self.values)

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.values[key] = value
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            line = json.dumps({"key": key, "value": value})
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"\n{line}\n" if _is_torn(self.path) else f"{line}\n")


def _is_torn(path: Path) -> bool:
    """Return whether the last line of the file has no end."""
    content = path.read_bytes()[-1:]
    return bool(content) and content != b"\n"
