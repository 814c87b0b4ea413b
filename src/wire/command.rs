//! Commands as octets (RFC 5321 §4.1.1), each one atom of the [`Writer`], CRLF included.
//!
//! Arguments are values that were checked when they were made, so nothing is checked here. This
//! file does not know when a command may be sent.

use super::address::{Address, ReversePath};
use super::domain::Domain;
use super::writer::Writer;
use super::xtext;

/// `EHLO` or `HELO`.
pub(crate) fn hello(out: &mut Writer<'_>, keyword: &str, name: Domain<'_>) {
    out.str(keyword);
    out.byte(b' ');
    out.str(name.as_str());
    line_end(out);
}

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

/// `MAIL FROM:<…>`.
pub(crate) fn mail(out: &mut Writer<'_>, from: ReversePath<'_>, parameters: MailParameters) {
    out.str("MAIL FROM:<");
    if let ReversePath::Address(address) = from {
        out.str(address.as_str());
    }
    out.byte(b'>');
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
    line_end(out);
}

/// Writes the parameters of a RCPT command, each with a blank before it.
pub(crate) type RcptParameters = fn(&mut Writer<'_>, Address<'_>);

/// The longest that [`notify_always`] writes, in octets, apart from three for each octet of the
/// address.
pub(crate) const NOTIFY_FRAME: usize = 49;

/// `RCPT TO:<…>`.
pub(crate) fn rcpt(out: &mut Writer<'_>, to: Address<'_>, parameters: Option<RcptParameters>) {
    out.str("RCPT TO:<");
    out.str(to.as_str());
    out.byte(b'>');
    if let Some(parameters) = parameters {
        parameters(out, to);
    }
    line_end(out);
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

/// A command without arguments, or any line that is ready but for its end.
pub(crate) fn bare(out: &mut Writer<'_>, line: &str) {
    out.str(line);
    line_end(out);
}

/// CRLF.
pub(crate) fn line_end(out: &mut Writer<'_>) {
    out.str("\r\n");
}
