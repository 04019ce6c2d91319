//! Relative links in the documents lead to files and headings that exist, and `README.md` leads to
//! what readers look for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use crate::markdown::{anchor, heading, section};
use crate::top;

/// Every document by its path from the top of the repository. Builds and Git's own folder are left
/// out.
fn documents() -> BTreeMap<PathBuf, String> {
    let top = top();
    let mut documents = BTreeMap::new();
    let mut folders = vec![top.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("a readable folder").path();
            let name = path.file_name().unwrap_or_default();
            if path.is_dir() && name != "target" && name != ".git" {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                let text = fs::read_to_string(&path).expect("a document in UTF-8");
                documents.insert(path.strip_prefix(&top).expect("it is below the top").to_owned(), text);
            }
        }
    }
    documents
}

/// The lines of a document, without its blocks of code: fenced, or indented by four.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence && !line.starts_with("    ")
    })
}

/// Targets of `[text](target)`, those in backticks left out.
fn links(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    for line in prose(text) {
        let line: String = line.split('`').step_by(2).collect();
        let targets = line.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        links.extend(targets.map(|(target, _)| target.to_owned()));
    }
    links
}

/// The anchors of all headings; the second heading with the same text gets `-1`.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut times = HashMap::new();
    let headings = prose(text).filter_map(heading);
    headings
        .map(|(_, text)| {
            let anchor = anchor(text);
            let before = times.entry(anchor.clone()).or_insert(0);
            *before += 1;
            if *before == 1 {
                anchor
            } else {
                format!("{anchor}-{}", *before - 1)
            }
        })
        .collect()
}

/// The document and the anchor that a link in `from` leads to.
fn target(from: &Path, link: &str) -> (PathBuf, Option<String>) {
    let (file, anchor) = match link.split_once('#') {
        Some((file, anchor)) => (file, Some(anchor.to_owned())),
        None => (link, None),
    };
    if file.is_empty() {
        return (from.to_owned(), anchor);
    }
    let mut path = from.parent().unwrap_or(Path::new("")).to_owned();
    for part in file.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(path.pop()),
            part => path.push(part),
        }
    }
    (path, anchor)
}

fn broken_links(documents: &BTreeMap<PathBuf, String>) -> Vec<String> {
    let mut broken = Vec::new();
    for (from, text) in documents {
        for link in links(text).iter().filter(|link| !link.contains("://")) {
            let (to, anchor) = target(from, link);
            let exists = match anchor {
                None => documents.contains_key(&to) || top().join(&to).exists(),
                Some(anchor) => documents.get(&to).is_some_and(|text| anchors(text).contains(&anchor)),
            };
            if !exists {
                broken.push(format!("{}: {link}", from.display()));
            }
        }
    }
    broken
}

#[test]
fn every_relative_link_leads_to_a_file_and_heading_that_exist() {
    let broken = broken_links(&documents());
    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
}

#[test]
fn a_broken_link_is_found() {
    let text = "# Top\n[a](#top) [b](#gone) [c](../x/other.md#a-b) [d](other.md#a-b-1) `[e](no.md)`\n    [f](no.md)\n";
    let documents = BTreeMap::from([
        (PathBuf::from("x/this.md"), text.to_owned()),
        (
            PathBuf::from("x/other.md"),
            "# A, `b`\n## A b\n```\n# Gone\n```\n[g](nowhere.rs)".to_owned(),
        ),
    ]);
    assert_eq!(
        broken_links(&documents),
        ["x/other.md: nowhere.rs", "x/this.md: #gone"],
        "anchors: {:?}",
        documents.values().map(|text| anchors(text)).collect::<Vec<_>>()
    );
}

/// What readers look for, and what the section must contain to which the table in `README.md` leads
/// them.
const WISHES: [(&str, &str); 6] = [
    ("see it run", "deploy/demo.sh"),
    ("(CA)", "HEIMDALL_S3_CA_FILE="),
    ("cancel a backfill", "heimdall.cancel_backfill("),
    ("spectral_rolloff_hz", "| `spectral_rolloff_hz` | Hz |"),
    ("fenced", "claim_id"),
    ("add a format", "SampleFormat"),
];

#[test]
fn the_readme_leads_in_one_step_to_what_readers_look_for() {
    let documents = documents();
    let readme = Path::new("README.md");
    let table = section(&documents[readme], "where-to-find");
    for (wish, content) in WISHES {
        let row = table.lines().find(|row| row.contains(wish));
        let link = links(row.unwrap_or_else(|| panic!("no row for '{wish}'"))).remove(0);
        let (to, anchor) = target(readme, &link);
        let section = section(&documents[&to], &anchor.expect("a heading"));
        assert!(section.contains(content), "{content} is not in {link}");
    }
}
