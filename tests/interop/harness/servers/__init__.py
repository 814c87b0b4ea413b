"""The servers, by name; the slowest first."""

from .exim import Exim
from .postfix import Postfix
from .sink import Sink
from .stores import Aiosmtpd, SmtpServer

SERVERS = {kind.name: kind for kind in (Exim, Postfix, SmtpServer, Aiosmtpd, Sink)}
