//! The verifier of a TLS server: whatever that shows, in whatever order.
//!
//! ```text
//! with: roots, pins, undated, rsa, p384    what must be proven: see below
//! host: mail.example.org
//! time: 1780272000                         in seconds since 1970; with `undated`, the floor
//! root: root-p256                          a certificate to trust
//! pin: 1                                   a certificate whose key is pinned
//! show: 1 ca-p256                          a call: these certificates, the server's first
//! sign: p256-leaf ecdsa_p256_sha256        a call: what this key signs, said to be of this scheme
//! signature: 0403 2                        a call: the second part of the octets, likewise
//!
//! <a certificate in DER>
//! --
//! <octets>
//! ```
//!
//! A certificate is a file of tests/chains/data, or the number of a part of what stands behind the
//! empty line. Parts are parted by a line `--`, not by the lengths in them, so that these can be wrong
//! too. `show: raw` is a raw public key, and `show: ` is an empty list.
//!
//! `with: roots` asks for a chain, `roots, pins` for both, `nothing` for nothing; else it is pins.
//!
//! `sign` takes a key of tests/chains/data/keys, which cannot be changed, and signs what the standard
//! says; behind the scheme may stand `other` (of another handshake), `client` (as a client would),
//! `longer`, `empty`, or two numbers: the octet to change, and what it is XORed with. ECDSA signatures are
//! not the same in each run; what is made of them is. A scheme is a name or a number in hexadecimal.
//!
//! Checked, by the crates der, x509-parser and ring:
//!
//! - The key that is found in each certificate is the one that der finds, and x509-parser if that can
//!   read it; and the pin is its hash.
//! - With pins, a server is proven just if the calls are one of certificates and then one of a
//!   signature, the key is pinned and of a kind that is taken, and the signature is right (`key.rs`).
//! - With roots, only if besides that holds: what the server was certified with is in
//!   tests/chains/data, so that somebody with a key of these signed it, and there is a path by the
//!   rules that are written in `path.rs`.
//! - It is called what was asked for, and a watcher saw just what was shown.

mod data;
mod key;
mod path;

use std::cell::RefCell;
use std::net::IpAddr;

use embedded_smtp::Proof;
use embedded_smtp::tls::_fuzzing::{Call, public_key_info, verify};
use embedded_smtp::tls::{
    CertificateDer, DangerNoVerification, Error, Pin, Pins, Roots, ServerName, TrustAnchor, Verify,
    Watched, anchor,
};
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::form::Form;
use key::{Key, Kind};

/// The hash of the handshake, which the latch only takes from one call to the other.
const TRANSCRIPT: [u8; 32] = [7; 32];

/// The most certificates that are looked at.
const CERTIFICATES_MAX: usize = 5;

/// The fuzz target.
pub fn verifier(input: &[u8]) {
    is_proven(input);
}

/// Checks an input; whether the server was proven.
pub fn is_proven(input: &[u8]) -> bool {
    let form = Form::read(input);
    let parts = Parts::of(form.octets);
    let host = form.text("host").unwrap_or("mail.example.org");
    let Ok(name) = host
        .parse::<IpAddr>()
        .map(ServerName::from)
        .or_else(|_| ServerName::parse(host))
    else {
        return false;
    };
    let mut shown: Vec<Shown> = Vec::new();
    for (key, value) in form.fields() {
        let Ok(value) = std::str::from_utf8(value) else {
            continue;
        };
        shown.extend(match key {
            b"show" => Some(Shown::Certificates(parts.certificates(value))),
            b"sign" => data::sign(value, TRANSCRIPT).map(Shown::signature),
            b"signature" => parts.signature(value).map(Shown::signature),
            _ => None,
        });
    }
    for call in &shown {
        if let Shown::Certificates(chain) = call {
            chain.iter().flatten().for_each(|der| check_key(der));
        }
    }
    let scene = Scene {
        host,
        name,
        time: form.text("time").and_then(|time| time.parse().ok()),
        shown,
        kinds: Kind::ALL
            .into_iter()
            .filter(|kind| *kind == Kind::P256 || form.has(kind.name()))
            .collect(),
        pins: form
            .texts("pin")
            .filter_map(|name| Some(Sha256::digest(Key::of(parts.certificate(name)?)?.whole)))
            .map(Into::into)
            .collect(),
    };
    if form.has("nothing") {
        let result = scene.verdict(DangerNoVerification).0;
        assert_eq!(result, Ok(Proof::Nothing));
        return false;
    }
    if form.has("roots") {
        let roots: Vec<CertificateDer> = form
            .texts("root")
            .filter_map(|name| parts.certificate(name).map(CertificateDer::from))
            .collect();
        let anchors: Vec<TrustAnchor> = roots.iter().filter_map(|der| anchor(der).ok()).collect();
        scene.with_roots(&anchors, form.has("undated"), form.has("pins"))
    } else {
        scene.with_pins()
    }
}

/// What a server shows, and what it is judged by.
struct Scene<'i> {
    host: &'i str,
    name: ServerName<'i>,
    time: Option<u64>,
    shown: Vec<Shown<'i>>,
    kinds: Vec<Kind>,
    pins: Vec<[u8; 32]>,
}

impl Scene<'_> {
    fn with_pins(&self) -> bool {
        let pins: Vec<Pin> = self.pins.iter().copied().map(Pin::new).collect();
        let mut choice = Pins::new(&pins);
        if self.kinds.contains(&Kind::Rsa) {
            choice = choice.with_rsa();
        }
        if self.kinds.contains(&Kind::P384) {
            choice = choice.with_p384();
        }
        let (result, seen) = self.verdict(choice);
        let has_key = self.has_key(Some(&self.pins));
        assert_eq!(result.is_ok(), has_key, "{result:?}");
        if has_key {
            assert_eq!(result, Ok(Proof::Key));
            self.check_seen(&seen);
        }
        has_key
    }

    fn with_roots(&self, anchors: &[TrustAnchor<'_>], is_undated: bool, has_pins: bool) -> bool {
        let time = self.time.unwrap_or(0);
        let pins: Vec<Pin> = self.pins.iter().copied().map(Pin::new).collect();
        let mut choice = match is_undated {
            false => Roots::new(anchors, time),
            true => Roots::danger_without_dates(anchors, time),
        };
        if has_pins {
            choice = choice.and_pins(&pins);
        }
        if self.kinds.contains(&Kind::Rsa) {
            choice = choice.with_rsa();
        }
        if self.kinds.contains(&Kind::P384) {
            choice = choice.with_p384();
        }
        let (result, seen) = self.verdict(choice);
        let Ok(proof) = result else {
            return false;
        };
        let named = match is_undated {
            false => Proof::Chain,
            true => Proof::UndatedChain,
        };
        assert_eq!(proof, named);
        assert!(self.has_key(has_pins.then_some(&self.pins)));
        let path = path::Rules {
            anchors,
            host: self.host,
            time,
            is_undated,
            kinds: &self.kinds,
        };
        path.check(&self.chain());
        self.check_seen(&seen);
        true
    }

    /// What the library says, and what a watcher saw.
    fn verdict(&self, choice: impl Verify) -> (Result<Proof, Error>, Vec<Vec<u8>>) {
        let calls: Vec<Call> = self
            .shown
            .iter()
            .map(|shown| match shown {
                Shown::Certificates(chain) => Call::Certificates(chain),
                Shown::Signature(scheme, signature) => Call::Signature(*scheme, signature),
            })
            .collect();
        let seen = RefCell::new(Vec::new());
        let watched = Watched::new(choice, |der: &[u8]| seen.borrow_mut().push(der.to_vec()));
        let result = verify(watched, &self.name, TRANSCRIPT, &calls);
        (result, seen.into_inner())
    }

    /// Whether the server has shown that it has the key of its certificate, one of these.
    fn has_key(&self, pins: Option<&Vec<[u8; 32]>>) -> bool {
        let [
            Shown::Certificates(chain),
            Shown::Signature(scheme, signature),
        ] = &self.shown[..]
        else {
            return false;
        };
        if chain.len() > CERTIFICATES_MAX || chain.contains(&None) {
            return false;
        }
        let Some(key) = chain.first().and_then(|der| Key::of((*der)?)) else {
            return false;
        };
        let hash: [u8; 32] = Sha256::digest(key.whole).into();
        pins.is_none_or(|pins| pins.contains(&hash))
            && key.kind().is_some_and(|kind| self.kinds.contains(&kind))
            && key.has_signed(*scheme, &data::signed(TRANSCRIPT, "server"), signature)
    }

    /// The certificates that were shown first.
    fn chain(&self) -> Vec<&[u8]> {
        match self.shown.first() {
            Some(Shown::Certificates(chain)) => chain.iter().copied().flatten().collect(),
            _ => Vec::new(),
        }
    }

    fn check_seen(&self, seen: &[Vec<u8>]) {
        assert_eq!(seen, self.chain());
    }
}

/// What a server shows at once.
enum Shown<'i> {
    Certificates(Vec<Option<&'i [u8]>>),
    Signature(u16, Vec<u8>),
}

impl Shown<'_> {
    fn signature((scheme, signature): (u16, Vec<u8>)) -> Self {
        Self::Signature(scheme, signature)
    }
}

/// What stands behind the empty line.
struct Parts<'i>(Vec<&'i [u8]>);

impl<'i> Parts<'i> {
    fn of(octets: &'i [u8]) -> Self {
        const BETWEEN: &[u8] = b"\n--\n";
        let mut parts = Vec::new();
        let mut rest = octets;
        while let Some(at) = rest.windows(BETWEEN.len()).position(|part| part == BETWEEN) {
            parts.push(&rest[..at]);
            rest = &rest[at + BETWEEN.len()..];
        }
        parts.push(rest);
        Self(parts)
    }

    /// A part by its number, or a file by its name.
    fn certificate(&self, name: &str) -> Option<&'i [u8]> {
        match name.parse::<usize>() {
            Ok(number) => self.0.get(number.checked_sub(1)?).copied(),
            Err(_) => data::certificate(name),
        }
    }

    fn certificates(&self, names: &str) -> Vec<Option<&'i [u8]>> {
        let names = names.split_ascii_whitespace();
        names
            .filter_map(|name| match name {
                "raw" => Some(None),
                name => self.certificate(name).map(Some),
            })
            .collect()
    }

    fn signature(&self, value: &str) -> Option<(u16, Vec<u8>)> {
        let (scheme, name) = value.split_once(' ')?;
        Some((data::scheme(scheme)?, self.certificate(name)?.to_vec()))
    }
}

/// Holds the key that the library finds in a certificate against what others find.
fn check_key(der: &[u8]) {
    // The library reads no certificate that is longer than a record.
    if der.len() > usize::from(u16::MAX) {
        return;
    }
    let found = public_key_info(der);
    let key = Key::of(der).map(|key| [key.whole, key.algorithm, key.octets]);
    assert_eq!(found, key);
    let pin = Pin::of_certificate(der).ok();
    let hash = key.map(|[whole, ..]| Pin::new(Sha256::digest(whole).into()));
    assert_eq!(pin, hash);
    if let (Some([whole, _, octets]), Ok((b"", certificate))) =
        (found, X509Certificate::from_der(der))
    {
        let info = &certificate.tbs_certificate.subject_pki;
        assert_eq!((info.raw, &*info.subject_public_key.data), (whole, octets));
    }
}
