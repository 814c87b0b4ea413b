//! A server that breaks TLS by a message of the handshake after the handshake. The outcome is that of the
//! mail.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use rustls::crypto::cipher::{OutboundChunks, OutboundPlainMessage};
use rustls::crypto::ring::{self, cipher_suite::TLS13_AES_128_GCM_SHA256};
use rustls::pki_types::PrivateKeyDer;
use rustls::{
    ConnectionTrafficSecrets, ContentType, ProtocolVersion, ServerConfig, ServerConnection,
    StreamOwned,
};

use crate::command::{AFTER, Run};
use crate::pki::{Identity, send_to_address};

type Link = StreamOwned<ServerConnection, TcpStream>;

/// What the server does at the end of its part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// Instead of the reply to this command.
    Command(&'static str),
    /// After the reply to it.
    After(&'static str),
    /// Instead of the final reply.
    Final,
    /// After the final reply, a refusal or not.
    AfterFinal(&'static str),
}

fn config(identity: &Identity) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::try_from(identity.key.serialize_der()).unwrap();
    let chain = identity.chain.iter().map(|one| one.der().clone()).collect();
    let provider = Arc::new(ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    config.enable_secret_extraction = true;
    Arc::new(config)
}

/// Speaks SMTP up to this moment, and then sends EncryptedExtensions, which have no place any more.
fn talk(link: TcpStream, config: Arc<ServerConfig>, moment: Moment) {
    let tls = ServerConnection::new(config).unwrap();
    let mut link = BufReader::new(StreamOwned::new(tls, link));
    say(&mut link, "220 mail.example.org");
    let mut is_content = false;
    loop {
        let mut line = String::new();
        if link.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let line = line.trim_end();
        if is_content && line != "." {
            continue;
        }
        let is_this = |command: &str| line.starts_with(command);
        if matches!(moment, Moment::Command(command) if is_this(command))
            || (moment == Moment::Final && is_content)
        {
            return misplace(link.into_inner());
        }
        match line.split(' ').next() {
            _ if is_content => {
                is_content = false;
                let reply = match moment {
                    Moment::AfterFinal(reply) => reply,
                    _ => "250 2.0.0 Ok",
                };
                say(&mut link, reply);
                if matches!(moment, Moment::AfterFinal(_)) {
                    return misplace(link.into_inner());
                }
            }
            Some("EHLO") => say(&mut link, "250-mail\r\n250-PIPELINING\r\n250 CHUNKING"),
            Some("DATA") => {
                is_content = true;
                say(&mut link, "354 go");
            }
            Some("BDAT") => {
                let count = line.split(' ').nth(1).unwrap().parse().unwrap();
                let mut rest = vec![0; count];
                std::io::Read::read_exact(&mut link, &mut rest).unwrap();
                say(&mut link, "250 2.0.0 Ok");
            }
            _ => say(&mut link, "250 2.0.0 Ok"),
        }
        if matches!(moment, Moment::After(command) if is_this(command)) {
            return misplace(link.into_inner());
        }
    }
}

fn say(link: &mut BufReader<Link>, reply: &str) {
    link.get_mut()
        .write_all(format!("{reply}\r\n").as_bytes())
        .unwrap();
    link.get_mut().flush().unwrap();
}

fn misplace(link: Link) {
    let StreamOwned { conn, mut sock } = link;
    let (seq, secrets) = conn.dangerous_extract_secrets().unwrap().tx;
    let ConnectionTrafficSecrets::Aes128Gcm { key, iv } = secrets else {
        panic!("another cipher suite");
    };
    let suite = TLS13_AES_128_GCM_SHA256.tls13().unwrap();
    let message = OutboundPlainMessage {
        typ: ContentType::Handshake,
        version: ProtocolVersion::TLSv1_3,
        payload: OutboundChunks::Single(&[8, 0, 0, 2, 0, 0]),
    };
    let record = suite
        .aead_alg
        .encrypter(key, iv)
        .encrypt(message, seq)
        .unwrap();
    sock.write_all(&record.encode()).unwrap();
    // The client reads it before the end.
    let _ = std::io::Read::read(&mut sock, &mut [0; 1]);
}

fn at(moment: Moment, more: &[&str]) -> Run {
    let config = config(&Identity::self_signed());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || talk(listener.accept().unwrap().0, config, moment));
    let more = [&["--danger-no-verify"], more].concat();
    let run = send_to_address(&address, "tls", "embedded", &more);
    let error = run.result()["error"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(
        run.exit == 0 || error.contains("breaks the protocol") || error.contains("554 5.7.1"),
        "{error}"
    );
    run
}

#[test]
fn a_breach_of_tls_before_the_content_is_a_failure() {
    for (command, phase) in [("EHLO", "ehlo"), ("MAIL", "mail"), ("DATA", "data")] {
        let run = at(Moment::Command(command), &["--no-pipelining"]);
        run.is("failed", 76, 500, phase, "reconnect");
    }
}

#[test]
fn a_breach_of_tls_instead_of_the_final_reply_leaves_the_delivery_unknown() {
    let run = at(Moment::Final, &[]);
    run.is("unknown", 75, 500, "content", "reconnect");
}

#[test]
fn a_breach_of_tls_after_the_final_reply_changes_no_outcome() {
    let run = at(Moment::AfterFinal("250 2.0.0 Ok: queued"), &[]);
    let result = run.is("sent", 0, 200, "content", "null");
    assert_eq!(result["text"], "Ok: queued");
    assert_eq!(result["messages"], 1);
    let run = at(Moment::AfterFinal("554 5.7.1 spam"), &[]);
    let result = run.result();
    assert_ne!(run.exit, 0);
    assert_eq!(result["messages"], 0);
    assert!(result["error"].as_str().unwrap().contains("554 5.7.1 spam"));
}

/// The reply to a chunk that others follow is not the final one.
#[test]
#[cfg(target_os = "linux")]
fn a_breach_of_tls_after_the_reply_to_a_chunk_never_makes_the_mail_sent() {
    // A file that tells no length, so that its content goes in chunks.
    let file = [
        "--attach",
        "/proc/self/status",
        "--stream",
        "--buffer",
        "512",
    ];
    let more = [&file, AFTER].concat();
    let run = at(Moment::After("BDAT"), &more);
    let result = run.is("failed", 76, 500, "content", "reconnect");
    assert_eq!(result["messages"], 0);
}
