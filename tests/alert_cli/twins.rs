//! The example's two drivers are twins: the same text but for `async` and `.await`.

fn essence(source: &str) -> String {
    let code: String = source
        .lines()
        .map(|line| line.split("//").next().unwrap())
        .flat_map(|line| line.split_whitespace())
        .filter(|word| *word != "async")
        .collect();
    code.replace(".await", "").replace("asynch", "blocking")
}

#[test]
fn the_drivers_are_twins() {
    let blocking = essence(include_str!("../../examples/alert/driver/blocking.rs"));
    let asynch = essence(include_str!("../../examples/alert/driver/asynch.rs"));
    assert_eq!(blocking, asynch);
    assert!(blocking.len() > 1_000, "the text is there");
}
