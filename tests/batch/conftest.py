from __future__ import annotations

import pytest

from tests.batch.cluster import DaskCluster
from tests.inputs.conftest import s3, s3_server


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """A Dask cluster of two workers, as processes of their own; a test that kills it starts another."""
    pytest.importorskip("distributed", reason="the extra cluster is not installed")
    found = DaskCluster(tmp_path_factory.mktemp("cluster"))
    yield found
    found.stop()


__all__ = ["cluster", "s3", "s3_server"]
