//! The wire vectors of `tests/vectors/`, each run whole, byte by byte, and with trailing bytes; then
//! with a fault at every call of the transport.

mod support;

use embedded_smtp::{Delivery, RecipientStatus, Submission};
use support::vector::{Vector, run_async, run_blocking};
use support::{Event, Scripted, Trouble, poll_at_most};

fn vectors() -> Vec<Vector> {
    let files = [
        ("open", include_str!("vectors/open.txt")),
        ("mail", include_str!("vectors/mail.txt")),
        ("many", include_str!("vectors/many.txt")),
        ("security", include_str!("vectors/security.txt")),
        ("sasl", include_str!("vectors/sasl.txt")),
        ("bdat", include_str!("vectors/bdat.txt")),
        ("extensions", include_str!("vectors/extensions.txt")),
        ("field", include_str!("vectors/field.txt")),
    ];
    files
        .iter()
        .flat_map(|(name, text)| Vector::parse_file(name, text))
        .collect()
}

/// Plays a vector with one of the drivers; how each operation ended.
type Play = fn(&Vector, &Scripted) -> Vec<String>;

fn blocking(vector: &Vector, transport: &Scripted) -> Vec<String> {
    let mut buffer = vec![0; vector.buffer_len()];
    let mut ends = Vec::new();
    run_blocking(vector, transport.clone(), &mut buffer, &mut ends);
    ends
}

fn asynch(vector: &Vector, transport: &Scripted) -> Vec<String> {
    let mut buffer = vec![0; vector.buffer_len()];
    let mut ends = Vec::new();
    let future = run_async(vector, transport.clone().stalling(), &mut buffer, &mut ends);
    assert!(poll_at_most(1_000_000, future).is_some(), "{}", vector.name);
    ends
}

/// One suite over both drivers.
macro_rules! over_both_drivers {
    ($($test:ident),*) => {
        mod with_the_blocking_driver { $(#[test] fn $test() { super::$test(super::blocking); })* }
        mod with_the_async_driver { $(#[test] fn $test() { super::$test(super::asynch); })* }
    };
}

over_both_drivers!(
    whole_and_in_pieces,
    with_trailing_bytes,
    with_a_fault_at_every_call
);

fn whole_and_in_pieces(play: Play) {
    let pieces = [(usize::MAX, usize::MAX), (1, 1), (2, 3), (7, 5), (64, 100)];
    let mut wrong = Vec::new();
    for vector in vectors() {
        for (read, write) in pieces {
            if vector.is_whole() && read != usize::MAX {
                continue;
            }
            let transport = Scripted::new(vector.script.clone()).in_pieces(read, write);
            let ends = play(&vector, &transport);
            let expected = vector.expected();
            if ends != expected || transport.mismatch().is_some() {
                let mismatch = transport.mismatch();
                wrong.push(format!(
                    "{} in pieces of {read} and {write}: {mismatch:?}\n  {ends:?}\n  {expected:?}",
                    vector.name
                ));
                break;
            }
            transport.assert_complete();
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Trailing bytes never change how the operation ended that they trail, and the next operation says
/// nothing more. Only a mail sent by BDAT becomes unknown: no byte may follow its final reply.
fn with_trailing_bytes(play: Play) {
    for vector in vectors() {
        let Some(Event::Say(_)) = vector.script.last() else {
            continue;
        };
        // Where the client still waits for a reply, more bytes are that reply.
        let is_waiting = vector.expected().iter().any(|end| end.contains("TimedOut"));
        if vector.is_whole() || is_waiting {
            continue;
        }
        for trailing in [
            "2",
            "250 more\r\n",
            "421 bye\r\n",
            "451 4.4.2 idle\r\n",
            "550 no\r\n",
            "\0\0\0",
            "garbage\r\n",
        ] {
            let mut script = vector.script.clone();
            if let Some(Event::Say(bytes)) = script.last_mut() {
                bytes.extend(trailing.as_bytes());
            }
            let mut vector = vector.clone();
            vector.steps.push(("noop".into(), String::new()));
            let transport = Scripted::new(script);
            let mut ends = play(&vector, &transport);
            let last = ends.pop().unwrap();
            let place = format!("{} with {trailing:?}", vector.name);
            let mut expected = vector.expected();
            expected.pop();
            // STARTTLS is the one operation whose reply must be the last thing read.
            let is_starttls = vector.steps.iter().any(|(what, _)| what == "starttls");
            let is_unknown = is_counted_out(&vector, &mut expected);
            if !is_starttls {
                assert_eq!(ends, expected, "{place}");
            }
            let refused = match trailing {
                "421 bye\r\n" => Some("refused 421"),
                "451 4.4.2 idle\r\n" => Some("refused 451 4.4.2"),
                _ => None,
            };
            let is_allowed = match (last.as_str(), refused) {
                ("ended", _) => true,
                _ if is_unknown => false,
                ("out of order", _) => true,
                ("failed at noop: Unasked" | "failed at reset: Unasked", None) => true,
                // A refusal that nothing had asked for is quoted.
                (last, None) if trailing.starts_with('5') => {
                    ["noop", "reset"].iter().any(|phase| {
                        last == format!("failed at {phase}: Unasked after 550 at {phase}")
                    })
                }
                (last, Some(refused)) => ["noop", "reset"]
                    .iter()
                    .any(|phase| last == format!("{refused} at {phase} (Closing, 500)")),
                _ => false,
            };
            assert!(is_allowed, "{place}: {last}");
            assert_eq!(transport.mismatch(), None, "{place}");
            transport.assert_complete();
        }
    }
}

/// Whether the last thing that the server said is the final reply of a mail that went by BDAT and
/// was accepted. That mail is then expected to be unknown where more bytes follow.
fn is_counted_out(vector: &Vector, expected: &mut [String]) -> bool {
    let sent = vector.script.iter().rev().filter_map(|event| match event {
        Event::Expect(bytes) => Some(bytes),
        _ => None,
    });
    let mut sent = sent.peekable();
    // In a row, a NOOP confirms the mail; else the content is the last that was sent.
    let is_in_row = vector
        .steps
        .iter()
        .any(|(what, _)| what.starts_with("send-all"));
    let _last = sent.next_if(|line| is_in_row && *line == b"NOOP\r\n");
    let _content = sent.next();
    if !sent
        .next()
        .is_some_and(|line| line.starts_with(b"BDAT ") && line.ends_with(b" LAST\r\n"))
    {
        return false;
    }
    let steps = vector.steps.iter().zip(expected);
    let Some((_, end)) = steps
        .filter(|((what, _), _)| what.starts_with("send"))
        .last()
    else {
        return false;
    };
    let at = end.rfind("; ").map_or(0, |at| at + 2);
    let is_counted_out = ["sent", "partial", "unknown: OutOfStep"]
        .iter()
        .any(|word| end[at..].starts_with(word));
    if is_counted_out {
        let results = end.find(" [").map_or(String::new(), |at| end[at..].into());
        let after = if end[at..].starts_with("partial") {
            last_refusal(vector)
        } else {
            String::new()
        };
        *end = format!("{}unknown: Unasked{after}{results}", &end[..at]);
    }
    is_counted_out
}

/// The last refusal of a recipient that the server says, as a fault after it quotes it.
fn last_refusal(vector: &Vector) -> String {
    let said = vector.script.iter().filter_map(|event| match event {
        Event::Say(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    });
    let mut refusals = said.filter(|line| line.starts_with(['4', '5']));
    let refusal = refusals.next_back().unwrap();
    let words: Vec<&str> = refusal
        .split([' ', '\r'])
        .take_while(|word| word.starts_with(|c: char| c.is_ascii_digit()))
        .collect();
    format!(" after {} at rcpt", words.join(" "))
}

/// A fault at every call: nothing is sent after it, nothing is called sent that was not, and
/// delivery is unknown exactly from the write on that holds the terminator.
fn with_a_fault_at_every_call(play: Play) {
    let mut points = 0;
    for vector in vectors() {
        let before = points;
        for pieces in [usize::MAX, 1] {
            if vector.is_whole() && pieces == 1 {
                continue;
            }
            let whole = Scripted::new(vector.script.clone()).in_pieces(pieces, pieces);
            let _ = play(&vector, &whole);
            for call in 0..whole.calls().len() {
                for trouble in [
                    Trouble::Error,
                    Trouble::EndOfStream,
                    Trouble::Stall,
                    Trouble::ShortThenError,
                ] {
                    points += 1;
                    let transport = Scripted::new(vector.script.clone())
                        .in_pieces(pieces, pieces)
                        .with_trouble(call, trouble);
                    let ends = play(&vector, &transport);
                    let place = format!("{} call {call} {trouble:?} {ends:?}", vector.name);
                    assert!(transport.after_failure().is_empty(), "{place}");
                    assert_eq!(transport.mismatch(), None, "{place}");
                    check_ends(&transport, &vector, &ends, &place);
                }
            }
        }
        println!("{:6} faults  {}", points - before, vector.name);
    }
    println!("{points} faults, no violation");
    assert!(points > 5_000);
}

fn check_ends(transport: &Scripted, vector: &Vector, ends: &[String], place: &str) {
    let expected = vector.expected();
    let mut is_over = false;
    for (number, (end, want)) in ends.iter().zip(&expected).enumerate() {
        if is_over {
            // What is known of the recipients is still known.
            let end = end.split(" [").next().unwrap();
            let quiet = ["ended", "none", "out of order"];
            // What `reply` and `reason` give.
            let is_reply = want.starts_with(|c: char| c.is_ascii_digit() || c == '{' || c == 'x')
                || want == "none";
            let is_local = end.starts_with("invalid") || end.starts_with("not offered");
            let all_ended = end.split("; ").all(|e| e == "ended");
            assert!(
                is_reply || is_local || all_ended || quiet.contains(&end),
                "{place}: {end} after the end"
            );
            continue;
        }
        // A fault that ends the same operation in the same way can come before all bytes were read.
        let is_stray =
            vector.steps[number].0 == "stray" && (end == "none" || want.starts_with(end));
        if end == want || is_stray {
            continue;
        }
        is_over = true;
        let whole = end;
        for (end, want) in end.split("; ").zip(want.split("; ")) {
            if end == want {
                continue;
            }
            let end = end.trim_start_matches("under tls: ");
            let terminated = transport.handed_over_terminators();
            // Of operations before this one, and of mails before this one in it.
            let delivered = transport.handed_over_before(number) + final_replies(whole);
            if end.starts_with("unknown") {
                assert!(
                    terminated > delivered,
                    "{place}: unknown before the terminator"
                );
            } else if end.starts_with("failed") {
                // By BDAT ahead the whole mail can be out before it is refused.
                assert!(
                    terminated == delivered || has_decided(end),
                    "{place}: failed after the terminator"
                );
            } else if want.starts_with("unknown") && end.starts_with("sent") {
                // The reply that would have shown that the count does not fit was never read.
                assert!(terminated > 0, "{place}");
            } else {
                assert!(
                    // Of a refusal, the results of fewer recipients may be known.
                    end.starts_with("refused") || end.starts_with("ended") || end == "ok",
                    "{place}: {end} where {want} was due"
                );
            }
        }
    }
}

/// Whether a fault names the refusal before it, and that refusal let nobody have the mail.
fn has_decided(end: &str) -> bool {
    let (fault, results) = end.split_once(" [").unwrap_or((end, ""));
    let is_any_accepted = results.split(' ').any(|code| code.starts_with('2'));
    fault.contains(" after ")
        && (fault.ends_with(" at mail") || (fault.ends_with(" at rcpt") && !is_any_accepted))
}

/// Mails of an operation whose final reply was read.
fn final_replies(end: &str) -> usize {
    let all = end.split("; ");
    all.filter(|e| e.starts_with("sent") || e.starts_with("partial") || e.contains("at content ("))
        .count()
}

/// Every future dropped at every await: nothing is sent after it, and delivery is unknown exactly
/// from the write on that holds the terminator.
#[test]
fn every_future_dropped_at_every_await() {
    let mut points = 0;
    for vector in vectors() {
        let before = points;
        for pieces in [usize::MAX, 1] {
            if vector.is_whole() && pieces == 1 {
                continue;
            }
            for polls in 0.. {
                let transport = Scripted::new(vector.script.clone())
                    .in_pieces(pieces, pieces)
                    .stalling();
                let mut buffer = vec![0; vector.buffer_len()];
                if !drop_after(&vector, &transport, &mut buffer, polls) {
                    break;
                }
                points += 1;
            }
        }
        println!("{:6} dropped futures  {}", points - before, vector.name);
    }
    println!("{points} dropped futures, no violation");
    assert!(points > 5_000);
}

/// Drops the operation that is under way after so many polls; whether there was one.
fn drop_after(vector: &Vector, transport: &Scripted, buffer: &mut [u8], polls: usize) -> bool {
    let mut polls = polls;
    let mut client = support::vector::async_client(vector, transport.clone(), buffer);
    let message = vector.message();
    let mut results = [RecipientStatus::default(); 200];
    for (what, _) in &vector.steps {
        let words: Vec<&str> = what.split(' ').collect();
        let before = client.state();
        let delivery_before = client.delivery();
        let terminated_before = transport.handed_over_terminators();
        let (used, is_dropped) = match words[..] {
            ["open", ..] => counted(polls, client.open("client.example")),
            [login, ..] if login.starts_with("login") => {
                match support::vector::credentials(&words) {
                    Ok(credentials) => counted(polls, client.login(&credentials)),
                    Err(_) => continue,
                }
            }
            ["send-streamed"] => {
                let text = vector.text();
                let mut sources = [support::vector::Source(&text)];
                let message = message.streamed_text();
                let mail = Submission::new(&message).results(&mut results);
                counted(polls, client.send(mail.sources(&mut sources)))
            }
            ["send-split"] => counted(polls, async {
                let mail = Submission::new(&message).results(&mut results);
                let mut end = client.send(mail).await;
                while support::vector::is_for_now(&end) {
                    let mail = Submission::new(&message).results(&mut results).unsent();
                    end = client.send(mail).await;
                }
            }),
            ["send"] => {
                let mail = Submission::new(&message).results(&mut results);
                counted(polls, client.send(mail))
            }
            ["send-unsent"] => {
                let mail = Submission::new(&message).results(&mut results).unsent();
                counted(polls, client.send(mail))
            }
            ["send-last"] => {
                let mail = Submission::new(&message).results(&mut results).and_quit();
                counted(polls, client.send(mail))
            }
            ["send-all", _] => counted(
                polls,
                client.send_all(
                    [&message, &message],
                    |_| std::ops::ControlFlow::Continue(()),
                ),
            ),
            ["noop"] => counted(polls, client.noop()),
            ["reset"] => counted(polls, client.reset()),
            ["quit"] => counted(polls, client.quit()),
            // The client is gone with the future; the transport is all there is to look at.
            ["starttls"] => {
                let upgrade = async |link| Ok::<_, std::convert::Infallible>(link);
                let (_, is_dropped) = counted(polls, client.starttls(upgrade));
                return is_dropped;
            }
            _ => continue,
        };
        polls = polls.saturating_sub(used);
        if !is_dropped {
            continue;
        }
        let place = format!("{} {what} after {polls} polls", vector.name);
        let is_begun = used > 0;
        let terminated = transport.handed_over_terminators();
        if is_begun && what.starts_with("send") {
            let delivery = client.delivery();
            match delivery {
                Delivery::Unknown => assert!(terminated > 0, "{place}"),
                Delivery::None
                    if !matches!(words[0], "send-all" | "send-split")
                        && delivery_before == Delivery::None =>
                {
                    assert_eq!(terminated, terminated_before, "{place}");
                }
                _ => {}
            }
        }
        if is_begun {
            let written = transport.written().len();
            let after = poll_at_most(1000, client.noop()).unwrap();
            assert_eq!(after, Err(embedded_smtp::Error::ConnectionEnded), "{place}");
            assert_eq!(
                transport.written().len(),
                written,
                "{place}: something was sent"
            );
        } else {
            assert_eq!(
                client.state(),
                before,
                "{place}: a future never polled does nothing"
            );
        }
        return true;
    }
    false
}

/// Polls a future so many times; how many it took, and whether it had not ended by then.
fn counted<T>(polls: usize, future: impl Future<Output = T>) -> (usize, bool) {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    for used in 1..=polls {
        if future.as_mut().poll(&mut context).is_ready() {
            return (used, false);
        }
    }
    (polls, true)
}
