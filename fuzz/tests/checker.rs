//! The checker of the target `session` finds what it has to find, and nothing else: `dialogues.txt`.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use embedded_smtp::Chunking;
use embedded_smtp_fuzz::session::command::Task;
use embedded_smtp_fuzz::session::dialogue::{Dialogue, Policy};
use embedded_smtp_fuzz::session::login::{Kind, Secret, unbase64};
use embedded_smtp_fuzz::session::mail::Mail;

#[test]
fn dialogues_and_what_is_wrong_with_them() {
    let mut named: HashMap<&str, Vec<&str>> = HashMap::new();
    for block in include_str!("dialogues.txt").split("\n---\n").skip(1) {
        let mut lines = Vec::new();
        let mut why = None;
        let mut name = None;
        for line in block.lines() {
            match line.split_once(' ').unwrap() {
                ("+", part) => lines.extend(&named[part]),
                ("=", given) => name = Some(given),
                ("!", part) => why = Some(part),
                _ => lines.push(line),
            }
        }
        match why {
            None => assert_eq!(play(&lines), Ok(()), "{block}"),
            Some(why) => {
                assert_eq!(play(&lines[..lines.len() - 1]), Ok(()), "{block}");
                let said = play(&lines).expect_err(block);
                assert!(said.contains(why), "{said}\n{block}");
            }
        }
        if let Some(name) = name {
            named.insert(name, lines);
        }
    }
    assert!(named.len() > 5);
}

/// What the checker says of a dialogue.
fn play(lines: &[&str]) -> Result<(), String> {
    let has = |option: &str| lines.contains(&format!("with: {option}").as_str());
    let mut dialogue = Dialogue::new(Policy {
        without_pipelining: has("no-pipelining"),
        all_or_none: has("all-or-none"),
        helo: has("helo"),
        is_secure: !has("plain"),
        chunking: match (has("chunking-ahead"), has("chunking-after")) {
            (true, _) => Some(Chunking::Ahead),
            (false, true) => Some(Chunking::AfterRecipients),
            (false, false) => None,
        },
        limits: has("limits"),
        require_tls: has("require-tls"),
        by_chain: has("by-chain"),
        buffer: 512,
    });
    let said = catch_unwind(AssertUnwindSafe(|| {
        for line in lines {
            let (what, text) = line.split_once(": ").unwrap();
            match what {
                "S" => dialogue.hear(format!("{text}\r\n").as_bytes()),
                "C" => dialogue.say(format!("{text}\r\n").as_bytes()),
                "do" => begin(&mut dialogue, text),
                _ => assert_eq!(what, "with"),
            }
        }
    }));
    said.map_err(|panic| match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(other) => String::from(*other.downcast::<&str>().unwrap()),
    })
}

fn begin(dialogue: &mut Dialogue, text: &str) {
    let mut words = text.split(' ');
    let (task, mechanism) = (words.next().unwrap(), words.next());
    dialogue.begin(match task {
        "open" => Task::Open,
        "mail" | "streamed" => Task::Mail,
        "login" | "login-nonce" | "login-token" | "login-cram" => Task::Login,
        "starttls" => Task::StartTls,
        "noop" => Task::Noop,
        _ => panic!("{task}"),
    });
    dialogue.name("client.example");
    let (kind, user, password) = match task {
        // The example of RFC 7677 §3.
        "login-nonce" => (Kind::Nonce, "user", "pencil"),
        "login-token" => (Kind::Token, "tim", "token"),
        "login-cram" => (Kind::Cram, "tim", "tanstaaftanstaaf"),
        _ => (Kind::Password, "tim", "secret"),
    };
    let secret = Secret {
        kind,
        user: user.into(),
        password: password.into(),
        nonce: unbase64(b"rOprNGfwEbeRWgbNEkqO").unwrap(),
    };
    dialogue.log_in(secret, mechanism);
    if matches!(task, "mail" | "streamed") {
        let first = dialogue.mails.len();
        for number in first..first + 2 {
            dialogue.hand_in(Mail {
                reverse_path: format!("m{number}@example.org"),
                recipients: vec!["b@example.org".into(), "c@example.org".into()],
                places: vec![0, 1],
                content: b"Hi\r\n.\r\n".to_vec(),
                is_complete: true,
                size: (task != "streamed").then_some(7),
                is_in_row: true,
                ..Mail::default()
            });
        }
    }
}
