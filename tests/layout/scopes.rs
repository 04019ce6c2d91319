//! What the modules of one file name: `use` items, paths in code, and paths in the tokens of
//! macros.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};

use crate::sources::ModulePath;

/// One path, as it is written.
pub(crate) struct Reference {
    pub(crate) path: Vec<String>,
    pub(crate) line: usize,
    /// It is in an item with `#[cfg(test)]`.
    pub(crate) is_test: bool,
}

/// A module: a file, or an inline `mod` in one.
pub(crate) struct Scope {
    pub(crate) module: ModulePath,
    /// Names that `use` items bring into the module, with the path they stand for.
    pub(crate) aliases: BTreeMap<String, Vec<String>>,
    pub(crate) references: Vec<Reference>,
}

/// The scopes of one file, and the modules that it declares for tests only.
pub(crate) struct FileScopes {
    pub(crate) scopes: Vec<Scope>,
    pub(crate) test_modules: BTreeSet<ModulePath>,
}

/// Collects the scopes of a file.
pub(crate) fn scopes_of(module: ModulePath, text: &str) -> syn::Result<FileScopes> {
    let file = syn::parse_file(text)?;
    let mut collector = Collector {
        open: vec![Scope::new(module)],
        closed: Vec::new(),
        test_modules: BTreeSet::new(),
        test_depth: 0,
    };
    collector.visit_file(&file);
    collector.closed.append(&mut collector.open);
    Ok(FileScopes {
        scopes: collector.closed,
        test_modules: collector.test_modules,
    })
}

impl Scope {
    fn new(module: ModulePath) -> Scope {
        Scope {
            module,
            aliases: BTreeMap::new(),
            references: Vec::new(),
        }
    }
}

struct Collector {
    /// The module being read is the last one.
    open: Vec<Scope>,
    closed: Vec<Scope>,
    test_modules: BTreeSet<ModulePath>,
    /// Number of enclosing items with `#[cfg(test)]`.
    test_depth: usize,
}

impl Collector {
    fn scope(&mut self) -> &mut Scope {
        self.open.last_mut().expect("the file's own scope stays open")
    }

    fn refer(&mut self, path: Vec<String>, span: Span) {
        let reference = Reference {
            path,
            line: span.start().line,
            is_test: self.test_depth > 0,
        };
        self.scope().references.push(reference);
    }

    /// Goes through a `use` tree and records each of its leaves with the full path.
    fn use_tree(&mut self, prefix: &[String], tree: &syn::UseTree) {
        let joined = |ident: &syn::Ident| [prefix, &[ident.to_string()]].concat();
        let (ident, name) = match tree {
            syn::UseTree::Path(path) => return self.use_tree(&joined(&path.ident), &path.tree),
            syn::UseTree::Group(group) => return group.items.iter().for_each(|item| self.use_tree(prefix, item)),
            syn::UseTree::Glob(glob) => {
                return self.refer([prefix, &["*".to_owned()]].concat(), glob.star_token.spans[0]);
            }
            syn::UseTree::Name(name) => (&name.ident, &name.ident),
            syn::UseTree::Rename(rename) => (&rename.ident, &rename.rename),
        };
        // `a::{self}` names `a` itself.
        let is_self = ident == "self" && !prefix.is_empty();
        let path = if is_self { prefix.to_vec() } else { joined(ident) };
        let alias = if name == "self" {
            path.last().cloned().expect("a path has at least one segment")
        } else {
            name.to_string()
        };
        self.scope().aliases.insert(alias, path.clone());
        self.refer(path, ident.span());
    }

    /// Records each `a::b` in the tokens of a macro. Tokens have no syntax tree, so a group after
    /// `::` counts as a glob.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<(String, Span)> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.close(&mut path);
                    }
                    path.push((ident.to_string(), ident.span()));
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    if colons == 2 && !path.is_empty() {
                        path.push(("*".to_owned(), group.span()));
                    }
                    self.close(&mut path);
                    self.tokens(group.stream());
                    colons = 0;
                }
                _ => {
                    self.close(&mut path);
                    colons = 0;
                }
            }
        }
        self.close(&mut path);
    }

    fn close(&mut self, path: &mut Vec<(String, Span)>) {
        if let [(_, span), _, ..] = path[..] {
            self.refer(path.iter().map(|(name, _)| name.clone()).collect(), span);
        }
        path.clear();
    }

    /// Visits what is inside with `is_test` set if the attributes ask for it.
    fn within(&mut self, attributes: &[syn::Attribute], inside: impl FnOnce(&mut Collector)) {
        let is_test = usize::from(attributes.iter().any(is_cfg_test));
        self.test_depth += is_test;
        inside(self);
        self.test_depth -= is_test;
    }
}

impl<'ast> Visit<'ast> for Collector {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        self.within(attributes_of(item), |this| visit::visit_item(this, item));
    }

    fn visit_impl_item_fn(&mut self, method: &'ast syn::ImplItemFn) {
        self.within(&method.attrs, |this| visit::visit_impl_item_fn(this, method));
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let module = [&self.scope().module[..], &[item.ident.to_string()]].concat();
        match &item.content {
            Some((_, items)) => {
                self.open.push(Scope::new(module));
                for item in items {
                    self.visit_item(item);
                }
                let scope = self.open.pop().expect("it was pushed above");
                self.closed.push(scope);
            }
            None if self.test_depth > 0 => drop(self.test_modules.insert(module)),
            None => {}
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if item.leading_colon.is_none() {
            self.use_tree(&[], &item.tree);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        // One segment is a name of this module, or one that a `use` item has recorded.
        if path.leading_colon.is_none() && path.segments.len() > 1 {
            let segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.refer(segments, path.segments[0].ident.span());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        self.tokens(call.tokens.clone());
    }

    fn visit_meta_list(&mut self, list: &'ast syn::MetaList) {
        self.tokens(list.tokens.clone());
    }

    /// `pub(in crate::a)` imports nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}
}

/// Whether it is `#[cfg(test)]` or `#[cfg(all(test, …))]`.
fn is_cfg_test(attribute: &syn::Attribute) -> bool {
    let syn::Meta::List(list) = &attribute.meta else {
        return false;
    };
    let condition = list.tokens.to_string().replace(' ', "");
    list.path.is_ident("cfg") && (condition == "test" || condition.starts_with("all(test,"))
}

fn attributes_of(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
