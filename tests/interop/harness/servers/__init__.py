"""The servers, by name."""

from .exim import Exim
from .postfix import Postfix
from .sink import Sink
from .stores import Aiosmtpd, SmtpServer

SERVERS = {kind.name: kind for kind in (Postfix, Exim, Aiosmtpd, SmtpServer, Sink)}
