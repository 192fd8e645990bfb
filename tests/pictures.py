"""Pictures for tests: drawn ones with their copies, and hostile ones."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Iterator

from PIL import Image, ImageDraw


def drawn(seed: int, size: tuple[int, int] = (400, 300)) -> Image.Image:
    """Return a picture that looks like no other seed's: a landscape of soft colours with shapes on it."""
    chance = random.Random(seed)
    ground = Image.new("RGB", (8, 6))
    ground.putdata([tuple(chance.randrange(256) for _ in range(3)) for _ in range(48)])
    picture = ground.resize((400, 300), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(picture)
    for _ in range(chance.randint(4, 16)):
        left, top = chance.randrange(400), chance.randrange(300)
        box = (left, top, left + chance.randint(5, 120), top + chance.randint(5, 120))
        (draw.ellipse if chance.random() < 0.5 else draw.rectangle)(box, fill=tuple(chance.choices(range(256), k=3)))
    return picture.resize(size)


def encoded(picture: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    """Return the bytes of *picture* in the format *form*."""
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def bomb(width: int, height: int) -> bytes:
    """Return a PNG of so many black pixels, well compressed."""
    packer = zlib.compressobj(9)
    row = b"\0" * (1 + (width + 7) // 8)
    pixels = b"".join([*(packer.compress(row) for _ in range(height)), packer.flush()])
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def hostile() -> Iterator[tuple[str, bytes]]:
    """Yield some hundred hostile files, each with its name: cut, flipped, lying, huge, of two kinds."""
    whole = {form: encoded(drawn(1, (120, 90)), form) for form in ("JPEG", "PNG", "GIF", "WEBP")}
    whole["progressive"] = encoded(drawn(2, (120, 90)), progressive=True)
    chance = random.Random(7)
    for form, data in whole.items():
        for end in range(0, len(data), max(100, len(data) // 25)):
            yield f"{form} cut at {end}", data[:end]
        for number in range(25):
            flipped = bytearray(data)
            for _ in range(number + 1):
                flipped[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            yield f"{form} with {number + 1} bits flipped", bytes(flipped)
        for other, start in whole.items():
            yield f"{form} with the start of {other}", start[:16] + data[16:]
        yield f"{form} and a page", data + b"<html><script>alert(1)</script>"
        yield f"{form} and a zip", data + b"PK\x03\x04" + bytes(200)
    for width, height in ((13_000, 13_000), (9_900, 9_900), (65_000, 300), (1, 60_000), (2**31 - 1, 2**31 - 1), (0, 0)):
        pixels = bomb(width, height) if 0 < width * height <= 2e8 else bomb(1, 1)
        yield f"{width} x {height} pixels", pixels[:16] + struct.pack(">II", width, height) + pixels[24:]
        crc = struct.pack(">I", zlib.crc32(b"IHDR" + struct.pack(">II", width, height) + pixels[24:29]))
        yield (
            f"{width} x {height} pixels, checked",
            (pixels[:16] + struct.pack(">II", width, height) + pixels[24:29] + crc + pixels[33:]),
        )
    frames = [drawn(seed, (60, 40)) for seed in range(3)]
    yield "animated GIF", encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    yield "animated WebP", encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    yield "animated PNG", encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])
    yield "of two pictures", encoded(frames[0], "MPO", save_all=True, append_images=frames[1:])
    yield "of one colour", encoded(Image.new("RGB", (50, 50), "red"))
    yield "CMYK", encoded(drawn(3).convert("CMYK"))
    yield "palette with transparency", encoded(drawn(3).convert("P"), "PNG", transparency=bytes(range(256)))
    yield "16 bits", encoded(Image.new("I;16", (40, 40), 500), "PNG")
    yield "TIFF", encoded(drawn(3), "TIFF")
    yield "BMP", encoded(drawn(3), "BMP")
    yield "HTML", b"\n <!DOCTYPE html><html><title>Not found</title></html>"
    yield "SVG", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    yield "PHP in a comment", encoded(drawn(3), comment=b"<?php system($_GET['c']); ?>")
    yield "nothing", b""
    yield "zeros", bytes(5_000)
    yield "noise", chance.randbytes(5_000)
    yield "HEIC", b"\0\0\0\x18ftypheic" + bytes(100)
    yield "ftyp and nothing", b"\0\0\0\x18ftyp"
