"""Commands of the project: crawl (with exit codes that tell the truth), corpus, seeds, replica, completion."""
