//! Ten public roots, under which most of the mail servers of the large providers are.
//!
//! They are picked by constant indices, so that the linker drops the others. An index means another
//! root when webpki-roots changes: `host` has a test of their names.

use rustls_pki_types::TrustAnchor;
use webpki_roots::TLS_SERVER_ROOTS as ALL;

/// How many.
pub const ROOTS: usize = 10;

/// Where they stand in webpki-roots, and what their names hold.
pub const NAMED: [(usize, &str); ROOTS] = [
    (74, "ISRG Root X1"),
    (53, "ISRG Root X2"),
    (101, "GTS Root R1"),
    (23, "GTS Root R4"),
    (96, "GlobalSign Root CA - R3"),
    (95, "DigiCert Global Root G2"),
    (70, "Amazon Root CA 1"),
    (43, "Starfield Services Root Certificate Authority - G2"),
    (109, "USERTrust RSA Certification Authority"),
    (37, "USERTrust ECC Certification Authority"),
];

/// These and another one.
#[inline(always)]
pub fn and(another: TrustAnchor<'_>) -> [TrustAnchor<'_>; ROOTS + 1] {
    macro_rules! picked {
        ($($number:literal)*) => {
            [$(const { &ALL[NAMED[$number].0] }.clone(),)* another]
        };
    }
    picked!(0 1 2 3 4 5 6 7 8 9)
}
