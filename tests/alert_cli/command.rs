//! Runs `alert` and reads its result.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use embedded_smtp::mock::{Action, Builder, Listener, Server, Stage};
use serde_json::Value;

/// What came of a run.
pub struct Run {
    pub exit: i32,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Run {
    /// The result: the last line of stdout.
    pub fn result(&self) -> Value {
        let stdout = String::from_utf8(self.stdout.clone()).unwrap();
        let line = stdout.strip_suffix('\n').unwrap().lines().last().unwrap();
        serde_json::from_str(line).unwrap()
    }

    /// Asserts outcome, exit code, status, phase and retry.
    #[track_caller]
    pub fn is(&self, outcome: &str, exit: i32, status: u16, phase: &str, retry: &str) -> Value {
        let result = self.result();
        let text = |name: &str| result[name].as_str().unwrap_or("null").to_owned();
        let found = (
            text("outcome"),
            self.exit,
            result["status"].as_u64(),
            text("phase"),
            text("retry"),
        );
        let wanted = (
            outcome.into(),
            exit,
            Some(u64::from(status)),
            phase.into(),
            retry.into(),
        );
        assert_eq!(found, wanted, "{result}\n{}", self.stderr);
        assert_eq!(result["error"].is_null(), exit == 0, "{result}");
        let error = result["error"].as_str().unwrap_or("one line: what to do");
        assert!(!error.contains(char::is_control), "{error:?}");
        // What happened, and what to do.
        assert!(error.contains(": "), "{error}");
        result
    }

    /// Asserts a usage error whose message holds this.
    #[track_caller]
    pub fn is_usage(&self, word: &str) {
        assert_eq!(self.exit, 64, "{}", self.stderr);
        assert_eq!(self.stdout, b"", "{word}");
        assert!(self.stderr.contains(word), "{word}: {}", self.stderr);
    }
}

/// Runs it with these arguments and the driver under test; without any arguments, with none.
pub fn alert(arguments: &[&str]) -> Run {
    alert_with_stdin(arguments, b"")
}

pub fn alert_with_stdin(arguments: &[&str], stdin: &[u8]) -> Run {
    let driver = if arguments.is_empty() {
        &[]
    } else {
        crate::DRIVER
    };
    let mut child = Command::new(binary())
        .args(driver)
        .args(arguments)
        .env("ALERT_TEST_PASSWORD", "secret")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may have ended without reading.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().unwrap();
    let exit = status.code().unwrap();
    Run {
        exit,
        stdout,
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

/// The arguments that reach a server.
pub const TO: [&str; 6] = [
    "--from",
    "boiler3@example.org",
    "--to",
    "ops@example.org,duty@example.org",
    "--text",
    "hot",
];

/// Sends a mail to a server, with these arguments beside the server's address.
pub fn send(server: &Listener, arguments: &[&str]) -> Run {
    let address = server.addr().to_string();
    let connection = [
        "--server",
        &address,
        "--security",
        "plain",
        "--timeout",
        "10",
    ];
    let all: Vec<&str> = connection.iter().chain(arguments).copied().collect();
    alert(&all)
}

/// Sends the usual mail to a server built so.
pub fn send_to(builder: Builder, more: &[&str]) -> Run {
    let server = builder.listen().unwrap();
    let arguments: Vec<&str> = TO.iter().chain(more).copied().collect();
    send(&server, &arguments)
}

/// Sends the usual mail by DATA to a server that does this at the first occurrence of a stage.
pub fn send_to_scripted(stage: Stage, action: Action) -> Run {
    send_to(Server::builder().script(stage, 1, action), &[])
}

/// The same by BDAT, in the flight of MAIL and RCPT.
pub fn send_by_bdat(stage: Stage, action: Action) -> Run {
    send_to(Server::builder().script(stage, 1, action), AHEAD)
}

/// BDAT before the replies to RCPT were read, and after. The mock server offers CHUNKING.
pub const AHEAD: &[&str] = &["--chunking", "ahead"];
pub const AFTER: &[&str] = &["--chunking", "after"];

pub fn reply(text: &str) -> Action {
    Action::reply(format!("{text}\r\n"))
}

/// A folder that is removed at the end of a test.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("alert-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Writes a file, and gives its path.
    pub fn file(&self, name: &str, content: &[u8]) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub const SECOND: Duration = Duration::from_secs(1);

/// The built example. `cargo test` builds it beside the tests; where only some tests are built it
/// may be missing or old, and is built here.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let profile = test.parent().unwrap().parent().unwrap();
        let name = format!("alert{}", std::env::consts::EXE_SUFFIX);
        let binary = profile.join("examples").join(name);
        if !is_fresh(&binary) {
            build(profile);
        }
        binary
    })
}

fn is_fresh(binary: &Path) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = ["src", "examples/alert"].map(|folder| newest(&root.join(folder)));
    let built = binary.metadata().and_then(|file| file.modified());
    built.is_ok_and(|built| sources.iter().all(|source| *source <= built))
}

fn newest(folder: &Path) -> SystemTime {
    let entries = folder.read_dir().unwrap().map(|entry| entry.unwrap());
    let times = entries.map(|entry| match entry.metadata().unwrap() {
        file if file.is_dir() => newest(&entry.path()),
        file => file.modified().unwrap(),
    });
    times.max().unwrap_or(SystemTime::UNIX_EPOCH)
}

fn build(profile: &Path) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--example", "alert"]);
    cargo
        .arg("--manifest-path")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
    cargo.arg("--target-dir").arg(profile.parent().unwrap());
    match profile.file_name().and_then(|name| name.to_str()) {
        None | Some("debug") => {}
        Some(name) => {
            cargo.args(["--profile", name]);
        }
    }
    assert!(cargo.status().unwrap().success());
}
