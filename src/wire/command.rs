//! Pieces of commands as octets (RFC 5321 §4.1.1).
//!
//! Arguments are values that were checked when they were made, so nothing is checked here. This
//! file does not know when a command may be sent.

use super::address::Address;
use super::writer::Writer;
use super::xtext;

/// What MAIL carries beside the reverse-path; only what the server offered.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct MailParameters {
    /// RFC 1870 §6: the exact number of octets, if SIZE is to be said.
    pub(crate) size: Option<u32>,
    /// RFC 6152 §3.
    pub(crate) body_8bit_mime: bool,
    /// RFC 6531 §3.4.
    pub(crate) smtp_utf8: bool,
}

/// What MAIL says behind the reverse-path.
pub(crate) fn mail_parameters(out: &mut Writer<'_>, parameters: MailParameters) {
    if let Some(size) = parameters.size {
        out.str(" SIZE=");
        out.decimal(size);
    }
    if parameters.body_8bit_mime {
        out.str(" BODY=8BITMIME");
    }
    if parameters.smtp_utf8 {
        out.str(" SMTPUTF8");
    }
}

/// A path, whose opening bracket stands there already.
pub(crate) fn path(out: &mut Writer<'_>, address: &str) {
    out.str(address);
    out.byte(b'>');
}

/// Writes the parameters of a RCPT command, each with a blank before it.
pub(crate) type RcptParameters = fn(&mut Writer<'_>, Address<'_>);

/// The longest that [`notify_always`] writes, in octets, apart from three for each octet of the
/// address.
pub(crate) const NOTIFY_FRAME: usize = 49;

/// What RCPT says behind `RCPT TO:<`.
pub(crate) fn rcpt(out: &mut Writer<'_>, to: Address<'_>, parameters: Option<RcptParameters>) {
    path(out, to.as_str());
    if let Some(parameters) = parameters {
        parameters(out, to);
    }
}

/// RFC 3461 §4.1: a report whatever comes of the mail; §4.2: the recipient as it stands here, so
/// that a report can name it.
pub(crate) fn notify_always(out: &mut Writer<'_>, to: Address<'_>) {
    out.str(" NOTIFY=SUCCESS,FAILURE,DELAY");
    // Other characters would need the address type of RFC 6533.
    if to.is_ascii() {
        out.str(" ORCPT=rfc822;");
        xtext::write(out, to.as_str().as_bytes());
    }
}

/// CRLF.
pub(crate) fn line_end(out: &mut Writer<'_>) {
    out.str("\r\n");
}
