"""What a real PHP 8.2 with xdebug 3.2 printed (``php/``), and objects as the dumpers of frameworks write them."""

from __future__ import annotations

import re
from pathlib import Path

PRINTED = Path(__file__).parent / "php"
ROWS = [
    ["2401101", 88001, 21, "/2017/05/02/one_4x3.jpg", 'Ferry "Nord" resumes crossings'],
    ["2401102", 88002, 21, "/2017/05/02/two_4x3.jpg", "Grain depot opens in the valley"],
    ["2401103", 88003, 21, "/2017/05/02/three_4x3.jpg", "Museum of clocks isn't closing"],
]


def printed(form: str) -> dict[str, str]:
    """Return what PHP printed in this *form*, by the name that ``php/make.php`` gives to the value."""
    text = (PRINTED / f"{form}.txt").read_bytes().decode()
    parts = re.split(r"(?m)^%%%% (\w+)\n", text)
    return {name: part.removesuffix("\n") for name, part in zip(parts[1::2], parts[2::2], strict=True)}


def objects(opening: str, key: str, closing: str) -> str:
    """Return the rows as a list of objects, which begin with *opening* and write their keys as *key* says."""
    lines = []
    for number, row in enumerate(ROWS):
        lines.append(opening.format(number))
        for name, value in zip(("id", "sort", "contenttypeid", "pic", "title"), map(str, row), strict=True):
            written = value.replace("'", "\\'") if key.endswith("'{}'") else value
            lines.append(key.format(name, written) if "string" not in key else key.format(name, len(value), written))
        lines += ["      ", closing]
    return "\n".join(lines)


OBJECTS = {
    "Symfony": "array:3 [▼\n" + objects("  {0} => App\\Entity\\Article {{#12{0} ▼", '    -{}: "{}"', "  }}".replace("}}", "}")) + "\n]",
    "Laravel": "array:3 [ // routes/web.php:18\n" + objects("  {0} => {{#12{0}", '    +"{}": "{}"', "  }") + "\n]",
    "Laravel, a collection": "Illuminate\\Support\\Collection {#291 ▼\n  #items: array:3 [▼\n"
    + objects('  {0} => App\\Models\\Article {{#12{0} ▼\n    #connection: "mysql"\n    +exists: true\n    #attributes: array:5 [▼', '      "{}" => "{}"', "    ]\n    #casts: []\n  }")
    + "\n  ]\n}",
    "CakePHP 3": "[\n" + objects("\t(int) {0} => object(App\\Model\\Entity\\Article) {{\n", "\t\t'{}' => '{}'", "\t\t'[new]' => false,\n\t\t'[dirty]' => [],\n\t},") + "\n]",
    "CakePHP 4": "########## DEBUG ##########\n[\n"
    + objects("  (int) {0} => object(App\\Model\\Entity\\Article) id:{0} {{", "    '{}' => '{}'", "    'score' => (float) 0.75\n  },")
    + "\n]\n###########################",
    "CakePHP 4, properties": "[\n"
    + objects("  (int) {0} => object(App\\Row) id:{0} {{", "    [protected] {} => '{}'", "    score => (float) 0.75\n  },")
    + "\n]",
    "Yii": "[\n" + objects("    {0} => app\\models\\Article#{0}\n    (", "        [{}] => '{}'", "        [*:tags] => []\n    )") + "\n]",
    "Yii, active records": "[\n"
    + objects("    {0} => app\\models\\Article#{0}\n    (\n        [yii\\db\\BaseActiveRecord:_attributes] => [", "            '{}' => '{}'", "        ]\n    )")
    + "\n]",
    "Kint": "array (3) [\n" + objects("    {0} => App\\Row Object (5) [", '        public {} -> string ({}) "{}"', "    ]") + "\n]",
    "CakePHP 2": "array(\n" + objects("    (int) {0} => object(Article) {{", "        {} => '{}'", "    },") + "\n)",
    "xdebug, old": "array\n" + objects("  {0} => \n    object(Story)[{0}]", "      protected '{0}' => string '{2}' (length={1})", ""),
    "short arrays": "[\n" + objects("    (object) [", "        '{}' => '{}',", "    ],") + "\n]",
    "var_export": "[\n" + objects("  \\App\\Row::__set_state([", "     '{}' => '{}',", "  ]),") + "\n]",
}  # fmt: skip
