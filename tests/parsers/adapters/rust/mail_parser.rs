//! The crate `mail-parser`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mail_parser::{
    Address, ContentType, HeaderName, HeaderValue, Message, MessageParser, MessagePart,
    MimeHeaders, PartType,
};
use serde_json::{Map, Value, json};

use super::Fields;

pub fn read(octets: &[u8]) -> Result<Value, String> {
    // Its default gives fields it does not know as they stand in the mail.
    let parser = MessageParser::new().with_mime_headers();
    let parser = parser.with_address_headers().with_date_headers();
    let parser = parser.header_text(HeaderName::Subject);
    let parser = parser.default_header_text();
    let message = parser.parse(octets).ok_or("no message")?;
    let mut fields = Fields::default();
    for header in message.headers() {
        let text = header.value().as_text().unwrap_or_default();
        fields.push(header.name(), text.to_owned());
    }
    let body = |parts: &[u32]| {
        parts
            .first()
            .map(|part| &message.parts[*part as usize].body)
    };
    let text = match body(&message.text_body) {
        Some(PartType::Text(text)) => Some(text),
        _ => None,
    };
    let html = match body(&message.html_body) {
        Some(PartType::Html(html)) => Some(html),
        _ => None,
    };
    Ok(json!({
        "error": message.parts.iter().any(|part| part.is_encoding_problem).then_some("encoding problem"),
        "subject": message.header(HeaderName::Subject).map(|value| value.as_text().unwrap_or_default()),
        "from": mailboxes(message.from()),
        "to": mailboxes(message.to()),
        "cc": mailboxes(message.cc()),
        "reply_to": mailboxes(message.reply_to()),
        "message_id": message.header(HeaderName::MessageId).and_then(HeaderValue::as_text),
        "date": message.date().map(mail_parser::DateTime::to_timestamp),
        "headers": fields.0,
        "structure": structure(&message, 0),
        "text": text,
        "html": html,
        "attachments": message.attachments().map(attachment).collect::<Vec<_>>(),
    }))
}

fn mailboxes(address: Option<&Address<'_>>) -> Vec<(String, String)> {
    let text =
        |part: &Option<std::borrow::Cow<str>>| part.as_deref().unwrap_or_default().to_owned();
    address
        .into_iter()
        .flat_map(Address::iter)
        .map(|one| (text(&one.name), text(&one.address)))
        .collect()
}

fn structure(message: &Message<'_>, id: u32) -> String {
    let part = &message.parts[id as usize];
    match &part.body {
        PartType::Multipart(parts) => {
            let parts: Vec<_> = parts.iter().map(|part| structure(message, *part)).collect();
            let subtype = part.content_type().and_then(ContentType::subtype);
            format!("{}({})", subtype.unwrap_or_default(), parts.join(" "))
        }
        _ => media_type(part),
    }
}

fn media_type(part: &MessagePart<'_>) -> String {
    part.content_type().map_or(String::new(), |kind| {
        let subtype = kind.subtype().unwrap_or_default();
        format!("{}/{subtype}", kind.ctype()).to_ascii_lowercase()
    })
}

fn attachment(part: &MessagePart<'_>) -> Value {
    let attributes = part.content_type().and_then(ContentType::attributes);
    let params: Map<String, Value> = attributes
        .unwrap_or_default()
        .iter()
        .map(|attribute| (attribute.name.to_string(), attribute.value.as_ref().into()))
        .collect();
    let disposition = part.content_disposition().map(ContentType::ctype);
    let octets = match &part.body {
        PartType::Message(message) => message.raw_message(),
        _ => part.contents(),
    };
    json!({
        "name": part.attachment_name(),
        "type": media_type(part),
        "params": params,
        "disposition": disposition,
        "cid": part.content_id(),
        "octets": STANDARD.encode(octets),
    })
}
