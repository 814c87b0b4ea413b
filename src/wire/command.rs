//! Pieces of commands as octets (RFC 5321 §4.1.1).
//!
//! Arguments are values that were checked when they were made, so nothing is checked here. This
//! file does not know when a command may be sent.

use super::writer::Writer;

/// What MAIL carries beside the reverse-path; only what the server offered.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct MailParameters {
    /// RFC 1870 §6: the exact number of octets.
    pub(crate) size: bool,
    /// RFC 6152 §3.
    pub(crate) body_8bit_mime: bool,
    /// RFC 6531 §3.4.
    pub(crate) smtp_utf8: bool,
    /// RFC 8689 §2.
    pub(crate) require_tls: bool,
}

/// What MAIL says behind the reverse-path; `length` is what SIZE says.
pub(crate) fn mail_parameters(
    out: &mut Writer<'_>,
    parameters: MailParameters,
    length: Option<u32>,
) {
    if let Some(size) = length
        && parameters.size
    {
        out.str(" SIZE=");
        out.decimal(size);
    }
    if parameters.body_8bit_mime {
        out.str(" BODY=8BITMIME");
    }
    if parameters.smtp_utf8 {
        out.str(" SMTPUTF8");
    }
    if parameters.require_tls {
        out.str(" REQUIRETLS");
    }
}

/// What BDAT says (RFC 3030 §2).
pub(crate) fn chunk(out: &mut Writer<'_>, octets: u32, is_last: bool) {
    out.decimal(octets);
    if is_last {
        out.str(" LAST");
    }
}

/// A path, whose opening bracket stands there already.
pub(crate) fn path(out: &mut Writer<'_>, address: &str) {
    out.str(address);
    out.byte(b'>');
}

/// CRLF.
pub(crate) fn line_end(out: &mut Writer<'_>) {
    out.str("\r\n");
}
