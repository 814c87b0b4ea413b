"""The servers, by name; the slowest first."""

from .exim import Exim
from .postfix import Postfix
from .sink import Sink
from .stores import Aiosmtpd, Openssl3, Openssl4, SmtpServer

SERVERS = {kind.name: kind for kind in (Exim, Postfix, SmtpServer, Aiosmtpd, Openssl4, Openssl3, Sink)}
