//! The layers of `CONTRIBUTING.md` in the source: imports point down only, the files of the session
//! import each other in one direction, only the table changes a state, and there is no I/O below the
//! drivers and no SMTP in them.
//!
//! The source is parsed, so comments and strings are not mistaken for code. Tests are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};

/// The modules each module may import from, except itself.
const LAYERS: &[(&str, &[&str])] = &[
    ("proof", &[]),
    ("phase", &[]),
    ("state", &[]),
    ("invalid", &[]),
    ("wire", &["invalid"]),
    ("message", &["invalid", "wire"]),
    ("missing", &["wire"]),
    ("fault", &["message"]),
    ("report", &["phase", "proof", "wire"]),
    ("observer", &["phase", "report", "wire"]),
    ("transcript", &["observer", "phase", "wire"]),
    ("transport", &["fault", "proof"]),
    (
        "error",
        &[
            "fault", "invalid", "message", "missing", "phase", "report", "state", "wire",
        ],
    ),
    (
        "advice",
        &[
            "error", "fault", "invalid", "message", "missing", "phase", "report", "state", "wire",
        ],
    ),
    ("starttls", &["error", "fault", "phase"]),
    (
        "session",
        &[
            "error", "fault", "invalid", "message", "missing", "observer", "phase", "proof",
            "report", "state", "wire",
        ],
    ),
    ("submission", &["message", "report", "session"]),
    (
        "client",
        &["observer", "proof", "session", "state", "transport", "wire"],
    ),
    ("blocking", DRIVER),
    ("asynch", DRIVER),
    ("tls", &["fault", "invalid", "proof", "transport"]),
    // The server shares nothing with the client, or both could be wrong in the same way.
    ("mock", &[]),
];

const DRIVER: &[&str] = &[
    "client",
    "error",
    "fault",
    "invalid",
    "message",
    "observer",
    "phase",
    "proof",
    "report",
    "session",
    "starttls",
    "state",
    "submission",
    "transport",
    "wire",
];

/// The modules that may name the traits of I/O.
const IO_MODULES: &[&str] = &[
    "blocking",
    "asynch",
    "transport",
    "submission",
    "tls",
    "mock",
];

/// The modules that name nothing at all of the I/O crates.
const PURE_MODULES: &[&str] = &["session", "wire", "message"];

const IO_TRAITS: &[&str] = &[
    "Read",
    "Write",
    "BufRead",
    "Seek",
    "ReadReady",
    "WriteReady",
    "ErrorType",
];

const COMMANDS: &[&str] = &[
    "EHLO", "HELO", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "NOOP", "QUIT", "AUTH", "STARTTLS",
    "VRFY",
];

/// A module by its path below the crate: empty for `lib.rs`.
type Module = Vec<String>;

/// The text of every file, by its path below `src/`.
type Source = BTreeMap<PathBuf, String>;

fn source() -> Source {
    fn read(directory: &Path, base: &Path, all: &mut Source) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, base, all);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                all.insert(path.strip_prefix(base).unwrap().to_owned(), text);
            }
        }
    }
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Source::new();
    read(&base, &base, &mut all);
    all
}

/// The crate as its modules, and what `lib.rs` exports.
struct Crate {
    /// Each module that has a file, with its code.
    modules: BTreeMap<Module, syn::File>,
    /// The top module of each exported item.
    exports: BTreeMap<String, String>,
}

impl Crate {
    fn parse(source: &Source) -> Self {
        let mut this = Self {
            modules: BTreeMap::new(),
            exports: BTreeMap::new(),
        };
        this.add(source, Vec::new(), Path::new("lib.rs"));
        let root = &this.modules[&Vec::new()];
        for item in &root.items {
            if let syn::Item::Use(item) = item
                && !is_test(&item.attrs)
            {
                for path in leaves(&item.tree) {
                    if let (Some(first), Some(last)) = (path.first(), path.last()) {
                        this.exports.insert(last.clone(), first.clone());
                    }
                }
            }
        }
        this
    }

    /// A file, and the files of the modules that it declares.
    fn add(&mut self, source: &Source, module: Module, path: &Path) {
        let text = source
            .get(path)
            .unwrap_or_else(|| panic!("{} is declared and not there", path.display()));
        let file = syn::parse_file(text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let directory: PathBuf = module.iter().collect();
        for item in &file.items {
            if let syn::Item::Mod(declared) = item
                && declared.content.is_none()
                && !is_test(&declared.attrs)
            {
                let name = declared.ident.to_string();
                let flat = directory.join(format!("{name}.rs"));
                let nested = directory.join(&name).join("mod.rs");
                let child = if source.contains_key(&flat) {
                    flat
                } else {
                    nested
                };
                let mut module = module.clone();
                module.push(name);
                self.add(source, module, &child);
            }
        }
        self.modules.insert(module, file);
    }

    /// The module that a path leads to: the longest part of it that is one.
    fn target(&self, path: &[String]) -> Module {
        (0..=path.len())
            .rev()
            .map(|length| path[..length].to_vec())
            .find(|module| self.modules.contains_key(module))
            .unwrap_or_default()
    }

    /// All that a module names of the crate, as paths from the crate's root.
    fn named(&self, module: &Module) -> BTreeSet<Vec<String>> {
        let mut names = Names {
            krate: self,
            module: module.clone(),
            depth: 0,
            found: BTreeSet::new(),
        };
        names.visit_file(&self.modules[module]);
        names.found
    }
}

/// Whether an item is for tests only.
fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.meta.require_list().is_ok_and(|list| {
                let words = words(&list.tokens.to_string());
                let is_all = words.first().is_some_and(|word| word == "all");
                words.first().is_some_and(|word| word == "test")
                    || (is_all && words.contains(&"test".into()))
            })
    })
}

/// The words of a text of tokens, punctuation one by one.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_word = false;
    for character in text.chars() {
        let is_part = character.is_alphanumeric() || character == '_';
        match words.last_mut() {
            Some(last) if is_part && is_word => last.push(character),
            _ if character.is_whitespace() => {}
            _ => words.push(character.into()),
        }
        is_word = is_part;
    }
    words
}

/// The paths of a `use`.
fn leaves(tree: &syn::UseTree) -> Vec<Vec<String>> {
    match tree {
        syn::UseTree::Path(path) => leaves(&path.tree)
            .into_iter()
            .map(|mut rest| {
                rest.insert(0, path.ident.to_string());
                rest
            })
            .collect(),
        syn::UseTree::Name(name) if name.ident == "self" => vec![Vec::new()],
        syn::UseTree::Name(name) => vec![vec![name.ident.to_string()]],
        syn::UseTree::Rename(rename) if rename.ident == "self" => vec![Vec::new()],
        syn::UseTree::Rename(rename) => vec![vec![rename.ident.to_string()]],
        syn::UseTree::Glob(_) => vec![vec!["*".into()]],
        syn::UseTree::Group(group) => group.items.iter().flat_map(leaves).collect(),
    }
}

/// Collects what a module names of the crate.
struct Names<'a> {
    krate: &'a Crate,
    module: Module,
    /// How many modules without a file of their own stand around.
    depth: usize,
    found: BTreeSet<Vec<String>>,
}

impl Names<'_> {
    fn note(&mut self, path: &[String]) {
        let Some((first, rest)) = path.split_first() else {
            return;
        };
        let mut base = self.module.clone();
        let mut rest = rest;
        match first.as_str() {
            "crate" => base.clear(),
            "self" if self.depth == 0 => {}
            "super" => {
                // The first of them leave the modules without a file.
                let mut left = self.depth;
                let mut next = Some("super");
                while next == Some("super") {
                    match left.checked_sub(1) {
                        Some(fewer) => left = fewer,
                        None => drop(base.pop()),
                    }
                    next = rest.first().map(String::as_str);
                    if next == Some("super") {
                        rest = &rest[1..];
                    }
                }
                if left > 0 {
                    return;
                }
            }
            // A child of this module.
            child => {
                base.push(child.into());
                if self.depth > 0 || !self.krate.modules.contains_key(&base) {
                    return;
                }
            }
        }
        base.extend_from_slice(rest);
        self.found.insert(base);
    }
}

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            syn::Item::Const(item) => &item.attrs,
            syn::Item::Static(item) => &item.attrs,
            syn::Item::Struct(item) => &item.attrs,
            syn::Item::Enum(item) => &item.attrs,
            syn::Item::Macro(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !is_test(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.depth += 1;
        visit::visit_item_mod(self, item);
        self.depth -= 1;
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        for path in leaves(&item.tree) {
            self.note(&path);
        }
    }

    // `pub(in crate::session)` imports nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() && path.segments.len() > 1 {
            let names: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
            self.note(&names);
        }
        visit::visit_path(self, path);
    }

    /// The code in a macro is not parsed: its paths are looked for among its words.
    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        let words = words(&item.tokens.to_string());
        for at in 0..words.len() {
            if matches!(words[at].as_str(), "crate" | "super") {
                let mut path = vec![words[at].clone()];
                let mut next = at + 1;
                while words.get(next..next + 2) == Some(&[":".into(), ":".into()]) {
                    let Some(word) = words.get(next + 2) else {
                        break;
                    };
                    path.push(word.clone());
                    next += 3;
                }
                // A macro of the crate is no module.
                let is_macro = words.get(next).is_some_and(|word| word == "!");
                if path.len() > 1 && !is_macro {
                    self.note(&path);
                }
            }
        }
    }
}

/// What is wrong with the imports of the modules.
fn upward(krate: &Crate) -> Vec<String> {
    let mut wrong = Vec::new();
    for module in krate.modules.keys() {
        let Some(top) = module.first() else {
            continue;
        };
        let Some((_, below)) = LAYERS.iter().find(|(name, _)| name == top) else {
            wrong.push(format!("{top} has no layer; add it to LAYERS"));
            continue;
        };
        for path in krate.named(module) {
            let Some(first) = path.first() else {
                continue;
            };
            let named = match krate.exports.get(first) {
                _ if krate.modules.contains_key(std::slice::from_ref(first)) => first,
                Some(home) => home,
                None => {
                    wrong.push(format!("{} names {}", module.join("::"), path.join("::")));
                    continue;
                }
            };
            if named != top && !below.contains(&named.as_str()) {
                wrong.push(format!("{} imports {named}", module.join("::")));
            }
        }
    }
    wrong
}

/// Whom each file of the session imports from.
fn session_imports(krate: &Crate) -> BTreeMap<Module, BTreeSet<Module>> {
    let is_inside = |module: &Module| module.first().is_some_and(|top| top == "session");
    let modules = krate.modules.keys().filter(|module| is_inside(module));
    modules
        .map(|module| {
            let named = krate.named(module).into_iter();
            let targets = named
                .map(|path| krate.target(&path))
                .filter(|target| is_inside(target) && target != module);
            (module.clone(), targets.collect())
        })
        .collect()
}

/// What is wrong with the imports among the files of the session.
fn circles(krate: &Crate) -> Vec<String> {
    let imports = session_imports(krate);
    let root = vec!["session".to_owned()];
    let mut wrong = Vec::new();
    for (module, targets) in &imports {
        if *module != root && targets.contains(&root) {
            wrong.push(format!("{} imports from mod.rs", module.join("::")));
        }
    }
    // What imports nothing that is left is taken away, until only circles are left.
    let mut left = imports;
    loop {
        let done: Vec<Module> = left
            .iter()
            .filter(|(_, targets)| targets.iter().all(|target| !left.contains_key(target)))
            .map(|(module, _)| module.clone())
            .collect();
        if done.is_empty() {
            break;
        }
        left.retain(|module, _| !done.contains(module));
    }
    // What only imports from a circle is no part of it.
    loop {
        let imported: BTreeSet<Module> = left.values().flatten().cloned().collect();
        let before = left.len();
        left.retain(|module, _| imported.contains(module));
        if left.len() == before {
            break;
        }
    }
    if !left.is_empty() {
        let names: Vec<String> = left.keys().map(|module| module.join("::")).collect();
        wrong.push(format!("in a circle: {}", names.join(", ")));
    }
    wrong
}

/// What a file may not hold.
#[derive(Default)]
struct Contents {
    module: Module,
    wrong: Vec<String>,
}

impl Contents {
    fn fault(&mut self, what: &str) {
        self.wrong
            .push(format!("{} {what}", self.module.join("::")));
    }

    fn is_in(&self, modules: &[&str]) -> bool {
        let top = self.module.first();
        top.is_some_and(|top| modules.contains(&top.as_str()))
    }

    fn is_table(&self) -> bool {
        self.module == ["session", "table"]
    }

    fn io(&mut self, path: &[String]) {
        let is_io = |name: &String| name == "embedded_io" || name == "embedded_io_async";
        let Some(at) = path.iter().position(is_io) else {
            return;
        };
        if self.is_in(PURE_MODULES) {
            self.fault("names an I/O crate");
        }
        let is_trait = path[at + 1..]
            .iter()
            .any(|name| name == "*" || IO_TRAITS.contains(&name.as_str()));
        if is_trait && !self.is_in(IO_MODULES) {
            self.fault(&format!("names the I/O trait {}", path.join("::")));
        }
    }
}

/// Whether an expression is an end of the session by its name: `State::Broken`. Other states are named
/// where it is asked what may be sent in them.
fn is_end(expression: &syn::Expr) -> bool {
    match expression {
        syn::Expr::Path(path) => {
            let names: Vec<String> = path
                .path
                .segments
                .iter()
                .map(|s| s.ident.to_string())
                .collect();
            let is_state = names
                .iter()
                .rev()
                .nth(1)
                .is_some_and(|name| name == "State");
            is_state && matches!(names.last().map(String::as_str), Some("Broken" | "Closed"))
        }
        _ => false,
    }
}

impl<'ast> Visit<'ast> for Contents {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let is_left_out = match item {
            syn::Item::Mod(item) => is_test(&item.attrs),
            syn::Item::Fn(item) => is_test(&item.attrs),
            syn::Item::Impl(item) => is_test(&item.attrs),
            syn::Item::Use(item) => is_test(&item.attrs),
            _ => false,
        };
        if !is_left_out {
            visit::visit_item(self, item);
        }
    }

    // Documentation holds what it likes, and so does the name of a feature.
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        for path in leaves(&item.tree) {
            self.io(&path);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        self.io(&names);
        visit::visit_path(self, path);
    }

    fn visit_lit(&mut self, literal: &'ast syn::Lit) {
        if !self.is_in(&["blocking", "asynch"]) {
            return;
        }
        match literal {
            syn::Lit::Int(number)
                if number
                    .base10_parse::<u64>()
                    .is_ok_and(|number| (200..=599).contains(&number)) =>
            {
                self.fault(&format!("holds a reply code: {number}"));
            }
            syn::Lit::Str(text) => {
                let text = text.value();
                if COMMANDS.iter().any(|command| text.starts_with(command)) {
                    self.fault(&format!("holds a command: {text}"));
                }
            }
            _ => {}
        }
    }

    /// Comparing a state is allowed everywhere.
    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        for side in [&binary.left, &binary.right] {
            if !is_end(side) {
                self.visit_expr(side);
            }
        }
    }

    fn visit_expr_assign(&mut self, assign: &'ast syn::ExprAssign) {
        if self.is_in(SMTP_MODULES)
            && !self.is_table()
            && let syn::Expr::Field(field) = &*assign.left
            && let syn::Member::Named(name) = &field.member
            && name == "state"
        {
            self.fault("assigns a state");
        }
        visit::visit_expr_assign(self, assign);
    }

    /// An end that is no pattern and is not compared is given to somebody.
    fn visit_expr(&mut self, expression: &'ast syn::Expr) {
        if self.is_in(SMTP_MODULES) && !self.is_table() && is_end(expression) {
            self.fault("ends the session");
        }
        visit::visit_expr(self, expression);
    }
}

/// The modules in which a state could be changed. The mock server has states of its own.
const SMTP_MODULES: &[&str] = &["session", "client", "submission", "blocking", "asynch"];

/// What is wrong with the code of the modules, besides their imports.
fn misplaced(krate: &Crate) -> Vec<String> {
    let mut wrong = Vec::new();
    for (module, file) in &krate.modules {
        let mut contents = Contents {
            module: module.clone(),
            wrong: Vec::new(),
        };
        contents.visit_file(file);
        wrong.extend(contents.wrong);
    }
    wrong
}

/// The source with one file changed.
fn planted(path: &str, code: &str) -> Crate {
    let mut source = source();
    let text = source
        .get_mut(Path::new(path))
        .unwrap_or_else(|| panic!("{path} is not there"));
    text.push_str(code);
    Crate::parse(&source)
}

/// When the TLS library moves, one file is read again.
#[test]
fn one_file_names_the_tls_library() {
    for library in ["embedded_tls", "rand_core", "aead"] {
        let files: Vec<PathBuf> = source()
            .into_iter()
            .filter(|(_, text)| text.contains(&format!("{library}::")))
            .map(|(path, _)| path)
            .collect();
        assert_eq!(files, [Path::new("tls/library.rs")], "{library}");
    }
}

#[test]
fn imports_point_down_only() {
    let krate = Crate::parse(&source());
    assert!(krate.modules.len() > 50, "{}", krate.modules.len());
    let wrong = upward(&krate);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_layers_have_no_circle_and_no_layer_is_for_nothing() {
    let krate = Crate::parse(&source());
    let mut done: Vec<&str> = Vec::new();
    while done.len() < LAYERS.len() {
        let before = done.len();
        for (name, below) in LAYERS {
            if !done.contains(name) && below.iter().all(|name| done.contains(name)) {
                done.push(name);
            }
        }
        assert!(done.len() > before, "a circle above {done:?}");
    }
    for (name, _) in LAYERS {
        let module = vec![(*name).to_owned()];
        assert!(krate.modules.contains_key(&module), "{name} is no module");
    }
}

#[test]
fn files_of_the_session_import_each_other_in_one_direction() {
    let krate = Crate::parse(&source());
    let imports = session_imports(&krate);
    assert!(imports.len() > 5, "{imports:?}");
    assert!(imports.values().any(|targets| !targets.is_empty()));
    let wrong = circles(&krate);
    assert!(wrong.is_empty(), "{}\n{imports:#?}", wrong.join("\n"));
}

#[test]
fn states_io_codes_and_commands_are_where_they_belong() {
    let krate = Crate::parse(&source());
    let wrong = misplaced(&krate);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_upward_import_is_found() {
    for (path, code, wanted) in [
        (
            "wire/mod.rs",
            "use crate::session::BUFFER_MIN;",
            "wire imports session",
        ),
        (
            "wire/reply.rs",
            "use crate::{invalid, message::Message};",
            "wire::reply imports message",
        ),
        (
            "wire/reply.rs",
            "fn f() { let _ = crate::Message::new; }",
            "wire::reply imports message",
        ),
        (
            "wire/reply.rs",
            "use super::super::session::BUFFER_MIN as MIN;",
            "wire::reply imports session",
        ),
        (
            "wire/reply.rs",
            "fn f() { assert!(matches!(1, crate::session::BUFFER_MIN)); }",
            "wire::reply imports session",
        ),
        (
            "phase.rs",
            "mod inner { fn f(_: super::super::report::Report) {} }",
            "phase imports report",
        ),
        (
            "phase.rs",
            "impl crate::Observer for () {}",
            "phase imports observer",
        ),
        ("mock/mod.rs", "use crate::wire;", "mock imports wire"),
        (
            "session/table.rs",
            "use crate::blocking;",
            "session::table imports blocking",
        ),
        (
            "session/table.rs",
            "use crate::Nothing;",
            "session::table names Nothing",
        ),
    ] {
        let wrong = upward(&planted(path, code));
        assert_eq!(wrong, [wanted], "{path}: {code}");
    }
}

#[test]
fn imports_of_tests_and_words_in_comments_are_no_imports() {
    for code in [
        "#[cfg(test)] mod more { use crate::session::BUFFER_MIN; }",
        "#[cfg(all(test, feature = \"mock\"))] mod more { use crate::session::BUFFER_MIN; }",
        "// use crate::session::BUFFER_MIN;",
        "/// See [`crate::session`].\nfn f() { let _ = \"crate::session\"; }",
        "pub(in crate::wire) fn f() {}",
    ] {
        assert_eq!(upward(&planted("wire/reply.rs", code)), [""; 0], "{code}");
    }
    // Only `test` itself is left out.
    let code = "#[cfg(feature = \"test\")] mod more { use crate::session::BUFFER_MIN; }";
    let wrong = upward(&planted("wire/reply.rs", code));
    assert_eq!(wrong, ["wire::reply imports session"]);
}

#[test]
fn a_circle_is_found() {
    let krate = Crate::parse(&source());
    // Any two files, of which the first imports from the second.
    let imports = session_imports(&krate);
    let (from, to) = imports
        .iter()
        .filter(|(from, _)| from.len() == 2)
        .find_map(|(from, targets)| {
            let to = targets.iter().find(|to| to.len() == 2)?;
            Some((from[1].clone(), to[1].clone()))
        })
        .unwrap();
    let back = format!("use super::{from}::Whatever;");
    let wrong = circles(&planted(&format!("session/{to}.rs"), &back));
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    for name in [from, to] {
        assert!(wrong[0].contains(&format!("session::{name}")), "{wrong:?}");
    }
    for code in [
        "use crate::session::BUFFER_MIN;",
        "use super::BUFFER_MIN;",
        "fn f() { super::begin(); }",
    ] {
        let wrong = circles(&planted("session/table.rs", code));
        assert!(
            wrong.contains(&"session::table imports from mod.rs".into()),
            "{code}: {wrong:?}"
        );
    }
}

#[test]
fn what_is_misplaced_is_found() {
    for (path, code, wanted) in [
        (
            "session/mod.rs",
            "fn f(s: &mut S) { s.state = x(); }",
            "session assigns a state",
        ),
        (
            "session/mod.rs",
            "fn f() { go(State::Broken); }",
            "session ends the session",
        ),
        (
            "client.rs",
            "fn f() -> State { crate::State::Closed }",
            "client ends the session",
        ),
        (
            "session/mod.rs",
            "use embedded_io::ErrorKind;",
            "session names an I/O crate",
        ),
        (
            "error.rs",
            "fn f(_: impl embedded_io::Read) {}",
            "error names the I/O trait embedded_io::Read",
        ),
        (
            "client.rs",
            "use embedded_io_async::{Error, Write};",
            "client names the I/O trait embedded_io_async::Write",
        ),
        (
            "blocking.rs",
            "const CODE: u16 = 421;",
            "blocking holds a reply code: 421",
        ),
        (
            "asynch.rs",
            "const COMMAND: &str = \"QUIT\\r\\n\";",
            "asynch holds a command: QUIT\r\n",
        ),
    ] {
        let wrong = misplaced(&planted(path, code));
        assert_eq!(wrong, [wanted], "{path}: {code}");
    }
    for (path, code) in [
        (
            "session/mod.rs",
            "fn f(s: State) -> bool { s == State::Broken }",
        ),
        (
            "session/mod.rs",
            "fn f(s: State) -> bool { matches!(s, State::Broken) }",
        ),
        (
            "session/mod.rs",
            "fn f(s: State) { match s { State::Closed => may(State::Ready), _ => {} } }",
        ),
        ("session/table.rs", "fn f() -> State { State::Broken }"),
        ("error.rs", "use embedded_io::ErrorKind as Kind;"),
        (
            "blocking.rs",
            "/// 421 is no code here, and QUIT no command.\nfn f() { let _ = 64; }",
        ),
    ] {
        assert_eq!(misplaced(&planted(path, code)), [""; 0], "{path}: {code}");
    }
}
