"""The frontier that many machines share, in Redis or Valkey. Pure: no Scrapy.

Module ``redis`` needs ``scrapy-gleaner[redis]``; ``entries`` and ``states`` do not.
"""
