//! Whether a path leads from a server's certificate to a root (RFC 5280 §6), by rules that are written
//! here, with x509-parser and ring.
//!
//! Not among them: the name constraints of a root.

use std::net::IpAddr;

use embedded_smtp::tls::TrustAnchor;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    VerificationAlgorithm,
};
use rsa::pkcs1::der::AnyRef;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, GeneralSubtree, ParsedExtension};
use x509_parser::prelude::{FromDer, X509Version};

use super::data;
use super::key::{Key, Kind};

/// What a chain is judged by.
pub struct Rules<'r> {
    pub anchors: &'r [TrustAnchor<'r>],
    pub host: &'r str,
    pub time: u64,
    pub is_undated: bool,
    pub kinds: &'r [Kind],
}

impl Rules<'_> {
    /// Panics if such a server is not to be proven.
    pub fn check(&self, chain: &[&[u8]]) {
        let certificates: Vec<X509Certificate> = chain
            .iter()
            .filter_map(|der| match X509Certificate::from_der(der) {
                Ok((b"", certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        let leaf = certificates.first().expect("a chain");
        assert_eq!(
            leaf.as_raw(),
            chain[0],
            "the server's certificate is malformed"
        );
        let tbs = leaf.tbs_certificate.as_ref();
        assert!(data::is_issued(tbs), "it was not issued");
        assert!(self.is_for_host(leaf), "not for this host");
        assert!(!is_issuer(leaf), "an issuer's");
        assert!(self.climb(&mut vec![leaf], &certificates), "no path");
    }

    /// Whether a path that begins so can be led to a root.
    fn climb<'c>(
        &self,
        path: &mut Vec<&'c X509Certificate<'c>>,
        certificates: &'c [X509Certificate<'c>],
    ) -> bool {
        let last = path[path.len() - 1];
        let issuer = last.issuer().as_raw();
        let content = AnyRef::try_from(issuer).expect("a name").value();
        let is_at_a_root = self.anchors.iter().any(|anchor| {
            *anchor.subject == *content
                && Key::of_content(&anchor.subject_public_key_info)
                    .is_some_and(|key| self.is_signed(last, &key))
        });
        if is_at_a_root && self.is_in_order(path) {
            return true;
        }
        certificates.iter().any(|above| {
            let is_new = path.iter().all(|known| known.as_raw() != above.as_raw());
            let is_above = is_new
                && above.subject().as_raw() == issuer
                && data::is_issued(above.tbs_certificate.as_ref())
                && Key::of(above.as_raw()).is_some_and(|key| self.is_signed(last, &key));
            if !is_above {
                return false;
            }
            path.push(above);
            let found = self.climb(path, certificates);
            path.pop();
            found
        })
    }

    /// Whether this key signed a certificate, in a way that is taken.
    fn is_signed(&self, certificate: &X509Certificate<'_>, key: &Key<'_>) -> bool {
        let Some(kind) = key.kind().filter(|kind| self.kinds.contains(kind)) else {
            return false;
        };
        if certificate.signature_algorithm != certificate.tbs_certificate.signature {
            return false;
        }
        let oid = certificate.signature_algorithm.algorithm.to_id_string();
        let algorithms: &[&'static dyn VerificationAlgorithm] = match (kind, oid.as_str()) {
            (Kind::P256, "1.2.840.10045.4.3.2") => &[&ECDSA_P256_SHA256_ASN1],
            (Kind::P256, "1.2.840.10045.4.3.3") => &[&ECDSA_P256_SHA384_ASN1],
            (Kind::P384, "1.2.840.10045.4.3.2") => &[&ECDSA_P384_SHA256_ASN1],
            (Kind::P384, "1.2.840.10045.4.3.3") => &[&ECDSA_P384_SHA384_ASN1],
            (Kind::Rsa, "1.2.840.113549.1.1.11") => &[&RSA_PKCS1_2048_8192_SHA256],
            (Kind::Rsa, "1.2.840.113549.1.1.12") => &[&RSA_PKCS1_2048_8192_SHA384],
            (Kind::Rsa, "1.2.840.113549.1.1.13") => &[&RSA_PKCS1_2048_8192_SHA512],
            // Which one stands in the parameters, which are signed.
            (Kind::Rsa, "1.2.840.113549.1.1.10") => &[
                &RSA_PSS_2048_8192_SHA256,
                &RSA_PSS_2048_8192_SHA384,
                &RSA_PSS_2048_8192_SHA512,
            ],
            _ => return false,
        };
        let message = certificate.tbs_certificate.as_ref();
        let signature = &certificate.signature_value;
        signature.unused_bits == 0
            && algorithms
                .iter()
                .any(|algorithm| key.verifies(*algorithm, message, &signature.data))
    }

    /// Whether a path of signatures is one by all other rules.
    fn is_in_order(&self, path: &[&X509Certificate<'_>]) -> bool {
        let (leaf, issuers) = path.split_first().expect("a path");
        let limits = path.iter().map(|certificate| certificate.validity());
        let begin = limits
            .clone()
            .map(|validity| validity.not_before.timestamp());
        let begin = begin.max().expect("a path");
        let end = limits.map(|validity| validity.not_after.timestamp());
        let end = end.min().expect("a path");
        let time = i64::try_from(self.time).unwrap_or(i64::MAX);
        let is_in_time = match self.is_undated {
            false => begin <= time && time <= end,
            true => begin.max(time) <= end,
        };
        is_in_time
            && path.iter().all(|certificate| is_for_servers(certificate))
            && issuers.iter().enumerate().all(|(below, issuer)| {
                is_issuer(issuer) && may_be_above(issuer, below) && constrains(issuer, leaf)
            })
    }

    /// RFC 9525 §6: the name stands there, or a wildcard in the place of its first label.
    fn is_for_host(&self, leaf: &X509Certificate<'_>) -> bool {
        let ip: Option<Vec<u8>> = self.host.parse().ok().map(|ip| match ip {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        });
        let host = self.host.strip_suffix('.').unwrap_or(self.host);
        let host = host.to_ascii_lowercase();
        names(leaf).iter().any(|name| match name {
            GeneralName::IPAddress(octets) => ip.as_deref() == Some(*octets),
            GeneralName::DNSName(name) if ip.is_none() => {
                let name = name.to_ascii_lowercase();
                let parent = host.split_once('.').map(|(_, parent)| parent);
                let wildcard = name.strip_prefix("*.");
                name == host
                    || wildcard.is_some_and(|name| parent == Some(name) && name.contains('.'))
            }
            _ => false,
        })
    }
}

fn names<'c>(certificate: &'c X509Certificate<'c>) -> Vec<&'c GeneralName<'c>> {
    let names = certificate.subject_alternative_name().expect("names");
    names.map_or(Vec::new(), |names| {
        names.value.general_names.iter().collect()
    })
}

fn is_issuer(certificate: &X509Certificate<'_>) -> bool {
    let basic = certificate.basic_constraints().expect("constraints");
    basic.is_some_and(|basic| basic.value.ca)
}

/// Whether so many issuers may stand between this one and the server.
fn may_be_above(issuer: &X509Certificate<'_>, below: usize) -> bool {
    let basic = issuer.basic_constraints().expect("constraints");
    let most = basic.and_then(|basic| basic.value.path_len_constraint);
    most.is_none_or(|most| below <= most as usize)
}

/// Version 3, of a purpose that fits, and nothing critical that is not understood.
fn is_for_servers(certificate: &X509Certificate<'_>) -> bool {
    let purposes = certificate.extended_key_usage().expect("purposes");
    certificate.version() == X509Version::V3
        && purposes.is_none_or(|purposes| purposes.value.server_auth)
        && certificate.extensions().iter().all(|extension| {
            !extension.critical
                || matches!(
                    extension.parsed_extension(),
                    ParsedExtension::BasicConstraints(_)
                        | ParsedExtension::KeyUsage(_)
                        | ParsedExtension::ExtendedKeyUsage(_)
                        | ParsedExtension::SubjectAlternativeName(_)
                        | ParsedExtension::NameConstraints(_)
                )
        })
}

/// Whether an issuer may issue for all the names of a certificate.
fn constrains(issuer: &X509Certificate<'_>, leaf: &X509Certificate<'_>) -> bool {
    let Some(constraints) = issuer.name_constraints().expect("constraints") else {
        return true;
    };
    let permitted = constraints.value.permitted_subtrees.as_deref();
    let excluded = constraints.value.excluded_subtrees.as_deref();
    names(leaf).into_iter().all(|name| {
        let fits = |tree: &&GeneralSubtree<'_>| is_within(name, &tree.base);
        let permitted = permitted.unwrap_or_default();
        let permitted: Vec<_> = permitted
            .iter()
            .filter(|tree| fits(tree).is_some())
            .collect();
        (permitted.is_empty() || permitted.iter().any(|tree| fits(tree) == Some(true)))
            && !excluded
                .unwrap_or_default()
                .iter()
                .any(|tree| fits(&tree) == Some(true))
    })
}

/// RFC 5280 §4.2.1.10. `None` if they are names of different kinds.
fn is_within(name: &GeneralName<'_>, base: &GeneralName<'_>) -> Option<bool> {
    match (name, base) {
        (GeneralName::DNSName(name), GeneralName::DNSName(base)) => {
            let (name, base) = (name.to_ascii_lowercase(), base.to_ascii_lowercase());
            let labels = base.trim_start_matches('.');
            let is_below = labels.is_empty() || name.ends_with(&format!(".{labels}"));
            Some(is_below || name == base)
        }
        (GeneralName::IPAddress(name), GeneralName::IPAddress(base)) => {
            let (network, mask) = base.split_at(base.len() / 2);
            let pairs = name.iter().zip(network).zip(mask);
            let is_same = pairs.clone().all(|((a, b), mask)| a & mask == b & mask);
            Some(name.len() == network.len() && is_same)
        }
        _ => None,
    }
}
