//! Writes the pieces of commands (RFC 5321 §4.1.1).
//!
//! Arguments are values that were checked when they were made, so nothing is checked here. This
//! file does not know when a command may be sent.

use super::ehlo::Extension;
use super::writer::Writer;

/// The parameters of MAIL apart from those of DSN; only what the server offered.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct MailParameters {
    /// The exact number of bytes, RFC 1870 §6.
    pub(crate) size: Option<u32>,
    /// The extensions that the mail uses, a sum of [`Extension::bit`]. Those without a parameter in
    /// MAIL do not matter.
    pub(crate) extensions: u16,
}

/// The extensions with a parameter that is always the same: RFC 6152 §3, RFC 6531 §3.4 and
/// RFC 8689 §2.
static PARAMETERS: [(Extension, &str); 3] = [
    (Extension::EightBitMime, " BODY=8BITMIME"),
    (Extension::SmtpUtf8, " SMTPUTF8"),
    (Extension::RequireTls, " REQUIRETLS"),
];

/// Writes the parameters that follow the reverse-path.
pub(crate) fn mail_parameters(out: &mut Writer<'_>, parameters: MailParameters) {
    if let Some(size) = parameters.size {
        out.str(" SIZE=");
        out.decimal(size);
    }
    for (extension, parameter) in &PARAMETERS {
        if parameters.extensions & extension.bit() != 0 {
            out.str(parameter);
        }
    }
}

/// Writes the arguments of BDAT (RFC 3030 §2).
pub(crate) fn chunk(out: &mut Writer<'_>, bytes: u32, is_last: bool) {
    out.decimal(bytes);
    if is_last {
        out.str(" LAST");
    }
}

/// Writes a path without its opening bracket.
pub(crate) fn path(out: &mut Writer<'_>, address: &str) {
    out.str(address);
    out.byte(b'>');
}

/// Ends the command.
pub(crate) fn line_end(out: &mut Writer<'_>) {
    out.crlf();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_mail_are_those_of_the_extensions_in_use() {
        let [eight_bit, utf8, tls] = PARAMETERS.map(|(extension, _)| extension.bit());
        for (size, extensions, expected) in [
            (None, 0, ""),
            (Some(0), Extension::Size.bit(), " SIZE=0"),
            (None, eight_bit | utf8, " BODY=8BITMIME SMTPUTF8"),
            (None, tls | Extension::Dsn.bit(), " REQUIRETLS"),
            (
                Some(u32::MAX),
                u16::MAX,
                " SIZE=4294967295 BODY=8BITMIME SMTPUTF8 REQUIRETLS",
            ),
        ] {
            let mut out = [0; 80];
            let mut w = Writer::new(&mut out, 0);
            mail_parameters(&mut w, MailParameters { size, extensions });
            assert_eq!(w.end_atom(), None);
            assert_eq!(w.since(0), expected.as_bytes());
        }
    }
}
