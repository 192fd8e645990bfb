"""Who lists whom as related: the graph of a corpus, in the forms of programs that draw and measure graphs."""

from crawler.corpus.export.graph.writing import GRAPH_FORMATS, Written, export_graph

__all__ = ["GRAPH_FORMATS", "Written", "export_graph"]
