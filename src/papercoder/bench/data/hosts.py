"""Where public data lies: on GitHub, or on one mirror that stands in for all of its servers."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from papercoder.errors import SettingsError

_REPOSITORY = re.compile(r"https?://(?:www\.)?github\.com/(\w[\w-]*)/([\w-][\w.-]*?)(?:\.git)?(?:[/?#].*)?", re.ASCII)


@dataclass(frozen=True)
class Hosts:
    """Addresses without a slash at the end."""

    files: str = "https://raw.githubusercontent.com"
    """Files of a repository: /OWNER/NAME/main/PATH."""

    large: str = "https://media.githubusercontent.com"
    """Content of files that lie in Git LFS: /media/OWNER/NAME/main/PATH."""

    archives: str = "https://codeload.github.com"
    """Repositories as archives: /OWNER/NAME/zip/HEAD."""

    def content(self, address: str) -> str:
        """Where the content of a Git LFS file is, from the address of its pointer."""
        return f"{self.large}/media{address.removeprefix(self.files)}"

    def archive(self, repository: str) -> str | None:
        """The archive of a repository on GitHub, from its page's address; None where that is no such page."""
        found = _REPOSITORY.fullmatch(repository.strip())
        return f"{self.archives}/{found[1]}/{found[2]}/zip/HEAD" if found else None


def hosts_at(mirror: str | None) -> Hosts:
    """GitHub's, or a mirror that serves the same paths under one address.

    Raises:
        SettingsError: the mirror's address is none.
    """
    if mirror is None:
        return Hosts()
    parts = urlsplit(mirror)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise SettingsError(f"--from {mirror} is no address; give one as in https://mirror.example/github.")
    base = mirror.rstrip("/")
    return Hosts(base, base, base)
