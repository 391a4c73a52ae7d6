//! Rules as data: what kpl ships behaves, costs nothing until it is named, and what is wrong with a file is told.

use kpl::{
    rules::declarative::{Want, load},
    source::{Origin, Source, Sources},
};

fn sources(texts: &[&str]) -> Sources {
    let mut sources = Sources::default();
    for (index, text) in texts.iter().enumerate() {
        sources.push(Source::of_text(Origin::File(format!("{index}.yaml").into()), (*text).to_owned()));
    }
    sources
}

/// What is said of files of rules, each complaint with the text that it underlines.
fn told(texts: &[&str]) -> Vec<(String, String)> {
    let sources = sources(texts);
    let Err(rejected) = load(&sources, Want::Named(&[])) else { return Vec::new() };
    let place = |span: kpl::source::Span| sources.get(span.source).unwrap().slice(span).to_owned();
    rejected.0.into_iter().map(|complaint| (complaint.message, place(complaint.place.span))).collect()
}

fn rule(id: &str, demand: &str, action: [&str; 2]) -> String {
    let statement = |action: &str| format!("{{ Statement: [ {{ Effect: Allow, Action: {action}, Resource: '*' }} ] }}");
    format!(
        "id: {id}\nseverity: note\nsummary: s\n{demand}\nwhy: w\nfix: f\nexamples:\n  fail: {}\n  pass: {}\n",
        statement(action[0]),
        statement(action[1])
    )
}

const DECRYPT: &str = "forbid: { where: { action: { covers: kms:Decrypt } } }";

#[test]
fn every_shipped_rule_behaves_on_its_examples_and_every_pack_names_rules_that_exist() {
    let catalogue = load(&Sources::default(), Want::All).unwrap().catalogue;
    let shipped: Vec<_> = kpl::rules::declarative::shipped_names().filter_map(|file| file.rule).collect();
    let read: Vec<_> = catalogue.of_data().iter().map(|rule| rule.id).collect();
    assert_eq!(read, shipped);
    assert_eq!(catalogue.packs().len(), 5);
    for pack in catalogue.packs() {
        assert!(!pack.rules.is_empty(), "{}", pack.name);
        assert!(pack.controls.iter().all(|control| !control.rules.is_empty()), "{}", pack.name);
    }
}

#[test]
fn shipped_rules_are_read_only_where_one_of_them_is_named() {
    let names = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let catalogue = load(&Sources::default(), Want::Named(&words)).unwrap().catalogue;
        (catalogue.of_data().len(), catalogue.packs().len())
    };
    assert_eq!(names(&["security", "public-key-policy"]), (0, 0));
    assert_eq!(names(&["data-perimeter"]), (2, 5));
}

#[test]
fn an_action_is_what_it_means_not_how_it_is_spelt() {
    for (fail, pass) in [
        ("'kms:*'", "'kms:DescribeKey'"),
        ("'KMS:De*'", "'kms:De?'"),
        ("'*'", "'s3:*'"),
        ("[ s3:GetObject, kms:decrypt ]", "[ s3:GetObject, kms:DecryptX ]"),
    ] {
        assert_eq!(told(&[&rule("own", DECRYPT, [fail, pass])]), [], "{fail} {pass}");
    }
}

#[test]
fn an_example_that_does_not_behave_is_told_at_its_place() {
    let silent = rule("own", DECRYPT, ["kms:Encrypt", "kms:Encrypt"]);
    assert_eq!(told(&[&silent]), [("`own` does not flag this fail example".into(), "Effect: Allow".into())]);
    let loud = rule("own", DECRYPT, ["kms:Decrypt", "'kms:D*'"]);
    assert_eq!(told(&[&loud]), [("`own` flags this in a pass example".into(), "'kms:D*'".into())]);
}

#[test]
fn a_path_that_the_library_would_misread_is_told_at_its_place() {
    let demand = "forbid: { select: \"$.Statement[?@.Action in ['*']]\" }";
    let message = "this path asks for a member named `Action in`, which no policy has";
    let wrong = rule("own", demand, ["'*'", "kms:Decrypt"]);
    assert_eq!(told(&[&wrong]), [(message.into(), "\"$.Statement[?@.Action in ['*']]\"".into())]);
}

#[test]
fn a_predicate_that_does_not_exist_is_told_at_its_place() {
    let wrong = rule("own", "forbid: { where: { actions: { covers: kms:Decrypt } } }", ["'*'", "kms:Encrypt"]);
    assert!(told(&[&wrong]).contains(&("`where` has no field `actions`".into(), "actions".into())));
}

#[test]
fn names_that_are_taken_are_told_at_their_place() {
    let own = rule("own", DECRYPT, ["kms:Decrypt", "kms:Encrypt"]);
    assert_eq!(told(&[&own, &own]), [("`0.yaml` has this name already".into(), "own".into())]);
    let taken = rule("public-key-policy", DECRYPT, ["kms:Decrypt", "kms:Encrypt"]);
    let message = "kpl has a rule or a pack of this name";
    assert_eq!(told(&[&taken]), [(message.into(), "public-key-policy".into())]);
}

#[test]
fn a_pack_that_includes_itself_or_nothing_that_exists_is_told_at_its_place() {
    let one = "pack: one\nincludes: [two]\n";
    let two = "pack: two\nincludes: [one]\n";
    let said = told(&[one, two]);
    assert!(said.contains(&("`one` includes `two`, which includes it again".into(), "one".into())));
    assert_eq!(told(&["pack: own\nincludes: own\n"]), [("the pack `own` includes itself".into(), "own".into())]);
    let missing = "pack: one\nincludes: [nowhere]\nrules: [nothing]\n";
    let said = told(&[missing]);
    assert!(said.contains(&("there is no pack `nowhere`".into(), "nowhere".into())));
    assert!(said.contains(&("there is no rule `nothing`".into(), "nothing".into())));
}

#[test]
fn the_rule_to_start_from_behaves() {
    assert_eq!(told(&[&kpl::rules::declarative::STARTER.replace("NAME", "own-rule")]), []);
}

/// The rules that docs/rules-as-data.md shows.
#[test]
fn rules_of_an_organisation_behave_on_what_is_spelt_otherwise() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/declarative");
    let page = std::fs::read_to_string(folder.join("../../docs/rules-as-data.md")).unwrap();
    let mut paths: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let texts: Vec<String> = paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    assert_eq!(told(&texts), []);
    assert_eq!(texts.len(), 10);
    for text in texts {
        let demand = text.split("\nwhy:").next().unwrap();
        assert!(page.contains(demand), "docs/rules-as-data.md does not show\n{demand}");
    }
}
