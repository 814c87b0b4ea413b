//! What breaks over TLS: STARTTLS that is not to be had, handshakes and sessions that fail.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use embedded_smtp::mock::{Action, Server, Stage};

use crate::command::{Run, SECOND, reply};
use crate::pki::{Authority, Identity, STACKS, WAYS, each, listen, send, send_to_address};

#[test]
fn starttls_that_is_not_to_be_had() {
    let identity = Identity::self_signed();
    for stack in STACKS {
        let server = identity.server().listen().unwrap();
        let run = send(&server, "starttls", stack, &["--danger-no-verify"]);
        let result = run.is("failed", 69, 500, "starttls", "never");
        assert!(result["tls"].is_null());
        assert_eq!(server.commands()[0], ["EHLO [127.0.0.1]", "QUIT"]);
        let at = |text: &str| {
            let builder = identity.server().script(Stage::StartTls, 1, reply(text));
            send(&listen(builder, "starttls"), "starttls", stack, &[])
        };
        at("502 5.5.1 no").is("refused", 69, 500, "starttls", "never");
        at("454 4.7.0 later").is("refused", 75, 500, "starttls", "later");
        at("250 Ok").is("failed", 76, 500, "starttls", "reconnect");
        at("421 4.3.0 bye").is("refused", 75, 500, "starttls", "reconnect");
    }
}

/// What came with the 220 was said by somebody without a key.
#[test]
fn octets_beyond_the_220() {
    let authority = Authority::new("injected");
    let identity = authority.issue();
    for stack in STACKS {
        let injected = Action::reply("220 go\r\n250 injected\r\n");
        let builder = identity.server().script(Stage::StartTls, 1, injected);
        let server = listen(builder, "starttls");
        let run = send(&server, "starttls", stack, &["--ca", &authority.file]);
        run.is("failed", 76, 500, "starttls", "reconnect");
        assert!(server.tls()[0].is_none());
    }
}

/// A handshake in which this happens.
fn handshake(action: Action, way: &str, stack: &str, more: &[&str]) -> Run {
    let builder = Identity::self_signed()
        .server()
        .script(Stage::Handshake, 1, action);
    let server = listen(builder, way);
    let run = send(
        &server,
        way,
        stack,
        &[&["--danger-no-verify"], more].concat(),
    );
    assert_eq!(server.deliveries().len(), 0);
    run
}

#[test]
fn handshakes_that_fail() {
    each(|way, stack| {
        let at = |action: Action| handshake(action, way, stack, &[]);
        let broken = |run: Run| run.is("failed", 76, 500, "tls", "reconnect");
        broken(at(Action::reply("220 mail.example.org ESMTP\r\n")));
        broken(at(Action::reply([22, 3, 3, 0, 4, 2, 0, 0, 0])));
        broken(at(Action::reply([0; 64])));
        broken(at(Action::reply([23, 3, 3, 0, 20].repeat(9))));
        // Alerts: handshake_failure, internal_error, protocol_version.
        for alert in [40, 80, 70] {
            broken(at(Action::reply([21, 3, 3, 0, 2, 2, alert])));
        }
        let lost = |run: Run| run.is("failed", 74, 500, "tls", "reconnect");
        lost(at(Action::close()));
        lost(at(Action::reply([22, 3, 3]).then_close()));
        lost(at(Action::reply([22, 3, 3, 0, 90, 2]).then_close()));
    });
}

#[test]
fn handshakes_that_take_too_long() {
    let timed = |action: Action, way: &str, stack: &str| {
        let start = Instant::now();
        let run = handshake(action, way, stack, &["--timeout", "1"]);
        let result = run.is("failed", 74, 500, "tls", "reconnect");
        let error = result["error"].as_str().unwrap();
        assert!(error.contains("--timeout"), "{error}");
        assert!(start.elapsed() < 5 * SECOND, "{:?}", start.elapsed());
    };
    std::thread::scope(|scope| {
        let timed = &timed;
        for way in WAYS {
            for stack in STACKS {
                scope.spawn(move || timed(Action::silence(), way, stack));
                // However slowly its octets drip.
                let drip = Action::normal().drip(Duration::from_millis(100));
                scope.spawn(move || timed(drip, way, stack));
            }
        }
    });
}

/// A session in which this happens at a stage under TLS.
fn session(stage: Stage, action: Action, stack: &str) -> Run {
    let builder = Identity::self_signed().server().script(stage, 1, action);
    let server = listen(builder, "tls");
    let more = ["--danger-no-verify"];
    send(&server, "tls", stack, &more)
}

const STAGES: [(Stage, &str); 5] = [
    (Stage::Greeting, "greeting"),
    (Stage::Ehlo, "ehlo"),
    (Stage::Mail, "mail"),
    (Stage::Rcpt, "rcpt"),
    (Stage::Data, "data"),
];

#[test]
fn closed_after_the_handshake() {
    for stack in STACKS {
        for (stage, phase) in STAGES {
            for action in [
                Action::close(),
                Action::close().unencrypted(),
                Action::reply("25").then_close(),
            ] {
                let run = session(stage, action, stack);
                let result = run.is("failed", 74, 500, phase, "reconnect");
                assert_eq!(result["tls"], "1.3");
            }
        }
        for action in [Action::close(), Action::close().unencrypted()] {
            let run = session(Stage::Content, action, stack);
            run.is("unknown", 75, 500, "content", "reconnect");
        }
    }
}

#[test]
fn broken_after_the_handshake() {
    let broken = [23, 3, 3, 0, 30].repeat(7);
    for stack in STACKS {
        for octets in [&broken[..], b"250 unencrypted\r\n", &[22, 3, 3, 0, 1, 0]] {
            for (stage, phase) in STAGES {
                let run = session(stage, Action::reply(octets).unencrypted(), stack);
                let result = run.is("failed", 76, 500, phase, "reconnect");
                assert_eq!(result["tls"], "1.3");
            }
            let run = session(Stage::Content, Action::reply(octets).unencrypted(), stack);
            run.is("unknown", 75, 500, "content", "reconnect");
        }
    }
}

/// A reply that was deciphered counts before the fault behind it.
#[test]
fn what_was_deciphered_is_read_before_a_fault_behind_it() {
    for stack in STACKS {
        let identity = Identity::self_signed();
        // The final reply, then a broken record as the reply to QUIT in the same flight.
        let broken = Action::reply([23, 3, 3, 0, 30].repeat(7)).unencrypted();
        let builder = identity.server().script(Stage::Quit, 1, broken);
        let server = listen(builder, "tls");
        let more = ["--danger-no-verify"];
        let run = send(&server, "tls", stack, &more);
        run.is("sent", 0, 200, "content", "null");
        // A refusal, then the link is gone.
        let refused = Action::reply("554 5.7.1 no\r\n").then_close();
        let run = session(Stage::Mail, refused, stack);
        run.is("refused", 69, 403, "mail", "never");
    }
}

#[test]
fn timeouts_under_tls() {
    std::thread::scope(|scope| {
        for stack in STACKS {
            scope.spawn(move || {
                let identity = Identity::self_signed();
                let builder = identity.server().script(Stage::Mail, 1, Action::silence());
                let server = listen(builder, "tls");
                let more = ["--danger-no-verify", "--timeout", "1"];
                let run = send(&server, "tls", stack, &more);
                let result = run.is("failed", 74, 500, "mail", "reconnect");
                let error = result["error"].as_str().unwrap();
                assert!(error.contains("--timeout"), "{stack}: {error}");
            });
        }
    });
}

/// A listener that speaks by this.
fn serve(talk: impl FnOnce(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || talk(listener.accept().unwrap().0));
    address
}

/// A line of text, with a line end or cut off by the end of the link.
#[test]
fn words_in_place_of_tls_are_quoted() {
    each(|way, stack| {
        let said = |text: &str| {
            let endless = Action::reply(format!("{text}\r\n"));
            let closing = Action::reply(text).then_close();
            for action in [endless.clone(), endless.then_close(), closing] {
                let run = handshake(action, way, stack, &[]);
                let result = run.is("failed", 76, 500, "tls", "reconnect");
                let error = result["error"].as_str().unwrap();
                let text = text.replace('\x1b', "\\u{1b}");
                assert!(error.contains(&format!("\"{text}\"")), "{error}");
                let is_hint = error.contains("--security starttls");
                assert_eq!(is_hint, way == "tls", "{error}");
            }
        };
        said("550 your IP is disabled");
        said("220 mail.example.org ESMTP");
        said("554 5.7.1 \x1b[2Jno");
        said("Go away");
        // In pieces, and without an end.
        let drip = Action::reply("220 mail ESMTP\r\n").drip(Duration::from_millis(2));
        let endless = Action::reply("220 mail ESMTP");
        for (action, more) in [(drip, &[][..]), (endless, &["--timeout", "1"])] {
            let run = handshake(action, way, stack, more);
            let result = run.is("failed", 76, 500, "tls", "reconnect");
            let error = result["error"].as_str().unwrap();
            assert!(error.contains("\"220 mail ESMTP\""), "{error}");
        }
    });
}

/// A server that speaks SMTP where TLS is expected.
#[test]
fn no_tls_at_all() {
    for stack in STACKS {
        let server = Server::builder().listen().unwrap();
        let run = send(&server, "tls", stack, &[]);
        let result = run.is("failed", 76, 500, "tls", "reconnect");
        let error = result["error"].as_str().unwrap();
        assert!(error.contains("--security starttls"), "{error}");
        assert!(error.contains("\"220 mock.example ESMTP mock\""), "{error}");
        // Reset in the handshake.
        let address = serve(|mut link| {
            let _ = link.read(&mut [0; 1]);
            let _ = link.write_all(&[22]);
        });
        let run = send_to_address(&address, "tls", stack, &[]);
        run.is("failed", 74, 500, "tls", "reconnect");
    }
}
