//! Circles of imports between files.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::imports::Import;

/// The shortest circle through each group of files that import each other, one text each. Tests do
/// not count.
pub(crate) fn circles(imports: &[Import]) -> Vec<String> {
    let mut graph: BTreeMap<&str, BTreeMap<&str, &Import>> = BTreeMap::new();
    for import in imports
        .iter()
        .filter(|import| !import.is_test && import.from != "lib.rs" && import.to != "lib.rs")
    {
        graph
            .entry(&import.from)
            .or_default()
            .entry(&import.to)
            .or_insert(import);
    }
    let mut reported: BTreeSet<&str> = BTreeSet::new();
    let mut found = Vec::new();
    for start in graph.keys() {
        if reported.contains(start) {
            continue;
        }
        if let Some(circle) = shortest_circle(&graph, start) {
            reported.extend(circle.iter().map(|import| import.from.as_str()));
            found.push(describe(&circle));
        }
    }
    found
}

/// The shortest way from a file back to itself.
fn shortest_circle<'a>(
    graph: &BTreeMap<&'a str, BTreeMap<&'a str, &'a Import>>,
    start: &'a str,
) -> Option<Vec<&'a Import>> {
    let mut reached_by: BTreeMap<&str, &Import> = BTreeMap::new();
    let mut waiting = VecDeque::from([start]);
    while let Some(file) = waiting.pop_front() {
        for (to, import) in graph.get(file).into_iter().flatten() {
            if !reached_by.contains_key(to) {
                reached_by.insert(to, import);
                waiting.push_back(to);
            }
        }
    }
    let mut circle = vec![*reached_by.get(start)?];
    while circle[circle.len() - 1].from != start {
        circle.push(reached_by[circle[circle.len() - 1].from.as_str()]);
    }
    circle.reverse();
    Some(circle)
}

fn describe(circle: &[&Import]) -> String {
    let lines: Vec<String> = circle.iter().map(|import| format!("\n    {import}")).collect();
    format!("import circle of {} files:{}", circle.len(), lines.concat())
}
