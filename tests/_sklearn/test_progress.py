"""A progress bar leaves nothing behind."""

import io
import threading

from sklearn_rnn._sklearn.progress import Bar


def test_no_thread_runs_on():
    before = threading.active_count()
    output = io.StringIO()
    with Bar(total=2, file=output, mininterval=0) as bar:
        bar.update()
        assert threading.active_count() == before
        bar.update()
    assert "2/2" in output.getvalue()
