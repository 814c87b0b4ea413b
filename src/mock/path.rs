//! The syntax of what follows MAIL and RCPT: a path in angle brackets, then parameters.
//!
//! Strict: what RFC 5321 §4.1.2 does not allow is refused. This file knows no order and no policy.

use std::string::{String, ToString};
use std::vec::Vec;

/// `<path>` and what stands after it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PathArgument {
    /// The mailbox, without angle brackets and source route; empty for `<>`.
    pub(super) address: String,
    pub(super) parameters: Vec<Parameter>,
}

/// `KEYWORD` or `KEYWORD=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameter {
    /// In upper case.
    pub(super) keyword: String,
    pub(super) value: Option<String>,
    /// As it came.
    pub(super) raw: String,
}

/// Reads `FROM:<a@b> SIZE=1`, where `prefix` is `FROM:` or `TO:`.
pub(super) fn parse_path(argument: &[u8], prefix: &str) -> Result<PathArgument, &'static str> {
    let argument = core::str::from_utf8(argument).map_err(|_| "not UTF-8")?;
    let head = argument
        .get(..prefix.len())
        .filter(|head| head.eq_ignore_ascii_case(prefix));
    let rest = &argument[head.ok_or("FROM: or TO: is missing")?.len()..];
    // RFC 5321 §3.3: "spaces are not permitted on either side of the colon".
    let rest = rest
        .strip_prefix('<')
        .ok_or("the path does not begin with <")?;
    if let Some(rest) = rest.strip_prefix('>') {
        return Ok(PathArgument {
            address: String::new(),
            parameters: parse_parameters(rest)?,
        });
    }
    let rest = skip_source_route(rest)?;
    let end = mailbox_end(rest)?;
    let (address, rest) = rest.split_at(end);
    let rest = rest
        .strip_prefix('>')
        .ok_or("the path does not end with >")?;
    Ok(PathArgument {
        address: address.to_string(),
        parameters: parse_parameters(rest)?,
    })
}

/// Whether it is a domain or an address literal, as EHLO wants it.
pub(super) fn is_host(name: &str) -> bool {
    domain_end(name).is_ok_and(|end| end == name.len())
}

/// Whether it is a mailbox and nothing else.
pub(super) fn is_mailbox(text: &str) -> bool {
    mailbox_end(text).is_ok_and(|end| end == text.len())
}

/// RFC 3461 §4: xtext, printable ASCII without `+` and `=` but for `+` and two hexadecimal digits in
/// upper case. What it stands for.
pub(super) fn decode_xtext(value: &str) -> Option<Vec<u8>> {
    let mut octets = value.bytes();
    let mut decoded = Vec::new();
    while let Some(octet) = octets.next() {
        let mut digit = || {
            let digit = octets.next().filter(|one| !one.is_ascii_lowercase())?;
            char::from(digit).to_digit(16)
        };
        decoded.push(match octet {
            b'+' => u8::try_from(digit()? * 16 + digit()?).ok()?,
            b'=' => return None,
            other if other.is_ascii_graphic() => other,
            _ => return None,
        });
    }
    Some(decoded)
}

/// `@one,@two:` before the mailbox, which RFC 5321 §4.1.1.3 has a server accept and ignore.
fn skip_source_route(path: &str) -> Result<&str, &'static str> {
    let mut rest = path;
    while let Some(domain) = rest.strip_prefix('@') {
        let domain = &domain[domain_end(domain)?..];
        if let Some(mailbox) = domain.strip_prefix(':') {
            return Ok(mailbox);
        }
        rest = domain.strip_prefix(',').ok_or("malformed source route")?;
    }
    if rest.len() == path.len() {
        Ok(path)
    } else {
        Err("malformed source route")
    }
}

fn mailbox_end(text: &str) -> Result<usize, &'static str> {
    let local = local_part_end(text)?;
    // RFC 5321 §4.5.3.1.1: 64 bytes.
    if local > 64 {
        return Err("the local part is longer than 64 octets");
    }
    let Some(domain) = text[local..].strip_prefix('@') else {
        // RFC 5321 §4.1.1.3: "<Postmaster>" without a domain is the one exception.
        let postmaster = text[..local].eq_ignore_ascii_case("postmaster");
        return if postmaster {
            Ok(local)
        } else {
            Err("the address has no domain")
        };
    };
    let length = domain_end(domain)?;
    // RFC 5321 §4.5.3.1.2: 255 bytes.
    if length > 255 {
        return Err("the domain is longer than 255 octets");
    }
    Ok(local + 1 + length)
}

fn local_part_end(text: &str) -> Result<usize, &'static str> {
    if let Some(quoted) = text.strip_prefix('"') {
        let mut escaped = false;
        for (at, character) in quoted.char_indices() {
            if character.is_control() {
                return Err("a control character in the local part");
            }
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => return Ok(at + 2),
                _ => {}
            }
        }
        return Err("a quoted local part does not end");
    }
    let end = text
        .find(|c| !is_atext(c) && c != '.')
        .unwrap_or(text.len());
    if text[..end].split('.').any(str::is_empty) {
        return Err("an empty atom in the local part");
    }
    Ok(end)
}

fn domain_end(text: &str) -> Result<usize, &'static str> {
    if let Some(literal) = text.strip_prefix('[') {
        let end = literal.find(']').ok_or("an address literal does not end")?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-');
        if end == 0 || !literal[..end].chars().all(allowed) {
            return Err("malformed address literal");
        }
        return Ok(end + 2);
    }
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-' || is_utf8_text(c);
    let end = text.find(|c| !part(c) && c != '.').unwrap_or(text.len());
    let label = |label: &str| {
        !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
    };
    if text[..end].split('.').all(label) {
        Ok(end)
    } else {
        Err("malformed domain")
    }
}

fn parse_parameters(text: &str) -> Result<Vec<Parameter>, &'static str> {
    let mut parameters: Vec<Parameter> = Vec::new();
    if text.is_empty() {
        return Ok(parameters);
    }
    let text = text.strip_prefix(' ').ok_or("octets behind the path")?;
    for raw in text.split(' ') {
        let (keyword, value) = match raw.split_once('=') {
            Some((keyword, value)) => (keyword, Some(value)),
            None => (raw, None),
        };
        // RFC 5321 §4.1.2: esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
        let named = keyword.starts_with(|c: char| c.is_ascii_alphanumeric())
            && keyword
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-');
        // RFC 5321 §4.1.2: esmtp-value = 1*(%d33-60 / %d62-126)
        let valued = value.is_none_or(|value| {
            !value.is_empty()
                && value
                    .chars()
                    .all(|c| (c.is_ascii_graphic() && c != '=') || is_utf8_text(c))
        });
        if !named || !valued {
            return Err("malformed parameter");
        }
        let keyword = keyword.to_ascii_uppercase();
        if parameters.iter().any(|other| other.keyword == keyword) {
            return Err("a parameter stands twice");
        }
        parameters.push(Parameter {
            keyword,
            value: value.map(ToString::to_string),
            raw: raw.to_string(),
        });
    }
    Ok(parameters)
}

fn is_atext(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || "!#$%&'*+-/=?^_`{|}~".contains(character)
        || is_utf8_text(character)
}

/// RFC 6531 §3.3 adds UTF-8 to the text of addresses; C1 controls are of no use in them.
fn is_utf8_text(character: char) -> bool {
    !character.is_ascii() && !character.is_control()
}
