//! What is taken as a domain, an address, a mailbox or a list, and with which reason the rest is
//! refused.

use embedded_smtp::{
    Address, DisplayName, Domain, Field, Invalid, Mailbox, MailboxList, Reason, ReversePath,
    address, domain, mailbox, mailbox_list,
};
use proptest::prelude::*;

/// Inputs that may not reach a command in any place, and why.
const HOSTILE: [(&str, Reason); 14] = [
    ("a\r\nRCPT TO:<e@x>", Reason::ControlCharacter),
    ("a\rRCPT TO:<e@x>", Reason::ControlCharacter),
    ("a\nRCPT TO:<e@x>", Reason::ControlCharacter),
    ("a\0RCPT TO:<e@x>", Reason::ControlCharacter),
    ("a@b\r\n", Reason::ControlCharacter),
    ("a@b\n", Reason::ControlCharacter),
    ("a@b\r", Reason::ControlCharacter),
    ("a@b\0", Reason::ControlCharacter),
    ("a@b\t", Reason::ControlCharacter),
    ("a@b\u{7f}", Reason::ControlCharacter),
    ("\u{85}a@b", Reason::ControlCharacter),
    ("a\u{2028}@b", Reason::ControlCharacter),
    ("a@b\u{2029}", Reason::ControlCharacter),
    ("\u{feff}a@b", Reason::ControlCharacter),
];

#[test]
fn hostile_text_is_refused_everywhere() {
    for (text, reason) in HOSTILE {
        let named = format!("{text} <a@b>");
        let inside = format!("<{text}>");
        for text in [text, &named, &inside] {
            assert_eq!(Domain::parse(text).unwrap_err().reason, reason, "{text:?}");
            assert_eq!(Address::parse(text).unwrap_err().reason, reason, "{text:?}");
            assert_eq!(Mailbox::parse(text).unwrap_err().reason, reason, "{text:?}");
            assert_eq!(
                MailboxList::parse(text).unwrap_err().reason,
                reason,
                "{text:?}"
            );
            assert_eq!(
                ReversePath::parse(text).unwrap_err().reason,
                reason,
                "{text:?}"
            );
        }
        assert_eq!(
            Mailbox::new(text, address!("a@b")).unwrap_err().reason,
            reason,
            "{text:?}"
        );
    }
}

#[test]
fn every_control_character_is_refused() {
    let controls = (0..0x20)
        .chain(0x7F..0xA0)
        .map(|c| char::from_u32(c).unwrap());
    for c in controls.chain(['\u{2028}', '\u{2029}', '\u{feff}']) {
        for text in [
            format!("a{c}@b"),
            format!("\"a\\{c}\"@b"),
            format!("a@b{c}c"),
        ] {
            let refused = Err(Invalid::new(Field::Mailbox, Reason::ControlCharacter));
            assert_eq!(Address::parse(&text), refused, "{text:?}");
        }
    }
}

#[test]
fn characters_that_end_in_lf_or_cr_keep_their_octets() {
    // Truncated to 8 bits these would be LF and CR.
    let mailbox = mailbox!("a\u{560a}\u{560d} <\u{560a}@\u{560d}.example>");
    assert_eq!(mailbox.address().as_str(), "\u{560a}@\u{560d}.example");
    assert!(!mailbox.address().is_ascii());
}

#[test]
fn domains() {
    let long = "a".repeat(64);
    for text in [
        "a",
        "localhost",
        "example.org",
        "EXAMPLE.org",
        "1.2.3.4",
        "3com.com",
        "a--b.c-d",
        "xn--mnchen-3ya.example",
        "m\u{fc}nchen.example",
        "\u{4f8b}\u{5b50}.\u{6d4b}\u{8bd5}",
        "[192.0.2.1]",
        "[255.255.255.255]",
        "[0.0.0.0]",
        "[IPv6:::]",
        "[IPv6:::1]",
        "[ipv6:1::]",
        "[IPv6:2001:db8::1]",
        "[IPv6:1:2:3:4:5:6:7:8]",
        "[IPv6:1:2:3:4:5:6:7::]",
        "[IPv6:::2:3:4:5:6:7:8]",
        "[IPv6:::ffff:192.0.2.1]",
        "[IPv6:1:2:3:4:5:6:192.0.2.1]",
        "[IPv6:ABCD:EF01::]",
    ] {
        assert_eq!(Domain::parse(text).map(Domain::as_str), Ok(text));
    }
    for (text, reason) in [
        ("", Reason::Empty),
        (&*long, Reason::TooLong),
        (".", Reason::Syntax),
        ("a.", Reason::Syntax),
        (".a", Reason::Syntax),
        ("a..b", Reason::Syntax),
        ("-a", Reason::Syntax),
        ("a-", Reason::Syntax),
        ("a-.b", Reason::Syntax),
        ("a.-b", Reason::Syntax),
        ("a_b.example", Reason::Character),
        ("a b", Reason::Character),
        (" a", Reason::Character),
        ("a@b", Reason::Character),
        ("a>", Reason::Character),
        ("a!b", Reason::Character),
        ("1.2.3.4]", Reason::Character),
        ("legit\r\nMAIL FROM:<e@x>", Reason::ControlCharacter),
        ("[", Reason::AddressLiteral),
        ("[]", Reason::AddressLiteral),
        ("[1.2.3]", Reason::AddressLiteral),
        ("[1.2.3.4.5]", Reason::AddressLiteral),
        ("[1.2.3.256]", Reason::AddressLiteral),
        ("[1.2.3.0004]", Reason::AddressLiteral),
        ("[1.2..4]", Reason::AddressLiteral),
        ("[1.2.3.]", Reason::AddressLiteral),
        ("[1.2.3.4", Reason::AddressLiteral),
        ("[1.2.3.4].a", Reason::AddressLiteral),
        ("[ 1.2.3.4]", Reason::AddressLiteral),
        ("[2001:db8::1]", Reason::AddressLiteral),
        ("[IPv6:]", Reason::AddressLiteral),
        ("[IPv6::]", Reason::AddressLiteral),
        ("[IPv6:1:]", Reason::AddressLiteral),
        ("[IPv6:1]", Reason::AddressLiteral),
        ("[IPv6:::1::]", Reason::AddressLiteral),
        ("[IPv6::::]", Reason::AddressLiteral),
        ("[IPv6:::1:2:3:4:5:6:7:8]", Reason::AddressLiteral),
        ("[IPv6:1:2:3:4:5:6:7:8:9]", Reason::AddressLiteral),
        ("[IPv6:1:2:3:4:5:6:7:192.0.2.1]", Reason::AddressLiteral),
        ("[IPv6:::12345]", Reason::AddressLiteral),
        ("[IPv6:::g]", Reason::AddressLiteral),
        ("[IPv6:::1.2.3]", Reason::AddressLiteral),
        ("[IPv6:fe80::1%eth0]", Reason::AddressLiteral),
        ("[x:y]", Reason::AddressLiteral),
    ] {
        assert_eq!(
            Domain::parse(text),
            Err(Invalid::new(Field::Domain, reason)),
            "{text:?}"
        );
    }
}

#[test]
fn addresses() {
    let local = "a".repeat(64);
    let longest = format!(
        "{local}@{}.{}.{}",
        "b".repeat(63),
        "c".repeat(63),
        "d".repeat(61)
    );
    assert_eq!(longest.len(), 254);
    for (local_part, domain) in [
        ("a", "b"),
        ("boiler3", "example.org"),
        ("a.b.c", "d.e.f"),
        ("!#$%&'*+-/=?^_`{|}~", "example.org"),
        ("-a-", "example.org"),
        (&local, "b"),
        ("\"x@y z\"", "host"),
        ("\"\"", "host"),
        ("\"a\\\"b\\\\\"", "host"),
        ("\"a,b;<c>(d)\"", "host"),
        ("\"j\u{f6}rg k\"", "host"),
        ("j\u{f6}rg", "m\u{fc}nchen.example"),
        ("a", "[192.0.2.1]"),
        ("a", "[IPv6:2001:db8::1]"),
    ] {
        let text = format!("{local_part}@{domain}");
        let address = Address::parse(&text).unwrap();
        assert_eq!(address.as_str(), text);
        assert_eq!(address.local_part(), local_part);
        assert_eq!(address.domain().as_str(), domain);
        assert_eq!(address.is_ascii(), text.is_ascii());
    }
    assert_eq!(Address::parse(&longest).map(Address::as_str), Ok(&*longest));
    for (text, reason) in [
        ("", Reason::Empty),
        (&*format!("a{local}@b"), Reason::TooLong),
        (&*format!("{longest}d"), Reason::TooLong),
        ("a", Reason::NoAt),
        ("\"a@b\"", Reason::NoAt),
        ("a b", Reason::NoAt),
        ("\"a@b", Reason::OpenQuote),
        ("\"a\\\"@b", Reason::OpenQuote),
        ("@b", Reason::LocalPart),
        (".a@b", Reason::LocalPart),
        ("a.@b", Reason::LocalPart),
        ("a..b@c", Reason::LocalPart),
        ("a b@c", Reason::LocalPart),
        (" a@b", Reason::LocalPart),
        ("a\"b\"@c", Reason::LocalPart),
        ("\"a\"b@c", Reason::LocalPart),
        ("\"a\".b@c", Reason::LocalPart),
        ("\"\\\u{e9}\"@c", Reason::LocalPart),
        ("a<b@c", Reason::LocalPart),
        ("a>b@c", Reason::LocalPart),
        ("a(c)@b", Reason::LocalPart),
        ("a\\b@c", Reason::LocalPart),
        ("a,b@c", Reason::LocalPart),
        ("@c,@d:a@b", Reason::LocalPart),
        ("Name <a@b>", Reason::LocalPart),
        ("a@", Reason::DomainPart),
        ("a@b@c", Reason::DomainPart),
        ("a@b ", Reason::DomainPart),
        ("a@b> NOTIFY=NEVER", Reason::DomainPart),
        ("a@b>", Reason::DomainPart),
        ("a@b<c", Reason::DomainPart),
        ("a@b c", Reason::DomainPart),
        ("a@b.", Reason::DomainPart),
        ("a@b_c", Reason::DomainPart),
        ("a@b (c)", Reason::DomainPart),
        ("a@[1.2.3]", Reason::AddressLiteral),
        ("a@[1.2.3.4]x", Reason::AddressLiteral),
    ] {
        assert_eq!(
            Address::parse(text),
            Err(Invalid::new(Field::Mailbox, reason)),
            "{text:?}"
        );
    }
}

#[test]
fn the_same_address_is_the_same_mailbox() {
    let same = |a, b| {
        Address::parse(a)
            .unwrap()
            .is_same(Address::parse(b).unwrap())
    };
    assert!(same("a@example.org", "a@EXAMPLE.org"));
    assert!(!same("a@example.org", "A@example.org"));
    assert!(!same("a@example.org", "a@example.com"));
    assert!(!same("\"a\"@example.org", "a@example.org"));
    assert!(!same("a@\u{fc}.org", "a@\u{dc}.org"));
}

#[test]
fn mailboxes() {
    for (text, name, address) in [
        ("a@b", None, "a@b"),
        ("  a@b  ", None, "a@b"),
        ("<a@b>", None, "a@b"),
        (" <a@b> ", None, "a@b"),
        ("\"x y\"@b", None, "\"x y\"@b"),
        ("\"x@y <z>\"@b", None, "\"x@y <z>\"@b"),
        ("<\"x>y\"@b>", None, "\"x>y\"@b"),
        ("a@[IPv6:::1]", None, "a@[IPv6:::1]"),
        ("Ops <a@b>", Some("Ops"), "a@b"),
        ("Ops<a@b>", Some("Ops"), "a@b"),
        ("  Hall  B   <a@b>", Some("Hall  B"), "a@b"),
        ("J. Smith <j@x>", Some("J. Smith"), "j@x"),
        ("O'Neil & Sons! <j@x>", Some("O'Neil & Sons!"), "j@x"),
        ("J\u{f6}rg <j@x>", Some("J\u{f6}rg"), "j@x"),
        ("\"Smith, John\" <j@x>", Some("Smith, John"), "j@x"),
        ("\"Smith\"<j@x>", Some("Smith"), "j@x"),
        // Most readers drop blanks at the edges.
        ("\" edges  \" <j@x>", Some("edges"), "j@x"),
        ("\" a  b \" <j@x>", Some("a  b"), "j@x"),
        ("\"edge\\ \" <j@x>", Some("edge"), "j@x"),
        ("\"edge\\\\ \" <j@x>", Some("edge\\"), "j@x"),
        ("\"\\ edge \\\\\\ \" <j@x>", Some("edge \\"), "j@x"),
        ("\"\\  \\ \" <j@x>", None, "j@x"),
        ("\" \" <j@x>", None, "j@x"),
        ("\"\" <j@x>", None, "j@x"),
        ("\"a\\\"b\\\\c\\d\" <j@x>", Some("a\"b\\cd"), "j@x"),
        ("\"\\\u{e9}\" <j@x>", Some("\u{e9}"), "j@x"),
        ("\"e@x\" <j@x>", Some("e@x"), "j@x"),
        ("=?utf-8?q?x?= <j@x>", Some("=?utf-8?q?x?="), "j@x"),
    ] {
        let mailbox = Mailbox::parse(text).unwrap_or_else(|e| panic!("{text:?}: {e}"));
        let decoded = mailbox.name().map(|n| n.chars().collect::<String>());
        assert_eq!(decoded.as_deref(), name, "{text:?}");
        assert_eq!(mailbox.address().as_str(), address, "{text:?}");
    }
    for (text, reason) in [
        ("", Reason::Empty),
        ("  ", Reason::Empty),
        ("<>", Reason::Empty),
        ("Ops <>", Reason::Empty),
        ("a", Reason::NoAt),
        ("<a>", Reason::NoAt),
        ("Ops <a@b", Reason::AngleBracket),
        ("a@b>", Reason::AngleBracket),
        ("a@b> NOTIFY=NEVER", Reason::AngleBracket),
        ("a> <b@c>", Reason::AngleBracket),
        ("<a@b, <c@d>", Reason::AngleBracket),
        ("<<a@b>>", Reason::Trailing),
        ("<a@b>>", Reason::Trailing),
        ("<a@b> x", Reason::Trailing),
        ("<a@b> NOTIFY=NEVER", Reason::Trailing),
        ("A <a@b> B <c@d>", Reason::Trailing),
        ("a@b, c@d", Reason::Trailing),
        ("a@b;", Reason::Trailing),
        ("A <a@b>; B <c@d>", Reason::Trailing),
        ("\"A <a@b>", Reason::OpenQuote),
        ("A \"B <a@b>", Reason::OpenQuote),
        ("\"A\\\" <a@b>", Reason::OpenQuote),
        ("Smith, John <j@x>", Reason::QuoteName),
        ("Smith; John <j@x>", Reason::QuoteName),
        ("e@x <j@x>", Reason::QuoteName),
        ("Hall (B) <j@x>", Reason::QuoteName),
        ("Hall [B] <j@x>", Reason::QuoteName),
        ("Hall: B <j@x>", Reason::QuoteName),
        ("Hall \\B <j@x>", Reason::QuoteName),
        ("The \"Boss\" <j@x>", Reason::QuoteName),
        ("\"The\" Boss <j@x>", Reason::QuoteName),
        ("\"A\" \"B\" <j@x>", Reason::QuoteName),
        ("Team: a@b", Reason::Group),
        ("\"Team 3\": a@b", Reason::Group),
        ("undisclosed-recipients:;", Reason::Group),
        ("Ops a@b", Reason::LocalPart),
        ("(c) a@b", Reason::LocalPart),
        ("< a@b>", Reason::LocalPart),
        ("<@c:a@b>", Reason::LocalPart),
        ("a@b (c)", Reason::DomainPart),
        ("<a@b >", Reason::DomainPart),
        ("<a@[1.2.3]>", Reason::AddressLiteral),
    ] {
        assert_eq!(
            Mailbox::parse(text),
            Err(Invalid::new(Field::Mailbox, reason)),
            "{text:?}"
        );
    }
}

#[test]
fn a_name_given_apart_is_taken_as_it_is() {
    let address = address!("a@b");
    for name in ["Smith, John", "a\\b", "\"x\"", "<e@x>", "J\u{f6}rg"] {
        let mailbox = Mailbox::new(name, address).unwrap();
        let written = mailbox.name().unwrap();
        assert_eq!(written.chars().collect::<String>(), name);
        assert_eq!((written.as_written(), written.is_quoted()), (name, false));
        assert_eq!(mailbox.address(), address);
    }
    for nothing in ["", "  "] {
        assert_eq!(
            Mailbox::new(nothing, address).unwrap(),
            Mailbox::from(address)
        );
    }
    let edges = Mailbox::new(" edges ", address).unwrap();
    assert_eq!(edges.name().unwrap().as_written(), "edges");
    assert_eq!(
        Mailbox::new("a\tb", address).unwrap_err().reason,
        Reason::ControlCharacter
    );
    let quoted = mailbox!("\"a\\\"b\" <a@b>");
    assert_eq!(quoted, Mailbox::new("a\"b", address).unwrap());
    assert_eq!(quoted.name().map(DisplayName::as_written), Some("a\\\"b"));
}

#[test]
fn lists() {
    for (text, addresses) in [
        ("", &[][..]),
        (" ; , ;;", &[]),
        ("a@b", &["a@b"]),
        ("a@b;c@d", &["a@b", "c@d"]),
        (" a@b , c@d ; ", &["a@b", "c@d"]),
        (";;a@b,;c@d,,", &["a@b", "c@d"]),
        (
            "\"A; B, C\" <a@b>; \"x;y\"@z, D <c@d>",
            &["a@b", "\"x;y\"@z", "c@d"],
        ),
        ("A <a@b>;<c@d>", &["a@b", "c@d"]),
        ("\"a\\\";b\" <a@b>, <\"x,>;y\"@z>", &["a@b", "\"x,>;y\"@z"]),
        (
            "a@[IPv6:::1], b@[1.2.3.4]",
            &["a@[IPv6:::1]", "b@[1.2.3.4]"],
        ),
        ("a@b; a@b", &["a@b", "a@b"]),
    ] {
        let list = MailboxList::parse(text).unwrap_or_else(|e| panic!("{text:?}: {e}"));
        let walked: Vec<_> = list.iter().map(|m| m.address().as_str()).collect();
        assert_eq!(walked, addresses, "{text:?}");
        assert_eq!(list.is_empty(), addresses.is_empty(), "{text:?}");
        assert_eq!(list.as_str(), text);
    }
    for (text, reason) in [
        ("a@b; c", Reason::NoAt),
        ("c; a@b", Reason::NoAt),
        ("a@b; Smith, John <j@x>", Reason::QuoteName),
        ("Smith, John <j@x>", Reason::QuoteName),
        ("Team: a@b, c@d;", Reason::Group),
        ("Team: a@b;", Reason::Group),
        ("Team:;", Reason::Group),
        ("x@y, undisclosed-recipients:;", Reason::Group),
        ("<a@b, c@d>", Reason::DomainPart),
        ("<a@b, <c@d>", Reason::AngleBracket),
        ("a@b, <>", Reason::Empty),
        ("a@b, Name <>", Reason::Empty),
        ("a@b c@d", Reason::DomainPart),
        ("a@b, \"c@d", Reason::OpenQuote),
        ("a@b> NOTIFY=NEVER, c@d", Reason::AngleBracket),
        ("a@b;\tc@d", Reason::ControlCharacter),
        ("a@b;\r\n c@d", Reason::ControlCharacter),
        ("a@b\u{ff1b} c@d", Reason::DomainPart),
    ] {
        let refused = Err(Invalid::new(Field::MailboxList, reason));
        assert_eq!(MailboxList::parse(text), refused, "{text:?}");
    }
}

#[test]
fn a_list_has_a_limit_of_mailboxes_and_one_of_bytes_well_above_64_kib() {
    let why = |text: &str| MailboxList::parse(text).unwrap_err().reason;
    let most = MailboxList::MAX_MAILBOXES as usize;
    let text = "a@b;".repeat(most);
    assert_eq!(MailboxList::parse(&text).unwrap().iter().count(), most);
    assert_eq!(why(&format!("{text}a@b")), Reason::TooMany);
    // Empty items are none.
    assert!(MailboxList::parse(&format!("{text};;; ;")).is_ok());

    let max = MailboxList::MAX_OCTETS as usize;
    let blanks = " ".repeat(max - 3);
    let list = format!("a@b{blanks}");
    assert_eq!(MailboxList::parse(&list).unwrap().iter().count(), 1);
    assert_eq!(why(&format!("{list};")), Reason::TooLong);
}

#[test]
fn reverse_paths() {
    let address = ReversePath::Address(address!("a@b"));
    for (text, path) in [
        ("<>", Ok(ReversePath::Null)),
        ("a@b", Ok(address)),
        ("<a@b>", Ok(address)),
        ("", Err(Reason::Empty)),
        ("<", Err(Reason::AngleBracket)),
        ("<a@b", Err(Reason::AngleBracket)),
        ("a@b>", Err(Reason::AngleBracket)),
        ("Name <a@b>", Err(Reason::AngleBracket)),
        ("<a@b> NOTIFY=NEVER", Err(Reason::AngleBracket)),
        ("<<a@b>>", Err(Reason::LocalPart)),
        ("< >", Err(Reason::NoAt)),
    ] {
        let path = path.map_err(|reason| Invalid::new(Field::ReversePath, reason));
        assert_eq!(ReversePath::parse(text), path, "{text:?}");
    }
    assert_eq!(ReversePath::Null.as_str(), "");
    assert_eq!(ReversePath::from(address!("a@b")).as_str(), "a@b");
}

#[test]
fn literals_are_checked_by_the_compiler() {
    const M: Mailbox = mailbox!("\"Boiler 3\" <boiler3@example.org>");
    const L: MailboxList = mailbox_list!(concat!("a@b", "; ", "C <c@d>"));
    const A: Address = address!("a@[IPv6:2001:db8::1]");
    const D: Domain = domain!("example.org");
    const LOCAL_PART: &str = M.address().local_part();
    const HOST: Domain = A.domain();
    assert_eq!(LOCAL_PART, "boiler3");
    assert_eq!(HOST.as_str(), "[IPv6:2001:db8::1]");
    assert_eq!(D.as_str(), "example.org");
    assert_eq!(L.iter().count(), 2);
    assert!(const { MailboxList::EMPTY.is_empty() });
}

#[test]
fn builders_take_text_and_parsed_values_alike() {
    fn count<'a, T: TryInto<MailboxList<'a>>>(list: T) -> Result<usize, Invalid>
    where
        Invalid: From<T::Error>,
    {
        Ok(list.try_into()?.iter().count())
    }
    assert_eq!(count("a@b; c@d"), Ok(2));
    assert_eq!(count(mailbox_list!("a@b; c@d")), Ok(2));
    assert_eq!(count(address!("a@b")), Ok(1));
    assert_eq!(
        count("a"),
        Err(Invalid::new(Field::MailboxList, Reason::NoAt))
    );
}

/// Text that is likely to be an address or nearly one.
fn nearly() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => prop::sample::select(vec![
            "a@b", "a", "@", "b.c", "<", ">", "<a@b>", "\"", "\"x;y\"", "\"x@y z\"@h", "\\", ";", ",",
            " ", ".", "-", ":", "[1.2.3.4]", "[IPv6:::1]", "(", ")", "\u{e9}", "\u{4f8b}", "Ops ",
            "\r\n", "\t", "\0", "\u{7f}", "\u{85}", "\u{2028}", "\u{feff}", "\u{560a}",
        ]).prop_map(String::from),
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

/// Items that are good, with separators between them.
fn good_items() -> impl Strategy<Value = Vec<String>> {
    let local =
        "[a-z!#+]{1,5}(\\.[a-z]{1,3})?|\"[a-z@;,<> ]{0,5}\"|\"(\\\\[ -~]){1,3}\"|[a-z\u{e9}]{1,4}";
    let host = "[a-z]{1,5}(\\.[a-z0-9]{1,3})?|\\[192\\.0\\.2\\.[1-9]\\]|\\[IPv6:[0-9a-f]{1,4}::\\]";
    let name = "([A-Za-z.\u{fc} ]{0,8}|\"([a-z;,<>@:\u{fc} ]|\\\\[ -~]){0,6}\") ?";
    let item = (local, host, prop::option::of(name)).prop_map(|(local, host, name)| match name {
        Some(name) => format!("{name}<{local}@{host}>"),
        None => format!("{local}@{host}"),
    });
    prop::collection::vec(item, 0..6)
}

fn is_clean(text: &str) -> bool {
    text.bytes().all(|b| b >= 0x20 && b != 0x7F)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn what_is_taken_is_clean_and_stays_taken(text in nearly()) {
        if let Ok(domain) = Domain::parse(&text) {
            prop_assert!(is_clean(domain.as_str()) && domain.as_str() == text);
        }
        if let Ok(address) = Address::parse(&text) {
            prop_assert!(is_clean(address.as_str()) && address.as_str() == text);
            let parts = format!("{}@{}", address.local_part(), address.domain());
            prop_assert_eq!(&parts, &text);
            prop_assert_eq!(Domain::parse(address.domain().as_str()), Ok(address.domain()));
            prop_assert_eq!(Mailbox::parse(&text), Ok(Mailbox::from(address)));
            prop_assert_eq!(ReversePath::parse(&text), Ok(ReversePath::Address(address)));
        }
        if let Ok(mailbox) = Mailbox::parse(&text) {
            prop_assert_eq!(Address::parse(mailbox.address().as_str()), Ok(mailbox.address()));
            prop_assert!(mailbox.name().is_none_or(|name| name.chars().all(|c| !c.is_control())));
            let list = MailboxList::parse(&text).map(|list| list.iter().collect::<Vec<_>>());
            prop_assert_eq!(list, Ok(vec![mailbox]));
        }
        if let Ok(list) = MailboxList::parse(&text) {
            prop_assert!(is_clean(list.as_str()) && list.as_str() == text);
            prop_assert_eq!(list.is_empty(), list.iter().next().is_none());
            for mailbox in list {
                prop_assert_eq!(Address::parse(mailbox.address().as_str()), Ok(mailbox.address()));
            }
        }
    }

    #[test]
    fn nothing_panics(text: String) {
        let _ = Domain::parse(&text);
        let _ = Address::parse(&text);
        let _ = Mailbox::parse(&text);
        let _ = ReversePath::parse(&text);
        let _ = MailboxList::parse(&text).map(|list| list.iter().count());
    }

    #[test]
    fn a_list_is_its_items(items in good_items(), separator in "[ ]?[,;]{1,2}[ ]?") {
        let text = items.join(&separator);
        let list = MailboxList::parse(&text).unwrap();
        let walked: Vec<_> = list.iter().collect();
        let parsed: Vec<_> = items.iter().map(|item| Mailbox::parse(item).unwrap()).collect();
        prop_assert_eq!(walked, parsed);
    }
}
