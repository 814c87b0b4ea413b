//! From the server's certificate to a trusted root, by rustls-webpki (RFC 5280 §6).
//!
//! This file does not know the handshake. It bounds the work that a server can cause, and names faults.

use core::fmt;
use core::sync::atomic::{AtomicU8, Ordering};

use heapless::Vec;
use rustls_pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm,
    TrustAnchor, UnixTime,
};
use webpki::{EndEntityCert, Error, KeyUsage};

use super::error::CertificateFault;
use super::key::ChainAlgorithm;
use super::name::ServerName;
use super::pace::Tick;

/// The most certificates that a server may send: a chain of four, and a root, which some servers send
/// too. The stack grows by 1.5 KB with each.
pub const CERTIFICATES_MAX: usize = 5;

/// The most signatures that are checked for one chain. A chain of five takes four; where names are
/// used twice it may be more.
pub const SIGNATURE_CHECKS_MAX: u8 = 10;

/// Sets of signature algorithms: P-256, P-384, RSA; empty where not asked for.
pub(super) type Algorithms = [&'static [ChainAlgorithm]; 3];

/// When a certificate must be valid.
#[derive(Clone, Copy)]
pub(super) enum Clock {
    /// Now, in seconds since 1970.
    Now(u64),
    /// Nobody knows: not before this time, in seconds since 1970.
    NotBefore(u64),
}

/// Checks the name, then the chain to one of the anchors.
pub(super) fn verify(
    chain: &[&[u8]],
    name: &ServerName<'_>,
    anchors: &[TrustAnchor<'_>],
    algorithms: Algorithms,
    clock: Clock,
    tick: Tick<'_>,
) -> Result<(), CertificateFault> {
    let (leaf, intermediates) = chain.split_first().ok_or(CertificateFault::Empty)?;
    let leaf = CertificateDer::from(*leaf);
    let leaf = EndEntityCert::try_from(&leaf).map_err(name_fault)?;
    // Cheap, so before any signature.
    check_name(&leaf, name)?;
    let intermediates: Vec<_, CERTIFICATES_MAX> = intermediates
        .iter()
        .map(|der| CertificateDer::from(*der))
        .take(CERTIFICATES_MAX)
        .collect();
    let work = Work {
        tick,
        checks_left: AtomicU8::new(SIGNATURE_CHECKS_MAX),
        fault: AtomicU8::new(0),
    };
    let counted: Vec<_, ALGORITHMS_MAX> = algorithms
        .into_iter()
        .flatten()
        .map(|algorithm| Counted {
            algorithm,
            work: &work,
        })
        .take(ALGORITHMS_MAX)
        .collect();
    let supported: Vec<&dyn SignatureVerificationAlgorithm, ALGORITHMS_MAX> = counted
        .iter()
        .map(|algorithm| algorithm as &dyn SignatureVerificationAlgorithm)
        .collect();
    let verify_at = |seconds| {
        leaf.verify_for_usage(
            &supported,
            anchors,
            &intermediates,
            UnixTime::since_unix_epoch(core::time::Duration::from_secs(seconds)),
            KeyUsage::server_auth(),
            None,
            None,
        )
        .map(|_| ())
    };
    let result = match clock {
        Clock::Now(seconds) => verify_at(seconds),
        Clock::NotBefore(seconds) => skip_dates(seconds, verify_at),
    };
    result.map_err(|error| work.explain(&error).unwrap_or_else(|| name_fault(error)))
}

// Not inlined: the stack it needs is free again when signatures are checked.
#[inline(never)]
fn check_name(leaf: &EndEntityCert<'_>, name: &ServerName<'_>) -> Result<(), CertificateFault> {
    let name = name.for_webpki().ok_or(CertificateFault::WrongName)?;
    leaf.verify_is_valid_for_subject_name(&name)
        .map_err(name_fault)
}

/// Tries later and later times until no certificate is "not valid yet".
fn skip_dates(floor: u64, verify_at: impl Fn(u64) -> Result<(), Error>) -> Result<(), Error> {
    let mut seconds = floor;
    // Each certificate can ask for another time once.
    for _ in 0..CERTIFICATES_MAX {
        match verify_at(seconds) {
            Err(Error::CertNotValidYet { not_before, .. }) => seconds = not_before.as_secs(),
            result => return result,
        }
    }
    verify_at(seconds)
}

/// A signature algorithm that counts.
struct Counted<'a> {
    algorithm: &'static ChainAlgorithm,
    work: &'a Work<'a>,
}

impl fmt::Debug for Counted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Counted")
    }
}

impl SignatureVerificationAlgorithm for Counted<'_> {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let algorithm = self.algorithm;
        if let Err(fault) = (algorithm.key.examine)(public_key) {
            self.work.note(fault);
            return Err(InvalidSignature);
        }
        if !self.work.may_go_on() || !(algorithm.check)(public_key, message, signature) {
            return Err(InvalidSignature);
        }
        Ok(())
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.key.algorithm
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.signature
    }
}

/// The work for this chain. Atomics, since a [`SignatureVerificationAlgorithm`] is `Sync`; they
/// are only loaded and stored, which every processor can.
struct Work<'t> {
    tick: Tick<'t>,
    checks_left: AtomicU8,
    fault: AtomicU8,
}

impl Work<'_> {
    fn may_go_on(&self) -> bool {
        self.tick.call();
        match self.checks_left.load(Ordering::Relaxed).checked_sub(1) {
            Some(left) => {
                self.checks_left.store(left, Ordering::Relaxed);
                true
            }
            None => {
                self.note(CertificateFault::TooMuchWork);
                false
            }
        }
    }

    /// Remembers what webpki would call a wrong signature. Too much work outweighs what was before.
    fn note(&self, fault: CertificateFault) {
        let number = match fault {
            CertificateFault::TooMuchWork => TOO_MUCH_WORK,
            _ if self.fault.load(Ordering::Relaxed) == TOO_MUCH_WORK => return,
            CertificateFault::KeyLength => KEY_LENGTH,
            _ => MALFORMED,
        };
        self.fault.store(number, Ordering::Relaxed);
    }

    /// The reason that webpki could not know.
    fn explain(&self, error: &Error) -> Option<CertificateFault> {
        let is_signature = matches!(error, Error::InvalidSignatureForPublicKey);
        match self.fault.load(Ordering::Relaxed) {
            TOO_MUCH_WORK => Some(CertificateFault::TooMuchWork),
            KEY_LENGTH if is_signature => Some(CertificateFault::KeyLength),
            MALFORMED if is_signature => Some(CertificateFault::Malformed),
            _ => None,
        }
    }
}

const TOO_MUCH_WORK: u8 = 1;
const KEY_LENGTH: u8 = 2;
const MALFORMED: u8 = 3;

fn name_fault(error: Error) -> CertificateFault {
    match error {
        Error::CertExpired { not_after, .. } => CertificateFault::Expired {
            not_after: not_after.as_secs(),
        },
        Error::CertNotValidYet { not_before, .. } => CertificateFault::NotYetValid {
            not_before: not_before.as_secs(),
        },
        Error::CertNotValidForName(_) => CertificateFault::WrongName,
        Error::UnknownIssuer | Error::CertDistrusted => CertificateFault::UnknownIssuer,
        Error::CaUsedAsEndEntity => CertificateFault::CaAsServer,
        Error::EndEntityUsedAsCa => CertificateFault::NotCa,
        Error::RequiredEkuNotFoundContext(_) | Error::EmptyEkuExtension => {
            CertificateFault::WrongPurpose
        }
        Error::PathLenConstraintViolated => CertificateFault::PathLength,
        Error::NameConstraintViolation => CertificateFault::NameConstraint,
        Error::InvalidSignatureForPublicKey => CertificateFault::BadSignature,
        Error::UnsupportedSignatureAlgorithmContext(_)
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => CertificateFault::Algorithm,
        Error::UnsupportedCriticalExtension => CertificateFault::CriticalExtension,
        Error::MaximumSignatureChecksExceeded
        | Error::MaximumPathBuildCallsExceeded
        | Error::MaximumPathDepthExceeded
        | Error::MaximumNameConstraintComparisonsExceeded => CertificateFault::TooMuchWork,
        _ => CertificateFault::Malformed,
    }
}

/// P-256 and P-384 with two hashes each, RSA in nine ways.
const ALGORITHMS_MAX: usize =
    2 + if cfg!(feature = "p384") { 2 } else { 0 } + if cfg!(feature = "rsa") { 9 } else { 0 };
