//! Without arguments: a sample alert, sent to the crate's own mail server within this process, and
//! shown as it was said and as it arrived.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use embedded_smtp::mock::{Delivery, Extension, Server};
use embedded_smtp::tls::Pin;
use mail_parser::{MessageParser, MimeHeaders};

use crate::escape;
use crate::identity::Identity;
use crate::letter::{Content, File, Letter, Refused};
use crate::options::{self, Encoding, Importance, Options};
use crate::outcome::exit;
use crate::picture;
use crate::send::Job;
use crate::trust::Way;

const LOG: &str = "time;pressure in bar\r\n\
    11:58;7.1\r\n\
    11:59;7.8\r\n\
    12:00;8.4\r\n";

const TEXT: &str = "Overpressure in boiler 3: 8.4 bar, the limit is 8.0 bar.\n\
    The burner is off. Please look at valve V7.";

const HTML: &str = "<h1>Overpressure in boiler 3</h1>\n\
    <p><b>8.4 bar</b>, the limit is 8.0 bar.</p>\n\
    <p><img src=\"cid:gauge\" alt=\"gauge\"></p>\n\
    <p>The burner is off. Please look at valve V7.</p>";

pub fn run() -> ExitCode {
    match show() {
        Ok(exit) => ExitCode::from(exit),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::from(exit::IO)
        }
    }
}

fn show() -> Result<u8, String> {
    let name = "mail.example.org";
    let identity = rcgen::generate_simple_self_signed([name.to_owned()]);
    let identity = identity.map_err(|error| format!("cannot make a certificate ({error})"))?;
    let certificate = identity.cert.der();
    let mock = Server::builder()
        .hostname(name)
        .offer(Extension::StartTls)
        .certificate([certificate], &identity.signing_key.serialize_der())
        .listen();
    let mock = mock.map_err(|error| format!("cannot listen on 127.0.0.1 ({error})"))?;
    let server = options::Server {
        host: mock.addr().ip().to_string(),
        port: mock.addr().port(),
    };
    // The server's certificate is signed by itself, so that its key is pinned.
    let pin = Pin::of_certificate(certificate).map_err(|fault| fault.to_string())?;
    let pin = pin.to_string();
    let given = [
        "alert",
        "--security",
        "starttls",
        "--server-name",
        name,
        "--pin",
        &pin,
        "--helo",
        "boiler3.example.org",
    ];
    let options = Options::try_parse_from(given).map_err(|error| error.to_string())?;

    let letter = sample();
    let what = |refused| match refused {
        Refused::Usage(text) | Refused::Invalid(text) => text,
    };
    let parts = letter.parts().map_err(what)?;
    let identity = Identity::new(&options, parts.domain(), 0);
    let head = parts.head().map_err(what)?;
    let message = parts.message(&head, &identity).map_err(what)?;
    let way = Way::new(&options, &server).map_err(what)?;
    let ending = Job::new(&options, &server, None, &letter, &[message], way).send(&mut []);

    let mut out = std::io::stdout().lock();
    let mut print = |text: String| {
        let _ = writeln!(out, "{text}");
    };
    print("A sample alert to a mail server within this process, over TLS.\n".into());
    print("== The dialogue (C: this client, S: the server)\n".into());
    print(mock.transcript().to_string());
    for delivery in mock.deliveries() {
        print("== The mail as it was delivered\n".into());
        print(readable(&delivery));
    }
    print("== The result\n".into());
    drop(out);
    ending.print(&letter.recipients());
    Ok(ending.ruling.exit)
}

fn sample() -> Letter {
    Letter {
        from: "Boiler 3 <boiler3@example.org>".into(),
        to: "ops@example.org; \"Night shift, hall B\" <night@example.org>".into(),
        subject: Some("Überdruck in Kessel 3: 8.4 bar".into()),
        text: Some(TEXT.into()),
        html: Some(HTML.into()),
        importance: Some(Importance::High),
        files: vec![
            File {
                name: "log.csv".into(),
                media_type: "text/csv".into(),
                content: Content::Held(LOG.into()),
                encoding: Encoding::Base64,
                content_id: None,
            },
            File {
                name: "gauge.png".into(),
                media_type: "image/png".into(),
                content: Content::Held(picture::gauge(84, 80, 100)),
                encoding: Encoding::Base64,
                content_id: Some("gauge".into()),
            },
        ],
        auto_submitted: true,
        ..Letter::default()
    }
}

/// The mail as a mail program would show it, read by a parser that is not the crate's.
fn readable(delivery: &Delivery) -> String {
    let mut lines = Vec::new();
    let to: Vec<_> = delivery
        .recipients
        .iter()
        .map(|one| &*one.address)
        .collect();
    lines.push(format!(
        "Envelope: from {} to {}",
        delivery.reverse_path,
        to.join(", ")
    ));
    let Some(mail) = MessageParser::default().parse(&delivery.content) else {
        return "It cannot be read.".into();
    };
    for name in [
        "From",
        "To",
        "Subject",
        "Date",
        "Importance",
        "Auto-Submitted",
    ] {
        let value = match name {
            "From" => addresses(mail.from()),
            "To" => addresses(mail.to()),
            "Subject" => mail.subject().unwrap_or_default().into(),
            "Date" => mail.date().map(ToString::to_string).unwrap_or_default(),
            _ => mail.header_raw(name).unwrap_or_default().trim().into(),
        };
        lines.push(format!("{name}: {value}"));
    }
    let bodies = [("Text", mail.body_text(0)), ("HTML", mail.body_html(0))];
    for (kind, body) in bodies {
        lines.push(format!("\n-- {kind}"));
        lines.extend(
            body.unwrap_or_default()
                .lines()
                .map(|line| format!("   {line}")),
        );
    }
    for file in mail.attachments() {
        let media_type = file.content_type().map_or(String::new(), |kind| {
            format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default())
        });
        let place = match file.content_id() {
            Some(id) => format!("shown in the HTML as cid:{id}"),
            None => "attached".into(),
        };
        let name = file.attachment_name().unwrap_or("without a name");
        let octets = file.contents().len();
        lines.push(format!(
            "\n-- {name}: {media_type}, {octets} octets, {place}"
        ));
        if media_type == "text/csv" {
            let text = String::from_utf8_lossy(file.contents());
            lines.extend(text.lines().map(|line| format!("   {line}")));
        }
    }
    lines.push(String::new());
    escape::lines(&lines.join("\n"))
}

fn addresses(list: Option<&mail_parser::Address<'_>>) -> String {
    let one = |address: &mail_parser::Addr<'_>| {
        let mail = address.address().unwrap_or_default();
        address
            .name()
            .map_or(mail.to_owned(), |name| format!("{name} <{mail}>"))
    };
    list.map(|list| list.iter().map(one).collect::<Vec<_>>().join("; "))
        .unwrap_or_default()
}
