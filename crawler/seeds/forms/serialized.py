"""PHP's ``serialize``: ``a:1:{i:0;a:5:{s:2:"id";s:7:"1793356";s:4:"sort";s:7:"3503265"; ... }}``."""

from __future__ import annotations

import re

from crawler.seeds.forms.counted import CountedArray


class Serialized(CountedArray):
    """Every string declares its length in bytes; where that leads to no quote, the grammar finds the end."""

    opening = re.compile(rb"a:(?P<count>[0-9]++|[^:;{}\s\"]{1,40}+):\{(?=i:[0-9]++;|\Z|\})")
    element = re.compile(rb'i:([0-9]++);[\s\0]*+(?:a:[0-9]++|O:[0-9]++:"[\w\\]{1,64}+":[0-9]++):\{')
    key = re.compile(rb's:[0-9]++:"[\0*]{0,3}([A-Za-z_]\w{0,31}+)";[\s\0]*+')
    scalar = re.compile(rb"i:(-?[0-9]{1,20}+);|[bd]:[\w.+-]{1,32}+;|N;")
    closing = b"}"
    string_opening = re.compile(rb's:([0-9]++|[^:;{}\s"]{1,40}+):"')
    end = re.compile(rb'";(?=[\s\0]*+(?:s:[0-9]++:"|\}|\Z))')
    string_closing = b'";'
    goes_on = re.compile(rb'";[\s\0]{0,256}+(?:s:[0-9]++:"|\}|\Z)')
