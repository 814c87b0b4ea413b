//! The settings of AUTH: who may log in, by which mechanisms, and how.
//!
//! What proves a user leaves this file only towards a mechanism; nothing shows it.

use std::string::String;
use std::vec::Vec;

use super::auth::Mechanism;
use super::builder::Builder;
use super::scram::{ScramOddity, ScramSettings};

/// What a server thinks of credentials on a link that is not TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlaintextAuth {
    /// AUTH is offered only on TLS; without it is refused with 538, and a violation.
    #[default]
    Withheld,
    /// AUTH is offered and works, but its use is a violation: a bait for careless clients.
    Bait,
    /// AUTH is offered and allowed.
    Allowed,
}

/// What AUTH goes by.
#[derive(Default)]
pub(super) struct AuthSettings {
    /// Those that were named; `None`: those that the accounts can use.
    mechanisms: Option<Vec<Mechanism>>,
    pub(super) accounts: Accounts,
    pub(super) plaintext: PlaintextAuth,
    pub(super) scram: ScramSettings,
}

impl AuthSettings {
    /// The mechanisms in the order of the EHLO reply.
    pub(super) fn mechanisms(&self) -> Vec<Mechanism> {
        let accounts = &self.accounts.0;
        // Without an account nobody could log in.
        if accounts.is_empty() {
            return Vec::new();
        }
        if let Some(named) = &self.mechanisms {
            return named.clone();
        }
        let any = |is: fn(&Proof) -> bool| accounts.iter().any(|one| is(&one.proof));
        let mut usual = Vec::new();
        if any(|proof| matches!(proof, Proof::Password(_))) {
            usual.extend([Mechanism::Plain, Mechanism::Login]);
        }
        if any(|proof| matches!(proof, Proof::Token(_))) {
            usual.extend([Mechanism::XOAuth2, Mechanism::OAuthBearer]);
        }
        usual
    }
}

/// The users. Not `Debug`: it would show what proves them.
#[derive(Default)]
pub(super) struct Accounts(Vec<Account>);

struct Account {
    user: String,
    proof: Proof,
}

enum Proof {
    Password(String),
    Token(String),
}

impl Accounts {
    /// The passwords of a user, none where there is no such user.
    pub(super) fn passwords(&self, user: &[u8]) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(move |one| match &one.proof {
            Proof::Password(password) if one.user.as_bytes() == user => Some(password.as_str()),
            _ => None,
        })
    }

    /// The user whom a token stands for.
    pub(super) fn users(&self, token: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(move |one| match &one.proof {
            Proof::Token(own) if own == token => Some(one.user.as_str()),
            _ => None,
        })
    }
}

impl Builder {
    /// Adds a user with a password, for PLAIN, LOGIN, CRAM-MD5 and SCRAM-SHA-256. AUTH is offered as
    /// soon as there is a user.
    pub fn account(self, user: &str, password: &str) -> Self {
        self.add(user, Proof::Password(password.into()))
    }

    /// Adds a user with a token, for XOAUTH2 and OAUTHBEARER. One user may have both.
    pub fn token_account(self, user: &str, token: &str) -> Self {
        self.add(user, Proof::Token(token.into()))
    }

    /// The mechanisms of AUTH, in the order of the EHLO reply. If not said: PLAIN and LOGIN where
    /// there is a password, XOAUTH2 and OAUTHBEARER where there is a token.
    pub fn mechanisms(mut self, mechanisms: &[Mechanism]) -> Self {
        self.settings.auth.mechanisms = Some(mechanisms.to_vec());
        self
    }

    /// What becomes of credentials without TLS, whatever the mechanism.
    pub fn plaintext_auth(mut self, policy: PlaintextAuth) -> Self {
        self.settings.auth.plaintext = policy;
        self
    }

    /// The iteration count that SCRAM-SHA-256 names; 4,096 if not said. 0 is named too, and counts
    /// as 1.
    pub fn scram_iterations(mut self, count: u32) -> Self {
        self.settings.auth.scram.iterations = count;
        self
    }

    /// The salt of SCRAM-SHA-256, for every user; that of RFC 7677's example if not said.
    pub fn scram_salt(mut self, salt: &[u8]) -> Self {
        self.settings.auth.scram.salt = salt.to_vec();
        self
    }

    /// What SCRAM-SHA-256 does otherwise than a good server, in every exchange.
    ///
    /// It is for what a [script](Self::script) cannot say, because it takes the right proof. Any other
    /// challenge can be scripted.
    pub fn scram_oddity(mut self, oddity: ScramOddity) -> Self {
        self.settings.auth.scram.oddity = Some(oddity);
        self
    }

    fn add(mut self, user: &str, proof: Proof) -> Self {
        let user = user.into();
        self.settings.auth.accounts.0.push(Account { user, proof });
        self
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// For the mechanisms' tests.
    pub(in super::super) fn accounts(user: &str, password: &str, token: &str) -> Accounts {
        let user = String::from(user);
        Accounts(Vec::from([
            Account {
                user: user.clone(),
                proof: Proof::Password(password.into()),
            },
            Account {
                user,
                proof: Proof::Token(token.into()),
            },
        ]))
    }
}
