//! Values of Kasten's Helm chart: from a file of values, or from a `helm_release` of Terraform.
//!
//! Source: the README and the templates of Kasten's chart `k10`.

use super::{
    Document,
    kasten::{Facts, Field, Origin, Values, places_of},
};
use crate::{
    source::{self, Source, Span, Spanned},
    syntax::{Node, Value, embed, yaml},
};

/// The values that kpl reads, each at the path where the chart looks for it.
const KNOWN: [&str; 6] = [
    "secrets.awsAccessKeyId",
    "secrets.awsSecretAccessKey",
    "secrets.awsIamRole",
    "secrets.awsClientSecretName",
    "encryption.primaryKey.awsCmkKeyId",
    "serviceAccount.name",
];

/// Top-level values that hardly any other chart has.
const KASTENS: [&str; 6] = [
    "eula",
    "awsConfig",
    "kastenDisasterRecovery",
    "injectKanisterSidecar",
    "injectGenericVolumeBackupSidecar",
    "genericVolumeSnapshot",
];

/// How deep values are looked for.
const DEPTH: usize = 5;

/// Takes out what a file of values tells; false where it is none that is known by its content or its name.
pub(super) fn recognise(root: &Node<'_>, source: &Source, document: &mut Document<'_>) -> bool {
    if root.as_map().is_none() {
        return false;
    }
    let name = source.name().to_ascii_lowercase();
    let top = root.get("k10").filter(|nested| nested.as_map().is_some()).unwrap_or(root);
    let mut leaves = Vec::new();
    flatten(top, "", DEPTH, &mut leaves);
    if is_kastens(top, &leaves, &name) {
        (document.kind, document.because) = ("helm-values", "it has values of Kasten's chart");
        let mut values = Values { is_whole: true, ..Values::default() };
        put_all(top, source, &mut values, &mut document.hidden);
        document.facts.values.push(values);
        return true;
    }
    let file = name.rsplit('/').next().unwrap_or_default();
    let is_named = (file.starts_with("values") || file.contains("values.y")) && root.get("apiVersion").is_none();
    if is_named {
        (document.kind, document.because) = ("helm-values", "its name is that of a file of Helm values");
    }
    is_named
}

/// Reads a `HelmRelease` of Flux, if it installs Kasten. Source: Flux, "Helm Releases".
pub(super) fn flux(object: &Node<'_>, source: &Source, facts: &mut Facts, hidden: &mut Vec<Span>) {
    let Some(spec) = object.get("spec") else { return };
    let chart = spec.get("chart").and_then(|chart| chart.get("spec"));
    if chart.and_then(|chart| chart.get("chart")).and_then(Node::as_str) != Some("k10") {
        return;
    }
    let own = object.get("metadata").and_then(|metadata| metadata.get("namespace"));
    let mut values = Values {
        namespace: Field::of(spec.get("targetNamespace").or(own)),
        version: Field::of(chart.and_then(|chart| chart.get("version"))),
        is_whole: spec.get("valuesFrom").is_none(),
        ..Values::default()
    };
    if let Some(tree) = spec.get("values") {
        put_all(tree, source, &mut values, hidden);
    }
    facts.values.push(values);
}

/// Reads an `Application` of Argo CD, if it installs Kasten. Source: Argo CD, "Helm".
pub(super) fn argo(object: &Node<'_>, source: &Source, facts: &mut Facts, hidden: &mut Vec<Span>) {
    let Some(spec) = object.get("spec") else { return };
    let sources = spec.get("source").into_iter().chain(spec.get("sources").map_or(&[][..], Node::items));
    let is_kastens = |from: &&Node<'_>| from.get("chart").and_then(Node::as_str) == Some("k10");
    let namespace = Field::of(spec.get("destination").and_then(|destination| destination.get("namespace")));
    for from in sources.filter(is_kastens) {
        let helm = from.get("helm");
        let part = |name: &str| helm.and_then(|helm| helm.get(name));
        let mut values = Values {
            namespace: namespace.clone(),
            version: Field::of(from.get("targetRevision")),
            is_whole: part("valueFiles").is_none(),
            ..Values::default()
        };
        if let Some(tree) = part("values").and_then(|text| yaml_within(text, source)) {
            put_all(&tree, source, &mut values, hidden);
        }
        if let Some(tree) = part("valuesObject") {
            put_all(tree, source, &mut values, hidden);
        }
        for entry in part("parameters").map_or(&[][..], Node::items) {
            let (Some(name), Some(value)) = (entry.get("name"), entry.get("value")) else { continue };
            let Some(path) = name.as_str() else { continue };
            Leaf { path: path.to_owned(), key: name.span, value }.put(source, &mut values, hidden);
        }
        facts.values.push(values);
    }
}

fn put_all(tree: &Node<'_>, source: &Source, values: &mut Values, hidden: &mut Vec<Span>) {
    let mut leaves = Vec::new();
    flatten(tree, "", DEPTH, &mut leaves);
    for leaf in leaves {
        leaf.put(source, values, hidden);
    }
}

/// Reads a `helm_release` of Terraform, if it installs Kasten; what is not known must be unknown in the tree.
///
/// `set` and its kin are blocks with the provider's version 2 and lists of objects from version 3 on, which plans and
/// states write alike. Source: the documentation of Terraform's Helm provider, `helm_release`.
pub fn release(resource: &Node<'_>, source: &Source, facts: &mut Facts, hidden: &mut Vec<Span>) {
    let text = |member: &str| resource.get(member).and_then(Node::as_str).unwrap_or_default();
    let chart = text("chart").trim_end_matches('/');
    if chart.rsplit('/').next() != Some("k10") && !text("repository").contains("charts.kasten.io") {
        return;
    }
    let mut values = Values {
        origin: Origin::Terraform,
        namespace: Field::of(resource.get("namespace")),
        version: Field::of(resource.get("version")),
        is_whole: ["values", "set", "set_list", "set_sensitive"]
            .iter()
            .all(|name| resource.get(name).is_none_or(|node| node.value != Value::Unknown)),
        ..Values::default()
    };
    for node in resource.get("values").map_or(&[][..], Node::items) {
        if let Some(tree) = yaml_within(node, source) {
            put_all(&tree, source, &mut values, hidden);
        } else {
            values.is_whole &= node.value != Value::Unknown;
        }
    }
    for (block, is_sensitive) in [("set", false), ("set_list", false), ("set_sensitive", true)] {
        for entry in resource.get(block).map_or(&[][..], Node::items) {
            let Some((name, path)) = entry.get("name").and_then(|name| Some((name, name.as_str()?))) else { continue };
            // A plan leaves out what is not known yet.
            let unknown = Node { value: Value::Unknown, span: name.span };
            let value = entry.get("value").or_else(|| entry.get("values")).unwrap_or(&unknown);
            let leaf = Leaf { path: path.replace("\\.", "."), key: name.span, value };
            if is_sensitive {
                hidden.extend(places_of(value, source));
            }
            let plain = values.plain_secret;
            leaf.put(source, &mut values, hidden);
            if is_sensitive {
                values.plain_secret = plain;
            }
        }
    }
    facts.values.push(values);
}

/// A text of YAML in a string of another file, with its places there.
pub(super) fn yaml_within(node: &Node<'_>, source: &Source) -> Option<Node<'static>> {
    let inner = embed::inner_of(node, source.slice(node.span))?;
    let mut text = Source::of_text(source::Origin::Stdin(None), inner.text().to_owned());
    text.id = source.id;
    let mut tree = yaml::read(&text).root.into_owned();
    tree.map_spans(&|span| inner.place(span));
    Some(tree)
}

/// One value, and the path under which it is given.
struct Leaf<'n, 'a> {
    path: String,
    key: Span,
    value: &'n Node<'a>,
}

fn flatten<'n, 'a>(node: &'n Node<'a>, path: &str, depth: usize, leaves: &mut Vec<Leaf<'n, 'a>>) {
    for member in node.as_map().unwrap_or_default() {
        let path = if path.is_empty() { member.key.to_string() } else { format!("{path}.{}", member.key) };
        match &member.value.value {
            Value::Map(_) if depth > 0 => flatten(&member.value, &path, depth - 1, leaves),
            _ => leaves.push(Leaf { path, key: member.key_span, value: &member.value }),
        }
    }
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or_default()
}

/// The known value that a path means by its last name, however that is spelt.
fn meant(path: &str) -> Option<&'static str> {
    let plain = |name: &str| name.replace(['_', '-'], "").to_ascii_lowercase();
    let name = plain(last(path));
    // `name` alone stands in every chart.
    KNOWN[..5].iter().copied().find(|known| plain(last(known)) == name)
}

/// Whether values are Kasten's: by a path that it alone has, or by a name of its own where anything else speaks for it.
fn is_kastens(top: &Node<'_>, leaves: &[Leaf<'_, '_>], file: &str) -> bool {
    let named = file
        .split(|character: char| !character.is_ascii_alphanumeric())
        .any(|word| word == "k10" || word.starts_with("kasten"));
    let is_own = |leaf: &Leaf<'_, '_>| {
        leaf.path == "serviceAccount.name" && leaf.value.as_str() == Some(super::kasten::SERVICE_ACCOUNT)
    };
    if leaves.iter().any(is_own) {
        return true;
    }
    let sign = named || KASTENS.iter().any(|name| top.get(name).is_some());
    leaves.iter().any(|leaf| KNOWN[2..5].contains(&leaf.path.as_str()) || (sign && meant(&leaf.path).is_some()))
}

impl Leaf<'_, '_> {
    /// Enters the value where it belongs; a secret by its place alone.
    fn put(&self, source: &Source, values: &mut Values, hidden: &mut Vec<Span>) {
        if keeps_a_secret(&self.path) {
            hidden.extend(places_of(self.value, source));
        }
        let mut field = Field::of(Some(self.value));
        let known = KNOWN.iter().copied().find(|known| *known == self.path);
        if known.is_none()
            && let Some(meant) = meant(&self.path)
        {
            if field.is_set() {
                values.misplaced.push((Spanned::new(self.path.clone(), self.key), meant));
            }
            return;
        }
        let place = match known {
            Some("secrets.awsAccessKeyId") => &mut values.access_key_id,
            Some("secrets.awsSecretAccessKey") => &mut values.secret_access_key,
            Some("secrets.awsIamRole") => &mut values.role,
            Some("secrets.awsClientSecretName") => &mut values.client_secret,
            Some("encryption.primaryKey.awsCmkKeyId") => &mut values.key,
            Some("serviceAccount.name") => &mut values.service_account,
            _ => return,
        };
        if keeps_a_secret(&self.path) {
            field = field.hidden();
        }
        if known == Some(KNOWN[1]) {
            values.plain_secret = values.plain_secret.or(field.span());
        }
        *place = field;
    }
}

/// Whether a value is one that nobody else should read.
fn keeps_a_secret(path: &str) -> bool {
    const WORDS: [&str; 9] =
        ["secretkey", "accesskey", "password", "passphrase", "htpasswd", "apikey", "token", "clientsecret", "license"];
    const NAMES: [&str; 2] = ["secretname", "existingsecret"];
    let name = last(path).replace(['_', '-'], "").to_ascii_lowercase();
    let is_name = NAMES.iter().any(|word| name.ends_with(word));
    !is_name && (WORDS.iter().any(|word| name.contains(word)) || name.ends_with("secret"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_by_their_names() {
        let secret = ["secrets.awsSecretAccessKey", "secrets.awsAccessKeyId", "auth.basicAuth.htpasswd", "license"];
        assert!(secret.iter().all(|path| keeps_a_secret(path)));
        let open = ["secrets.awsIamRole", "secrets.awsClientSecretName", "encryption.primaryKey.awsCmkKeyId"];
        assert!(!open.iter().any(|path| keeps_a_secret(path)));
    }

    /// What a resource of Terraform tells, and the text of what stays hidden.
    fn released(text: &str) -> (Facts, Vec<String>) {
        let source = Source::of_text(source::Origin::Stdin(None), text.to_owned());
        let (mut facts, mut hidden) = (Facts::default(), Vec::new());
        release(
            &crate::syntax::json::read(&source, crate::syntax::json::Dialect::Json).root,
            &source,
            &mut facts,
            &mut hidden,
        );
        let hidden = hidden.into_iter().map(|span| source.slice(span).to_owned()).collect();
        (facts, hidden)
    }

    fn given(field: &Field) -> Option<&str> {
        field.given().map(|text| text.value.as_str())
    }

    #[test]
    fn what_is_set_overrules_the_texts_of_values() {
        let (facts, hidden) = released(
            r#"{"chart": "k10", "repository": "https://charts.kasten.io", "namespace": "backup", "version": "7.0.8",
                "values": ["secrets:\n  awsIamRole: old\n  awsAccessKeyId: AKIA\n"],
                "set": [{"name": "secrets.awsIamRole", "value": "arn:aws:iam::111122223333:role/kasten"}],
                "set_sensitive": [{"name": "secrets.awsSecretAccessKey", "value": "wJalr"}]}"#,
        );
        let values = &facts.values[0];
        assert_eq!(given(&values.role), Some("arn:aws:iam::111122223333:role/kasten"));
        assert_eq!((given(&values.namespace), given(&values.version)), (Some("backup"), Some("7.0.8")));
        assert!(matches!(values.secret_access_key, Field::Hidden(_)) && values.plain_secret.is_none());
        assert_eq!(hidden, ["AKIA", "\"wJalr\"", "\"wJalr\""]);
    }

    #[test]
    fn what_a_plan_leaves_out_is_unknown_and_overrules_too() {
        let (facts, _) = released(
            r#"{"chart": "k10", "values": ["secrets: {awsIamRole: old}"], "set": [{"name": "secrets.awsIamRole"}]}"#,
        );
        assert!(matches!(facts.values[0].role, Field::Unknown(_)));
        assert!(released(r#"{"chart": "nginx", "set": []}"#).0.values.is_empty());
    }
}
