"""What lives as long as a crawl: the archivist, the readers of pages, progress, the record of the run."""
