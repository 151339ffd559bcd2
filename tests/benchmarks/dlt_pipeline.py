"""What one writes with dlt to bring campaigns to Parquet: its REST source with an offset paginator."""

from __future__ import annotations

import os
from pathlib import Path


def to_parquet(url: str, key: str, folder: Path, *, page_size: int) -> list[Path]:
    """Extract all campaigns from a server into a folder; return the files."""
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["DLT_DATA_DIR"] = str(folder / "state")
    import dlt
    from dlt.sources.rest_api import rest_api_resources

    endpoint = {
        "path": "campaigns/find",
        "method": "POST",
        "json": {"application_order_by": "created"},
        "data_selector": "data",
        "paginator": {
            "type": "offset",
            "limit": page_size,
            "offset_body_path": "application_offset",
            "limit_body_path": "application_limit",
            "total_path": None,
            "stop_after_empty_page": True,
        },
    }
    resources = rest_api_resources(
        {
            "client": {"base_url": f"{url}/", "headers": {"User-Api-Key": key}},
            "resources": [{"name": "campaigns", "endpoint": endpoint}],
        }
    )
    store = dlt.destinations.filesystem((folder / "out").as_uri())
    pipeline = dlt.pipeline(
        "bench", destination=store, dataset_name="bench", pipelines_dir=str(folder / "pipes")
    )
    pipeline.run(resources, loader_file_format="parquet")
    return sorted((folder / "out").rglob("campaigns/*.parquet"))
