//! Random layers and requests, the same in every run, that meet often enough for their conditions to decide.

use kpl::{
    policy::{self, Comparison, Policy, PolicyKind},
    source::SourceId,
    syntax::json,
};

use super::{
    Caller, Grant, Held, Layer, Layers, Request, Twist,
    material::{CARRIED, FAMILIES, PROVIDER, THEMES, Theme},
};

pub(crate) const OWN: &str = "111122223333";
const OTHER: &str = "444455556666";

/// Numbers that look random, from a seed (`SplitMix64`), and the documents that were made of them.
pub(crate) struct Dice {
    state: u64,
    written: Vec<String>,
}

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { state: seed, written: Vec::new() }
    }

    fn roll(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ self.state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(bound).unwrap()).unwrap()
    }

    pub(crate) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// Layers, and the texts from which they were read.
pub(crate) struct Set {
    pub(crate) theme: &'static Theme,
    pub(crate) layers: Layers,
    pub(crate) texts: Vec<String>,
}

impl Set {
    /// Whether it has anything of the part that a twist turns round.
    pub(crate) fn holds(&self, twist: Twist) -> bool {
        let written = |word: &str| self.texts.iter().any(|text| text.contains(word));
        match twist {
            Twist::Comparison(comparison) => written(comparison.name()),
            Twist::Layer(Layer::Grant) => !self.layers.grants.is_empty(),
            Twist::Layer(Layer::Delegation) => self.theme.resource_kind() != PolicyKind::Resource,
            Twist::Layer(layer) => written(&format!("{layer:?} {{")),
            Twist::Nothing | Twist::Quantifier(_) | Twist::IfExists => true,
        }
    }
}

/// Who a statement must name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    Nobody,
    Everybody,
    Somebody,
    /// A role's trust policy, which lists no resources.
    Trusted,
}

pub(crate) fn set(dice: &mut Dice) -> Set {
    let theme = &THEMES[dice.pick(&[0, 1, 2, 3, 3, 3, 4, 5])];
    let names = match (theme.service, theme.has_owner) {
        ("sts", _) => Names::Trusted,
        _ => Names::Somebody,
    };
    let needs_own_policy = matches!(theme.service, "kms" | "sts") && theme.has_owner;
    let has_own_policy = theme.has_owner && dice.percent(if needs_own_policy { 95 } else { 60 });
    let mut layers = Layers {
        identity: (0..dice.below(3)).map(|_| document(dice, theme, Layer::Identity, Names::Nobody, 50)).collect(),
        resource: has_own_policy.then(|| document(dice, theme, Layer::Resource, names, 40)),
        ..Layers::default()
    };
    if dice.percent(25) {
        layers.boundary = Some(document(dice, theme, Layer::Boundary, Names::Nobody, 50));
    }
    if dice.percent(25) {
        layers.session =
            Some((0..=dice.below(2)).map(|_| document(dice, theme, Layer::Session, Names::Nobody, 50)).collect());
    }
    if dice.percent(25) {
        layers.scps = Some(levels(dice, theme));
    }
    if theme.has_owner && dice.percent(20) {
        layers.rcps = Some((0..=dice.below(2)).map(|_| vec![denial(dice, theme)]).collect());
    }
    if dice.percent(20) {
        let names = if dice.percent(50) { Names::Everybody } else { Names::Somebody };
        layers.endpoint = Some(vec![document(dice, theme, Layer::Endpoint, names, 50)]);
    }
    if theme.service == "kms" && theme.has_owner && dice.percent(80) {
        layers.grants = (0..=dice.below(2)).map(|_| grant(dice)).collect();
    }
    Set { theme, layers, texts: std::mem::take(&mut dice.written) }
}

/// Two policies of one kind, the second of which often differs in one statement alone.
pub(crate) struct Versions {
    pub(crate) theme: &'static Theme,
    pub(crate) kind: PolicyKind,
    pub(crate) policies: [Policy; 2],
    pub(crate) texts: Vec<String>,
}

pub(crate) fn versions(dice: &mut Dice) -> Versions {
    let theme = &THEMES[dice.pick(&[0, 1, 2, 3, 3, 3, 5])];
    let carried = [PolicyKind::Identity, PolicyKind::Boundary, PolicyKind::Session, PolicyKind::ServiceControl];
    let kind = if dice.percent(60) { theme.resource_kind() } else { dice.pick(&carried) };
    let names = match kind {
        PolicyKind::Trust => Names::Trusted,
        PolicyKind::Key | PolicyKind::Resource => Names::Somebody,
        _ => Names::Nobody,
    };
    let some = |dice: &mut Dice| -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for at in 0..=dice.below(3) {
            let allows = at == 0 || dice.percent(50);
            all.push(statement(dice, theme, names, allows));
        }
        all
    };
    let old = some(dice);
    let mut new = old.clone();
    match dice.below(4) {
        0 => new.push(statement(dice, theme, names, false)),
        1 => drop(new.pop().filter(|_| new.len() > 1)),
        2 => new[0] = statement(dice, theme, names, true),
        _ => new = some(dice),
    }
    let versions = [r#""Version":"2012-10-17","#, ""];
    let policies = [&old, &new].map(|statements| {
        let version = versions[usize::from(dice.percent(10))];
        read(dice, Layer::Identity, &format!(r#"{{{version}"Statement":[{}]}}"#, statements.join(",")))
    });
    Versions { theme, kind, policies, texts: std::mem::take(&mut dice.written) }
}

fn levels(dice: &mut Dice, theme: &Theme) -> Vec<Vec<Policy>> {
    let level = |dice: &mut Dice| {
        let count = if dice.percent(3) { 0 } else { 1 + dice.below(2) };
        (0..count).map(|_| document(dice, theme, Layer::Scp, Names::Nobody, 60)).collect()
    };
    (0..=dice.below(3)).map(|_| level(dice)).collect()
}

/// A document of one or two statements; of those that only limit, many open with an Allow of everything.
fn document(dice: &mut Dice, theme: &Theme, layer: Layer, names: Names, open: usize) -> Policy {
    let mut statements = Vec::new();
    if dice.percent(open) {
        let principal = match names {
            Names::Nobody => "",
            Names::Everybody => r#""Principal":"*","#,
            Names::Somebody | Names::Trusted => r#""Principal":{"AWS":["111122223333","444455556666"]},"#,
        };
        let resource = if names == Names::Trusted { "" } else { r#","Resource":"*""# };
        statements.push(format!(r#"{{"Effect":"Allow",{principal}"Action":"*"{resource}}}"#));
    }
    for _ in 0..=dice.below(2) {
        let allows = dice.percent(65);
        statements.push(statement(dice, theme, names, allows));
    }
    let version = if dice.percent(85) { r#""Version":"2012-10-17","# } else { "" };
    read(dice, layer, &format!(r#"{{{version}"Statement":[{}]}}"#, statements.join(",")))
}

/// An RCP: Allow is for `RCPFullAWSAccess` alone.
fn denial(dice: &mut Dice, theme: &Theme) -> Policy {
    let statement = statement(dice, theme, Names::Everybody, false);
    read(dice, Layer::Rcp, &format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#))
}

fn read(dice: &mut Dice, layer: Layer, text: &str) -> Policy {
    let tree = json::read_text(text, SourceId(0));
    let (policy, faults) = policy::read(&tree.root);
    assert!(tree.faults.is_empty() && faults.is_empty(), "{text}: {faults:?}");
    dice.written.push(format!("{layer:?} {text}"));
    policy
}

fn statement(dice: &mut Dice, theme: &Theme, names: Names, allows: bool) -> String {
    let mut parts = vec![format!(r#""Effect":"{}""#, if allows { "Allow" } else { "Deny" })];
    match names {
        Names::Nobody => {}
        Names::Everybody => parts.push(r#""Principal":"*""#.to_owned()),
        Names::Somebody | Names::Trusted => parts.push(principal(dice, names, allows)),
    }
    parts.push(action(dice, theme));
    if names != Names::Trusted {
        parts.push(resource(dice, theme));
    }
    let rows = if allows { dice.below(3) } else { 1 + dice.below(2) };
    parts.extend(conditions(dice, rows));
    format!("{{{}}}", parts.join(","))
}

fn principal(dice: &mut Dice, names: Names, allows: bool) -> String {
    if !allows && names == Names::Somebody && dice.percent(15) {
        return not_principal(dice);
    }
    let aws = [
        "*",
        "*",
        OWN,
        "arn:aws:iam::111122223333:root",
        OTHER,
        "arn:aws:iam::111122223333:role/app",
        "arn:aws:iam::111122223333:role/path/app",
        "arn:aws:iam::111122223333:role/batch",
        "arn:aws:iam::111122223333:user/ana",
        "arn:aws:iam::444455556666:role/far",
        "arn:aws:sts::111122223333:assumed-role/app/one",
        "arn:aws:sts::111122223333:assumed-role/batch/one",
        "arn:aws:sts::111122223333:federated-user/fay",
        "AIDACKCEVSQ6C2EXAMPLE",
    ];
    match dice.below(10) {
        0 if names == Names::Trusted => format!(r#""Principal":{{"Federated":"{PROVIDER}"}}"#),
        0 | 1 => r#""Principal":{"Service":"sns.amazonaws.com"}"#.to_owned(),
        2 => r#""Principal":"*""#.to_owned(),
        3 if dice.percent(20) => r#""Principal":{"AWS":[{"Ref":"Role"}]}"#.to_owned(),
        _ => format!(r#""Principal":{{"AWS":["{}","{}"]}}"#, dice.pick(&aws), dice.pick(&aws)),
    }
}

fn not_principal(dice: &mut Dice) -> String {
    let listed = dice.pick(&[
        r#""arn:aws:iam::111122223333:user/ana","111122223333""#,
        r#""arn:aws:iam::111122223333:user/ana""#,
        r#""arn:aws:iam::111122223333:role/batch","arn:aws:iam::111122223333:root""#,
        r#""arn:aws:sts::111122223333:assumed-role/app/one","arn:aws:iam::111122223333:role/app","111122223333""#,
        r#""444455556666""#,
    ]);
    format!(r#""NotPrincipal":{{"AWS":[{listed}]}}"#)
}

fn action(dice: &mut Dice, theme: &Theme) -> String {
    let own = dice.pick(theme.actions);
    let service = theme.service;
    match dice.below(8) {
        0 => format!(r#""NotAction":["{own}","ec2:*"]"#),
        1 => r#""NotAction":"ec2:*""#.to_owned(),
        2 => format!(r#""Action":["ec2:*","{}"]"#, own.to_ascii_uppercase()),
        3 => format!(r#""Action":"{service}:*e*""#),
        4 | 5 => format!(r#""Action":"{service}:*""#),
        _ => r#""Action":"*""#.to_owned(),
    }
}

fn resource(dice: &mut Dice, theme: &Theme) -> String {
    let Theme { service, resource, elsewhere, .. } = theme;
    let variable = if *resource == "*" { "*".to_owned() } else { resource.replace("red", "${aws:PrincipalTag/team}") };
    match dice.below(12) {
        0 => format!(r#""NotResource":"{elsewhere}""#),
        1 => format!(r#""NotResource":["{resource}","{elsewhere}"]"#),
        2 => format!(r#""Resource":["{elsewhere}","{resource}"]"#),
        3 => format!(r#""Resource":"arn:aws:{service}:*""#),
        4 => format!(r#""Resource":"{variable}""#),
        5 => format!(r#""NotResource":"{variable}""#),
        6 if *service == "sqs" => r#""Resource":"arn:aws:sqs:*:red""#.to_owned(),
        6 if *service == "s3" => r#""Resource":"arn:aws:s3:*:*:b*""#.to_owned(),
        7 => format!(r#""Resource":"arn:aws:{service}""#),
        8 if dice.percent(30) => r#""Resource":{"Ref":"Resource"}"#.to_owned(),
        _ => r#""Resource":"*""#.to_owned(),
    }
}

fn conditions(dice: &mut Dice, rows: usize) -> Option<String> {
    let mut written: Vec<(String, String)> = Vec::new();
    for _ in 0..rows {
        let (operator, row) = row(dice);
        if written.iter().all(|(other, _)| *other != operator) {
            written.push((operator, row));
        }
    }
    let rows: Vec<String> = written.iter().map(|(operator, row)| format!(r#""{operator}":{{{row}}}"#)).collect();
    (!rows.is_empty()).then(|| format!(r#""Condition":{{{}}}"#, rows.join(",")))
}

fn row(dice: &mut Dice) -> (String, String) {
    let comparison = dice.pick(Comparison::ALL);
    let family = FAMILIES.iter().find(|family| family.comparisons.contains(&comparison)).unwrap();
    let quantifier = dice.pick(&["", "", "ForAllValues:", "ForAnyValue:"]);
    let if_exists = if comparison != Comparison::Null && dice.percent(25) { "IfExists" } else { "" };
    let (one, other) = (dice.pick(family.listed), dice.pick(family.listed));
    let values = if dice.percent(3) {
        format!(r#"[{{"Ref":"Value"}},"{other}"]"#)
    } else if dice.percent(60) {
        format!(r#""{one}""#)
    } else {
        format!(r#"["{one}","{other}"]"#)
    };
    let operator = format!("{quantifier}{}{if_exists}", comparison.name());
    (operator, format!(r#""{}":{values}"#, dice.pick(family.keys)))
}

fn grant(dice: &mut Dice) -> Grant {
    let role = |account: &str, name: &str| Caller::Role { account: account.to_owned(), name: name.to_owned() };
    let pair = |value: &str| vec![("Project".to_owned(), value.to_owned())];
    let grantee = match dice.below(4) {
        0 => role(OWN, "batch"),
        1 => role(OTHER, "far"),
        _ => role(OWN, "app"),
    };
    let operations = dice.pick(&["Decrypt,DescribeKey", "Decrypt,Encrypt,RetireGrant", "Encrypt"]);
    let (equals, subset) = match dice.below(4) {
        0 => (pair("alpha"), Vec::new()),
        1 => (Vec::new(), pair("alpha")),
        _ => (Vec::new(), Vec::new()),
    };
    Grant { grantee, operations: operations.split(',').map(str::to_owned).collect(), equals, subset }
}

pub(crate) fn request(dice: &mut Dice, theme: &Theme) -> Request {
    let caller = caller(dice, theme);
    let by_token = matches!(caller, Caller::WebIdentity(_));
    let action = if by_token { "sts:AssumeRoleWithSAML" } else { dice.pick(theme.actions) };
    let mut context: Vec<(String, Held)> = Vec::new();
    for (key, family) in CARRIED {
        context.extend(held(dice, FAMILIES[family].held).map(|held| (key.to_owned(), held)));
    }
    if theme.service == "kms" {
        for name in ["Project", "Stage"] {
            let pair = held(dice, &["alpha", "beta"]).filter(|held| !matches!(held, Held::Many(_)));
            context.extend(pair.map(|held| (format!("kms:EncryptionContext:{name}"), held)));
        }
    }
    let has_organisation = caller.account().is_some();
    Request {
        action: action.to_owned(),
        resource: theme.resource.to_owned(),
        owner: theme.has_owner.then(|| OWN.to_owned()),
        context,
        is_management_account: has_organisation && dice.percent(8),
        is_service_linked_role: matches!(caller, Caller::Role { .. }) && dice.percent(15),
        caller,
    }
}

fn caller(dice: &mut Dice, theme: &Theme) -> Caller {
    let text = str::to_owned;
    let account = text(if theme.has_owner && dice.percent(20) { OTHER } else { OWN });
    let role = text(if account == OWN { "app" } else { "far" });
    match dice.below(20) {
        0 => Caller::Root { account },
        1 | 2 if theme.has_owner && theme.service != "kms" => Caller::Service(text("sns.amazonaws.com")),
        3 if matches!(theme.service, "s3" | "sqs" | "sns") => Caller::Anonymous,
        3 | 4 if theme.service == "sts" => Caller::WebIdentity(text(PROVIDER)),
        5 => Caller::FederatedUser { account, name: text("fay") },
        6..=9 => Caller::User { account, name: text("ana") },
        10..=13 => Caller::Role { account, name: text("batch") },
        _ => Caller::Session { account, role, name: text(dice.pick(&["one", "two"])) },
    }
}

fn held(dice: &mut Dice, values: &[&str]) -> Option<Held> {
    let value = |dice: &mut Dice| dice.pick(values).to_owned();
    match dice.below(20) {
        0..=3 => None,
        4..=7 => Some(Held::Unknown),
        8..=12 => Some(Held::One(value(dice))),
        13 => Some(Held::Many(Vec::new())),
        _ => {
            let count = 1 + dice.below(3);
            Some(Held::Many((0..count).map(|_| value(dice)).collect()))
        }
    }
}
