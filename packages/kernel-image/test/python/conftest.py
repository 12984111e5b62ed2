from collections.abc import Iterator

import pytest
from written import Written


@pytest.fixture
def written() -> Iterator[Written]:
    sink = Written()
    yield sink
    sink.close()
