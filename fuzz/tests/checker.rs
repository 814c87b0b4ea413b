//! The checker of the target `session` finds what it has to find, and nothing else: `dialogues.txt`.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use embedded_smtp_fuzz::session::command::Task;
use embedded_smtp_fuzz::session::dialogue::{Dialogue, Policy};
use embedded_smtp_fuzz::session::login::Secret;
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
        or_helo: has("or-helo"),
        is_secure: !has("plain"),
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

fn begin(dialogue: &mut Dialogue, task: &str) {
    dialogue.begin(match task {
        "open" => Task::Open,
        "mail" => Task::Mail,
        "login" => Task::Login,
        "starttls" => Task::StartTls,
        "noop" => Task::Noop,
        _ => panic!("{task}"),
    });
    dialogue.name("client.example");
    let secret = Secret {
        user: "tim".into(),
        password: "secret".into(),
    };
    dialogue.log_in(secret, None);
    if task == "mail" {
        for number in 0..2 {
            dialogue.hand_in(Mail {
                reverse_path: format!("m{number}@example.org"),
                recipients: vec!["b@example.org".into(), "c@example.org".into()],
                content: b"Hi\r\n.\r\n".to_vec(),
                is_complete: true,
                size: Some(7),
                ..Mail::default()
            });
        }
    }
}
