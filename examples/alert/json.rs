//! `--json`: the fields of the connector's "Send email" action.
//!
//! Field names are read without regard to case; unknown fields are ignored, `null` is a field that
//! is absent, and a field given twice is refused.
//!
//! `ContentTransferEncoding` says how `ContentData` is written in the JSON: `base64` or `none`, in any
//! case (RFC 2045 §6.1), and `none` if it is absent. Any other value is refused, as the file would
//! arrive as the letters of its encoding. In the mail a text is sent as it is where that is possible,
//! else in base64: it arrives unchanged in either case.

use std::fmt;
use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use embedded_smtp::message::Attachment;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use crate::letter::{self, Content, File, Letter, Refused, unreadable};
use crate::media_type;
use crate::options::{Encoding, Importance};

/// Reads a letter from a file, or from stdin for `-`.
pub fn read(path: &Path) -> Result<Letter, Refused> {
    let mut text = Vec::new();
    let result = if path == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut text)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_end(&mut text))
    };
    result.map_err(|error| unreadable("--json", &path.to_string_lossy(), &error))?;
    parse(&text)
}

fn parse(text: &[u8]) -> Result<Letter, Refused> {
    let json: Json = serde_json::from_slice(text).map_err(|error| {
        invalid(format!(
            "it is no JSON that can be used ({error}): correct it"
        ))
    })?;
    let Json::Object(fields) = json else {
        return Err(invalid("it must be an object: put the fields in braces"));
    };
    let fields = Fields::new(fields)?;
    let receipt = |name| {
        let address = fields.text(name)?.filter(|text| !text.trim().is_empty());
        Ok::<_, Refused>(address.map(str::to_owned))
    };
    let list = |name| Ok::<_, Refused>(fields.text(name)?.unwrap_or_default().to_owned());
    let body = fields.text("Body")?.map(str::to_owned);
    let is_html = match fields.find("IsHtml") {
        None => false,
        Some(Json::Bool(is_html)) => *is_html,
        Some(_) => return Err(invalid("IsHtml must be true or false")),
    };
    let (text, html) = if is_html { (None, body) } else { (body, None) };
    let importance = match fields
        .text("Importance")?
        .map(str::to_ascii_lowercase)
        .as_deref()
    {
        None => None,
        Some("high") => Some(Importance::High),
        Some("normal") => Some(Importance::Normal),
        Some("low") => Some(Importance::Low),
        Some(_) => return Err(invalid("Importance must be High, Normal or Low")),
    };
    let files = match fields.find("Attachments") {
        None => Vec::new(),
        Some(Json::Array(items)) => items.iter().map(file).collect::<Result<_, _>>()?,
        Some(_) => return Err(invalid("Attachments must be an array")),
    };
    let from = fields
        .text("From")?
        .ok_or_else(|| invalid("there is no From: give the author"))?;
    Ok(Letter {
        from: from.into(),
        to: list("To")?,
        cc: list("CC")?,
        bcc: list("Bcc")?,
        subject: fields.text("Subject")?.map(str::to_owned),
        text,
        html,
        importance,
        files,
        auto_submitted: true,
        read_receipt: receipt("ReadReceipt")?,
        delivery_receipt: receipt("DeliveryReceipt")?,
        ..Letter::default()
    })
}

fn file(item: &Json) -> Result<File, Refused> {
    let Json::Object(fields) = item else {
        return Err(invalid("each of Attachments must be an object"));
    };
    let fields = Fields::new(fields.clone())?;
    let data = fields
        .text("ContentData")?
        .ok_or_else(|| invalid("an attachment has no ContentData: give its content"))?;
    let (content, is_text) = match fields.text("ContentTransferEncoding")? {
        None => (data.into(), true),
        Some(encoding) if encoding.eq_ignore_ascii_case("none") => (data.into(), true),
        Some(encoding) if encoding.eq_ignore_ascii_case("base64") => (unpacked(data)?, false),
        Some(encoding) => {
            return Err(invalid(format!(
                "ContentTransferEncoding is \"{encoding}\": write base64 or none, or leave it out \
                 if ContentData is the text itself"
            )));
        }
    };
    let name = fields.text("FileName")?.unwrap_or("attachment");
    let given = fields.text("ContentType")?;
    let is_message = media_type::is_message(given.unwrap_or(media_type::of(name)));
    let encoding = if (is_text || is_message) && can_go_as_is(&content) {
        Encoding::None
    } else {
        Encoding::Base64
    };
    Ok(File {
        name: name.into(),
        media_type: letter::media_type(given, name, encoding),
        encoding,
        content: Content::Held(content),
        content_id: fields.text("ContentId")?.map(str::to_owned),
    })
}

/// The bytes of base64, which may be wrapped into lines.
fn unpacked(data: &str) -> Result<Vec<u8>, Refused> {
    let packed: Vec<u8> = data.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    STANDARD.decode(packed).map_err(|error| {
        invalid(format!(
            "ContentData is no base64 ({error}): encode it again, or leave out \
             ContentTransferEncoding if it is the text itself"
        ))
    })
}

/// Whether a text arrives unchanged if it is sent as it is: with CRLF line ends, in ASCII, and
/// without lines that begin as a boundary does.
fn can_go_as_is(content: &[u8]) -> bool {
    let is_like_boundary = |line: &[u8]| line.starts_with(b"--=_");
    !content.split(|octet| *octet == b'\n').any(is_like_boundary)
        && Attachment::as_is("name", "text/plain", content).is_ok()
}

fn invalid(what: impl fmt::Display) -> Refused {
    Refused::Invalid(format!("--json: {what}"))
}

/// The fields of an object, none of them twice.
struct Fields(Vec<(String, Json)>);

impl Fields {
    fn new(mut fields: Vec<(String, Json)>) -> Result<Self, Refused> {
        for (name, _) in &mut fields {
            name.make_ascii_lowercase();
        }
        fields.sort_by(|(one, _), (other, _)| one.cmp(other));
        match fields.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(pair) => {
                let name = crate::escape::line(&pair[0].0);
                Err(invalid(format!(
                    "the field {name} is given twice: leave one out"
                )))
            }
            None => Ok(Self(fields)),
        }
    }

    /// A field that is there and not null.
    fn find(&self, name: &str) -> Option<&Json> {
        let found = self
            .0
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name));
        found
            .map(|(_, value)| value)
            .filter(|value| !matches!(value, Json::Null))
    }

    fn text(&self, name: &str) -> Result<Option<&str>, Refused> {
        match self.find(name) {
            None => Ok(None),
            Some(Json::Text(text)) => Ok(Some(text)),
            Some(_) => Err(invalid(format!("{name} must be a text: put it in quotes"))),
        }
    }
}

/// Any JSON, with the fields of an object as they came: serde_json's own value keeps only the last
/// of two.
#[derive(Debug, Clone)]
enum Json {
    Null,
    Bool(bool),
    /// Of no use to any field.
    Number,
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyJson)
    }
}

struct AnyJson;

impl<'de> Visitor<'de> for AnyJson {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = access.next_entry()? {
            fields.push(field);
        }
        Ok(Json::Object(fields))
    }
}
