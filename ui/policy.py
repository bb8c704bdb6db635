"""What a browser may do with the page, what may be asked of it, and how much may be sent."""

UPLOAD = "/gradio_api/upload"
MEGABYTE = 1_000_000
LARGEST_BODY = 1 * MEGABYTE
LARGEST_UPLOADS = 100 * MEGABYTE  # of files that wait to be taken in, all together; one file: see ui/launch.py

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; connect-src 'self'; frame-src 'none'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
# What the page itself asks for. Gradio has more routes (files, proxies, its own tools), and none of them is needed.
ROUTES = frozenset(
    (
        "/",
        "/config",
        "/favicon.ico",
        "/manifest.json",
        "/pwa_icon",
        "/robots.txt",
        "/theme.css",
        "/gradio_api/app_id",
        "/gradio_api/cancel",
        "/gradio_api/queue/data",
        "/gradio_api/queue/join",
        "/gradio_api/reset",
        "/gradio_api/run/predict",
        "/gradio_api/startup-events",
        "/gradio_api/upload_progress",
        UPLOAD,
    )
)
FOLDERS = ("/assets/", "/static/", "/svelte/", "/gradio_api/heartbeat/")
