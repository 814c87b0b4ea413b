//! The certificates and keys of tests/chains/data, and signatures that are made with these.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, OnceLock};

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use x509_parser::prelude::{FromDer, X509Certificate};

/// A certificate by the name of its file.
pub fn certificate(name: &str) -> Option<&'static [u8]> {
    static FILES: OnceLock<Files> = OnceLock::new();
    let files = FILES.get_or_init(|| read("", "der"));
    files.get(name).map(Vec::as_slice)
}

/// Whether these octets were signed for one of the certificates.
pub fn is_issued(tbs: &[u8]) -> bool {
    static ISSUED: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    let issued = ISSUED.get_or_init(|| {
        let files = read("", "der");
        let issued = files.values().filter_map(|der| {
            let (_, certificate) = X509Certificate::from_der(der).ok()?;
            Some(certificate.tbs_certificate.as_ref().to_vec())
        });
        issued.collect()
    });
    issued.iter().any(|octets| octets == tbs)
}

/// What a server signs, or a client. RFC 8446 §4.4.3.
pub fn signed(transcript: [u8; 32], who: &str) -> Vec<u8> {
    let mut message = vec![0x20; 64];
    message.extend(format!("TLS 1.3, {who} CertificateVerify\0").bytes());
    message.extend(transcript);
    message
}

/// The number of a scheme (RFC 8446 §4.2.3).
pub fn scheme(name: &str) -> Option<u16> {
    Some(match name {
        "ecdsa_p256_sha256" => 0x0403,
        "ecdsa_p384_sha384" => 0x0503,
        "ed25519" => 0x0807,
        "rsa_pkcs1_sha256" => 0x0401,
        "rsa_pss_sha256" => 0x0804,
        "rsa_pss_sha384" => 0x0805,
        "rsa_pss_sha512" => 0x0806,
        "unknown" => 0xfe01,
        number => u16::from_str_radix(number, 16).ok()?,
    })
}

/// What `sign` stands for: the scheme and the signature.
pub fn sign(value: &str, transcript: [u8; 32]) -> Option<(u16, Vec<u8>)> {
    let mut words = value.split(' ');
    let key = words.next()?;
    let scheme = scheme(words.next()?)?;
    let words: Vec<&str> = words.collect();
    let has = |word| words.contains(&word);
    let transcript = if has("other") { [8; 32] } else { transcript };
    let who = if has("client") { "client" } else { "server" };
    let mut signature = made(key, scheme, &signed(transcript, who))?;
    if has("empty") {
        signature.clear();
    }
    if has("longer") {
        signature.push(0);
    }
    let numbers: Vec<usize> = words.iter().filter_map(|word| word.parse().ok()).collect();
    if let [at, with] = numbers[..]
        && let Some(octet) = signature.get_mut(at)
    {
        *octet ^= with as u8;
    }
    Some((scheme, signature))
}

/// What a key has signed. RSA takes a while, so it is kept.
fn made(key: &str, scheme: u16, message: &[u8]) -> Option<Vec<u8>> {
    type Made = HashMap<(String, u16, Vec<u8>), Vec<u8>>;
    static MADE: OnceLock<Mutex<Made>> = OnceLock::new();
    // For an RSA key the scheme decides how it is signed; others sign in one way.
    let scheme = match (key.starts_with("rsa"), scheme) {
        (true, 0x0401 | 0x0805 | 0x0806) => scheme,
        _ => 0x0804,
    };
    let mut made = MADE.get_or_init(Mutex::default).lock().unwrap();
    let known = (key.to_owned(), scheme, message.to_vec());
    if let Some(signature) = made.get(&known) {
        return Some(signature.clone());
    }
    let signature = sign_with(key, scheme, message)?;
    made.insert(known, signature.clone());
    Some(signature)
}

fn sign_with(name: &str, scheme: u16, message: &[u8]) -> Option<Vec<u8>> {
    static KEYS: OnceLock<Files> = OnceLock::new();
    let key = KEYS.get_or_init(|| read("keys", "p8")).get(name)?;
    let random = SystemRandom::new();
    let ecdsa = match name.split('-').next()? {
        "p256" => &ECDSA_P256_SHA256_ASN1_SIGNING,
        "p384" => &ECDSA_P384_SHA384_ASN1_SIGNING,
        _ => {
            let encoding: &dyn RsaEncoding = match scheme {
                0x0401 => &RSA_PKCS1_SHA256,
                0x0805 => &RSA_PSS_SHA384,
                0x0806 => &RSA_PSS_SHA512,
                _ => &RSA_PSS_SHA256,
            };
            // Other keys, and RSA keys that are too short or too long, do not sign.
            let Ok(key) = RsaKeyPair::from_pkcs8(key) else {
                return Some(vec![1; 64]);
            };
            let mut signature = vec![0; key.public().modulus_len()];
            key.sign(encoding, &random, message, &mut signature).ok()?;
            return Some(signature);
        }
    };
    let key = EcdsaKeyPair::from_pkcs8(ecdsa, key, &random).ok()?;
    Some(key.sign(&random, message).ok()?.as_ref().to_vec())
}

/// Contents by names.
type Files = HashMap<String, Vec<u8>>;

fn read(folder: &str, extension: &str) -> Files {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/chains/data")
        .join(folder);
    let files = folder.read_dir().expect("tests/chains/data").map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        path.extension()
            .is_some_and(|found| found == extension)
            .then(|| (name, std::fs::read(path).unwrap()))
    });
    files.flatten().collect()
}
