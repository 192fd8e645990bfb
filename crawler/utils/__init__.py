"""What parts of the shell share, as in scrapy.utils: checked settings, components, responses, the log."""
