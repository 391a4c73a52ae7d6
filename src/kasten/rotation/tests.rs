//! Leaving out any one guard must be told.

use super::{
    Amendment, Boundary, Deed, Done, Situation, Trouble, deed,
    walk::{Reading, walk},
};
use crate::{
    document::{Declared, Project},
    source::{Origin, Source},
};

const KEY_POLICY: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
  "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"}]}"#;
const OWN_POLICY: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
  "Action": ["kms:Decrypt", "kms:Encrypt"], "Resource": "arn:aws:kms:eu-central-1:111122223333:key/*",
  "Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/kasten"}}}]}"#;
const PASSKEY: &str = r#"{"apiVersion": "vault.kio.kasten.io/v1alpha1", "kind": "Passkey", "metadata": {"name": "kms-1"},
  "spec": {"usenow": true,
  "awscmkkeyid": "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"}}"#;

/// The article's set-up under least privilege.
fn situation() -> Situation {
    let source = |name: &str, text: &str| Source::of_text(Origin::File(name.into()), text.to_owned());
    let sources = [source("key.json", KEY_POLICY), source("own.json", OWN_POLICY), source("passkey.json", PASSKEY)];
    let workloads = vec!["arn:aws:iam::111122223333:role/kasten".parse().unwrap()];
    let mut project = Project::new(Declared { workloads, ..Declared::default() });
    for source in &sources {
        project.documents.extend(crate::document::open(source, None).unwrap());
    }
    Situation::of(&project, None).unwrap()
}

/// The mended order without the steps that `is_out` names, and the first trouble in it.
fn without(is_out: impl Fn(&Deed) -> bool, amendment: &Amendment) -> Option<Trouble> {
    let situation = situation();
    let mut deeds = deed::mended(&situation, amendment);
    let all = deeds.len();
    deeds.retain(|deed| !is_out(deed));
    assert!(deeds.len() < all, "there is nothing to leave out");
    first(&walk(&situation, amendment, &deeds, Reading::AsIs))
}

fn first(steps: &[Done]) -> Option<Trouble> {
    steps.iter().find_map(|done| done.trouble)
}

fn second() -> Amendment {
    Amendment::SecondAlias("alias/kasten-previous".to_owned())
}

#[test]
fn the_mended_order_is_clean() {
    let situation = situation();
    let deeds = deed::mended(&situation, &second());
    assert_eq!(first(&walk(&situation, &second(), &deeds, Reading::AsIs)), None);
}

#[test]
fn the_articles_order_cuts_kasten_off_when_the_alias_moves() {
    let situation = situation();
    let steps = walk(&situation, &Amendment::None, &deed::article(&situation), Reading::AsIs);
    let found = steps.iter().find(|done| done.trouble.is_some()).map(|done| (done.deed.clone(), done.trouble));
    assert_eq!(found, Some((Deed::MoveAliases(vec!["alias/kasten".to_owned()]), Some(Trouble::OldLost))));
}

#[test]
fn without_the_second_alias_the_old_key_is_lost() {
    assert_eq!(without(|deed| matches!(deed, Deed::SecondAlias(_)), &second()), Some(Trouble::OldLost));
}

#[test]
fn without_the_policy_that_names_it_the_second_alias_helps_nobody() {
    assert_eq!(without(|deed| matches!(deed, Deed::Amend(_)), &second()), Some(Trouble::OldLost));
}

#[test]
fn without_the_waits_a_change_may_not_count_yet() {
    assert_eq!(without(|deed| *deed == Deed::Wait, &second()), Some(Trouble::TooSoon));
}

#[test]
fn without_the_last_wait_the_passkey_may_fail() {
    let situation = situation();
    let mut deeds = deed::mended(&situation, &second());
    let last = deeds.iter().rposition(|deed| *deed == Deed::Wait).unwrap();
    deeds.remove(last);
    let steps = walk(&situation, &second(), &deeds, Reading::AsIs);
    let found = steps.iter().find(|done| done.trouble.is_some()).map(|done| (done.deed.clone(), done.trouble));
    assert_eq!(found, Some((Deed::CreatePasskey, Some(Trouble::TooSoon))));
}

#[test]
fn without_a_look_whether_it_is_in_use_the_old_passkey_may_still_be() {
    assert_eq!(without(|deed| *deed == Deed::CheckInUse, &second()), Some(Trouble::NotLooked));
}

#[test]
fn without_disabling_it_first_the_key_is_not_deleted() {
    assert_eq!(without(|deed| *deed == Deed::Disable, &second()), Some(Trouble::NotDisabled));
}

#[test]
fn without_outliving_restore_points_the_key_is_not_deleted() {
    assert_eq!(without(|deed| *deed == Deed::OutliveRestorePoints, &second()), Some(Trouble::RestorePoints));
}

#[test]
fn the_next_passkey_has_the_next_number_in_usual_letters() {
    let named = |name: &str| {
        let mut situation = situation();
        situation.passkey.name = Some(name.to_owned());
        situation.next_passkey()
    };
    assert_eq!(named("kms-1"), "kms-2");
    assert_eq!(named("kmsKey_v2"), "kmskey-v3");
    assert_eq!(named("kmsKey"), "kmskey-2");
}

fn policy(text: &str) -> crate::policy::Policy {
    let source = Source::of_text(Origin::File("policy.json".into()), text.to_owned());
    let mut documents = crate::document::open(&source, None).unwrap();
    documents.pop().and_then(|mut document| document.policies.pop()).unwrap().policy
}

#[test]
fn a_new_key_that_encrypts_and_does_not_decrypt_is_refused() {
    let mut situation = situation();
    situation.new_policy = policy(&KEY_POLICY.replace("kms:*", "kms:Encrypt"));
    let deeds = deed::mended(&situation, &second());
    assert_eq!(first(&walk(&situation, &second(), &deeds, Reading::AsIs)), Some(Trouble::NewLost));
}

/// The mended order where the caller's boundary is this policy.
fn bounded_by(boundary: &str) -> Option<Trouble> {
    let mut situation = situation();
    situation.boundary = Boundary::Told(Box::new(policy(boundary)));
    let deeds = deed::mended(&situation, &second());
    first(&walk(&situation, &second(), &deeds, Reading::AsIs))
}

#[test]
fn a_boundary_counts() {
    let with = |actions: &str| {
        let statement = format!(r#"{{"Effect": "Allow", "Action": {actions}, "Resource": "*"}}"#);
        bounded_by(&format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#))
    };
    assert_eq!(with(r#""kms:*""#), None);
    assert_eq!(with(r#""ec2:*""#), Some(Trouble::OldLost));
    assert_eq!(with(r#""kms:Decrypt""#), Some(Trouble::NoEncrypt));
}

#[test]
fn a_boundary_that_no_file_holds_decides_nothing() {
    let mut situation = situation();
    situation.boundary = Boundary::Unseen;
    let deeds = deed::mended(&situation, &second());
    assert_eq!(first(&walk(&situation, &second(), &deeds, Reading::AsIs)), Some(Trouble::Undecided));
}

#[test]
fn how_long_restore_points_live_is_told_where_a_file_tells() {
    let mut situation = situation();
    let words = |situation: &Situation| Deed::OutliveRestorePoints.words(situation);
    assert!(words(&situation).contains("has expired; enable"));
    situation.retention = Some(90);
    assert!(words(&situation).contains("has expired, which takes 90 days; enable"));
}
