//! The example's two drivers are twins, and so are their streams under TLS: the same text but for
//! `async` and `.await`.

fn essence(source: &str) -> String {
    let code: String = source
        .lines()
        .map(|line| line.split("//").next().unwrap())
        .flat_map(|line| line.split_whitespace())
        .filter(|word| *word != "async")
        .collect();
    code.replace(".await", "")
        .replace("asynch", "blocking")
        .replace("embedded_io_async", "embedded_io")
        .replace("(async|", "(|")
}

#[test]
fn the_drivers_are_twins() {
    for (blocking, asynch) in [
        (
            include_str!("../../examples/alert/driver/blocking.rs"),
            include_str!("../../examples/alert/driver/asynch.rs"),
        ),
        (
            include_str!("../../examples/alert/tls/blocking.rs"),
            include_str!("../../examples/alert/tls/asynch.rs"),
        ),
    ] {
        // Where a line is longer, there is a comma more.
        let [blocking, asynch] = [blocking, asynch].map(|code| essence(code).replace(",)", ")"));
        assert_eq!(blocking, asynch);
        assert!(blocking.len() > 1_000, "the text is there");
    }
}
