"""Schema-faithful *test double* for a handful of hashicorp/aws + hashicorp/helm types (written for kpl).
Purpose: make the real terraform core emit real plan/state JSON without the (unreachable) real provider.
Nothing here talks to AWS; ids/arns are synthesised at apply time, and unknown at plan time as in the real one."""
import sys, json, uuid, hashlib
from tf import types as T, schema as S
from tf.iface import Provider, Resource, DataSource
from tf.schema import Attribute as A, NestedBlock, NestMode, Block
from tf.blocks import SetNestedBlock
from tf.gen import tfplugin_pb2 as pb
from tf.runner import run_provider
str_, num, boo = T.String(), T.Number(), T.Bool()
ACC, REG = "123456789012", "us-east-1"
class ListBlock(SetNestedBlock):
    def to_pb(self):
        p = super().to_pb(); p.nesting = pb.Schema.NestedBlock.NestingMode.LIST; return p
    def semantically_equal(self, a, b): return a == b
def R(n, t=str_, **k): return A(n, t, required=True, **k)
def O(n, t=str_, **k): return A(n, t, optional=True, **k)
def C(n, t=str_, **k): return A(n, t, computed=True, **k)
def OC(n, t=str_, **k): return A(n, t, optional=True, computed=True, **k)
def D(n, default, t=str_): return A(n, t, optional=True, computed=True, default=default)  # SDKv2 "Default:" shows up known in plans
TAGS = [O("tags", T.Map(str_)), OC("tags_all", T.Map(str_))]
def det(*a): return hashlib.sha256("|".join(map(str, a)).encode()).hexdigest()
def kid(*a): h = det(*a); return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:32]}"
DEFKP = {"Version": "2012-10-17", "Id": "key-default-1", "Statement": [{"Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACC}:root"}, "Action": "kms:*", "Resource": "*"}]}
def fin(s, **kw):
    for k, v in kw.items():
        if s.get(k) is None or s.get(k) is T.Unknown: s[k] = v
    if "tags_all" in s and (s["tags_all"] is T.Unknown or s["tags_all"] is None): s["tags_all"] = s.get("tags") or {}
    for k, v in list(s.items()):
        if v is T.Unknown: s[k] = None
    return s
def mk(name, attrs, apply, blocks=()):
    class X(Resource):
        def __init__(self, p): pass
        @classmethod
        def get_name(cls): return name
        @classmethod
        def get_schema(cls): return S.Schema(attributes=list(attrs), block_types=list(blocks), version=0)
        def create(self, ctx, p): return apply(dict(p))
        def read(self, ctx, c): return c
        def update(self, ctx, c, p):
            q = dict(p)
            for k, v in q.items():
                if v is T.Unknown: q[k] = c.get(k)
            return apply(q)
        def delete(self, ctx, c): return None
    X.__name__ = "Res_" + name; return X
def a_key(s):
    k = kid("key", s.get("description"), json.dumps(s.get("tags"))); arn = f"arn:aws:kms:{REG}:{ACC}:key/{k}"
    return fin(s, id=k, key_id=k, arn=arn, policy=json.dumps(DEFKP), description="", is_enabled=True, rotation_period_in_days=365)
def a_alias(s): return fin(s, id=s["name"], arn=f"arn:aws:kms:{REG}:{ACC}:{s['name']}", target_key_arn=f"arn:aws:kms:{REG}:{ACC}:key/{s['target_key_id']}", name_prefix="")
def a_role(s): return fin(s, id=s["name"], arn=f"arn:aws:iam::{ACC}:role{s.get('path') or '/'}{s['name']}", unique_id="AROA"+det(s["name"])[:17].upper(), create_date="2026-01-01T00:00:00Z", managed_policy_arns=[], name_prefix="")
def a_pol(s): 
    arn = f"arn:aws:iam::{ACC}:policy{s.get('path') or '/'}{s['name']}"
    return fin(s, id=arn, arn=arn, policy_id="ANPA"+det(s["name"])[:17].upper(), name_prefix="", attachment_count=0)
RES = [
 mk("kms_key", [OC("description"), OC("policy"), D("bypass_policy_lockout_safety_check", False, boo), O("deletion_window_in_days", num), D("enable_key_rotation", False, boo), OC("rotation_period_in_days", num), D("is_enabled", True, boo), D("customer_master_key_spec", "SYMMETRIC_DEFAULT"), D("key_usage", "ENCRYPT_DECRYPT"), OC("multi_region", boo), O("custom_key_store_id"), O("xks_key_id"), C("id"), C("arn"), C("key_id")] + TAGS, lambda s: fin(a_key(s), multi_region=False)),
 mk("kms_alias", [OC("name", requires_replace=True), OC("name_prefix"), R("target_key_id"), C("id"), C("arn"), C("target_key_arn")], a_alias),
 mk("kms_key_policy", [R("key_id", requires_replace=True), R("policy"), D("bypass_policy_lockout_safety_check", False, boo), C("id")], lambda s: fin(s, id=s["key_id"])),
 mk("kms_grant", [O("name"), R("key_id"), R("grantee_principal"), R("operations", T.Set(str_)), C("id"), C("grant_id"), C("grant_token", sensitive=True)], lambda s: fin(s, id=s["key_id"] + ":g", grant_id="g", grant_token="tok"),
    [SetNestedBlock("constraints", Block([O("encryption_context_equals", T.Map(str_)), O("encryption_context_subset", T.Map(str_))]))]),
 mk("iam_role", [OC("name", requires_replace=True), OC("name_prefix"), R("assume_role_policy"), O("description"), D("path", "/"), D("force_detach_policies", False, boo), D("max_session_duration", 3600, num), O("permissions_boundary"), OC("managed_policy_arns", T.Set(str_)), C("id"), C("arn"), C("unique_id"), C("create_date")] + TAGS, a_role, [SetNestedBlock("inline_policy", Block([O("name"), O("policy")]))]),
 mk("iam_user", [R("name"), O("path"), O("permissions_boundary"), O("force_destroy", boo), C("id"), C("arn"), C("unique_id")] + TAGS, lambda s: fin(s, id=s["name"], arn=f"arn:aws:iam::{ACC}:user/{s['name']}", unique_id="AIDA"+det(s["name"])[:17].upper())),
 mk("iam_policy", [OC("name", requires_replace=True), OC("name_prefix"), R("policy"), O("description"), D("path", "/"), C("id"), C("arn"), C("policy_id"), C("attachment_count", num)] + TAGS, a_pol),
 mk("iam_role_policy", [OC("name"), OC("name_prefix"), R("role"), R("policy"), C("id")], lambda s: fin(s, id=f"{s['role']}:{s['name']}", name_prefix="")),
 mk("iam_user_policy", [OC("name"), R("user"), R("policy"), C("id")], lambda s: fin(s, id=f"{s['user']}:{s['name']}")),
 mk("iam_role_policy_attachment", [R("role"), R("policy_arn"), C("id")], lambda s: fin(s, id=f"{s['role']}-{s['policy_arn']}")),
 mk("iam_user_policy_attachment", [R("user"), R("policy_arn"), C("id")], lambda s: fin(s, id=f"{s['user']}-{s['policy_arn']}")),
 mk("s3_bucket", [OC("bucket"), C("id"), C("arn")] + TAGS, lambda s: fin(s, id=s["bucket"], arn=f"arn:aws:s3:::{s['bucket']}")),
 mk("s3_bucket_policy", [R("bucket"), R("policy"), C("id")], lambda s: fin(s, id=s["bucket"])),
]
def mkd(name, attrs, read, blocks=()):
    class D(DataSource):
        def __init__(self, p): pass
        @classmethod
        def get_name(cls): return name
        @classmethod
        def get_schema(cls): return S.Schema(attributes=list(attrs), block_types=list(blocks), version=0)
        def read(self, ctx, c): return read(dict(c))
    return D
one = lambda l: l[0] if l and len(l) == 1 else sorted(l, reverse=True)
def doc(c):
    st = []
    for s in c.get("statement") or []:
        o = {}
        if s.get("sid"): o["Sid"] = s["sid"]
        o["Effect"] = s.get("effect") or "Allow"; s["effect"] = o["Effect"]
        for k, n in (("actions", "Action"), ("not_actions", "NotAction"), ("resources", "Resource"), ("not_resources", "NotResource")):
            if s.get(k): o[n] = one(s[k])
        for k, n in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
            if s.get(k):
                d = {}
                for p in s[k]: d[p["type"]] = one(p["identifiers"])
                o[n] = "*" if d == {"*": "*"} else d
        cond = {}
        for q in s.get("condition") or []: cond.setdefault(q["test"], {})[q["variable"]] = one(q["values"])
        if cond: o["Condition"] = cond
        st.append(o)
    d = {"Version": c.get("version") or "2012-10-17"}
    if c.get("policy_id"): d["Id"] = c["policy_id"]
    d["Statement"] = st
    for src in c.get("source_policy_documents") or []: d["Statement"] = json.loads(src)["Statement"] + d["Statement"]
    c["version"] = d["Version"]; c["json"] = json.dumps(d, indent=2); c["minified_json"] = json.dumps(d, separators=(",", ":")); c["id"] = str(int(det(c["json"])[:8], 16)); return c
PR = lambda n: SetNestedBlock(n, Block([R("type"), R("identifiers", T.Set(str_))]))
DATA = [
 mkd("caller_identity", [C("id"), C("account_id"), C("arn"), C("user_id")], lambda c: dict(id=ACC, account_id=ACC, arn=f"arn:aws:iam::{ACC}:user/ci", user_id="AIDAX")),
 mkd("partition", [C("id"), C("partition"), C("dns_suffix")], lambda c: dict(id="aws", partition="aws", dns_suffix="amazonaws.com")),
 mkd("region", [C("id"), OC("name"), C("region")], lambda c: dict(id=REG, name=REG, region=REG)),
 mkd("iam_policy_document", [O("policy_id"), O("version"), O("source_policy_documents", T.List(str_)), O("override_policy_documents", T.List(str_)), C("id"), C("json"), C("minified_json")], doc,
   [ListBlock("statement", Block([O("sid"), O("effect"), O("actions", T.Set(str_)), O("not_actions", T.Set(str_)), O("resources", T.Set(str_)), O("not_resources", T.Set(str_))],
     [PR("principals"), PR("not_principals"), SetNestedBlock("condition", Block([R("test"), R("variable"), R("values", T.List(str_))]))]))]),
]
class P(Provider):
    def __init__(self, pre, full, res, data, cfg): self.pre, self.full, self.res, self.data, self.cfg = pre, full, res, data, cfg
    def get_model_prefix(self): return self.pre
    def get_provider_schema(self, d): return S.Schema(attributes=self.cfg, version=0)
    def full_name(self): return self.full
    def validate_config(self, d, c): pass
    def configure_provider(self, d, c): pass
    def get_data_sources(self): return self.data
    def get_resources(self): return self.res
HELM = [mk("release", [R("name"), R("chart"), O("repository"), O("version"), O("namespace"), O("create_namespace", boo), O("values", T.List(str_)), C("id"), C("status"), C("manifest")],
  lambda s: fin(s, id=s["name"], status="deployed", manifest=""),
  [SetNestedBlock("set", Block([R("name"), R("value"), O("type")])), SetNestedBlock("set_sensitive", Block([R("name"), A("value", str_, required=True, sensitive=True), O("type")]))])]
K8S = [mk("secret", [O("type"), O("data", T.Map(str_), sensitive=True), C("id")], lambda s: fin(s, id="x"), [ListBlock("metadata", Block([O("name"), O("namespace")]))]),
       mk("manifest", [R("manifest_json"), C("id")], lambda s: fin(s, id="m"))]
if __name__ == "__main__":
    k = sys.argv.pop(1)
    run_provider({"aws": P("aws_", "registry.terraform.io/hashicorp/aws", RES, DATA, [O("region"), O("profile")]),
                  "helm": P("helm_", "registry.terraform.io/hashicorp/helm", HELM, [], []),
                  "kubernetes": P("kubernetes_", "registry.terraform.io/hashicorp/kubernetes", K8S, [], [])}[k])
