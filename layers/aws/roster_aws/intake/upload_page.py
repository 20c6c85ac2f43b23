"""The upload page as one document: its parts are files beside the function, and nothing is loaded from elsewhere.

In: a folder with upload.html, upload.css and upload.js, and where files are put. Out: an HTTP answer with a policy that
allows this script, this style, this API and that bucket, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from roster.feed_answer import Answer


def upload_page(folder: Path, bucket_origin: str) -> Answer:
    """The page. `bucket_origin` is where browsers put the files, such as https://results.s3.eu-west-2.amazonaws.com."""
    style, script = (folder.joinpath(name).read_text("utf-8") for name in ("upload.css", "upload.js"))
    html = folder.joinpath("upload.html").read_text("utf-8")
    html = html.replace("/* upload.css */", style).replace("/* upload.js */", script)
    policy = {
        "default-src": "'none'",
        "script-src": _hashed(script),
        "style-src": _hashed(style),
        "connect-src": f"'self' {bucket_origin}",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    headers = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "strict-transport-security": "max-age=31536000",
    }
    return Answer(200, html.encode(), headers)


def _hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
