//! Reads `chains/table.txt` and the files that it names.

use std::fs;
use std::path::PathBuf;

/// One chain, and what is to come of it. The octets are read from the files when they are needed.
#[derive(Default)]
pub struct Row {
    pub name: String,
    pub expect: String,
    /// What rustls says where the two rightly differ.
    webpki: Option<String>,
    /// What the pin of the server's own key comes to, where it is not accepted.
    pin: Option<String>,
    /// `rsa` or `p384`, without which the chain is refused.
    pub needs: Option<String>,
    pub chain: Vec<Vec<u8>>,
    /// The key that signs the handshake: its name, and PKCS #8.
    pub key: (String, Vec<u8>),
    /// The scheme that is announced, where it is not the key's own.
    pub scheme: Option<String>,
    /// What is done to the signature.
    pub signature: Option<String>,
    pub host: String,
    pub anchors: Vec<Vec<u8>>,
    /// Seconds of Unix time.
    pub time: u64,
}

impl Row {
    pub fn webpki(&self) -> &str {
        self.webpki.as_ref().unwrap_or(&self.expect)
    }

    /// What is said where dates do not count.
    #[allow(dead_code)] // Only the embedded stack is tried so.
    pub fn undated(&self) -> &str {
        match self.expect.as_str() {
            "expired" | "not-yet-valid" => "accept",
            expect => expect,
        }
    }

    /// A pin takes the place of chain, name and dates.
    #[allow(dead_code)] // As above.
    pub fn pin(&self) -> &str {
        self.pin.as_deref().unwrap_or("accept")
    }
}

pub fn read() -> Vec<Row> {
    let text = String::from_utf8(file("table.txt")).unwrap();
    let mut rows = Vec::new();
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if let Some(name) = line.strip_prefix('[') {
            let name = name.strip_suffix(']').unwrap().to_owned();
            rows.push(Row {
                name,
                ..Row::default()
            });
            continue;
        }
        let mut words = line.split_whitespace();
        let field = words.next().unwrap();
        let mut words = words.map(str::to_owned);
        let row = rows.last_mut().unwrap();
        match field {
            "expect" => row.expect = words.next().unwrap(),
            "webpki" => row.webpki = words.next(),
            "pin" => row.pin = words.next(),
            "needs" => row.needs = words.next(),
            "chain" => row.chain = words.map(certificate).collect(),
            "key" => row.key = words.next().map(|name| (name.clone(), key(&name))).unwrap(),
            "scheme" => row.scheme = words.next(),
            "signature" => row.signature = words.next(),
            "host" => row.host = words.next().unwrap(),
            "anchors" => row.anchors = words.map(certificate).collect(),
            "time" => row.time = words.next().unwrap().parse().unwrap(),
            _ => panic!("unknown field in table.txt: {line}"),
        }
    }
    rows
}

fn certificate(name: String) -> Vec<u8> {
    file(&format!("data/{name}.der"))
}

fn key(name: &str) -> Vec<u8> {
    file(&format!("data/keys/{name}.p8"))
}

fn file(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/chains")
        .join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
