//! The key in a certificate, read by the crate der, and what it has signed, by ring.

use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};
use rsa::pkcs1::der::asn1::BitStringRef;
use rsa::pkcs1::der::{self, AnyRef, Decode, Reader, SliceReader, Tag, TagNumber, Tagged};

/// A kind of key that a server may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    P256,
    P384,
    Rsa,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::P256, Self::P384, Self::Rsa];

    /// The name of the option that takes such keys.
    pub fn name(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::Rsa => "rsa",
        }
    }

    /// The content of the AlgorithmIdentifier (RFC 5480 §2.1.1, RFC 3279 §2.3.1).
    fn algorithm(self) -> &'static [u8] {
        match self {
            Self::P256 => {
                b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
            }
            Self::P384 => b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22",
            Self::Rsa => b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00",
        }
    }
}

/// A SubjectPublicKeyInfo.
#[derive(Debug, Clone, Copy)]
pub struct Key<'c> {
    /// All of it.
    pub whole: &'c [u8],
    /// The content of the AlgorithmIdentifier.
    pub algorithm: &'c [u8],
    pub octets: &'c [u8],
}

impl<'c> Key<'c> {
    /// That of a certificate.
    pub fn of(certificate: &'c [u8]) -> Option<Self> {
        let mut reader = SliceReader::new(certificate).ok()?;
        let whole = reader.sequence(|certificate| {
            let whole = certificate.sequence(|fields| {
                if fields.peek_byte() == Some(0xa0) {
                    element(fields, VERSION)?;
                }
                element(fields, Tag::Integer)?;
                for _ in ["signature", "issuer", "validity", "subject"] {
                    element(fields, Tag::Sequence)?;
                }
                let whole = fields.tlv_bytes()?;
                fields.read_slice(fields.remaining_len())?;
                Ok(whole)
            })?;
            element(certificate, Tag::Sequence)?;
            element(certificate, Tag::BitString)?;
            Ok(whole)
        });
        let whole = whole.ok()?;
        if !reader.is_finished() {
            return None;
        }
        let content = AnyRef::try_from(whole).ok()?;
        content.tag().assert_eq(Tag::Sequence).ok()?;
        Self::of_content(content.value()).map(|key| Self { whole, ..key })
    }

    /// That of the content of a SubjectPublicKeyInfo, without its tag and length.
    pub fn of_content(content: &'c [u8]) -> Option<Self> {
        let mut reader = SliceReader::new(content).ok()?;
        let algorithm = element(&mut reader, Tag::Sequence).ok()?;
        let octets = BitStringRef::decode(&mut reader).ok()?.as_bytes()?;
        reader.is_finished().then_some(Self {
            whole: content,
            algorithm,
            octets,
        })
    }

    pub fn kind(&self) -> Option<Kind> {
        let mut kinds = Kind::ALL.into_iter();
        kinds.find(|kind| kind.algorithm() == self.algorithm)
    }

    /// Whether this key has signed a message in a handshake, with one of the schemes that fit it.
    pub fn has_signed(&self, scheme: u16, message: &[u8], signature: &[u8]) -> bool {
        let algorithm: &dyn VerificationAlgorithm = match (self.kind(), scheme) {
            (Some(Kind::P256), 0x0403) => &ECDSA_P256_SHA256_ASN1,
            (Some(Kind::P384), 0x0503) => &ECDSA_P384_SHA384_ASN1,
            (Some(Kind::Rsa), 0x0804) => &RSA_PSS_2048_8192_SHA256,
            (Some(Kind::Rsa), 0x0805) => &RSA_PSS_2048_8192_SHA384,
            (Some(Kind::Rsa), 0x0806) => &RSA_PSS_2048_8192_SHA512,
            _ => return false,
        };
        self.verifies(algorithm, message, signature)
    }

    /// Whether a signature is right, and the key not too short or too long.
    pub fn verifies(
        &self,
        algorithm: &'static dyn VerificationAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let key = UnparsedPublicKey::new(algorithm, self.octets);
        (self.kind() != Some(Kind::Rsa) || crate::rsa::is_key(self.octets))
            && key.verify(message, signature).is_ok()
    }
}

/// `[0] EXPLICIT`.
const VERSION: Tag = Tag::ContextSpecific {
    constructed: true,
    number: TagNumber::N0,
};

/// Takes an element with this tag, and gives its content.
fn element<'c>(reader: &mut impl Reader<'c>, tag: Tag) -> der::Result<&'c [u8]> {
    let any = AnyRef::decode(reader)?;
    any.tag().assert_eq(tag)?;
    Ok(any.value())
}
