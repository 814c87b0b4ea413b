//! The drivers are twins, and so are the two kinds of TLS streams: the same text except for `async`
//! and `.await`.

/// The code of a driver without comments, white space and commas before a closing bracket, and
/// with the names of the async world mapped to those of the blocking one. Nothing else is mapped.
/// Documentation and its examples are comments, so they may differ.
fn essence(source: &str) -> String {
    let code: String = source
        .lines()
        .map(|line| line.split("//").next().unwrap())
        .flat_map(|line| line.split_whitespace())
        .filter(|word| *word != "async")
        .collect();
    code.replace(".await", "")
        .replace(",)", ")")
        .replace("embedded_io_async", "embedded_io")
        .replace("AsyncFnOnce", "FnOnce")
        .replace("Async", "Blocking")
}

#[track_caller]
fn assert_twins(blocking: &str, asynch: &str) {
    let differ = blocking
        .bytes()
        .zip(asynch.bytes())
        .position(|(a, b)| a != b);
    if let Some(at) = differ {
        let excerpt =
            |text: &str| text[at.saturating_sub(60)..(at + 60).min(text.len())].to_owned();
        panic!("they differ:\n{}\n{}", excerpt(blocking), excerpt(asynch));
    }
    assert_eq!(blocking.len(), asynch.len());
    assert!(blocking.len() > 3_000, "the text is there");
}

#[test]
fn the_drivers_are_twins() {
    assert_twins(
        &essence(include_str!("../src/blocking.rs")),
        &essence(include_str!("../src/asynch.rs")),
    );
}

#[test]
fn the_tls_streams_are_twins() {
    assert_twins(
        &essence(include_str!("../src/tls/blocking.rs")),
        &essence(include_str!("../src/tls/asynch.rs")),
    );
}

#[test]
fn a_difference_is_seen() {
    assert_ne!(essence("a().await;"), essence("b();"));
    assert_eq!(
        essence("pub async fn a() { b\n.await }"),
        essence("pub fn a() { b }")
    );
    assert_eq!(
        essence("impl Client<'_, Async, T> { a(f: AsyncFnOnce()) }"),
        essence("impl Client<'_, Blocking, T> { a(f: FnOnce()) }")
    );
    assert_ne!(
        essence("Async::pause().await"),
        essence("Async::pause()") + ";"
    );
}
