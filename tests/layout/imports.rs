//! The imports between the files of one crate.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::scopes::{FileScopes, Reference, Scope, scopes_of};
use crate::sources::{ModulePath, Sources, module_of};

/// One file names something of another.
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) from: String,
    pub(crate) to: String,
    /// It is made in code that is compiled for tests only.
    pub(crate) is_test: bool,
    /// The first line that does it.
    pub(crate) line: usize,
    /// What is named, such as `crate::queue::Claim`.
    pub(crate) names: BTreeSet<String>,
}

impl fmt::Display for Import {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        write!(
            formatter,
            "{}:{} uses {} of {}",
            self.from,
            self.line,
            names.join(", "),
            self.to
        )
    }
}

/// Every import between two files of the crate, in the order of their names. There is at most one
/// from a file to another for tests, and one for the rest.
pub(crate) fn imports_of(sources: &Sources) -> Vec<Import> {
    let parse = |(file, text): (&'_ String, &'_ String)| {
        let scopes = scopes_of(module_of(file), text).unwrap_or_else(|error| panic!("{file}: {error}"));
        (file.clone(), scopes)
    };
    let parsed: BTreeMap<String, FileScopes> = sources.files.iter().map(parse).collect();
    let modules = Modules::new(&parsed);
    let mut imports: BTreeMap<(&str, &str, bool), Import> = BTreeMap::new();
    for (file, FileScopes { scopes, .. }) in &parsed {
        for scope in scopes {
            for reference in &scope.references {
                let Some((to, name)) = modules.target(file, scope, scopes, reference) else {
                    continue;
                };
                let is_test = reference.is_test || modules.is_test(&scope.module);
                let import = imports.entry((file, to, is_test)).or_insert_with(|| Import {
                    from: file.clone(),
                    to: to.to_owned(),
                    is_test,
                    line: reference.line,
                    names: BTreeSet::new(),
                });
                import.line = import.line.min(reference.line);
                import.names.insert(name);
            }
        }
    }
    imports.into_values().collect()
}

/// The modules of a crate, inline ones included.
struct Modules<'a> {
    files: BTreeMap<&'a ModulePath, &'a str>,
    tests: BTreeSet<&'a ModulePath>,
}

impl<'a> Modules<'a> {
    fn new(parsed: &'a BTreeMap<String, FileScopes>) -> Modules<'a> {
        let scopes = parsed
            .iter()
            .flat_map(|(file, parsed)| parsed.scopes.iter().map(move |scope| (&scope.module, file.as_str())));
        Modules {
            files: scopes.collect(),
            tests: parsed.values().flat_map(|parsed| &parsed.test_modules).collect(),
        }
    }

    /// The file that a reference leads to and what it names, if that is another file of the crate.
    fn target(&self, from: &str, scope: &Scope, scopes: &[Scope], reference: &Reference) -> Option<(&'a str, String)> {
        let path = self.absolute(scope, scopes, &reference.path, 0)?;
        let mut depth = path.len();
        let to = loop {
            match self.files.get(&path[..depth].to_vec()) {
                Some(file) => break *file,
                None => depth = depth.checked_sub(1)?,
            }
        };
        let is_root_alone = path.is_empty();
        (to != from && !is_root_alone).then(|| {
            (
                to,
                ["crate".to_owned()]
                    .into_iter()
                    .chain(path)
                    .collect::<Vec<_>>()
                    .join("::"),
            )
        })
    }

    /// The path from the crate's root, or nothing if it leads to another crate or stays among the
    /// module's own items.
    fn absolute(&self, scope: &Scope, scopes: &[Scope], path: &[String], depth: u8) -> Option<ModulePath> {
        let (first, rest) = path.split_first()?;
        let mut start = scope.module.clone();
        match first.as_str() {
            "crate" => start.clear(),
            "self" => {}
            "super" => drop(start.pop()),
            name => {
                start.push(name.to_owned());
                if !self.files.contains_key(&start) {
                    let (owner, alias) = alias(scope, scopes, name)?;
                    // A name may be imported under itself: `use tokio as tokio`.
                    return if depth < 4 && alias[0] != name {
                        self.absolute(owner, scopes, &[alias, rest].concat(), depth + 1)
                    } else {
                        None
                    };
                }
            }
        }
        let supers = rest.iter().take_while(|segment| *segment == "super").count();
        start.truncate(start.len().saturating_sub(supers));
        start.extend_from_slice(&rest[supers..]);
        Some(start)
    }

    fn is_test(&self, module: &[String]) -> bool {
        self.tests.iter().any(|test| module.starts_with(test))
    }
}

/// What a name stands for in a module, or in the modules of the same file around it (`use
/// super::*`).
fn alias<'a>(scope: &'a Scope, scopes: &'a [Scope], name: &str) -> Option<(&'a Scope, &'a [String])> {
    if let Some(path) = scope.aliases.get(name) {
        return Some((scope, path));
    }
    let (_, parent) = scope.module.split_last()?;
    let parent = scopes.iter().find(|scope| scope.module == parent)?;
    alias(parent, scopes, name)
}
