//! The vectors of the project Wycheproof for ECDSA with P-256 and P-384: each set whose signatures
//! are ASN.1 and whose hash is supported. None of them is "acceptable". Those of RSA are in `rsa/`.
//!
//! Of the other sets of these curves (other hashes, signatures that are not ASN.1) the valid vectors
//! are run nonetheless: none may be accepted as something else.

use std::println;

use wycheproof::ecdsa::{Test, TestGroupTypeId, TestName, TestSet};
use wycheproof::{EllipticCurve, HashFunction, TestResult};

use super::key::{ChainAlgorithm, Check};

/// Valid ones, invalid ones, and valid ones of the other sets.
#[derive(Debug, Default, PartialEq)]
struct Count {
    valid: u32,
    invalid: u32,
    others: u32,
}

fn run(curve: EllipticCurve, ways: &[ChainAlgorithm; 2], hashes: [HashFunction; 2]) -> Count {
    let mut count = Count::default();
    for name in TestName::all() {
        for group in TestSet::load(name).unwrap().test_groups {
            if group.key.curve != curve {
                continue;
            }
            let holds = |check: Check, test: &Test| check(&group.key.key, &test.msg, &test.sig);
            let is_asn1 = group.test_type == TestGroupTypeId::Ecdsa;
            let place = hashes
                .iter()
                .position(|hash| is_asn1 && *hash == group.hash);
            for test in &group.tests {
                let said = std::format!("{name:?} {}: {}", test.tc_id, test.comment);
                let Some(place) = place else {
                    if test.result != TestResult::Invalid {
                        assert!(ways.iter().all(|way| !holds(way.check, test)), "{said}");
                        count.others += 1;
                    }
                    continue;
                };
                assert_ne!(test.result, TestResult::Acceptable);
                let is_valid = test.result == TestResult::Valid;
                assert_eq!(holds(ways[place].check, test), is_valid, "{said}");
                *if is_valid {
                    &mut count.valid
                } else {
                    &mut count.invalid
                } += 1;
            }
        }
    }
    println!("{curve:?}: {count:?}");
    count
}

#[test]
fn p256() {
    let hashes = [HashFunction::Sha2_256, HashFunction::Sha2_384];
    let count = run(EllipticCurve::Secp256r1, &super::p256::CHAIN, hashes);
    assert_eq!((count.valid, count.invalid), (174, 310));
}

#[test]
#[cfg(feature = "p384")]
fn p384() {
    let hashes = [HashFunction::Sha2_384, HashFunction::Sha2_256];
    let count = run(EllipticCurve::Secp384r1, &super::p384::CHAIN, hashes);
    assert_eq!((count.valid, count.invalid), (356, 620));
}
