"""Who reaches an address: this machine alone, or others too?"""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens at `host`: 127.0.0.0/8, ::1 or localhost.

    Any other name, and the empty one, which stands for every address, may be reached by others.
    """
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False
