//! The checks themselves, on small source trees: each must find what is wrong, and only that.

use crate::problems;
use crate::sources::Sources;

const README: &str = "# A crate\n\n## Rooms\n\n1. `low`, `base`: the lowest.\n2. `middle`: uses `low`.\n3. `high`\n\n## More\n\n1. `x`\n";

/// Problems in a tree with the rooms of `README`. Each pair is a file and its text.
fn problems_of(files: &[(&str, &str)]) -> Vec<String> {
    let mut sources = Sources::default();
    let empty = ["lib.rs", "low.rs", "base/mod.rs", "middle/mod.rs", "high.rs"].map(|file| (file, ""));
    for (file, text) in empty.iter().chain(files) {
        sources.files.insert((*file).to_owned(), (*text).to_owned());
    }
    problems(&sources, README)
}

fn assert_fine(files: &[(&str, &str)]) {
    assert_eq!(problems_of(files), Vec::<String>::new());
}

#[test]
fn imports_of_lower_rooms_are_fine() {
    assert_fine(&[
        (
            "high.rs",
            "use crate::{low::Low, middle::{self, Middle as M}};\nuse std::fmt;\nfn f() { middle::g(); }",
        ),
        ("middle/mod.rs", "mod part;\npub use part::Part;\nuse crate::base::*;"),
        (
            "middle/part.rs",
            "use crate::low::Low;\npub(in crate::middle) fn f() {}",
        ),
        ("lib.rs", "pub mod high;\npub use high::High;\npub use middle::Middle;"),
    ]);
}

#[test]
fn a_circle_of_two_files_is_found() {
    let found = problems_of(&[
        ("middle/mod.rs", "mod part;\npub use part::Part;\npub struct Whole;"),
        ("middle/part.rs", "\nuse super::Whole;"),
    ]);
    let circle = "import circle of 2 files:
    middle/mod.rs:2 uses crate::middle::part::Part of middle/part.rs
    middle/part.rs:2 uses crate::middle::Whole of middle/mod.rs";
    assert_eq!(found, [circle]);
}

#[test]
fn a_circle_between_rooms_is_found_with_its_upward_import() {
    let found = problems_of(&[
        ("low.rs", "fn f() -> crate::high::High {}"),
        ("middle/mod.rs", "use crate::low as l;\nfn f() { l::g() }"),
        ("high.rs", "use crate::middle::M;"),
    ]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("import circle of 3 files:\n    high.rs:1 uses crate::middle::M of middle/mod.rs\n"));
    assert_eq!(
        found[1],
        "upward import from low (level 1) to high (level 3): low.rs:1 uses crate::high::High of high.rs"
    );
}

#[test]
fn an_import_of_the_same_level_is_found() {
    let found = problems_of(&[("low.rs", "use crate::base::Base;")]);
    assert_eq!(
        found,
        ["upward import from low (level 1) to base (level 1): low.rs:1 uses crate::base::Base of base/mod.rs"]
    );
}

#[test]
fn every_way_to_name_another_module_is_found() {
    for text in [
        "use crate::high::H;",
        "use crate::high::*;",
        "use crate::{high::{H, I}};",
        "use crate::high as h;",
        "use super::high::H;",
        "use self::super::high::H;",
        "fn f() { crate::high::g(); }",
        "fn f() { use crate::high::g; }",
        "fn f(h: &super::high::H) {}",
        "impl crate::high::Trait for X {}",
        "fn f() { crate::high::call!(); }",
        "fn f() { println!(\"{}\", crate::high::X); }",
        "fn f() { select! { x = g() => { crate::high::g(x, |y| y) } } }",
        "macro_rules! m { () => { $crate::high::X }; }",
        "macro_rules! m { () => { use crate::high::{X, Y}; }; }",
        "#[arg(value_parser = crate::high::parse)] struct S;",
        "mod inner { use super::super::high::H; }",
        "mod inner { fn f() { crate::high::g(); } }",
        "fn f() { match x { crate::high::H::A => {} } }",
        "type T = Vec<crate::high::H>;",
    ] {
        let found = problems_of(&[("low.rs", text)]);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(
            found[0].starts_with("upward import from low (level 1) to high (level 3): low.rs:1 uses crate::high"),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn a_path_that_begins_with_an_imported_name_is_followed() {
    // The import itself leads down, and what is named with it leads to a file above that is in a circle.
    let found = problems_of(&[
        ("middle/mod.rs", "pub mod part;"),
        ("middle/part.rs", "use super::sibling as s;\nfn f() { s::deep::g(); }"),
        ("middle/sibling/mod.rs", "pub mod deep;"),
        ("middle/sibling/deep.rs", "use crate::middle::part::f;"),
    ]);
    let circle = "import circle of 2 files:
    middle/part.rs:2 uses crate::middle::sibling::deep::g of middle/sibling/deep.rs
    middle/sibling/deep.rs:1 uses crate::middle::part::f of middle/part.rs";
    assert_eq!(found, [circle]);
}

#[test]
fn tests_may_import_from_above() {
    assert_fine(&[
        (
            "low.rs",
            "#[cfg(test)]\nmod tests {\n    use crate::high::H;\n    use super::*;\n}",
        ),
        (
            "middle/mod.rs",
            "#[cfg(test)]\nmod tests;\n#[cfg(all(test, unix))]\nuse crate::high::H;",
        ),
        (
            "middle/tests.rs",
            "use super::X;\nuse crate::high::H;\nmod inner { use crate::high::H; }",
        ),
        ("high.rs", "use crate::middle::X;"),
    ]);
    let found = problems_of(&[(
        "low.rs",
        "#[cfg(any(test, feature = \"f\"))]\nmod tests { use crate::high::H; }",
    )]);
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn an_import_through_lib_is_found_in_tests_as_well() {
    let lib = ("lib.rs", "mod low;\npub use low::Low;");
    for text in [
        "use crate::Low;",
        "use crate::*;",
        "use super::Low;",
        "fn f() -> crate::Low {}",
        "#[cfg(test)] mod tests { use crate::Low; }",
    ] {
        let found = problems_of(&[lib, ("high.rs", text)]);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(
            found[0].starts_with("import through lib.rs, name the module: high.rs:1 uses crate::"),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn rooms_and_the_list_of_them_must_agree() {
    let mut sources = Sources::default();
    for file in ["lib.rs", "low.rs", "attic/mod.rs", "middle/mod.rs", "high.rs"] {
        sources.files.insert(file.to_owned(), String::new());
    }
    assert_eq!(
        problems(&sources, README),
        [
            "the room base is listed but does not exist",
            "the room attic is not listed under '## Rooms'"
        ]
    );
    let without = problems(&sources, "# A crate\n\n1. `low`\n");
    assert_eq!(without, ["there is no numbered list under '## Rooms'"]);
    let twice = problems(&sources, "## Rooms\n\n1. `low`\n2. `low`: again\n");
    assert_eq!(twice, ["the room low is listed twice"]);
}
