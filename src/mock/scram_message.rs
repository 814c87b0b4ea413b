//! SCRAM-SHA-256: what the client's two messages must look like, and the digests of RFC 5802 §3.
//!
//! This file does not know the order of an exchange, nor who may log in.

use std::string::String;
use std::vec::Vec;

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use super::auth::{decode_base64, text};
use super::gs2;

/// `n,,n=user,r=nonce`
pub(super) struct ClientFirst {
    /// The GS2 header.
    pub(super) header: String,
    pub(super) authzid: Option<String>,
    /// What stands after the header.
    pub(super) bare: String,
    pub(super) user: String,
    pub(super) nonce: String,
}

impl ClientFirst {
    pub(super) fn parse(message: &[u8]) -> Result<Self, &'static str> {
        let (header, bare) = gs2::Header::split(text(message)?)?;
        let mut attributes = bare.split(',');
        let mut attribute = |prefix| attributes.next()?.strip_prefix(prefix);
        let user = attribute("n=").ok_or("no n= behind the GS2 header")?;
        let nonce = attribute("r=").ok_or("no r= behind the user name")?;
        // RFC 5802 §5.1 lets extensions follow, and has none.
        if attributes.next().is_some() {
            return Err("a comma behind the nonce");
        }
        if nonce.is_empty() {
            return Err("an empty nonce");
        }
        // RFC 5802 §7: printable = %x21-2B / %x2D-7E
        if !nonce.bytes().all(|octet| octet.is_ascii_graphic()) {
            return Err("an octet in the nonce that is not printable");
        }
        Ok(Self {
            header: header.text.into(),
            authzid: header.authzid,
            bare: bare.into(),
            user: gs2::decode_name(user)?,
            nonce: nonce.into(),
        })
    }
}

/// `c=biws,r=nonce,p=proof`
pub(super) struct ClientFinal<'a> {
    pub(super) without_proof: &'a str,
    pub(super) proof: Vec<u8>,
}

impl<'a> ClientFinal<'a> {
    /// Reads the message that must agree with the header and the nonce of this exchange.
    pub(super) fn parse(
        message: &'a [u8],
        header: &str,
        nonce: &str,
    ) -> Result<Self, &'static str> {
        let (without_proof, proof) = text(message)?
            .rsplit_once(",p=")
            .ok_or("no p= in client-final")?;
        let mut attributes = without_proof.split(',');
        let mut attribute = |prefix| attributes.next()?.strip_prefix(prefix);
        let binding = attribute("c=").ok_or("no c= in front of client-final")?;
        let binding = decode_base64(binding.as_bytes()).ok_or("c= is not base64")?;
        // RFC 5802 §5.1: it "specifies the base64-encoded GS2 header and channel binding data".
        if binding != header.as_bytes() {
            return Err("c= is not the GS2 header of client-first");
        }
        if attribute("r=").ok_or("no r= behind c=")? != nonce {
            return Err("the nonce of client-final is not the server's");
        }
        if attributes.next().is_some() {
            return Err("an attribute between r= and p=");
        }
        let proof = decode_base64(proof.as_bytes()).ok_or("p= is not base64")?;
        if proof.len() != DIGEST_OCTETS {
            return Err("a proof that has not 32 octets");
        }
        Ok(Self {
            without_proof,
            proof,
        })
    }
}

/// StoredKey and ServerKey of RFC 5802 §3.
pub(super) struct Keys {
    stored: Vec<u8>,
    server: Vec<u8>,
}

impl Keys {
    pub(super) fn derive(password: &str, salt: &[u8], iterations: u32) -> Self {
        let salted = stretch(password, salt, iterations);
        let client = hmac(&salted, b"Client Key");
        Self {
            stored: Sha256::digest(client).to_vec(),
            server: hmac(&salted, b"Server Key"),
        }
    }

    /// Whether the proof is the one for what was said.
    pub(super) fn prove(&self, said: &str, proof: &[u8]) -> bool {
        let signature = hmac(&self.stored, said.as_bytes());
        Sha256::digest(xor(&signature, proof)).as_slice() == self.stored
    }

    /// ServerSignature.
    pub(super) fn signature(&self, said: &str) -> Vec<u8> {
        hmac(&self.server, said.as_bytes())
    }
}

/// Hi() of RFC 5802 §2.2.
fn stretch(password: &str, salt: &[u8], iterations: u32) -> Vec<u8> {
    let keyed = keyed(password.as_bytes());
    let digest = |octets: &[u8]| {
        let mut keyed = keyed.clone();
        keyed.update(octets);
        keyed.finalize().into_bytes()
    };
    let mut last = digest(&[salt, &[0, 0, 0, 1]].concat());
    let mut sum = last.to_vec();
    for _ in 1..iterations {
        last = digest(&last);
        sum = xor(&sum, &last);
    }
    sum
}

fn hmac(key: &[u8], octets: &[u8]) -> Vec<u8> {
    let mut keyed = keyed(key);
    keyed.update(octets);
    keyed.finalize().into_bytes().to_vec()
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

fn xor(left: &[u8], right: &[u8]) -> Vec<u8> {
    left.iter()
        .zip(right)
        .map(|(one, other)| one ^ other)
        .collect()
}

/// Of SHA-256.
const DIGEST_OCTETS: usize = 32;

/// A client's half, for the tests.
#[cfg(test)]
pub(super) mod client {
    use super::super::auth::encode_base64;
    use super::*;
    use std::format;

    /// Client-final, whatever the server's nonce is.
    pub(in super::super) fn last(
        header: &str,
        bare: &str,
        server_first: &str,
        password: &str,
    ) -> String {
        let mut attributes = server_first.split(',').map(|one| &one[2..]);
        let mut attribute = || attributes.next().unwrap();
        let (nonce, salt, iterations) = (attribute(), attribute(), attribute());
        let salt = decode_base64(salt.as_bytes()).unwrap();
        let salted = stretch(password, &salt, iterations.parse().unwrap());
        let key = hmac(&salted, b"Client Key");
        let without = format!("c={},r={nonce}", encode_base64(header.as_bytes()));
        let said = format!("{bare},{server_first},{without}");
        let signature = hmac(&Sha256::digest(&key), said.as_bytes());
        format!("{without},p={}", encode_base64(&xor(&key, &signature)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_first() {
        let first = |message: &str| ClientFirst::parse(message.as_bytes());
        let parsed = first("n,a=me,n=a=2Cb=3Dc,r=!+-~=").ok().unwrap();
        assert_eq!(parsed.header, "n,a=me,");
        assert_eq!(parsed.authzid.as_deref(), Some("me"));
        assert_eq!(parsed.bare, "n=a=2Cb=3Dc,r=!+-~=");
        assert_eq!((&*parsed.user, &*parsed.nonce), ("a,b=c", "!+-~="));
        for malformed in [
            "",
            "n,,",
            "n,,n=user",
            "n,,n=user,",
            "n,,n=user,r=",
            "n,,n=user,r=a b",
            "n,,n=user,r=a\tb",
            "n,,n=user,r=a\x7f",
            "n,,n=user,r=\u{fc}",
            "n,,n=user,r=a,b",
            "n,,n=user,r=a,",
            "n,,n=user,r=a,x=1",
            "n,,n=,r=a",
            "n,,n=us,er,r=a",
            "n,,n=us=er,r=a",
            "n,,n=us=3der,r=a",
            "n,,m=1,n=user,r=a",
            "n,,r=a,n=user",
            "n=user,r=a",
            "p=tls-unique,,n=user,r=a",
        ] {
            assert!(first(malformed).is_err(), "{malformed}");
        }
        assert!(ClientFirst::parse(b"n,,n=\xff,r=a").is_err());
    }

    #[test]
    fn client_final() {
        let proof = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let last = |message: &str| {
            let message = message.replace('P', proof);
            ClientFinal::parse(message.as_bytes(), "n,,", "ab")
                .map(|last| assert_eq!((last.without_proof, last.proof.len()), ("c=biws,r=ab", 32)))
        };
        assert_eq!(last("c=biws,r=ab,p=P"), Ok(()));
        for malformed in [
            "",
            "c=biws,r=ab",
            "c=biws,r=ab,p=",
            "c=biws,r=ab,p=P,",
            "c=biws,r=ab,p=P,x=1",
            "c=biws,r=ab,x=1,p=P",
            "c=biws,r=a,p=P",
            "c=biws,r=abc,p=P",
            "c=biws,r=AB,p=P",
            "r=ab,c=biws,p=P",
            "c=biws,p=P",
            "c=eSws,r=ab,p=P",
            "c=biw=,r=ab,p=P",
            "c=bixh,r=ab,p=P",
            "c=,r=ab,p=P",
            "c=n,,,r=ab,p=P",
            // Not canonical: loose bits, no padding, 31 and 33 bytes.
            "c=biws,r=ab,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=",
            "c=biws,r=ab,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "c=biws,r=ab,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
            "c=biws,r=ab,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert!(last(malformed).is_err(), "{malformed}");
        }
        assert!(ClientFinal::parse(b"c=biws,r=\xff,p=", "n,,", "ab").is_err());
    }

    // RFC 7914 §11, of PBKDF2-HMAC-SHA-256; its first 32 bytes.
    #[test]
    fn stretching() {
        let start = [0x55, 0xac, 0x04, 0x6e, 0x56, 0xe3, 0x08, 0x9f];
        assert_eq!(stretch("passwd", b"salt", 1)[..8], start);
        assert_eq!(stretch("passwd", b"salt", 0)[..8], start);
        let start = [0x4d, 0xdc, 0xd8, 0xf6, 0x0b, 0x98, 0xbe, 0x21];
        assert_eq!(stretch("Password", b"NaCl", 80_000)[..8], start);
    }
}
