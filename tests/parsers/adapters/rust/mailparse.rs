//! The crate `mailparse`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mailparse::{
    DispositionType, MailAddr, MailHeaderMap, MailParseError, ParsedMail, SingleInfo,
    addrparse_header, dateparse, msgidparse,
};
use serde_json::{Value, json};

use super::Fields;

pub fn read(octets: &[u8]) -> Result<Value, String> {
    read_mail(octets).map_err(|error| error.to_string())
}

fn read_mail(octets: &[u8]) -> Result<Value, MailParseError> {
    let message = mailparse::parse_mail(octets)?;
    let mut fields = Fields::default();
    for header in &message.headers {
        fields.push(&header.get_key(), header.get_value());
    }
    let first = |name| message.headers.get_first_value(name);
    let mut attachments = Vec::new();
    for part in message.parts() {
        if is_attachment(part) {
            attachments.push(attachment(part)?);
        }
    }
    let id = first("Message-ID").map(|id| msgidparse(&id)).transpose()?;
    let id = id.and_then(|ids| ids.first().map(|id| format!("<{id}>")));
    let date = first("Date").map(|date| dateparse(&date)).transpose()?;
    Ok(json!({
        "error": null,
        "subject": first("Subject"),
        "from": mailboxes(&message, "From")?,
        "to": mailboxes(&message, "To")?,
        "cc": mailboxes(&message, "Cc")?,
        "reply_to": mailboxes(&message, "Reply-To")?,
        "message_id": id,
        "date": date,
        "headers": fields.0,
        "structure": structure(&message),
        "text": text(&message, "text/plain")?,
        "html": text(&message, "text/html")?,
        "attachments": attachments,
    }))
}

fn mailboxes(
    message: &ParsedMail<'_>,
    name: &str,
) -> Result<Vec<(String, String)>, MailParseError> {
    let Some(header) = message.headers.get_first_header(name) else {
        return Ok(Vec::new());
    };
    // Of a group, its members.
    let members = |address| match address {
        MailAddr::Single(one) => vec![one],
        MailAddr::Group(group) => group.addrs,
    };
    let single = |one: SingleInfo| (one.display_name.unwrap_or_default(), one.addr);
    let list = addrparse_header(header)?.into_inner();
    Ok(list.into_iter().flat_map(members).map(single).collect())
}

fn structure(part: &ParsedMail<'_>) -> String {
    match part.ctype.mimetype.strip_prefix("multipart/") {
        Some(subtype) => {
            let parts: Vec<_> = part.subparts.iter().map(structure).collect();
            format!("{subtype}({})", parts.join(" "))
        }
        None => part.ctype.mimetype.clone(),
    }
}

fn is_attachment(part: &ParsedMail<'_>) -> bool {
    part.headers
        .get_first_header("Content-Disposition")
        .is_some()
}

fn text(message: &ParsedMail<'_>, kind: &str) -> Result<Option<String>, MailParseError> {
    let mut parts = message.parts();
    parts
        .find(|part| part.ctype.mimetype == kind && !is_attachment(part))
        .map(ParsedMail::get_body)
        .transpose()
}

fn attachment(part: &ParsedMail<'_>) -> Result<Value, MailParseError> {
    let disposition = part.get_content_disposition();
    let kind = match disposition.disposition {
        DispositionType::Inline => "inline",
        DispositionType::Attachment => "attachment",
        _ => "another",
    };
    let cid = part.headers.get_first_value("Content-ID");
    Ok(json!({
        "name": disposition.params.get("filename"),
        "type": part.ctype.mimetype,
        "params": part.ctype.params,
        "disposition": kind,
        "cid": cid.as_deref().map(|cid| cid.trim().trim_matches(['<', '>'])),
        "octets": STANDARD.encode(part.get_body_raw()?),
    }))
}
