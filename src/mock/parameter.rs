//! The parameters of MAIL and RCPT: which extension each needs, and which values it may have.

use std::format;
use std::string::String;
use std::vec::Vec;

use super::commands::clip;
use super::dialogue::Dialogue;
use super::path::{self, Parameter};

impl Dialogue {
    pub(super) fn parameter_refusal(&self, verb: &str, parameters: &[Parameter]) -> Option<String> {
        for parameter in parameters {
            let keyword = parameter.keyword.as_str();
            let needed = match (verb, keyword) {
                ("MAIL", "BODY") if is_binary(parameter) => "BINARYMIME",
                ("MAIL", "BODY") => "8BITMIME",
                ("MAIL", "RET" | "ENVID") | ("RCPT", "NOTIFY" | "ORCPT") => "DSN",
                // These extensions have no parameter of their name.
                ("MAIL", "PIPELINING" | "8BITMIME" | "BINARYMIME" | "CHUNKING" | "DSN") => "",
                ("MAIL", "ENHANCEDSTATUSCODES" | "STARTTLS" | "LIMITS") => "",
                ("MAIL", other) => other,
                _ => "",
            };
            if !self.offers(needed) {
                self.violate(format!(
                    "{verb}: parameter {} was not offered",
                    clip(keyword)
                ));
                return Some(self.reply(555, "5.5.4", "Unsupported option"));
            }
            // RFC 8689 §2: "This option MUST only be specified in the context of an SMTP session
            // meeting the security requirements of REQUIRETLS", whatever a bait offers.
            if needed == "REQUIRETLS" && !self.tls {
                self.violate("MAIL: REQUIRETLS without TLS");
                return Some(self.reply(555, "5.5.4", "Unsupported option"));
            }
            if !is_valid(parameter) {
                self.violate(format!(
                    "{verb}: malformed parameter {}",
                    clip(&parameter.raw)
                ));
                return Some(self.reply(501, "5.5.4", "Bad parameter syntax"));
            }
        }
        None
    }

    pub(super) fn utf8_refusal(&self, verb: &str, address: &str, smtputf8: bool) -> Option<String> {
        if address.is_ascii() || smtputf8 {
            return None;
        }
        self.violate(format!("{verb}: 8-bit address without SMTPUTF8"));
        Some(self.reply(553, "5.6.7", "Non-ASCII addresses not permitted"))
    }
}

fn is_binary(parameter: &Parameter) -> bool {
    parameter
        .value
        .as_ref()
        .is_some_and(|value| value.eq_ignore_ascii_case("BINARYMIME"))
}

/// Whether the value is one that the parameter's own RFC allows.
fn is_valid(parameter: &Parameter) -> bool {
    let value = parameter.value.as_deref();
    let one_of = |allowed: &[&str]| {
        value.is_some_and(|value| allowed.iter().any(|one| one.eq_ignore_ascii_case(value)))
    };
    match parameter.keyword.as_str() {
        // RFC 1870 §3: size-value ::= 1*20DIGIT
        "SIZE" => value.is_some_and(|v| v.len() <= 20 && v.bytes().all(|o| o.is_ascii_digit())),
        "BODY" => one_of(&["7BIT", "8BITMIME", "BINARYMIME"]),
        "SMTPUTF8" | "REQUIRETLS" => value.is_none(),
        "RET" => one_of(&["FULL", "HDRS"]),
        // RFC 3461 §4.4: at most 100 characters; before the encoding "printable (graphic and white
        // space) characters from the US-ASCII repertoire".
        "ENVID" => xtext(value).is_some_and(|envid| {
            let printable = |octet: &u8| matches!(octet, b' '..=b'~' | b'\t');
            envid.len() <= ENVID_LIMIT && envid.iter().all(printable)
        }),
        "NOTIFY" => {
            one_of(&["NEVER"])
                || value.is_some_and(|value| {
                    value.split(',').all(|word| {
                        ["SUCCESS", "FAILURE", "DELAY"]
                            .iter()
                            .any(|w| w.eq_ignore_ascii_case(word))
                    })
                })
        }
        "ORCPT" => value.is_some_and(is_original_recipient),
        "AUTH" => value == Some("<>") || xtext(value).is_some_and(is_mailbox),
        _ => true,
    }
}

/// RFC 3461 §4.2: `original-recipient-address = addr-type ";" xtext`, at most 500 characters.
fn is_original_recipient(value: &str) -> bool {
    let Some((kind, address)) = value.split_once(';') else {
        return false;
    };
    if kind.is_empty() || address.is_empty() || value.len() > ORCPT_LIMIT {
        return false;
    }
    // RFC 6533 §3: with the type utf-8 the address may hold UTF-8.
    if kind.eq_ignore_ascii_case("utf-8") {
        return true;
    }
    // What an address of another type looks like is not known here.
    let other = !kind.eq_ignore_ascii_case("rfc822");
    xtext(Some(address)).is_some_and(|address| other || is_mailbox(address))
}

fn xtext(value: Option<&str>) -> Option<Vec<u8>> {
    path::decode_xtext(value?)
}

fn is_mailbox(octets: Vec<u8>) -> bool {
    String::from_utf8(octets).is_ok_and(|text| path::is_mailbox(&text))
}

pub(super) fn declared_size(parameters: &[Parameter]) -> Option<u64> {
    let size = parameters
        .iter()
        .find(|one| one.keyword == "SIZE")?
        .value
        .as_deref()?;
    Some(size.parse().unwrap_or(u64::MAX))
}

/// Characters of an ENVID, RFC 3461 §4.4, counted before the encoding.
pub(super) const ENVID_LIMIT: usize = 100;
/// Characters of an ORCPT, RFC 3461 §4.2, its type and the encoding among them.
pub(super) const ORCPT_LIMIT: usize = 500;
