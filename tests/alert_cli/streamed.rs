//! `--stream`: attachments read from disk while the mail is sent.

use embedded_smtp::mock::{Builder, Server, Stage};
use mail_parser::MessageParser;

use crate::command::{AHEAD, Folder, Run, TO, alert, reply, send};

/// Octets that repeat late.
fn octets(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [TO.as_slice(), &["--stream"], more].concat()
}

#[test]
fn the_same_octets_as_without() {
    let folder = Folder::new("streamed-same");
    let log = folder.file("log.bin", &octets(100_000));
    let csv = folder.file("a,b.csv", b".time;bar\r\n12:00;8.4\r\n");
    let nothing = folder.file("nothing.txt", b"");
    let picture = folder.file("p.png", &octets(1_000));
    let files = [
        log,
        format!("{csv},encoding=none"),
        nothing.clone(),
        format!("{picture},cid=p@x"),
        format!("{nothing},cid=n@x,encoding=none"),
    ];
    let mut arguments = TO.to_vec();
    arguments.extend(["--html", "<b>", "--seed", "7", "--date", "0"]);
    arguments.extend(files.iter().flat_map(|file| ["--attach", file]));
    let printed = alert(&[&["--eml"], arguments.as_slice()].concat());
    assert_eq!((printed.exit, &*printed.stderr), (0, ""));
    arguments.push("--stream");
    let streamed = alert(&[&["--eml"], arguments.as_slice()].concat());
    assert_eq!((streamed.exit, &*streamed.stderr), (0, ""));
    assert!(streamed.stdout == printed.stdout);
    for buffer in ["256", "1024", "16384"] {
        let server = Server::builder().listen().unwrap();
        let more = ["--buffer", buffer];
        send(&server, &[arguments.as_slice(), &more].concat())
            .is("sent", 0, 200, "content", "null");
        assert!(server.deliveries()[0].content == printed.stdout);
        assert_eq!(server.violations(), [""; 0]);
    }
}

#[test]
fn a_file_of_many_megabytes_with_a_small_buffer() {
    let folder = Folder::new("streamed-large");
    let content = octets(20_000_000);
    let file = folder.file("large.bin", &content);
    let server = Server::builder().size(Some(40_000_000)).listen().unwrap();
    let more = ["--attach", &file, "--buffer", "512"];
    send(&server, &with(&more)).is("sent", 0, 200, "content", "null");
    assert_eq!(server.violations(), [""; 0]);
    let sized = |line: &String| line.starts_with("MAIL") && line.contains(" SIZE=27");
    assert!(server.commands()[0].iter().any(sized));
    let delivery = &server.deliveries()[0];
    let mail = MessageParser::default().parse(&delivery.content).unwrap();
    assert!(mail.attachments().next().unwrap().contents() == content);
}

#[test]
fn several_mails_read_their_files_anew() {
    let folder = Folder::new("streamed-several");
    let [one, other] = ["one", "other"].map(|name| folder.file(name, name.as_bytes()));
    let server = Server::builder().listen().unwrap();
    let more = ["--attach", &one, "--attach", &other, "--repeat", "3"];
    let result = send(&server, &with(&more)).is("sent", 0, 200, "content", "null");
    assert_eq!(result["messages"], 3);
    assert_eq!(server.connections(), 1);
    for delivery in server.deliveries() {
        let mail = MessageParser::default().parse(&delivery.content).unwrap();
        let names: Vec<_> = mail.attachments().map(|file| file.contents()).collect();
        assert_eq!(names, [&b"one"[..], b"other"]);
    }
    assert_eq!(server.violations(), [""; 0]);
    let partial = Server::builder().script(Stage::Rcpt, 2, reply("450 4.2.1 busy"));
    let partial = partial.listen().unwrap();
    let result = send(&partial, &with(&more)).is("partial", 1, 202, "content", "later");
    assert_eq!(result["messages"], 3);
    let refusing = Server::builder().script(Stage::Content, 2, reply("554 5.7.1 spam"));
    let refusing = refusing.listen().unwrap();
    let result = send(&refusing, &with(&more)).is("refused", 69, 403, "content", "never");
    assert_eq!(result["messages"], 1);
}

#[test]
fn larger_than_the_server_takes() {
    let folder = Folder::new("streamed-size");
    let file = folder.file("large.bin", &octets(2_000));
    let server = Server::builder().size(Some(2_000)).listen().unwrap();
    send(&server, &with(&["--attach", &file])).is("invalid", 65, 400, "mail", "never");
}

#[test]
fn files_that_cannot_be_read() {
    let folder = Folder::new("streamed-unreadable");
    let file = folder.file("file", b"x");
    let folder = file.strip_suffix("/file").unwrap();
    for path in ["/no/such/file", folder] {
        let server = Server::builder().listen().unwrap();
        send(&server, &with(&["--attach", path])).is("invalid", 65, 400, "null", "never");
        assert_eq!(server.connections(), 0);
        let printed = alert(&with(&["--attach", path, "--eml"]));
        assert_eq!((printed.exit, printed.stdout.len()), (65, 0));
        assert_eq!(printed.stderr.lines().count(), 1);
    }
}

/// Asserts that nothing was delivered, and that the mail had no end.
fn gave_up(builder: Builder, arguments: &[&str], retry: &str) -> Run {
    let server = builder.listen().unwrap();
    let mut last = None;
    for (number, by) in [&[][..], AHEAD].into_iter().enumerate() {
        let run = send(&server, &[arguments, by].concat());
        let result = run.is("failed", 74, 500, "content", retry);
        assert_eq!(result["messages"], 0);
        assert_eq!(server.deliveries().len(), 0);
        let commands = server.commands();
        let command = commands[number].last().unwrap();
        // By BDAT, nothing is announced of a content whose first octets cannot be had.
        let is_cut = match by {
            [] => command == "DATA",
            _ => command.ends_with(" LAST") || command.starts_with("RCPT "),
        };
        assert!(is_cut, "{commands:?}");
        last = Some(run);
    }
    last.unwrap()
}

#[test]
fn what_cannot_go_as_it_is() {
    let folder = Folder::new("streamed-as-is");
    let good = b"all is well\r\n".repeat(1_000);
    let long = [b'x'; 999];
    let boundary = b"--=_0000000000000007m\r\n";
    for end in [&b"a\nb"[..], b"a\rb", b"\xff", b"\0", boundary, &long] {
        let file = folder.file("wrong.txt", &[&good, end].concat());
        let attach = format!("{file},encoding=none");
        let more = ["--attach", &attach, "--seed", "7"];
        let run = gave_up(Server::builder(), &with(&more), "never");
        let error = run.result()["error"].as_str().unwrap().to_owned();
        assert!(error.contains("wrong.txt holds"), "{error}");
        // Printed, it is refused before a single octet.
        let printed = alert(&with(&[more.as_slice(), &["--eml"]].concat()));
        assert_eq!((printed.exit, printed.stdout.len()), (65, 0));
        assert_eq!(printed.stderr.lines().count(), 1, "{}", printed.stderr);
    }
}

/// The server holds its reply to DATA back until the file has changed.
#[test]
#[cfg(unix)]
fn a_file_that_changes_while_it_is_sent() {
    use embedded_smtp::mock::Action;
    use std::time::Duration;

    let folder = Folder::new("streamed-changes");
    let file = folder.file("log.bin", &octets(1_000_000));
    let changed = |length: u64| {
        let server = Server::builder();
        let slow = Action::normal().after(Duration::from_millis(1500));
        let listener = server.script(Stage::Data, 1, slow).listen().unwrap();
        std::fs::write(&file, octets(1_000_000)).unwrap();
        let server = &listener;
        let run = std::thread::scope(|scope| {
            let more = ["--attach", &file];
            let run = scope.spawn(move || send(server, &with(&more)));
            while server
                .commands()
                .first()
                .is_none_or(|lines| lines.len() < 4)
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            let handle = std::fs::File::options().write(true).open(&file).unwrap();
            handle.set_len(length).unwrap();
            run.join().unwrap()
        });
        (run, listener)
    };
    let (shorter, server) = changed(500_000);
    shorter.is("failed", 74, 500, "content", "reconnect");
    assert_eq!(server.deliveries().len(), 0);
    // What is appended belongs to the next mail.
    let (longer, server) = changed(1_500_000);
    longer.is("sent", 0, 200, "content", "null");
    let delivery = &server.deliveries()[0];
    let mail = MessageParser::default().parse(&delivery.content).unwrap();
    assert!(mail.attachments().next().unwrap().contents() == octets(1_000_000));
}

/// A file that can be opened, and not be read.
#[test]
#[cfg(target_os = "linux")]
fn a_file_that_fails_midway() {
    let path = "/proc/self/mem";
    let run = gave_up(Server::builder(), &with(&["--attach", path]), "reconnect");
    let error = run.result()["error"].as_str().unwrap().to_owned();
    assert!(error.contains("cannot read /proc/self/mem ("), "{error}");
    let printed = alert(&with(&["--attach", path, "--eml"]));
    assert_eq!((printed.exit, printed.stdout.len()), (65, 0));
    // What tells no length is read to its end.
    let server = Server::builder().listen().unwrap();
    send(&server, &with(&["--attach", "/proc/self/status"])).is("sent", 0, 200, "content", "null");
    let delivery = &server.deliveries()[0];
    let mail = MessageParser::default().parse(&delivery.content).unwrap();
    assert!(
        mail.attachments()
            .next()
            .unwrap()
            .contents()
            .starts_with(b"Name:")
    );
}
