//! The tests that `daemon/README.md` names for the invariants exist.

use std::fs;
use std::path::Path;

use crate::top;

/// Whether `a::b::c` is the function `c` in the module `a::b` of the folder, or a path from the top
/// exists.
fn exists(top: &Path, name: &str) -> bool {
    let Some((module, function)) = name.rsplit_once("::") else {
        return top.join(name).exists();
    };
    let module = top.join("tests/it").join(module.replace("::", "/"));
    [module.with_extension("rs"), module.join("mod.rs")]
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok())
        .any(|text| text.contains(&format!("fn {function}(")))
}

#[test]
fn every_invariant_names_tests_that_exist() {
    let readme = fs::read_to_string(top().join("daemon/README.md")).expect("the crate has a README");
    let (_, section) = readme.split_once("\n## Invariants\n").expect("the section");
    let rows = section.lines().filter(|line| line.starts_with("| ")).skip(2);
    let mut named = 0;
    for row in rows {
        let tests = row.rsplit(" | ").next().unwrap_or_default();
        for test in tests.split('`').skip(1).step_by(2) {
            assert!(exists(&top(), test), "no test {test}, of the row: {row}");
            named += 1;
        }
    }
    assert!(named > 20, "only {named} tests are named");
}

#[test]
fn a_test_that_does_not_exist_is_found() {
    assert!(exists(&top(), "tests/layout"));
    assert!(!exists(&top(), "tests/gone"));
    assert!(!exists(&top(), "stress::gone::a_test"));
}
