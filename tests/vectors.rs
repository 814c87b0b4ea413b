//! The wire vectors of `tests/vectors/`, each run whole, octet by octet, and with trailing octets;
//! then with a fault at every call of the transport.

mod support;

use support::vector::Vector;
use support::{Event, Scripted, Trouble};

fn vectors() -> Vec<Vector> {
    let files = [
        ("open", include_str!("vectors/open.txt")),
        ("mail", include_str!("vectors/mail.txt")),
        ("many", include_str!("vectors/many.txt")),
        ("security", include_str!("vectors/security.txt")),
    ];
    files
        .iter()
        .flat_map(|(name, text)| Vector::parse_file(name, text))
        .collect()
}

fn play(vector: &Vector, transport: &Scripted) -> Vec<String> {
    let mut buffer = vec![0; vector.buffer_len()];
    vector.run(transport.clone(), &mut buffer).0
}

#[test]
fn whole_and_in_pieces() {
    let pieces = [(usize::MAX, usize::MAX), (1, 1), (2, 3), (7, 5), (64, 100)];
    for vector in vectors() {
        for (read, write) in pieces {
            if vector.is_whole() && read != usize::MAX {
                continue;
            }
            let transport = Scripted::new(vector.script.clone()).in_pieces(read, write);
            let ends = play(&vector, &transport);
            let place = format!("{} in pieces of {read} and {write}", vector.name);
            assert_eq!(transport.mismatch(), None, "{place}: {ends:?}");
            assert_eq!(ends, vector.expected(), "{place}");
            transport.assert_complete();
        }
    }
}

/// Trailing octets never change how the operation ended that they trail, and the next operation
/// says nothing more.
#[test]
fn with_trailing_octets() {
    for vector in vectors() {
        let Some(Event::Say(_)) = vector.script.last() else {
            continue;
        };
        if vector.is_whole() {
            continue;
        }
        for trailing in ["2", "250 more\r\n", "421 bye\r\n", "\0\0\0", "garbage\r\n"] {
            let mut script = vector.script.clone();
            if let Some(Event::Say(octets)) = script.last_mut() {
                octets.extend(trailing.as_bytes());
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
            if !is_starttls {
                assert_eq!(ends, expected, "{place}");
            }
            let allowed = [
                "failed at noop: Unasked",
                "refused 421 at noop (Closing, 500)",
                "failed at reset: Unasked",
                "refused 421 at reset (Closing, 500)",
                "out of order",
                "ended",
            ];
            assert!(allowed.contains(&last.as_str()), "{place}: {last}");
            assert_eq!(transport.mismatch(), None, "{place}");
            transport.assert_complete();
        }
    }
}

/// A fault at every call: nothing is sent after it, nothing is called sent that was not, and
/// delivery is unknown exactly from the write on that holds the terminator.
#[test]
fn with_a_fault_at_every_call() {
    let mut points = 0;
    for vector in vectors() {
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
    }
    println!("{points} points");
    assert!(points > 5_000);
}

fn check_ends(transport: &Scripted, vector: &Vector, ends: &[String], place: &str) {
    let expected = vector.expected();
    let mut is_over = false;
    for (end, want) in ends.iter().zip(&expected) {
        if is_over {
            let quiet = ["ended", "none", "out of order"];
            let is_reply = want.starts_with(|c: char| c.is_ascii_digit()) || want == "none";
            let is_local = end.starts_with("invalid") || end.starts_with("not offered");
            let all_ended = end.split("; ").all(|e| e == "ended");
            assert!(
                is_reply || is_local || all_ended || quiet.contains(&end.as_str()),
                "{place}: {end} after the end"
            );
            continue;
        }
        if end == want {
            continue;
        }
        is_over = true;
        for (end, want) in end.split("; ").zip(want.split("; ")) {
            if end == want {
                continue;
            }
            let end = end.trim_start_matches("under tls: ");
            let terminated = transport.handed_over_terminators();
            let delivered = ends_accepted(ends);
            if end.starts_with("unknown") {
                assert!(
                    terminated > delivered,
                    "{place}: unknown before the terminator"
                );
            } else if end.starts_with("failed") {
                assert_eq!(
                    terminated, delivered,
                    "{place}: failed after the terminator"
                );
            } else {
                assert!(
                    // Of a refusal, the results of fewer recipients may be known.
                    end.starts_with("refused") || end == "ended" || end == "ok",
                    "{place}: {end} where {want} was due"
                );
            }
        }
    }
}

/// Mails whose final reply was read.
fn ends_accepted(ends: &[String]) -> usize {
    let all = ends.iter().flat_map(|end| end.split("; "));
    all.filter(|e| e.starts_with("sent") || e.starts_with("partial") || e.contains("at content ("))
        .count()
}
