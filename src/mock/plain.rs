//! PLAIN, RFC 4616, and LOGIN: the mechanisms that send the password itself.

use std::string::String;
use std::vec::Vec;

use super::accounts::Accounts;
use super::auth::{Exchange, Step};

pub(super) struct Plain;

impl Exchange for Plain {
    fn next(&mut self, response: Option<&[u8]>, accounts: &Accounts) -> Step {
        let Some(response) = response else {
            return Step::Challenge(Vec::new());
        };
        // RFC 4616 §2: message = [authzid] UTF8NUL authcid UTF8NUL passwd
        let fields: Vec<&[u8]> = response.split(|octet| *octet == 0).collect();
        let [authzid, user, password] = fields[..] else {
            return Step::Malformed("not three fields with NUL between them");
        };
        // RFC 4616 §2: authcid and passwd are 1*SAFE.
        if user.is_empty() || password.is_empty() {
            return Step::Malformed("an empty user name or password");
        }
        if core::str::from_utf8(response).is_err() {
            return Step::Malformed("not UTF-8");
        }
        // Nobody may act for another here.
        if !authzid.is_empty() && authzid != user {
            return Step::Refuse;
        }
        check(user, password, accounts)
    }
}

/// The user name, then the password, whatever the challenges say.
#[derive(Default)]
pub(super) struct Login {
    user: Option<Vec<u8>>,
}

impl Exchange for Login {
    fn next(&mut self, response: Option<&[u8]>, accounts: &Accounts) -> Step {
        match (response, self.user.take()) {
            (None, _) => Step::Challenge(b"Username:".to_vec()),
            (Some(user), None) => {
                self.user = Some(user.to_vec());
                Step::Challenge(b"Password:".to_vec())
            }
            (Some(password), Some(user)) => check(&user, password, accounts),
        }
    }
}

fn check(user: &[u8], password: &[u8], accounts: &Accounts) -> Step {
    let mut own = accounts.passwords(user);
    if own.any(|one| one.as_bytes() == password) {
        Step::Accept(String::from_utf8_lossy(user).into_owned())
    } else {
        Step::Refuse
    }
}
