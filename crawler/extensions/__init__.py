"""What lives as long as a crawl: archivist, readers of pages, recoverer, progress, monitors, the record of the run."""
