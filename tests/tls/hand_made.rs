//! A TLS 1.3 server written for these tests, which can break every rule. It keeps to RFC 8446 §7.1 for the
//! keys and to the plan it is given for everything else.

use std::collections::VecDeque;

use aes_gcm::Aes128Gcm;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use embedded_io::{ErrorKind, ErrorType, Read, Write};
use hmac::{Hmac, Mac};
use p256::ecdh::diffie_hellman;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::{PublicKey, SecretKey};
use rcgen::{KeyPair, SigningKey};
use sha2::{Digest, Sha256};

use crate::IDENTITY;

pub const ALERT: u8 = 21;
pub const HANDSHAKE: u8 = 22;
pub const DATA: u8 = 23;

pub const EXTENSIONS: u8 = 8;
pub const CERTIFICATE: u8 = 11;
pub const REQUEST: u8 = 13;
pub const VERIFY: u8 = 15;
pub const FINISHED: u8 = 20;

/// The plaintext of an encrypted record: its content, its type, and zeros.
pub type Record = Vec<u8>;

/// What the server does.
#[derive(Clone)]
pub struct Plan {
    /// The handshake messages that it sends encrypted, in this order.
    pub order: Vec<u8>,
    /// The extensions of EncryptedExtensions and of CertificateRequest.
    pub extensions: Vec<u8>,
    pub requested: Vec<u8>,
    /// Puts the messages into records.
    pub layout: fn(Vec<Vec<u8>>) -> Vec<Record>,
    /// A byte of the handshake's records that is changed before it is encrypted, and how.
    pub change: Option<(usize, u8)>,
    /// What it sends once the client has answered.
    pub after: Vec<Record>,
}

impl Plan {
    /// A server that keeps to the rules, and greets.
    pub fn right() -> Self {
        Self {
            order: vec![EXTENSIONS, CERTIFICATE, VERIFY, FINISHED],
            extensions: Vec::new(),
            requested: extension(13, &vector(2, &[4, 3])),
            layout: |messages| vec![record(HANDSHAKE, &messages.concat())],
            change: None,
            after: vec![record(DATA, b"220 ready\r\n")],
        }
    }

    pub fn server(self) -> Server {
        Server {
            plan: self,
            received: Vec::new(),
            to_send: VecDeque::new(),
            after: Vec::new(),
            count: 0,
        }
    }
}

pub fn record(kind: u8, content: &[u8]) -> Record {
    [content, &[kind]].concat()
}

pub fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind], &*vector(3, body)].concat()
}

pub fn vector(prefix: usize, content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u64).to_be_bytes();
    [&length[8 - prefix..], content].concat()
}

pub fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &vector(2, content)].concat()
}

/// The client's end of a connection to it.
pub struct Server {
    plan: Plan,
    received: Vec<u8>,
    to_send: VecDeque<u8>,
    /// The records that follow the client's answer, encrypted.
    after: Vec<Vec<u8>>,
    /// Bytes that were received.
    count: usize,
}

impl Server {
    /// The number of bytes that were received.
    pub fn received(&self) -> usize {
        self.count
    }

    /// Answers as far as enough was received.
    fn act(&mut self) {
        while let Some(length) = record_len(&self.received) {
            let record: Vec<u8> = self.received.drain(..length).collect();
            match record[0] {
                HANDSHAKE => self.greet(&record[5..]),
                // The client's answer, whatever it is.
                DATA => self
                    .to_send
                    .extend(std::mem::take(&mut self.after).concat()),
                _ => {}
            }
        }
    }

    fn greet(&mut self, hello: &[u8]) {
        let secret = SecretKey::from_slice(&[3; 32]).unwrap();
        let hello_of_server = server_hello(hello, &secret);
        let shared = diffie_hellman(secret.to_nonzero_scalar(), client_key(hello).as_affine());
        let mut transcript = Sha256::new_with_prefix(hello);
        transcript.update(&hello_of_server);
        let hash = |transcript: &Sha256| transcript.clone().finalize();

        let early = extract(&[0; 32], &[0; 32]);
        let secret = extract(
            &derive(&early, "derived", &Sha256::digest([])),
            shared.raw_secret_bytes(),
        );
        let handshake = derive(&secret, "s hs traffic", &hash(&transcript));
        let main = extract(&derive(&secret, "derived", &Sha256::digest([])), &[0; 32]);

        let mut messages = Vec::new();
        let mut finished = None;
        for kind in self.plan.order.clone() {
            let message = match kind {
                EXTENSIONS => message(kind, &vector(2, &self.plan.extensions)),
                REQUEST => {
                    let body = [vector(1, b""), vector(2, &self.plan.requested)].concat();
                    message(kind, &body)
                }
                CERTIFICATE => {
                    let entry = [vector(3, &IDENTITY.leaf), vector(2, b"")].concat();
                    message(kind, &[vector(1, b""), vector(3, &entry)].concat())
                }
                VERIFY => {
                    let signed = [
                        &[b' '; 64][..],
                        b"TLS 1.3, server CertificateVerify\0",
                        &hash(&transcript),
                    ];
                    let key = KeyPair::try_from(&*IDENTITY.key).unwrap();
                    let signature = key.sign(&signed.concat()).unwrap();
                    message(kind, &[vec![4, 3], vector(2, &signature)].concat())
                }
                FINISHED => {
                    let key = expand(&handshake, "finished", &[], 32);
                    message(kind, &mac(&key, &hash(&transcript)))
                }
                other => message(other, &[0]),
            };
            transcript.update(&message);
            messages.push(message);
            if kind == FINISHED {
                finished = Some(hash(&transcript));
            }
        }
        let finished = finished.unwrap_or_else(|| hash(&transcript));
        self.to_send.extend(plain(HANDSHAKE, &hello_of_server));
        let mut records = (self.plan.layout)(messages);
        if let Some((at, bits)) = self.plan.change
            && let Some(byte) = records.iter_mut().flatten().nth(at)
        {
            *byte ^= bits;
        }
        self.to_send
            .extend(encrypted(&handshake, &records).concat());
        let application = derive(&main, "s ap traffic", &finished);
        self.after = encrypted(&application, &self.plan.after);
    }
}

fn record_len(bytes: &[u8]) -> Option<usize> {
    let [_, _, _, high, low, ..] = bytes else {
        return None;
    };
    let length = 5 + usize::from(u16::from_be_bytes([*high, *low]));
    (bytes.len() >= length).then_some(length)
}

fn plain(kind: u8, content: &[u8]) -> Vec<u8> {
    [&[kind, 3, 3], &*vector(2, content)].concat()
}

/// RFC 8446 §5.2.
fn encrypted(secret: &[u8], records: &[Record]) -> Vec<Vec<u8>> {
    let cipher = Aes128Gcm::new_from_slice(&expand(secret, "key", &[], 16)).unwrap();
    let iv = expand(secret, "iv", &[], 12);
    let seal = |(number, record): (usize, &Record)| {
        let mut nonce = iv.clone();
        let number = (number as u64).to_be_bytes();
        nonce[4..]
            .iter_mut()
            .zip(number)
            .for_each(|(byte, other)| *byte ^= other);
        let header = [
            &[DATA, 3, 3][..],
            &((record.len() + 16) as u16).to_be_bytes(),
        ]
        .concat();
        let payload = Payload {
            msg: record,
            aad: &header,
        };
        let sealed = cipher.encrypt(nonce.as_slice().into(), payload).unwrap();
        [header, sealed].concat()
    };
    records.iter().enumerate().map(seal).collect()
}

fn mac(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).unwrap();
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

fn extract(salt: &[u8], key: &[u8]) -> Vec<u8> {
    mac(salt, key)
}

/// RFC 8446 §7.1, HKDF-Expand-Label: one block is enough for each length.
fn expand(secret: &[u8], label: &str, context: &[u8], length: u16) -> Vec<u8> {
    let label = format!("tls13 {label}");
    let info = [
        &length.to_be_bytes()[..],
        &vector(1, label.as_bytes()),
        &vector(1, context),
        &[1],
    ];
    let mut bytes = mac(secret, &info.concat());
    bytes.truncate(length.into());
    bytes
}

fn derive(secret: &[u8], label: &str, hash: &[u8]) -> Vec<u8> {
    expand(secret, label, hash, 32)
}

/// The client's share of the key: the point on P-256 in its extension key_share.
fn client_key(hello: &[u8]) -> PublicKey {
    let start = [&[0, 51][..], &[0, 71], &[0, 69], &[0, 23], &[0, 65]].concat();
    let at = hello.windows(start.len()).position(|bytes| bytes == start);
    let point = &hello[at.unwrap() + start.len()..][..65];
    PublicKey::from_sec1_bytes(point).unwrap()
}

fn server_hello(hello: &[u8], secret: &SecretKey) -> Vec<u8> {
    let session_id = vector(1, &hello[39..][..hello[38].into()]);
    let point = secret.public_key().to_encoded_point(false);
    let share = [&[0, 23][..], &vector(2, point.as_bytes())].concat();
    let extensions = [extension(43, &[3, 4]), extension(51, &share)].concat();
    let body = [
        &[3, 3][..],
        &[7; 32],
        &session_id,
        &[0x13, 1, 0],
        &vector(2, &extensions),
    ];
    message(2, &body.concat())
}

impl ErrorType for Server {
    type Error = ErrorKind;
}

impl Read for Server {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        Ok(self.to_send.read(buf).unwrap())
    }
}

impl Write for Server {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        self.received.extend(buf);
        self.count += buf.len();
        self.act();
        Ok(buf.len())
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

impl embedded_io_async::Read for Server {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        Read::read(self, buf)
    }
}

impl embedded_io_async::Write for Server {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        Write::write(self, buf)
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}
