//! The media type of a file, by its name.

/// The usual media type of a file of this name; `application/octet-stream` if its extension is not
/// known. Letters count in either case.
pub fn of(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let is_same = |known: &&str| known.eq_ignore_ascii_case(extension);
    let row = KNOWN
        .iter()
        .find(|(extensions, _)| extensions.split(' ').any(|known| is_same(&known)));
    row.map_or(UNKNOWN, |(_, media_type)| media_type)
}

/// Whether a file of this type may not be sent in base64 (RFC 2046 §5.2.1).
pub fn is_message(media_type: &str) -> bool {
    let kind = media_type.split('/').next().unwrap_or_default();
    kind.eq_ignore_ascii_case("message")
}

/// The type of any file (RFC 2046 §4.5.1).
pub const UNKNOWN: &str = "application/octet-stream";

/// Extensions and their types, as IANA has them registered; where it has none, as most programs write
/// them.
#[rustfmt::skip]
const KNOWN: &[(&str, &str)] = &[
    // Texts. Non-ASCII XML declares its own encoding, which a charset of text/xml would override.
    ("txt log text ini conf cfg", "text/plain"),
    ("csv", "text/csv"),
    ("tsv", "text/tab-separated-values"),
    ("html htm", "text/html"),
    ("css", "text/css"),
    ("js mjs", "text/javascript"),
    ("md markdown", "text/markdown"),
    ("ics", "text/calendar"),
    ("vcf", "text/vcard"),
    ("json", "application/json"),
    ("xml xsd", "application/xml"),
    ("xhtml", "application/xhtml+xml"),
    ("yaml yml", "application/yaml"),
    ("sql", "application/sql"),
    ("eml", "message/rfc822"),
    // Images.
    ("png", "image/png"),
    ("jpg jpeg jpe", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("svg", "image/svg+xml"),
    ("bmp", "image/bmp"),
    ("tif tiff", "image/tiff"),
    ("ico", "image/vnd.microsoft.icon"),
    ("avif", "image/avif"),
    ("heic", "image/heic"),
    // Sound and film.
    ("mp3", "audio/mpeg"),
    ("wav", "audio/wav"),
    ("m4a", "audio/mp4"),
    ("aac", "audio/aac"),
    ("flac", "audio/flac"),
    ("ogg oga opus", "audio/ogg"),
    ("mp4 m4v", "video/mp4"),
    ("mpg mpeg", "video/mpeg"),
    ("mov", "video/quicktime"),
    ("webm", "video/webm"),
    ("avi", "video/x-msvideo"),
    ("mkv", "video/matroska"),
    // Documents.
    ("pdf", "application/pdf"),
    ("rtf", "application/rtf"),
    ("doc", "application/msword"),
    ("xls", "application/vnd.ms-excel"),
    ("ppt", "application/vnd.ms-powerpoint"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    ("odp", "application/vnd.oasis.opendocument.presentation"),
    ("epub", "application/epub+zip"),
    // Archives.
    ("zip", "application/zip"),
    ("gz tgz", "application/gzip"),
    ("tar", "application/x-tar"),
    ("7z", "application/x-7z-compressed"),
    ("bz2", "application/x-bzip2"),
    ("xz", "application/x-xz"),
    ("zst", "application/zstd"),
    ("rar", "application/vnd.rar"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_known_in_any_case() {
        for (name, media_type) in [
            ("log.csv", "text/csv"),
            ("INDEX.HTM", "text/html"),
            ("Photo.JPeG", "image/jpeg"),
            ("logs.tar.gz", "application/gzip"),
            (".txt", "text/plain"),
            ("Größe.7Z", "application/x-7z-compressed"),
            ("report.final.PDF", "application/pdf"),
        ] {
            assert_eq!(of(name), media_type, "{name}");
        }
        for name in [
            "",
            ".",
            "csv",
            "log.",
            "log.csv~",
            "a.csv/b",
            "log.csv ",
            "a. csv",
            "a.htm html",
        ] {
            assert_eq!(of(name), UNKNOWN, "{name}");
        }
    }

    #[test]
    fn an_extension_is_listed_once_and_in_lower_case() {
        let all: Vec<&str> = KNOWN.iter().flat_map(|row| row.0.split(' ')).collect();
        for (index, one) in all.iter().enumerate() {
            assert!(!one.is_empty() && *one == one.to_ascii_lowercase());
            assert!(!all[index + 1..].contains(one), "{one}");
        }
    }
}
