//! Certificates for the tests, made anew in each.

use embedded_smtp::mock::{Builder, Extension, Listener, Server};
use embedded_smtp::tls::Pin;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P384_SHA384, date_time_ymd,
};

use crate::command::{Folder, Run, TO, alert};

/// The name and the address that certificates are for, where a test says nothing else.
pub const NAMES: [&str; 2] = ["mail.example.org", "127.0.0.1"];

/// Both libraries.
pub const STACKS: [&str; 2] = ["rustls", "embedded"];

/// Both ways to TLS.
pub const WAYS: [&str; 2] = ["starttls", "tls"];

/// Every way with every library.
pub fn each(mut test: impl FnMut(&str, &str)) {
    for way in WAYS {
        for stack in STACKS {
            test(way, stack);
        }
    }
}

/// A certificate authority, whose root is in a file.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: Folder,
    pub file: String,
}

/// What a server shows, and its key.
pub struct Identity {
    pub chain: Vec<Certificate>,
    pub key: KeyPair,
}

impl Authority {
    /// `test` makes the file's name unique.
    pub fn new(test: &str) -> Self {
        Self::with_key(test, KeyPair::generate().unwrap())
    }

    pub fn with_key(test: &str, key: KeyPair) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let name = format!("Authority of {test}");
        params.distinguished_name.push(DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        let folder = Folder::new(&format!("tls-{test}"));
        let file = folder.file("ca.pem", issuer.pem().as_bytes());
        Self {
            issuer,
            folder,
            file,
        }
    }

    /// Another file beside that of the root.
    pub fn write(&self, name: &str, content: &[u8]) -> String {
        self.folder.file(name, content)
    }

    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A server's certificate for the usual names.
    pub fn issue(&self) -> Identity {
        self.issue_with(server_params(&NAMES))
    }

    pub fn issue_with(&self, params: CertificateParams) -> Identity {
        self.issue_for(KeyPair::generate().unwrap(), params)
    }

    pub fn issue_for(&self, key: KeyPair, params: CertificateParams) -> Identity {
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Identity {
            chain: vec![certificate],
            key,
        }
    }
}

/// The kinds of keys: P-256, P-384, RSA.
pub fn keys() -> [KeyPair; 3] {
    [
        KeyPair::generate().unwrap(),
        KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap(),
        // For these tests alone: it takes long to make.
        KeyPair::from_pem(include_str!("rsa.pem")).unwrap(),
    ]
}

/// A certificate for servers.
pub fn server_params(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params
}

pub fn valid_in(mut params: CertificateParams, from: i32, to: i32) -> CertificateParams {
    params.not_before = date_time_ymd(from, 1, 2);
    params.not_after = date_time_ymd(to, 3, 4);
    params
}

impl Identity {
    pub fn self_signed() -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = server_params(&NAMES).self_signed(&key).unwrap();
        Self {
            chain: vec![certificate],
            key,
        }
    }

    /// The pin of its key.
    pub fn pin(&self) -> String {
        Pin::of_certificate(self.chain[0].der())
            .unwrap()
            .to_string()
    }

    /// A server with it.
    pub fn server(&self) -> Builder {
        self.give(Server::builder())
    }

    pub fn give(&self, builder: Builder) -> Builder {
        let chain = self.chain.iter().map(|one| one.der());
        builder.certificate(chain, &self.key.serialize_der())
    }
}

/// The server as this way needs it.
pub fn listen(builder: Builder, way: &str) -> Listener {
    let builder = match way {
        "tls" => builder.implicit_tls(),
        _ => builder.offer(Extension::StartTls),
    };
    builder.listen().unwrap()
}

/// Sends the usual mail.
pub fn send(server: &Listener, way: &str, stack: &str, more: &[&str]) -> Run {
    send_to_address(&server.addr().to_string(), way, stack, more)
}

pub fn send_to_address(address: &str, way: &str, stack: &str, more: &[&str]) -> Run {
    let connection = ["--server", address, "--security", way, "--tls-stack", stack];
    let time = ["--timeout", "10"];
    let time = if more.contains(&"--timeout") {
        &[][..]
    } else {
        &time
    };
    alert(&[&TO[..], &connection, time, more].concat())
}
