"""Exit with 0 if the web server in this container answers: the image's health check."""

import http.client
import os
import sys


def answers(*, port: int, host: str, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", path, headers={"Host": host})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    port = int(os.environ.get("PORT") or "8000")
    sys.exit(not answers(port=port, host="localhost", path="/livez"))
