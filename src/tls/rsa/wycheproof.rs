//! The vectors of the project Wycheproof: all of its PKCS #1 and PSS signatures.
//!
//! What it calls acceptable may be refused. Here that is always a DigestInfo without the NULL
//! (`MissingNull`), which RFC 8017 §A.2.4 lets a verifier take; it is refused, since it takes another
//! block to compare with, and no one signs like that.
//!
//! Of what is not supported (other hashes, salts of another length than the digest, keys of 8,192
//! bits), the valid vectors are run nonetheless: none may be accepted as something else. The invalid
//! ones are left out: some are right signatures by one of the hashes that are supported.

use std::collections::BTreeMap;
use std::string::String;
use std::{format, println};

use wycheproof::rsa_pkcs1_verify::{self, TestFlag};
use wycheproof::{HashFunction, TestResult, rsa_pss_verify};

type Verify = fn(&[u8], &[u8], &[u8]) -> bool;

const PKCS1: [Verify; 3] = [
    super::pkcs1_sha256,
    super::pkcs1_sha384,
    super::pkcs1_sha512,
];
const PSS: [Verify; 3] = [super::pss_sha256, super::pss_sha384, super::pss_sha512];

/// Where a hash stands in the tables above, and the bytes of its digest.
fn place(hash: HashFunction) -> Option<(usize, usize)> {
    match hash {
        HashFunction::Sha2_256 => Some((0, 32)),
        HashFunction::Sha2_384 => Some((1, 48)),
        HashFunction::Sha2_512 => Some((2, 64)),
        _ => None,
    }
}

/// How many vectors there were.
#[derive(Debug, Default, PartialEq)]
struct Count {
    valid: u32,
    acceptable: u32,
    invalid: u32,
    /// Of parameters that are not supported, by what they are.
    refused: BTreeMap<String, u32>,
}

impl Count {
    fn run(&self) -> u32 {
        self.valid + self.acceptable + self.invalid
    }
}

#[test]
fn pkcs1() {
    let mut count = Count::default();
    for name in rsa_pkcs1_verify::TestName::all() {
        let set = rsa_pkcs1_verify::TestSet::load(name).unwrap();
        for group in set.test_groups {
            let supported = place(group.hash).filter(|_| group.key_size <= 4096);
            for test in group.tests {
                let verified = PKCS1.map(|verify| verify(&group.asn_key, &test.msg, &test.sig));
                let Some((place, _)) = supported else {
                    let is_accepted = verified != [false; 3] && test.result != TestResult::Invalid;
                    assert!(!is_accepted, "{name:?} {}", test.tc_id);
                    let why = format!("{} bits, {:?}", group.key_size, group.hash);
                    *count.refused.entry(why).or_default() += 1;
                    continue;
                };
                match test.result {
                    TestResult::Valid => count.valid += 1,
                    TestResult::Acceptable => {
                        assert!(test.flags.contains(&TestFlag::MissingNull));
                        count.acceptable += 1;
                    }
                    TestResult::Invalid => count.invalid += 1,
                }
                let is_valid = test.result == TestResult::Valid;
                let said = format!("{name:?} {}: {}", test.tc_id, test.comment);
                assert_eq!(verified[place], is_valid, "{said}");
                // By one hash at most.
                assert!(verified.iter().filter(|is| **is).count() <= 1, "{said}");
            }
        }
    }
    println!("{} run: {count:#?}", count.run());
    assert_eq!(
        (count.valid, count.acceptable, count.invalid),
        (68, 9, 2253)
    );
}

#[test]
fn pss() {
    let mut count = Count::default();
    for name in rsa_pss_verify::TestName::all() {
        let set = rsa_pss_verify::TestSet::load(name).unwrap();
        for group in set.test_groups {
            let is_supported = |&(_, digest): &(usize, usize)| {
                (2048..=4096).contains(&group.key_size)
                    && group.mgf_hash == Some(group.hash)
                    && group.salt_size == digest
            };
            let supported = place(group.hash).filter(is_supported);
            for test in group.tests {
                let verified = PSS.map(|verify| verify(&group.asn_key, &test.msg, &test.sig));
                let Some((place, _)) = supported else {
                    let is_accepted = verified != [false; 3] && test.result != TestResult::Invalid;
                    assert!(!is_accepted, "{name:?} {}", test.tc_id);
                    let why = match place(group.hash) {
                        None => format!("{:?}", group.hash),
                        Some(_) if group.mgf_hash != Some(group.hash) => "another mask".into(),
                        Some(_) => "a salt of another length".into(),
                    };
                    *count.refused.entry(why).or_default() += 1;
                    continue;
                };
                match test.result {
                    TestResult::Valid => count.valid += 1,
                    TestResult::Acceptable => count.acceptable += 1,
                    TestResult::Invalid => count.invalid += 1,
                }
                let is_valid = test.result == TestResult::Valid;
                let said = format!("{name:?} {}: {}", test.tc_id, test.comment);
                assert_eq!(verified[place], is_valid, "{said}");
                // By one hash at most.
                assert!(verified.iter().filter(|is| **is).count() <= 1, "{said}");
            }
        }
    }
    println!("{} run: {count:#?}", count.run());
    assert_eq!(
        (count.valid, count.acceptable, count.invalid),
        (775, 0, 411)
    );
}
