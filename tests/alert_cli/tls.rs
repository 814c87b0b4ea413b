//! Over TLS: with both libraries, after STARTTLS and from the start; who is trusted and who is not.

use embedded_smtp::mock::{Builder, Extension, Server, TlsVersion};
use rcgen::{BasicConstraints, IsCa};

use crate::command::{Run, SECOND, TO, alert};
use crate::pki::{
    Authority, Identity, NAMES, STACKS, WAYS, each, keys, listen, send, server_params, valid_in,
};

/// The server was not trusted, and heard nothing but a TLS alert.
#[track_caller]
fn is_distrusted(run: &Run, server: &Server, way: &str) -> String {
    let result = run.is("failed", 77, 401, "tls", "never");
    assert!(
        result["tls"].is_null() && result["code"].is_null(),
        "{result}"
    );
    assert!(server.wait_for_end(1, 5 * SECOND));
    let said: Vec<String> = server.commands().concat();
    let expected: &[&str] = match way {
        "starttls" => &["EHLO [127.0.0.1]", "STARTTLS"],
        _ => &[],
    };
    assert_eq!(said, expected);
    result["error"].as_str().unwrap().to_owned()
}

#[test]
fn a_trusted_chain() {
    let authority = Authority::new("chain");
    let identity = authority.issue();
    each(|way, stack| {
        let server = listen(identity.server(), way);
        let run = send(&server, way, stack, &["--ca", &authority.file]);
        let result = run.is("sent", 0, 200, "content", "null");
        assert_eq!(result["tls"], "1.3");
        assert_eq!(server.violations(), [""; 0]);
        assert!(server.deliveries()[0].tls);
        assert!(server.wait_for_end(1, 5 * SECOND));
        let session = server.tls()[0].clone().unwrap();
        // The name is an address, which is not sent.
        assert_eq!(session.server_name, None);
    });
}

#[test]
fn kinds_of_keys() {
    for (number, key) in keys().into_iter().enumerate() {
        let authority = Authority::with_key(&format!("keys-{number}"), key);
        for key in keys() {
            let identity = authority.issue_for(key, server_params(&NAMES));
            for stack in STACKS {
                let server = listen(identity.server(), "tls");
                let pin = identity.pin();
                for trust in [["--ca", &authority.file], ["--pin", &pin]] {
                    let run = send(&server, "tls", stack, &trust);
                    run.is("sent", 0, 200, "content", "null");
                }
            }
        }
    }
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let authority = Authority::new("ed25519");
    let identity = authority.issue_for(key, server_params(&NAMES));
    let to = |stack| {
        let server = listen(identity.server(), "tls");
        send(&server, "tls", stack, &["--ca", &authority.file])
    };
    to("rustls").is("sent", 0, 200, "content", "null");
    let result = to("embedded").is("failed", 77, 401, "tls", "never");
    assert!(result["error"].as_str().unwrap().contains("--tls-stack"));
}

#[test]
fn a_name_other_than_the_host() {
    let authority = Authority::new("name");
    let identity = authority.issue_with(server_params(&["mail.example.org"]));
    for stack in STACKS {
        let server = listen(identity.server(), "tls");
        let named = ["--ca", &authority.file, "--server-name", "mail.example.org"];
        send(&server, "tls", stack, &named).is("sent", 0, 200, "content", "null");
        let sent = server.tls()[0].clone().unwrap().server_name;
        assert_eq!(sent.as_deref(), Some("mail.example.org"));
    }
}

#[test]
fn tls_1_2() {
    let authority = Authority::new("old");
    let identity = authority.issue();
    for way in WAYS {
        let old = || listen(identity.server().tls_versions(&[TlsVersion::Tls12]), way);
        let server = old();
        let run = send(&server, way, "rustls", &["--ca", &authority.file]);
        let result = run.is("sent", 0, 200, "content", "null");
        assert_eq!(result["tls"], "1.2");
        assert_eq!(server.violations(), [""; 0]);
        let run = send(&old(), way, "embedded", &["--ca", &authority.file]);
        let result = run.is("failed", 76, 500, "tls", "reconnect");
        let error = result["error"].as_str().unwrap();
        assert!(
            error.contains("TLS 1.3") && error.contains("--tls-stack rustls"),
            "{error}"
        );
    }
}

/// The default way and library.
#[test]
fn without_an_option() {
    let authority = Authority::new("default");
    let identity = authority.issue();
    let server = listen(identity.server(), "starttls");
    let address = server.addr().to_string();
    let arguments = ["--server", &address, "--ca", &authority.file];
    let run = alert(&[TO.as_slice(), &arguments].concat());
    run.is("sent", 0, 200, "content", "null");
    assert!(server.deliveries()[0].tls);
    // The public roots do not lead here.
    let server = listen(identity.server(), "starttls");
    let address = server.addr().to_string();
    let run = alert(&[TO.as_slice(), &["--server", &address]].concat());
    is_distrusted(&run, &server, "starttls");
}

#[test]
fn several_mails_streamed_files_and_a_login() {
    let authority = Authority::new("session");
    let identity = authority.issue();
    let file = authority.write("log.bin", &vec![7; 300_000]);
    each(|way, stack| {
        let builder = identity.server().account("boiler3", "secret");
        let server = listen(builder, way);
        let more = [
            "--ca",
            &authority.file,
            "--user",
            "boiler3",
            "--password",
            "secret",
            "--repeat",
            "3",
            "--attach",
            &file,
            "--stream",
            "--transcript",
        ];
        let run = send(&server, way, stack, &more);
        let result = run.is("sent", 0, 200, "content", "null");
        assert_eq!(result["messages"], 3);
        assert_eq!(server.violations(), [""; 0]);
        let user = server.deliveries()[2].authenticated_as.clone();
        assert_eq!(user.as_deref(), Some("boiler3"));
        assert!(!run.stderr.contains("secret"), "{}", run.stderr);
    });
}

#[test]
fn pins() {
    let identity = Identity::self_signed();
    let other = "00".repeat(32);
    each(|way, stack| {
        let server = listen(identity.server(), way);
        let pins = ["--pin", &other, "--pin", &identity.pin().to_uppercase()];
        let result = send(&server, way, stack, &pins).is("sent", 0, 200, "content", "null");
        assert_eq!(result["tls"], "1.3");
        let server = listen(identity.server(), way);
        let run = send(&server, way, stack, &["--pin", &other]);
        let error = is_distrusted(&run, &server, way);
        assert!(error.contains(&identity.pin()), "{error}");
    });
}

/// Neither name nor dates nor issuer count.
#[test]
fn a_pin_replaces_chain_and_name() {
    let authority = Authority::new("pin");
    let params = valid_in(server_params(&["other.example"]), 2001, 2002);
    let identity = authority.issue_with(params);
    for stack in STACKS {
        let server = listen(identity.server(), "tls");
        let run = send(&server, "tls", stack, &["--pin", &identity.pin()]);
        run.is("sent", 0, 200, "content", "null");
    }
}

#[test]
fn a_pin_and_a_root() {
    let authority = Authority::new("both");
    let foreign = Authority::new("foreign");
    let identity = authority.issue();
    let other = "ab".repeat(32);
    each(|way, stack| {
        let with = |ca: &str, pin: &str| {
            let server = listen(identity.server(), way);
            let run = send(&server, way, stack, &["--ca", ca, "--pin", pin]);
            (run, server)
        };
        let (run, _) = with(&authority.file, &identity.pin());
        run.is("sent", 0, 200, "content", "null");
        let (run, server) = with(&authority.file, &other);
        is_distrusted(&run, &server, way);
        let (run, server) = with(&foreign.file, &identity.pin());
        is_distrusted(&run, &server, way);
    });
}

#[test]
fn certificates_that_are_not_accepted() {
    let authority = Authority::new("refused");
    let foreign = Authority::new("unknown");
    let expired = authority.issue_with(valid_in(server_params(&NAMES), 2001, 2002));
    let early = authority.issue_with(valid_in(server_params(&NAMES), 2101, 2102));
    let named = authority.issue_with(server_params(&["a.example", "b.example", "192.0.2.1"]));
    let unknown = foreign.issue();
    let itself = Identity::self_signed();
    let mut params = server_params(&NAMES);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    let authority_as_server = Identity {
        chain: vec![params.self_signed(&key).unwrap()],
        key,
    };
    // The certificate is right, and the key is not its own.
    let stolen = Identity {
        chain: authority.issue().chain,
        key: rcgen::KeyPair::generate().unwrap(),
    };
    let (pin, itself_pin) = (unknown.pin(), itself.pin());
    let authority_pin = authority_as_server.pin();
    let cases: [(&Identity, &[&str]); 7] = [
        (&expired, &["expired", "2002-03-04", "clock"]),
        (&early, &["not valid yet", "2101-01-02", "clock"]),
        (
            &named,
            &[
                "127.0.0.1",
                "a.example, b.example, 192.0.2.1",
                "--server-name",
            ],
        ),
        (&unknown, &["Authority of unknown", "--ca", "--pin", &pin]),
        (&itself, &["signed by itself", "--pin", &itself_pin]),
        (&authority_as_server, &["--pin", &authority_pin]),
        (&stolen, &["key of its certificate"]),
    ];
    each(|way, stack| {
        for (identity, words) in cases {
            let server = listen(identity.server(), way);
            let run = send(&server, way, stack, &["--ca", &authority.file]);
            let error = is_distrusted(&run, &server, way);
            for word in words {
                assert!(error.contains(word), "{stack}: no {word}: {error}");
            }
        }
    });
    // A stolen certificate is of no use with TLS 1.2 and with a pin either.
    let server = listen(stolen.server().tls_versions(&[TlsVersion::Tls12]), "tls");
    let run = send(&server, "tls", "rustls", &["--ca", &authority.file]);
    is_distrusted(&run, &server, "tls");
    for stack in STACKS {
        let server = listen(stolen.server(), "tls");
        let run = send(&server, "tls", stack, &["--pin", &stolen.pin()]);
        is_distrusted(&run, &server, "tls");
    }
}

#[test]
fn no_verification() {
    let identity = Identity::self_signed();
    each(|way, stack| {
        let server = listen(identity.server().account("u", "p"), way);
        let more = ["--danger-no-verify", "--user", "u", "--password", "p"];
        let run = send(&server, way, stack, &more);
        run.is("sent", 0, 200, "content", "null");
        assert_eq!(server.violations(), [""; 0]);
    });
}

#[test]
fn the_transcript_shows_what_the_server_is() {
    let authority = Authority::new("shown");
    let identity = authority.issue();
    each(|way, stack| {
        let shown = |run: &Run, opened: bool| {
            let text = &run.stderr;
            let pin = format!("-- pin of the key: {}\n", identity.pin());
            assert!(text.contains(&pin), "{text}");
            assert!(text.contains("mail.example.org, 127.0.0.1"), "{text}");
            assert!(text.contains("Authority of shown"), "{text}");
            let terms = text.contains("-- TLS 1.3, TLS");
            assert_eq!(terms && text.contains("_GCM_SHA"), opened, "{text}");
        };
        let server = listen(identity.server(), way);
        let more = ["--ca", &authority.file, "--transcript"];
        shown(&send(&server, way, stack, &more), true);
        // Refused, it is shown too.
        let server = listen(identity.server(), way);
        let run = send(&server, way, stack, &["--transcript"]);
        is_distrusted(&run, &server, way);
        shown(&run, false);
    });
}

#[test]
fn text_in_certificates_reaches_no_terminal_as_it_is() {
    let authority = Authority::new("text");
    let mut params = server_params(&["other.example"]);
    let evil = "\u{1b}[2J\u{9b}\u{202e}\r\n{\"outcome\":\"sent\"}";
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, evil);
    let identity = authority.issue_with(params);
    for stack in STACKS {
        for trust in [&["--ca", &authority.file][..], &["--danger-no-verify"], &[]] {
            let server = listen(identity.server(), "tls");
            let more = [trust, &["--transcript"]].concat();
            let run = send(&server, "tls", stack, &more);
            let all = run.stderr.clone() + &String::from_utf8_lossy(&run.stdout);
            let all = all.replace('\n', "");
            assert!(!all.contains(char::is_control), "{all:?}");
            assert!(!all.contains('\u{202e}'), "{all:?}");
            assert!(run.stderr.contains("\\u{1b}[2J"), "{}", run.stderr);
        }
    }
}

#[test]
fn require_tls() {
    let authority = Authority::new("require");
    let identity = authority.issue();
    let server = || identity.server().offer(Extension::RequireTls);
    each(|way, stack| {
        let with = |builder: Builder, more: &[&str]| {
            let server = listen(builder, way);
            let run = send(&server, way, stack, &[&["--require-tls"], more].concat());
            (run, server.deliveries())
        };
        let (run, mails) = with(server(), &["--ca", &authority.file]);
        run.is("sent", 0, 200, "content", "null");
        assert!(mails[0].mail_parameters.contains(&"REQUIRETLS".to_owned()));
        let both = ["--ca", &authority.file, "--pin", &identity.pin()];
        with(server(), &both)
            .0
            .is("sent", 0, 200, "content", "null");
        for trust in [&["--pin", &identity.pin()][..], &["--danger-no-verify"]] {
            let (run, mails) = with(server(), trust);
            run.is("failed", 69, 500, "mail", "never");
            assert_eq!(mails.len(), 0);
        }
        let (run, _) = with(identity.server(), &["--ca", &authority.file]);
        run.is("failed", 69, 500, "mail", "never");
    });
}

#[test]
fn roots_that_cannot_be_read() {
    let authority = Authority::new("file");
    let identity = authority.issue();
    let server = listen(identity.server(), "tls");
    let with = |path: &str| send(&server, "tls", "rustls", &["--ca", path]);
    let invalid = |run: Run| run.is("invalid", 65, 400, "null", "never");
    invalid(with("/no/such/file.pem"));
    let key = identity.key.serialize_pem();
    for (name, content) in [
        ("empty.pem", ""),
        ("key.pem", &*key),
        ("text.pem", "no certificate"),
        ("cut.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n"),
        (
            "broken.pem",
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        ),
    ] {
        let run = with(&authority.write(name, content.as_bytes()));
        let result = invalid(run);
        assert!(result["error"].as_str().unwrap().contains(name), "{result}");
    }
    assert_eq!(server.connections(), 0);
    // Several, with text between them.
    let foreign = Authority::new("other-file");
    let both = format!("# one\n{}\n# two\n{}", foreign.pem(), authority.pem());
    let run = with(&authority.write("both.pem", both.as_bytes()));
    run.is("sent", 0, 200, "content", "null");
}
