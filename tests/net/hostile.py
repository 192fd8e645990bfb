"""Hostile URLs, picture paths and addresses: what a dump, a page, a redirect or a name server may say to lead us astray.

The site that they attack is ``http://127.0.0.1:8765`` (the profile ``replica``) unless a test says otherwise.
"""

# ruff: noqa: RUF001, RUF003, SIM905 - look-alikes are the point, and words wrap better than lists of strings

from __future__ import annotations

# Spellings of hosts that reach this machine, its network, or a cloud's metadata service, in some parser or resolver.
LOCAL_HOSTS = """
127.0.0.1 127.0.0.2 127.1 127.0.1 127.255.255.254 0.0.0.0 0 00000000 2130706433 017700000001 0x7f000001 0x7f.1
0x7f.0x0.0x0.0x1 0177.0.0.1 0177.0.0.01 127.0.0.1. 127.00.00.01 127.0.0.1.nip.io 127%2e0%2e0%2e1 %31%32%37.0.0.1
localhost LOCALHOST localhost. localhost.localdomain ip6-localhost 10.0.0.1 172.16.0.1 172.31.255.255 192.168.0.1
192.168.1.254 169.254.169.254 169.254.1.1 2852039166 0xa9fea9fe 0xa9.0xfe.0xa9.0xfe 0251.0376.0251.0376 169.254.43518
100.100.100.200 100.64.0.1 192.0.0.1 198.18.0.1 224.0.0.1 240.0.0.1 255.255.255.255 metadata.google.internal
kubernetes.default.svc host.docker.internal [::1] [::] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1]
[0:0:0:0:0:ffff:127.0.0.1] [::127.0.0.1] [::ffff:169.254.169.254] [::ffff:a9fe:a9fe] [64:ff9b::127.0.0.1]
[64:ff9b::a9fe:a9fe] [64:ff9b:1::7f00:1] [2002:7f00:1::] [2002:a9fe:a9fe::] [2001:0:7f00:1::] [2001::1] [fe80::1]
[fe80::1%25eth0] [fe80::1%eth0] [fc00::1] [fd00:ec2::254] [ff02::1] [2001:db8::1] [::1%25lo] [2000::5efe:7f00:1]
""".split()
UNICODE_HOSTS = [
    "①②⑦.⓪.⓪.①",
    "１２７.０.０.１",
    "127。0。0。1",
    "127．0．0．1",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "loc\u200balhost",
    "127.0.0.1\u2028",
    "еn.alalam.ir",  # Cyrillic е
    "en.аlalam.ir",  # Cyrillic а
    "en.alalam.ır",  # dotless i
    "en.alalam.ir\u00ad",
    "xn--n-nlc.alalam.ir",
    "xn--en-.alalam.ir",
    "en。alalam。ir",
    "faß.example",
    "☃.example",
]
LOOKALIKES = """
evil.example 127.0.0.1.evil.example en.alalam.ir.evil.example evil.example.127.0.0.1 xn--127-0-0-1.example
127.0.0.1-evil.example alalam.ir en.alalam.irr n.alalam.ir en-alalam.ir en.alalam.ir.. .en.alalam.ir en..alalam.ir
-evil.example evil_.example a.b.c.d.e.f 8765 1.1.1.1 93.184.216.34 [2606:4700::1111]
""".split()
PORTS = ["", ":80", ":443", ":22", ":25", ":6379", ":8764", ":8766", ":08766", ":65535"]
BAD_PORTS = [
    ":",
    ":0",
    ":00",
    ":-1",
    ":65536",
    ":99999",
    ":8765x",
    ":x",
    ":87 65",
    ":+8766",
    ":０",
    ":8765:80",
    ":8_7",
    ":%38",
]
SCHEMES = """
file ftp ftps data javascript gopher dict ldap ldaps tftp sftp ssh telnet ws wss s3 gs jar netdoc mailto tel
view-source blob about chrome feed itms phar expect php zip glob ssh2 rar ogg compress.zlib httpx http+unix unix
https+insecure
""".split()

URLS: list[str] = [
    *(f"http://{host}/news/1" for host in (*LOCAL_HOSTS, *UNICODE_HOSTS, *LOOKALIKES)),
    *(f"https://{host}:8765/news/1" for host in LOOKALIKES if host != "8765"),
    *(f"http://{host}:8765/news/1" for host in LOCAL_HOSTS if host != "127.0.0.1"),
    *(f"http://127.0.0.1{port}/" for port in (*PORTS, *BAD_PORTS)),
    *(f"{scheme}://127.0.0.1:8765/news/1" for scheme in SCHEMES),
    *(
        f"{scheme}:{rest}"
        for scheme in ("file", "data", "javascript")
        for rest in ("/etc/passwd", "text/html,x", "alert(1)")
    ),
    # User info: before the @ stands what one parser, after it what another takes for the host.
    "http://a@127.0.0.1:8765/",
    "http://a:b@127.0.0.1:8765/",
    "http://:@127.0.0.1:8765/",
    "http://@127.0.0.1:8765/",
    "http://127.0.0.1:8765@evil.example/",
    "http://127.0.0.1:8765%40evil.example/",
    "http://127.0.0.1:8765:80@evil.example/",
    "http://evil.example@127.0.0.1:8765/",
    "http://127.0.0.1@evil.example:8765/",
    "http://a@b@127.0.0.1:8765/",
    "http://127.0.0.1:8765#@evil.example:8765@x/".replace("#", "%23"),
    # Backslashes, controls and whitespace: dropped, folded or kept, by taste.
    "http://127.0.0.1:8765\\@evil.example/",
    "http:\\\\127.0.0.1:8765\\news\\1",
    "http:/\\evil.example/",
    "http://evil.example\\.127.0.0.1:8765/",
    "http://127.0.0.1:8765\t@evil.example/",
    "ht\ntp://127.0.0.1:8765/",
    "http://127.0.0.1\r\n:8765/",
    "http://127.0.0.1:8765/\r\nHost: evil.example",
    "http://127.0.0.1:8765/ HTTP/1.1\r\nX: y",
    "http://127.0.0.1:8765/\x00",
    "\x00http://127.0.0.1:8765/",
    " http://127.0.0.1:8765/",
    "http://127.0.0.1:8765/\x7f",
    "http://127.0.0.1:8765/\u202egpj.exe",
    "http://127.0.0.1:8765/\ud800",
    "http://127.0.0.1:8765/\x85",
    "http://127.0.0.1\x00.evil.example:8765/",
    "http://127.0.0.1%00.evil.example:8765/",
    "http://127.0.0.1%0d%0a:8765/",
    "http://127.0.0.1%2f.evil.example:8765/",
    "http://127.0.0.1%09:8765/",
    "http://127.0.0.1%23.evil.example:8765/",
    "http://127.0.0.1;evil.example:8765/",
    "http://127.0.0.1,evil.example:8765/",
    "http://127.0.0.1&evil.example:8765/",
    "http://127.0.0.1'evil.example:8765/",
    "http://127.0.0.1`id`:8765/",
    "http://$(id):8765/",
    "http://127.0.0.1|id:8765/",
    "http://<script>:8765/",
    # Not quite URLs.
    "",
    "/",
    "//evil.example/x.jpg",
    "///evil.example/x.jpg",
    "//127.0.0.1:8765/",
    "news/1",
    "http:",
    "http:/",
    "http://",
    "http:///",
    "http:///127.0.0.1:8765/",
    "http://:8765/",
    "http://?",
    "http://#",
    "http:127.0.0.1:8765/",
    "http:/127.0.0.1:8765/",
    "http//127.0.0.1:8765/",
    "://127.0.0.1:8765/",
    "127.0.0.1:8765/",
    "http://[",
    "http://[]/",
    "http://[]:8765/",
    "http://[127.0.0.1]:8765/",
    "http://[::1/",
    "http://::1]:8765/",
    "http://[::1]x:8765/",
    "http://x[::1]:8765/",
    "http://[::1].evil.example:8765/",
    "http://[v1.fe80]:8765/",
    "http://127.0.0.1:8765.evil.example/",
    "http://" + "a" * 300 + ":8765/",
    "http://" + "a." * 200 + ":8765/",
    "http://127.0.0.1:" + "0" * 5000 + "8766/",
    "http://127.0.0.1:" + "9" * 5000 + "/",
]

# As a dump has them in "pic", or a page in <img src>.
PICS: list[str] = [
    "//evil.example/x.jpg",
    "///evil.example/x.jpg",
    "/\\evil.example/x.jpg",
    "\\\\evil.example\\x.jpg",
    "http://evil.example/x.jpg",
    "https:evil.example/x.jpg",
    "file:///etc/passwd.jpg",
    "data:image/png;base64,x.jpg",
    "javascript:alert(1)//x.jpg",
    "@evil.example/x.jpg",
    ":80/x.jpg",
    ".evil.example/x.jpg",
    "?x.jpg",
    "#x.jpg",
    "..",
    "/../../etc/passwd",
    "/../../etc/passwd.jpg",
    "/2016/02/26/../../../x.jpg",
    "/2016/02/26/..%2f..%2fx.jpg",
    "/2016/02/26/..%252fx.jpg",
    "/%2e%2e/x.jpg",
    "/%2e%2e%2f%2e%2e%2fx.jpg",
    "/..;/x.jpg",
    "/..\\x.jpg",
    "/./x.jpg",
    "/.htaccess.jpg",
    "/2016//02/x.jpg",
    "/2016/02/26/\x00.jpg",
    "/2016/02/26/a.jpg\x00.php",
    "/2016/02/26/a.php\x00.jpg",
    "/2016/02/26/a\r\nHost: evil.example\r\n.jpg",
    "/2016/02/26/a\n.jpg",
    "/2016/02/26/a.jpg\n",
    "\n/2016/02/26/a.jpg",
    "/2016/02/26/a .jpg",
    "/2016/02/26/a\t.jpg",
    "/2016/02/26/a\u202egpj.exe",
    "/2016/02/26/\uff0e\uff0e/a.jpg",
    "/2016/02/26/ａ.jpg",
    "/2016/02/26/{id}.jpg",
    "/2016/02/26/{0}.jpg",
    "/2016/02/26/{pic}.jpg",
    "/2016/02/26/{0.__class__}.jpg",
    "/2016/02/26/%s.jpg",
    "/2016/02/26/$(id).jpg",
    "/2016/02/26/`id`.jpg",
    "/2016/02/26/a;id;.jpg",
    "/2016/02/26/a|id.jpg",
    "/2016/02/26/a'or'1.jpg",
    '/2016/02/26/a".jpg',
    "/2016/02/26/<b>.jpg",
    "/2016/02/26/a.jpg?x=http://evil.example",
    "/2016/02/26/a.jpg#x",
    "/2016/02/26/a.jpg/../../b",
    "/2016/02/26/a.html",
    "/2016/02/26/a.svg",
    "/2016/02/26/a.jpg.exe",
    "/2016/02/26/a",
    "/" + "a/" * 50 + "x.jpg",
    "/" + "a" * 100_000 + ".jpg",
    "-rf/x.jpg",
    "~root/x.jpg",
    "C:\\windows\\x.jpg",
    "C:/windows/x.jpg",
    "CON.jpg:stream.jpg",
    "",
    "/",
]

# Addresses that a name server may give for a name of the profile, and that are not public.
PRIVATE_ADDRESSES = """
127.0.0.1 127.255.255.255 0.0.0.0 10.1.2.3 100.64.0.1 100.100.100.200 169.254.169.254 172.16.0.1 172.31.255.255
192.0.0.8 192.0.2.1 192.88.99.1 192.168.178.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1
255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1
64:ff9b::a9fe:a9fe 64:ff9b:1::1 100::1 2001::1 2001:0:7f00:1:: 2001:db8::1 2002:7f00:1:: 2002:5db8:d822:: 3fff::1
5f00::1 fc00::1 fd12::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1 2606:4700::5efe:7f00:1 4000::1
""".split()
PUBLIC_ADDRESSES = """
93.184.216.34 1.1.1.1 8.8.8.8 172.15.255.255 172.32.0.1 192.167.255.255 100.63.255.255 100.128.0.1 223.255.255.255
2606:4700::1111 2a00:1450:4001::200e ::ffff:93.184.216.34 64:ff9b::5db8:d822
""".split()
