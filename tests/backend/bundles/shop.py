"""Bundles at a URL that may cease to answer."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from databases.places import RemoteFile
from tests.processes import free_port
from tests.tiny_bundle import make_bundle


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing."""


class Shop:
    """A folder of bundles, `colours-1` among them, that a web server shows until it is closed. `port`: of one
    that was closed, to open it again. `asked`: the paths, in order."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.bundle = folder / "colours-1"
        if not self.bundle.is_dir():
            make_bundle(folder)
        self.asked: list[str] = []
        shop = self

        class Handler(Quiet):
            def do_GET(self) -> None:
                shop.asked.append(self.path)
                super().do_GET()

        # None that the system lends to others: it is to be free when it is opened again.
        address = "127.0.0.1", port or free_port()
        self._server = ThreadingHTTPServer(address, partial(Handler, directory=str(folder)))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self._open = True

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def place(self) -> RemoteFile:
        return RemoteFile(self.url) / "colours-1"

    def close(self) -> None:
        if self._open:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
        self._open = False
