//! `docs/asvs.csv`: every requirement of levels 1 and 2 of OWASP ASVS 5.0, and what shows it. A row that
//! names a test which does not exist fails here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_default()
}

/// Is there a test of this name? `it::joining::a_link_alone_opens_nothing`, `store::audit::..`,
/// `server::vault::data_key::tests::..`, `app::..`, `e2e::joining.spec.ts::title`.
fn is_there(test: &str) -> bool {
    let parts: Vec<&str> = test.split("::").collect();
    let [target, middle @ .., name] = parts.as_slice() else { return false };
    if *target == "e2e" {
        let file = middle.first().copied().unwrap_or_default();
        return ["journeys", "hydrated"].iter().any(|folder| {
            let spec = text(&format!("end2end/{folder}/{file}"));
            [format!("test('{name}'"), format!("test(\"{name}\"")].iter().any(|title| spec.contains(title.as_str()))
        });
    }
    let (folder, middle) = match *target {
        "it" | "store" => (format!("server/tests/{target}"), middle),
        "server" | "app" => (format!("{target}/src"), middle.strip_suffix(&["tests"]).unwrap_or(&[])),
        _ => return false,
    };
    let module = middle.join("/");
    let source = [format!("{folder}/{module}.rs"), format!("{folder}/{module}/mod.rs")].map(|path| text(&path)).concat();
    // A test by its own mark, or one of those that run on both databases.
    let function = format!("fn {name}(");
    let marked = source.match_indices(&function).any(|(at, _)| {
        let before = source[..at].trim_end_matches("async ").trim_end();
        before.ends_with(']') && before.rsplit('\n').next().is_some_and(|line| line.contains("test"))
    });
    let on_both = source.split("on_both!(").skip(1).filter_map(|rest| rest.split(");").next());
    marked || on_both.flat_map(|names| names.split(',')).any(|one| one.trim() == *name)
}

#[test]
fn every_row_of_the_table_names_what_exists() {
    let mut rows = csv::Reader::from_path(root().join("docs/asvs.csv")).unwrap();
    assert_eq!(rows.headers().unwrap(), vec!["id", "level", "status", "shown_by", "note"]);
    let mut levels = BTreeMap::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows.records() {
        let row = row.unwrap();
        let [id, level, status, shown_by, note] = [0, 1, 2, 3, 4].map(|place| row.get(place).unwrap_or_default());
        assert!(levels.insert(id.to_owned(), level.to_owned()).is_none(), "{id} is there twice");
        *counts.entry(status.to_owned()).or_default() += 1;
        match status {
            "met" => {
                for test in shown_by.split("; ") {
                    assert!(is_there(test), "{id}: there is no test {test}");
                }
            }
            "built" => assert!(root().join(shown_by).is_file(), "{id}: there is no file {shown_by}"),
            "open" | "not_applicable" => assert!(shown_by.is_empty() && !note.is_empty(), "{id} says why"),
            other => panic!("{id}: {other}"),
        }
    }
    println!("ASVS 5.0, levels 1 and 2: {counts:?}");
    let published = root().join("../shared/data/owasp-asvs/OWASP_Application_Security_Verification_Standard_5.0.0_en.csv");
    match std::fs::read_to_string(&published) {
        Ok(text) => {
            let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
            let head = reader.headers().unwrap().clone();
            let column = |name: &str| head.iter().position(|one| one == name).unwrap();
            let (id, level) = (column("req_id"), column("L"));
            let wanted: BTreeMap<String, String> = reader
                .records()
                .map(|row| row.unwrap())
                .filter(|row| ["1", "2"].contains(&&row[level]))
                .map(|row| (row[id].trim_start_matches('V').to_owned(), row[level].to_owned()))
                .collect();
            assert_eq!(levels, wanted, "every requirement of levels 1 and 2, once");
        }
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "NOT COMPARED with the published list: {error}");
            println!("NOT COMPARED with the published list: {error}");
        }
    }
}

#[test]
fn a_test_that_is_not_there_is_noticed() {
    assert!(is_there("it::asvs::a_test_that_is_not_there_is_noticed"));
    assert!(is_there("store::audit::the_database_itself_refuses_a_change"));
    assert!(is_there("server::vault::data_key::tests::moved_elsewhere_it_does_not_open"));
    assert!(is_there("e2e::joining.spec.ts::somebody new joins with a link and a word"));
    for not in
        ["it::asvs::is_there", "it::asvs::nothing", "it::nowhere::x", "e2e::joining.spec.ts::nobody joins", "server::keys::tests::x", "x"]
    {
        assert!(!is_there(not), "{not}");
    }
}
