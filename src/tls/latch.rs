//! The latch: a server is proven if its certificate was accepted and *then* what it signed was right,
//! with the key of that same certificate (RFC 8446 §4.4.3). In every other order it is not, for good.
//!
//! This file does not rely on being called in order.

use heapless::Vec;

use crate::proof::Proof;

use super::chain::CERTIFICATES_MAX;
use super::error::{CertificateFault, Error};
use super::gate::Link;
use super::key::KeptKey;
use super::library::{self, TlsError};
use super::name::ServerName;
use super::pace::Tick;
use super::verify::Verify;

/// Verifies a server for one handshake.
pub(super) struct Verifier<'v, V> {
    name: &'v ServerName<'v>,
    choice: V,
    tick: Tick<'v>,
    latch: Latch,
    /// Once a certificate was accepted, its key.
    key: KeptKey,
    /// And the hash of the handshake up to there.
    transcript: [u8; 32],
}

#[derive(Clone, Copy)]
enum Latch {
    /// Nothing was shown.
    Start,
    /// A certificate was accepted.
    Accepted,
    /// The server has that key.
    Proven,
    /// The choice is not to verify.
    Waived,
    /// Not proven, for good.
    Failed(Error),
}

impl<'v, V: Verify> Verifier<'v, V> {
    // Not inlined: it is filled in place.
    #[inline(never)]
    pub(super) fn new(name: &'v ServerName<'v>, choice: V, tick: Tick<'v>) -> Self {
        let latch = match choice.proof() {
            Proof::Nothing => Latch::Waived,
            _ => Latch::Start,
        };
        Self {
            name,
            choice,
            tick,
            latch,
            key: KeptKey::default(),
            transcript: [0; 32],
        }
    }

    /// The result of the handshake. That it ended well is no proof.
    pub(super) fn outcome(
        &self,
        opened: Result<(), TlsError>,
        link: &Link<'_>,
    ) -> Result<Proof, Error> {
        match opened {
            Ok(()) => self.proof(),
            Err(error) => Err(self
                .refusal()
                .unwrap_or_else(|| library::error(error, link))),
        }
    }

    /// The proof, once the handshake has ended.
    fn proof(&self) -> Result<Proof, Error> {
        match self.latch {
            Latch::Proven | Latch::Waived => Ok(self.choice.proof()),
            Latch::Failed(error) => Err(error),
            Latch::Start | Latch::Accepted => Err(Error::NotProven),
        }
    }

    /// Why the server was refused, if it was.
    fn refusal(&self) -> Option<Error> {
        match self.latch {
            Latch::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// Takes the latch on, from a state that is left whatever happens.
    fn advance(&mut self, step: impl FnOnce(&mut Self, Latch) -> Result<Latch, Error>) -> bool {
        let latch = core::mem::replace(&mut self.latch, Latch::Failed(Error::NotProven));
        self.latch = step(self, latch).unwrap_or_else(Latch::Failed);
        !matches!(self.latch, Latch::Failed(_))
    }

    /// The server shows certificates; `transcript` is the hash of the handshake with them.
    #[inline(never)]
    pub(super) fn certificates<'c>(
        &mut self,
        transcript: [u8; 32],
        certificates: impl Iterator<Item = Option<&'c [u8]>>,
    ) -> bool {
        self.advance(|verifier, latch| {
            let chain = collect(certificates);
            match latch {
                Latch::Start => {
                    let key = verifier
                        .choice
                        .judge(&chain?, verifier.name, verifier.tick)?;
                    verifier.key.keep(key)?;
                    verifier.transcript = transcript;
                    Ok(Latch::Accepted)
                }
                Latch::Waived => {
                    if let Ok(chain) = chain {
                        // For those who watch.
                        let _ = verifier.choice.judge(&chain, verifier.name, verifier.tick);
                    }
                    Ok(Latch::Waived)
                }
                Latch::Failed(error) => Err(error),
                Latch::Accepted | Latch::Proven => Err(Error::NotProven),
            }
        })
    }

    /// The server shows its signature of the handshake.
    #[inline(never)]
    pub(super) fn signature(&mut self, scheme: u16, signature: &[u8]) -> bool {
        self.advance(|verifier, latch| match latch {
            Latch::Accepted => {
                verifier.tick.call();
                let message = signed(&verifier.transcript);
                verifier.key.check(scheme, &message, signature)?;
                Ok(Latch::Proven)
            }
            Latch::Waived => Ok(Latch::Waived),
            Latch::Failed(error) => Err(error),
            Latch::Start | Latch::Proven => Err(Error::NotProven),
        })
    }
}

fn collect<'c>(
    certificates: impl Iterator<Item = Option<&'c [u8]>>,
) -> Result<Vec<&'c [u8], CERTIFICATES_MAX>, CertificateFault> {
    let mut chain = Vec::new();
    for certificate in certificates {
        let certificate = certificate.ok_or(CertificateFault::KeyType)?;
        chain
            .push(certificate)
            .map_err(|_| CertificateFault::TooMany)?;
    }
    Ok(chain)
}

/// The message that a server signs. RFC 8446 §4.4.3: 64 spaces, the context, a zero byte, the hash.
fn signed(transcript: &[u8; 32]) -> [u8; SIGNED] {
    let mut message = [b' '; SIGNED];
    let octets = CONTEXT.iter().chain(transcript);
    for (place, octet) in message.iter_mut().skip(PADDING).zip(octets) {
        *place = *octet;
    }
    message
}

const PADDING: usize = 64;
const CONTEXT: &[u8; 34] = b"TLS 1.3, server CertificateVerify\0";
const SIGNED: usize = PADDING + CONTEXT.len() + 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::certificate::tests::certificate;
    use crate::tls::gate::Stage;
    use crate::tls::{Pin, Pins};
    use p256::ecdsa::signature::Signer;
    use p256::ecdsa::{Signature, SigningKey};
    use rustls_pki_types::alg_id;
    use std::vec::Vec;

    const TRANSCRIPT: [u8; 32] = [7; 32];
    const SCHEME: u16 = 0x0403;

    /// A server with a key, and its certificate.
    struct Server {
        key: SigningKey,
        der: Vec<u8>,
    }

    impl Server {
        fn new(seed: u8) -> Self {
            let key = SigningKey::from_slice(&[seed; 32]).unwrap();
            let point = key.verifying_key().to_encoded_point(false);
            let der = certificate(&alg_id::ECDSA_P256, point.as_bytes());
            Self { key, der }
        }

        fn pin(&self) -> Pin {
            Pin::of_certificate(&self.der).unwrap()
        }

        fn sign(&self, transcript: [u8; 32]) -> Vec<u8> {
            let signature: Signature = self.key.sign(&signed(&transcript));
            signature.to_der().as_bytes().to_vec()
        }
    }

    /// What the library may call.
    #[derive(Debug, Clone, Copy)]
    enum Call {
        /// The right certificate.
        Certificate,
        /// One of a key that is not pinned.
        OtherCertificate,
        /// One whose key is pinned too, of another server.
        SecondCertificate,
        /// The right certificate, at another point of the handshake.
        Later,
        NoCertificate,
        Signature,
        /// Of another transcript.
        WrongSignature,
        /// By the other pinned key.
        SecondSignature,
        /// With a scheme of another kind of key.
        WrongScheme,
        GarbledSignature,
    }
    use Call::*;

    const CALLS: [Call; 10] = [
        Certificate,
        OtherCertificate,
        SecondCertificate,
        Later,
        NoCertificate,
        Signature,
        WrongSignature,
        SecondSignature,
        WrongScheme,
        GarbledSignature,
    ];

    struct Scene {
        server: Server,
        second: Server,
        other: Server,
    }

    impl Scene {
        fn new() -> Self {
            Self {
                server: Server::new(1),
                second: Server::new(2),
                other: Server::new(3),
            }
        }

        fn call<V: Verify>(&self, verifier: &mut Verifier<'_, V>, call: Call) -> bool {
            let mut show = |server: &Server, transcript| {
                verifier.certificates(transcript, [Some(&*server.der)].into_iter())
            };
            match call {
                Certificate => show(&self.server, TRANSCRIPT),
                OtherCertificate => show(&self.other, TRANSCRIPT),
                SecondCertificate => show(&self.second, TRANSCRIPT),
                Later => show(&self.server, [8; 32]),
                NoCertificate => verifier.certificates(TRANSCRIPT, [].into_iter()),
                Signature => verifier.signature(SCHEME, &self.server.sign(TRANSCRIPT)),
                WrongSignature => verifier.signature(SCHEME, &self.server.sign([8; 32])),
                SecondSignature => verifier.signature(SCHEME, &self.second.sign(TRANSCRIPT)),
                WrongScheme => verifier.signature(0x0804, &self.server.sign(TRANSCRIPT)),
                GarbledSignature => {
                    let mut signature = self.server.sign(TRANSCRIPT);
                    signature[10] ^= 1;
                    verifier.signature(SCHEME, &signature)
                }
            }
        }
    }

    /// Every order of up to four calls, with repetitions: only those that pair a certificate with the
    /// right signature of its key prove the server, and what follows them undoes it.
    #[test]
    fn only_a_certificate_and_then_its_signature_prove_the_server() {
        let scene = Scene::new();
        let pins = [scene.server.pin(), scene.second.pin()];
        let name = ServerName::try_from("a.example").unwrap();
        let (mut orders, mut proven) = (0, 0);
        let mut sequences: Vec<Vec<Call>> = std::vec![Vec::new()];
        for _ in 0..=4 {
            for sequence in &sequences {
                let mut verifier = Verifier::new(&name, Pins::new(&pins), Tick::default());
                let results: Vec<bool> = sequence
                    .iter()
                    .map(|call| scene.call(&mut verifier, *call))
                    .collect();
                let is_right = matches!(
                    sequence[..],
                    [Certificate, Signature]
                        | [SecondCertificate, SecondSignature]
                        | [Later, WrongSignature]
                );
                let proof = verifier.proof();
                assert_eq!(proof.is_ok(), is_right, "{sequence:?}");
                assert_eq!(proof.is_ok(), proof == Ok(Proof::Key));
                // Once refused, always refused.
                let first = results.iter().position(|taken| !taken);
                if let Some(first) = first {
                    assert!(results[first..].iter().all(|taken| !taken), "{sequence:?}");
                    assert!(verifier.refusal().is_some());
                }
                orders += 1;
                proven += usize::from(is_right);
            }
            let longer = sequences.iter().flat_map(|sequence| {
                CALLS.map(|call| sequence.iter().copied().chain([call]).collect())
            });
            sequences = longer.collect();
        }
        assert_eq!((orders, proven), (11_111, 3));
    }

    /// That the handshake ended well opens nothing: only what the latch has seen does. And what it has
    /// refused is the reason for a failure, whatever the library calls it.
    #[test]
    fn a_handshake_that_ends_well_is_no_proof() {
        let scene = Scene::new();
        let pins = [scene.server.pin()];
        let name = ServerName::try_from("a.example").unwrap();
        let link = Link::default();
        let end = |calls: &[Call], opened| {
            let mut verifier = Verifier::new(&name, Pins::new(&pins), Tick::default());
            for call in calls {
                scene.call(&mut verifier, *call);
            }
            verifier.outcome(opened, &link)
        };
        assert_eq!(end(&[], Ok(())), Err(Error::NotProven));
        assert_eq!(end(&[Certificate], Ok(())), Err(Error::NotProven));
        assert_eq!(end(&[Signature], Ok(())), Err(Error::NotProven));
        assert_eq!(end(&[Certificate, Signature], Ok(())), Ok(Proof::Key));
        let mismatch = Err(Error::Certificate(CertificateFault::PinMismatch));
        assert_eq!(end(&[OtherCertificate], Ok(())), mismatch);
        let refused = || Err(TlsError::InvalidCertificate);
        assert_eq!(end(&[OtherCertificate], refused()), mismatch);
        // Proven, and then it broke.
        let closed = || Err(TlsError::IoError);
        let unheard = Err(Error::NoAnswer);
        assert_eq!(end(&[Certificate, Signature], closed()), unheard);
        link.enter(Stage::Handshake);
        let closed = end(&[Certificate, Signature], closed());
        assert_eq!(closed, Err(Error::Closed));
    }

    #[test]
    fn the_refusal_says_what_was_wrong_first() {
        let scene = Scene::new();
        let pins = [scene.server.pin()];
        let name = ServerName::try_from("a.example").unwrap();
        let end = |calls: &[Call]| {
            let mut verifier = Verifier::new(&name, Pins::new(&pins), Tick::default());
            for call in calls {
                scene.call(&mut verifier, *call);
            }
            verifier.proof().unwrap_err()
        };
        assert_eq!(end(&[]), Error::NotProven);
        assert_eq!(end(&[Certificate]), Error::NotProven);
        assert_eq!(end(&[Signature]), Error::NotProven);
        assert_eq!(end(&[Certificate, Certificate]), Error::NotProven);
        assert_eq!(end(&[Certificate, Signature, Signature]), Error::NotProven);
        let fault = |calls| match end(calls) {
            Error::Certificate(fault) => fault,
            error => panic!("{error:?}"),
        };
        let mismatch = [OtherCertificate, Certificate, Signature];
        assert_eq!(fault(&mismatch), CertificateFault::PinMismatch);
        assert_eq!(fault(&[NoCertificate]), CertificateFault::Empty);
        let scheme = [Certificate, WrongScheme, Signature];
        assert_eq!(fault(&scheme), CertificateFault::Scheme);
        let signature = [Certificate, WrongSignature, Signature];
        assert_eq!(fault(&signature), CertificateFault::HandshakeSignature);
    }

    /// Whatever is sent, and if nothing is, without verification it is taken, and called so.
    #[test]
    fn without_verification_nothing_is_proven() {
        let scene = Scene::new();
        let name = ServerName::try_from("a.example").unwrap();
        for calls in [&CALLS[..], &[], &[Signature]] {
            let mut verifier =
                Verifier::new(&name, crate::tls::DangerNoVerification, Tick::default());
            assert!(calls.iter().all(|call| scene.call(&mut verifier, *call)));
            assert_eq!(verifier.proof(), Ok(Proof::Nothing));
        }
    }

    #[test]
    fn no_more_than_five_certificates_are_looked_at() {
        let scene = Scene::new();
        let pins = [scene.server.pin()];
        let name = ServerName::try_from("a.example").unwrap();
        for (count, fault) in [(5, None), (6, Some(CertificateFault::TooMany))] {
            let mut verifier = Verifier::new(&name, Pins::new(&pins), Tick::default());
            let chain = (0..count).map(|_| Some(&*scene.server.der));
            assert_eq!(verifier.certificates(TRANSCRIPT, chain), fault.is_none());
            assert_eq!(verifier.refusal(), fault.map(Error::Certificate));
        }
        // A raw public key is no certificate.
        let mut verifier = Verifier::new(&name, Pins::new(&pins), Tick::default());
        assert!(!verifier.certificates(TRANSCRIPT, [None].into_iter()));
    }

    #[test]
    fn a_server_signs_what_the_standard_says() {
        let message = signed(&[9; 32]);
        assert_eq!(message.len(), 130);
        assert!(message[..64].iter().all(|octet| *octet == 0x20));
        assert_eq!(&message[64..97], b"TLS 1.3, server CertificateVerify");
        assert_eq!(message[97], 0);
        assert_eq!(message[98..], [9; 32]);
    }
}
