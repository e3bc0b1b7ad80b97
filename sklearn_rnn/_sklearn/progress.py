"""The progress bar of fits, comparisons and downloads."""

from typing import Any

from tqdm.auto import tqdm


class Bar(tqdm):
    """A bar of tqdm without its thread, which would run on when the bar has ended.

    The thread redraws bars whose steps have become slower; here each step looks at the clock.
    """

    monitor_interval = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, miniters=1, **kwargs)
