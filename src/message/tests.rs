//! The encoder under buffers and pieces of every size.

use super::*;
use crate::wire::address::ReversePath;
use crate::wire::list::MailboxList;
use crate::wire::mailbox::Mailbox;
use std::boxed::Box;
use std::string::String;
use std::vec::Vec;

fn kept<'a>(head: Head<'a>) -> &'a Head<'a> {
    Box::leak(Box::new(head))
}

fn filled(message: &Message<'_>, dots: Dots, size: usize) -> Vec<u8> {
    let mut got = Vec::new();
    let mut out = std::vec![0; size];
    let mut cursor = Cursor::default();
    loop {
        let (octets, filled) = message.fill(&mut cursor, dots, &mut out);
        got.extend_from_slice(&out[..octets]);
        if filled == Filled::Complete {
            return got;
        }
        assert_eq!(octets, size, "a buffer is filled as long as there is more");
    }
}

/// The whole message, its only source giving `content` in pieces of `piece` bytes.
fn streamed(
    message: &Message<'_>,
    dots: Dots,
    size: usize,
    piece: usize,
    content: &[u8],
) -> Vec<u8> {
    let mut got = Vec::new();
    let mut out = std::vec![0; size];
    let mut cursor = Cursor::default();
    let mut rest = content;
    let (mut octets, mut filled) = message.fill(&mut cursor, dots, &mut out);
    loop {
        match filled {
            Filled::Source { from, .. } => {
                assert!(octets <= from && from < size);
                let n = rest.len().min(piece).min(size - from);
                out[from..from + n].copy_from_slice(&rest[..n]);
                rest = &rest[n..];
                (octets, filled) = message.filled(&mut cursor, dots, &mut out, octets, from, n);
                continue;
            }
            Filled::Abort(fault) => panic!("{fault}"),
            Filled::More | Filled::Complete => got.extend_from_slice(&out[..octets]),
        }
        if filled == Filled::Complete {
            return got;
        }
        assert!(octets > 0);
        (octets, filled) = message.fill(&mut cursor, dots, &mut out);
    }
}

#[test]
fn a_source_with_more_bytes_than_are_counted_is_aborted() {
    let from = Mailbox::parse("a@b.c").unwrap();
    let base64 = [Attachment::streamed("a", "a/b", None).unwrap()];
    let as_is = [Attachment::streamed_as_is("a", "a/b", None).unwrap()];
    let ready = ReadyMade::streamed(
        kept(Head::envelope(ReversePath::Null, MailboxList::EMPTY)),
        Octets::SevenBit,
    );
    for message in [
        Message::new(kept(Head::new(from))).attachments(&base64),
        Message::new(kept(Head::new(from))).attachments(&as_is),
        Message::new(kept(Head::new(from))).streamed_text(),
        Message::new(kept(Head::new(from))).streamed_html(),
        *ready.message(),
    ] {
        let mut out = [0; 512];
        let mut cursor = Cursor::default();
        let (mut bytes, mut filled) = message.fill(&mut cursor, Dots::Stuffed, &mut out);
        assert!(matches!(filled, Filled::Source { .. }));
        cursor.position = usize::MAX - 1_000;
        let end = loop {
            match filled {
                Filled::Source { from, .. } => {
                    out[from..].fill(b'a');
                    let more = out.len() - from;
                    // A CRLF, so that no line is too long.
                    out[from..from + more.min(2)].copy_from_slice(&b"\r\n"[..more.min(2)]);
                    let dots = Dots::Stuffed;
                    (bytes, filled) =
                        message.filled(&mut cursor, dots, &mut out, bytes, from, more);
                }
                Filled::More => {
                    (bytes, filled) = message.fill(&mut cursor, Dots::Stuffed, &mut out);
                }
                end => break end,
            }
        };
        let Filled::Abort(fault) = end else {
            panic!("{end:?}");
        };
        assert_eq!(fault.kind, ContentFaultKind::TooLarge);
    }
}

#[test]
fn dots_from_a_source_are_doubled_whatever_the_pieces() {
    let content = b".\r\n..\r\n\r\n.a.\r\na.\r\n.\r\n.\r\n.\r\n.\r\n.\r\n.\r\n.";
    let from = Mailbox::parse("a@b.c").unwrap();
    let slice = [Attachment::as_is("a", "a/b", content).unwrap()];
    let source = [Attachment::streamed_as_is("a", "a/b", None).unwrap()];
    let ready = ReadyMade::streamed(
        kept(Head::envelope(ReversePath::Null, MailboxList::EMPTY)),
        Octets::SevenBit,
    );
    let given = ReadyMade::new(
        kept(Head::envelope(ReversePath::Null, MailboxList::EMPTY)),
        content,
    )
    .unwrap();
    for (slice, source) in [
        (
            Message::new(kept(Head::new(from))).attachments(&slice),
            Message::new(kept(Head::new(from))).attachments(&source),
        ),
        (*given.message(), *ready.message()),
    ] {
        let plain = filled(&slice, Dots::Plain, 4_096);
        assert_eq!(filled(&slice, Dots::Stuffed, 4_096), stuffed(&plain));
        for size in 16..100 {
            assert_eq!(filled(&slice, Dots::Stuffed, size), stuffed(&plain));
            for piece in [1, 2, 3, 7, 100] {
                let got = streamed(&source, Dots::Plain, size, piece, content);
                assert_eq!(got, plain, "{size} {piece}");
                let got = streamed(&source, Dots::Stuffed, size, piece, content);
                assert_eq!(got, stuffed(&plain), "{size} {piece}");
            }
        }
    }
}

#[test]
fn what_is_written_never_overtakes_what_is_read() {
    let from = Mailbox::parse("a@b.c").unwrap();
    // Each takes the most room there is in its encoding.
    let high = [0xff; 500];
    let breaks = [b'\n'; 500];
    let dots = b".\r\n".repeat(150);
    let base64 = [Attachment::streamed("a", "a/b", None).unwrap()];
    let as_is = [Attachment::streamed_as_is("a", "a/b", None).unwrap()];
    for (message, content) in [
        (
            Message::new(kept(Head::new(from))).attachments(&base64),
            &high[..],
        ),
        (
            Message::new(kept(Head::new(from))).attachments(&as_is),
            &dots,
        ),
        (Message::new(kept(Head::new(from))).streamed_text(), &high),
        (Message::new(kept(Head::new(from))).streamed_text(), &breaks),
    ] {
        let expected = streamed(&message, Dots::Stuffed, 70_000, usize::MAX, content);
        for size in 16..300 {
            for piece in [1, 5, 58, usize::MAX] {
                let got = streamed(&message, Dots::Stuffed, size, piece, content);
                assert!(got == expected, "{size} {piece}");
            }
        }
    }
}

/// RFC 5321 §4.5.2 over a whole message.
fn stuffed(octets: &[u8]) -> Vec<u8> {
    let text = str::from_utf8(octets).unwrap();
    let stuffed: String = text
        .split_inclusive("\r\n")
        .map(|line| {
            if line.starts_with('.') {
                String::from(".") + line
            } else {
                line.into()
            }
        })
        .collect();
    stuffed.into_bytes()
}

#[test]
fn dots_are_doubled_where_they_begin_a_line_and_nowhere_else() {
    let from = Mailbox::parse("a@b.c").unwrap();
    let attachments = [Attachment::new(".a", "a/b", b".\r\n.\r\n").unwrap()];
    let message = Message::new(kept(Head::new(from)))
        .subject(". . .")
        .unwrap();
    for text in [
        ".",
        "..",
        "a\n.\r.b\r\n..\n\n.",
        "ü\n.\n.",
        "\0.\n.",
        "圧\n.圧\n",
    ] {
        for message in [
            message.text(text),
            message.html(text),
            message.text(text).html(text).attachments(&attachments),
        ] {
            let plain = filled(&message, Dots::Plain, 4_096);
            for size in 1..100 {
                assert_eq!(filled(&message, Dots::Plain, size), plain);
                assert_eq!(filled(&message, Dots::Stuffed, size), stuffed(&plain));
            }
        }
    }
}

#[test]
fn a_message_ends_with_the_octet_that_fills_the_buffer() {
    let message = Message::new(kept(Head::new(Mailbox::parse("a@b.c").unwrap()))).text("x");
    let mut out = [0; 200];
    let len = message.encoded_len().unwrap() as usize;
    let mut cursor = Cursor::default();
    let result = message.fill(&mut cursor, Dots::Stuffed, &mut out[..len]);
    assert_eq!(result, (len, Filled::Complete));
}

#[test]
fn the_reverse_path_is_the_senders_unless_given() {
    let path = |head: &Head<'_>| String::from(head.path().as_str());
    let head = Head::new(Mailbox::parse("a@b.c").unwrap());
    assert_eq!(path(&head), "a@b.c");
    let head = head.sender(Mailbox::parse("S <s@b.c>").unwrap());
    assert_eq!(path(&head), "s@b.c");
    assert_eq!(path(&head.reverse_path("<r@b.c>").unwrap()), "r@b.c");
    assert_eq!(path(&head.reverse_path("<>").unwrap()), "");
}
