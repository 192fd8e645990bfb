"""Writes any value in every form: what PHP's functions, xdebug and the dumpers of frameworks print of it."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterator
from typing import Any

Value = Any
"""A dict (an array with keys), a list, or text, a whole number, a fraction, a truth value, None."""


def pairs(value: Value) -> list[tuple[Any, Value]]:
    return list(value.items()) if isinstance(value, dict) else list(enumerate(value))


def size(text: str) -> int:
    return len(text.encode())


def quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def php(value: Value) -> str:
    """Return a scalar as PHP writes it."""
    return {True: "true", False: "false", None: "NULL"}.get(value, str(value)) if not isinstance(value, str) else value


def var_dump(value: Value, pad: str = "") -> str:
    match value:
        case dict() | list():
            inner = "".join(
                f"{pad}  [{json.dumps(key, ensure_ascii=False)}]=>\n{pad}  {var_dump(one, pad + '  ')}\n"
                for key, one in pairs(value)
            )
            return f"array({len(value)}) {{\n{inner}{pad}}}"
        case str():
            return f'string({size(value)}) "{value}"'
        case None:
            return "NULL"
        case bool():
            return f"bool({php(value)})"
    return f"{'int' if isinstance(value, int) else 'float'}({value})"


def zval_dump(value: Value, pad: str = "") -> str:
    """Return it as ``debug_zval_dump`` does, which counts the references of arrays and of texts that it did not intern."""
    match value:
        case dict() | list():
            inner = "".join(
                f"{pad}  [{json.dumps(key, ensure_ascii=False)}]=>\n{pad}  {zval_dump(one, pad + '  ')}\n"
                for key, one in pairs(value)
            )
            return f"array({len(value)}) {'refcount(2)' if value else 'interned '}{{\n{inner}{pad}}}"
        case str():
            return f"{var_dump(value)} {'interned' if len(value) % 2 else 'refcount(3)'}"
    return var_dump(value)


def xdebug_text(value: Value) -> str:
    """Return it as xdebug does in text mode: other keys than PHP's own."""
    return "\n".join(_text_keys(line) for line in var_dump(value).split("\n"))


def _text_keys(line: str) -> str:
    stripped = line.lstrip()
    if not (stripped.startswith("[") and line.endswith("]=>")):
        return line
    key = stripped[1:-3]
    return line[: len(line) - len(stripped)] + (f"'{key[1:-1]}' =>" if key.startswith('"') else f"[{key}] =>")


def xdebug(value: Value, pad: str = "", *, sizes: bool = True) -> str:
    match value:
        case dict() | list():
            head = f"array (size={len(value)})" if sizes else "array"
            if not value:
                return f"{head}\n{pad}  empty"
            lines = []
            for key, one in pairs(value):
                name = f"'{key}'" if isinstance(key, str) else key
                deep = (
                    f"\n{pad}    {xdebug(one, pad + '    ', sizes=sizes)}"
                    if isinstance(one, dict | list)
                    else xdebug(one)
                )
                lines.append(f"{pad}  {name} => {deep}")
            return head + "\n" + "\n".join(lines)
        case str():
            return f"string '{value}' (length={size(value)})"
        case None:
            return "null"
        case bool():
            return f"boolean {php(value)}"
    return f"{'int' if isinstance(value, int) else 'float'} {value}"


def xdebug_old(value: Value) -> str:
    return xdebug(value, sizes=False)


def xdebug_html(value: Value) -> str:
    return f"<pre class='xdebug-var-dump' dir='ltr'>\n{html.escape(xdebug(value)).replace('array', '<b>array</b>')}\n</pre>"


def print_r(value: Value, pad: str = "") -> str:
    if isinstance(value, dict | list):
        inner = "".join(f"{pad}    [{key}] => {print_r(one, pad + '        ')}\n" for key, one in pairs(value))
        return f"Array\n{pad}(\n{inner}{pad})\n"
    return {True: "1", False: "", None: ""}.get(value, str(value)) if not isinstance(value, str) else value


def var_export(value: Value, pad: str = "") -> str:
    if isinstance(value, dict | list):
        inner = "".join(
            f"{pad}  {quoted(key) if isinstance(key, str) else key} => "
            f"{chr(10) + pad + '  ' if isinstance(one, dict | list) else ''}{var_export(one, pad + '  ')},\n"
            for key, one in pairs(value)
        )
        return f"array (\n{inner}{pad})"
    return quoted(value) if isinstance(value, str) else php(value)


def serialized(value: Value) -> str:
    match value:
        case dict() | list():
            return f"a:{len(value)}:{{" + "".join(serialized(key) + serialized(one) for key, one in pairs(value)) + "}"
        case str():
            return f's:{size(value)}:"{value}";'
        case None:
            return "N;"
        case bool():
            return f"b:{int(value)};"
    return f"{'i' if isinstance(value, int) else 'd'}:{value};"


def _framework(
    opening: str, closing: str, key: Callable[[Any], str], scalar: Callable[[Value], str], end: str
) -> Callable[..., str]:
    def write(value: Value, pad: str = "") -> str:
        if not isinstance(value, dict | list):
            return scalar(value)
        head = opening.format(len(value))
        inner = "".join(f"{pad}    {key(name)}{write(one, pad + '    ')}{end}\n" for name, one in pairs(value))
        return f"{head}\n{inner}{pad}{closing}" if value else head + closing

    return write


def _cake_scalar(value: Value) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"({'int' if isinstance(value, int) else 'float'}) {value}"
    return quoted(value) if isinstance(value, str) else php(value).lower()


def _kint_scalar(value: Value) -> str:
    match value:
        case str():
            return f'string ({size(value)}) "{value}"'
        case None:
            return "null"
        case bool():
            return f"boolean {php(value)}"
    return f"{'integer' if isinstance(value, int) else 'double'} {value}"


def _quoted_scalar(value: Value) -> str:
    return quoted(value) if isinstance(value, str) else php(value).lower()


def _symfony_scalar(value: Value) -> str:
    return f'"{value}"' if isinstance(value, str) else php(value).lower()


def _key(key: Any) -> str:
    return f"'{key}' => " if isinstance(key, str) else f"{key} => "


symfony = _framework("array:{} [", "]", lambda key: f"{json.dumps(key, ensure_ascii=False)} => ", _symfony_scalar, "")
cake = _framework("[", "]", lambda key: _key(key) if isinstance(key, str) else f"(int) {key} => ", _cake_scalar, ",")
cake2 = _framework(
    "array(", ")", lambda key: _key(key) if isinstance(key, str) else f"(int) {key} => ", _cake_scalar, ","
)
yii = _framework("[", "]", _key, _quoted_scalar, "")
kint = _framework("array ({}) [", "]", _key, _kint_scalar, "")
short = _framework("[", "]", lambda key: _key(key) if isinstance(key, str) else "", _quoted_scalar, ",")


def folded(text: str) -> str:
    return " ".join(text.split())


FORMS: dict[str, Callable[[Value], str]] = {
    "var_dump": var_dump,
    "debug_zval_dump": zval_dump,
    "xdebug, text": xdebug_text,
    "xdebug, HTML": xdebug_html,
    "xdebug, old": xdebug_old,
    "print_r": print_r,
    "var_export": var_export,
    "serialize": serialized,
    "json_encode": json.dumps,
    "Symfony, Laravel": symfony,
    "CakePHP": cake,
    "CakePHP 2": cake2,
    "Yii": yii,
    "Kint": kint,
    "short arrays": short,
}


def records_in(values: list[dict[str, Value]]) -> Iterator[tuple[Any, ...]]:
    """Yield what a reader gives of each of *values*."""
    for value in values:
        yield (
            str(value["id"]),
            int(value["sort"]),
            int(value["contenttypeid"]),
            value["pic"],
            value["title"].strip() or None,
        )
