//! Errors: their words, kinds, status numbers and hints, one by one.

mod support;

use embedded_smtp::message::Head;
use support::kept;

use embedded_io::{Error as _, ErrorKind};
use embedded_smtp::message::{ContentFault, ContentFaultKind, Part};
use embedded_smtp::{
    Error, Extension, Fault, Field, Invalid, Mechanism, Missing, Observer, Phase, Reason, Retry,
    State, Transcript, Violation,
};
use support::{Event, Scripted};

type AnyError = Error<ErrorKind>;

/// An error, and what must be said of it: kind, status, hint, and its words.
const ERRORS: &[(AnyError, ErrorKind, u16, Retry, &str)] = &[
    (
        Error::Failed {
            fault: Fault::Transport(ErrorKind::TimedOut),
            phase: Phase::Ehlo,
            last: None,
        },
        ErrorKind::TimedOut,
        500,
        Retry::Reconnect,
        "the transport failed: TimedOut (phase: ehlo)",
    ),
    (
        Error::Failed {
            fault: Fault::Closed,
            phase: Phase::Rcpt,
            last: None,
        },
        ErrorKind::ConnectionAborted,
        500,
        Retry::Reconnect,
        "the server closed the connection (phase: rcpt)",
    ),
    (
        Error::DeliveryUnknown {
            fault: Fault::Closed,
            last: None,
        },
        ErrorKind::ConnectionAborted,
        500,
        Retry::Reconnect,
        "the server closed the connection after the whole mail was handed over: its delivery is \
         unknown",
    ),
    (
        Error::Failed {
            fault: Fault::Protocol(Violation::Grammar),
            phase: Phase::Greeting,
            last: None,
        },
        ErrorKind::InvalidData,
        500,
        Retry::Reconnect,
        "the server sent a line that is not an SMTP reply (phase: greeting)",
    ),
    (
        Error::Failed {
            fault: Fault::Protocol(Violation::CodesDiffer),
            phase: Phase::Mail,
            last: None,
        },
        ErrorKind::InvalidData,
        500,
        Retry::Reconnect,
        "the server sent a reply whose lines have differing codes (phase: mail)",
    ),
    (
        Error::Failed {
            fault: Fault::Protocol(Violation::TooLong),
            phase: Phase::Data,
            last: None,
        },
        ErrorKind::InvalidData,
        500,
        Retry::Reconnect,
        "the server sent a reply of more than 128 KiB (phase: data)",
    ),
    (
        Error::Failed {
            fault: Fault::Protocol(Violation::OutOfPlace(250)),
            phase: Phase::Data,
            last: None,
        },
        ErrorKind::InvalidData,
        500,
        Retry::Reconnect,
        "the server sent a reply that has no place here (250) (phase: data)",
    ),
    (
        Error::Failed {
            fault: Fault::Protocol(Violation::Unasked),
            phase: Phase::StartTls,
            last: None,
        },
        ErrorKind::InvalidData,
        500,
        Retry::Reconnect,
        "the server sent bytes that no command had asked for (phase: starttls)",
    ),
    (
        Error::DeliveryUnknown {
            fault: Fault::Protocol(Violation::OutOfStep),
            last: None,
        },
        ErrorKind::InvalidData,
        500,
        Retry::Reconnect,
        "the server sent one reply too many, so its replies fit no command after the whole mail \
         was handed over: its delivery is unknown",
    ),
    (
        Error::Failed {
            fault: Fault::Protocol(Violation::ServerSignature),
            phase: Phase::Auth,
            last: None,
        },
        ErrorKind::InvalidData,
        401,
        Retry::Never,
        "the server did not prove that it knows the password (phase: auth)",
    ),
    (
        Error::LimitReached,
        ErrorKind::Unsupported,
        500,
        Retry::Reconnect,
        "the server's limits leave no room for this mail on this connection",
    ),
    (
        Error::Failed {
            fault: Fault::Protocol(Violation::AuthExchange),
            phase: Phase::Auth,
            last: None,
        },
        ErrorKind::InvalidData,
        500,
        Retry::Reconnect,
        "the server went on with an authentication that was complete (phase: auth)",
    ),
    (
        Error::Failed {
            fault: Fault::Source(ErrorKind::NotFound),
            phase: Phase::Content,
            last: None,
        },
        ErrorKind::NotFound,
        500,
        Retry::Reconnect,
        "the source of a streamed part failed: NotFound (phase: content)",
    ),
    (
        Error::Failed {
            fault: Fault::Content(ContentFault {
                part: Part::Html,
                kind: ContentFaultKind::NoSource,
                offset: 0,
            }),
            phase: Phase::Content,
            last: None,
        },
        ErrorKind::InvalidData,
        500,
        Retry::Never,
        "the HTML has no source (phase: content)",
    ),
    (
        Error::NotOffered(Missing::Extension(Extension::StartTls)),
        ErrorKind::Unsupported,
        500,
        Retry::Never,
        "the server does not offer STARTTLS",
    ),
    (
        Error::NotOffered(Missing::Extension(Extension::Auth)),
        ErrorKind::Unsupported,
        401,
        Retry::Never,
        "the server does not offer AUTH",
    ),
    (
        Error::NotOffered(Missing::Mechanism(Mechanism::Login)),
        ErrorKind::Unsupported,
        401,
        Retry::Never,
        "the server does not offer AUTH LOGIN",
    ),
    (
        Error::NotOffered(Missing::AnyMechanism),
        ErrorKind::Unsupported,
        401,
        Retry::Never,
        "the server does not offer an AUTH mechanism for these credentials",
    ),
    (
        Error::Invalid(Invalid::new(Field::To, Reason::NoAt)),
        ErrorKind::InvalidInput,
        400,
        Retry::Never,
        "To: has no @",
    ),
    (
        Error::OutOfOrder(State::Rejected),
        ErrorKind::InvalidInput,
        500,
        Retry::Never,
        "the session is not in a state for this operation: it is rejected, only QUIT can follow",
    ),
    (
        Error::ConnectionEnded,
        ErrorKind::NotConnected,
        500,
        Retry::Reconnect,
        "the connection has ended; a new one is needed",
    ),
];

#[test]
fn every_error_has_its_words_kind_status_and_hint() {
    for (error, kind, status, retry, words) in ERRORS {
        assert_eq!(error.kind(), *kind, "{words}");
        assert_eq!(error.status(), *status, "{words}");
        assert_eq!(error.retry(), *retry, "{words}");
        assert_eq!(error.to_string(), *words);
        assert_eq!(error.erase(), *error, "{words}");
        assert_eq!(error.map_transport(|_| ()).status(), *status, "{words}");
    }
}

/// A refused MAIL: the connector's number, and whether to try again.
#[test]
fn every_refusal_of_mail_has_its_number_and_hint() {
    let cases = [
        ("421 x", 500, Retry::Reconnect),
        ("450 x", 500, Retry::Later),
        ("451 5.7.1 x", 500, Retry::Later),
        ("501 x", 400, Retry::Never),
        ("503 x", 400, Retry::Never),
        ("504 x", 400, Retry::Never),
        ("550 5.5.2 x", 400, Retry::Never),
        ("554 5.6.7 x", 400, Retry::Never),
        ("552 x", 400, Retry::Never),
        ("555 x", 400, Retry::Never),
        ("530 x", 401, Retry::Never),
        ("550 5.7.8 x", 401, Retry::Never),
        ("554 5.7.9 x", 401, Retry::Never),
        ("550 x", 403, Retry::Never),
        ("550 5.1.1 x", 403, Retry::Never),
        ("554 5.7.1 x", 403, Retry::Never),
    ];
    for (reply, status, retry) in cases {
        let transport = Scripted::new([
            Event::Say(b"220 x\r\n".to_vec()),
            Event::Expect(b"EHLO a.example\r\n".to_vec()),
            Event::Say(b"250 x\r\n".to_vec()),
            Event::Expect(b"MAIL FROM:<a@b.example>\r\n".to_vec()),
            Event::Say(format!("{reply}\r\n").into_bytes()),
        ]);
        let mut buffer = [0; 512];
        let mut smtp = embedded_smtp::blocking::Client::new(transport, &mut buffer);
        smtp.open("a.example").unwrap();
        let mail = embedded_smtp::Message::new(kept(
            Head::new(embedded_smtp::mailbox!("a@b.example"))
                .to("c@d.example")
                .unwrap(),
        ));
        let error = smtp.send(&mail).unwrap_err();
        assert_eq!((error.status(), error.retry()), (status, retry), "{reply}");
        let Error::Refused(refusal) = error else {
            panic!("{reply}")
        };
        assert_eq!(refusal.phase(), Phase::Mail);
        assert_eq!(refusal.code().to_string(), reply[..3]);
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    }
}

/// RFC 5321 §4.5.3.2: the least times to wait for replies.
#[test]
fn phases_have_their_times_and_names() {
    let phases = [
        (Phase::Greeting, "greeting", 300),
        (Phase::Ehlo, "ehlo", 300),
        (Phase::StartTls, "starttls", 300),
        (Phase::Auth, "auth", 300),
        (Phase::Mail, "mail", 300),
        (Phase::Rcpt, "rcpt", 300),
        (Phase::Data, "data", 120),
        (Phase::Content, "content", 600),
        (Phase::Reset, "reset", 300),
        (Phase::Noop, "noop", 300),
        // No minimum of the RFC: the mail is out, and the answer decides nothing.
        (Phase::Quit, "quit", 10),
    ];
    for (phase, name, seconds) in phases {
        assert_eq!(phase.to_string(), name);
        assert_eq!(phase.timeout_seconds(), seconds, "{name}");
    }
}

#[test]
fn a_transcript_keeps_the_end_of_the_dialogue() {
    let mut transcript = Transcript::<64>::new();
    let mut watched = &mut transcript;
    // An observer through a reference is one too.
    Observer::sent(&mut watched, b"EHLO a.exa");
    Observer::sent(&mut watched, b"mple\r\n");
    Observer::received(&mut watched, b"250-x\r\n");
    Observer::received(&mut watched, b"250 a line that was cut");
    Observer::awaiting(&mut watched, Phase::Mail);
    Observer::content(&mut watched, 10);
    let text: String = transcript.octets().map(char::from).collect();
    let whole = "C: EHLO a.example\r\nS: 250-x\r\nS: 250 a line that was cut\r\n";
    assert_eq!(text, whole);
    transcript.sent(b"QUIT\r\n");
    let text: String = transcript.octets().map(char::from).collect();
    assert_eq!(text.len(), 64);
    assert!(format!("{whole}C: QUIT\r\n").ends_with(&text));
}
