//! `tour race`: the order of threads that breaks a check.

use super::tour;
use proxy_wasm_tour::model::race::Race;

const LAB: &str = "tests/it/labs/lost-update.yaml";

#[test]
fn people_read_which_order_loses_an_update_and_how_to_see_it() {
    let ran = tour(&["race", LAB]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    for words in [
        "both count: 4 orders of the threads, which is all that can differ\n",
        "a check fails in 2 of them, here after 1 switch between threads",
        "shared data visits: expected \"2\", got \"1\"",
        "    schedule: [worker_",
    ] {
        assert!(ran.out.contains(words), "no {words:?} in\n{}", ran.out);
    }
}

#[test]
fn machines_read_the_same() {
    let ran = tour(&["race", LAB, "--json", "--scenario", "both count"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let races: Vec<Race> = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((races[0].orders, races[0].breaking), (4, 2));
}

#[test]
fn a_limit_of_no_orders_is_refused() {
    for wrong in ["0", "many", "-1"] {
        let ran = tour(&["race", LAB, &format!("--orders={wrong}")]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""));
        assert!(ran.err.contains("a number of at least 1"), "{}", ran.err);
    }
}
