"""How this tab names itself to the server: `X-Holdfast-Client: <browser id>.<tab id>`."""

import json

from holdfast_js import page

CLIENT_HEADERS_JSON = json.dumps({"X-Holdfast-Client": page.client()})
