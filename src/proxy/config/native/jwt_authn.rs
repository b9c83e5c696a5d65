//! `JwtAuthentication`: providers with their keys, and which requests need whose token.

use super::{flag, list, text};
use crate::model::yaml::{Fields, Node};
use crate::model::{Place, Problem};
use crate::proxy::config::matching::{HeaderMatch, PathMatch, read_match};
use crate::proxy::config::{not_one_of, not_simulated, refuse};
use crate::proxy::jwt::{Jwk, Unusable, read_jwks};

/// The filter's settings.
#[derive(Clone, Debug)]
pub(crate) struct JwtAuthn {
    /// `providers`.
    pub(crate) providers: Vec<Provider>,
    /// `rules`: the first whose match fits holds; one without a requirement lets all pass.
    pub(crate) rules: Vec<(PathMatch, Vec<HeaderMatch>, Option<Requirement>)>,
    /// `requirement_map`.
    pub(crate) named: Vec<(String, Requirement)>,
    /// `bypass_cors_preflight`.
    pub(crate) bypass: bool,
    /// `strip_failure_response`.
    pub(crate) strip: bool,
}

/// `JwtProvider`.
#[derive(Clone, Debug)]
pub(crate) struct Provider {
    /// Its name.
    pub(crate) name: String,
    /// `issuer`; empty takes any.
    pub(crate) issuer: String,
    /// `audiences`; none takes any.
    pub(crate) audiences: Vec<String>,
    /// The key set, once it is read.
    pub(crate) keys: Vec<Jwk>,
    /// The file of the lab that has it.
    file: Option<(String, Place)>,
    /// `from_headers`: name and prefix of the value.
    pub(crate) headers: Vec<(String, String)>,
    /// `from_params`.
    pub(crate) params: Vec<String>,
    /// `from_cookies`.
    pub(crate) cookies: Vec<String>,
    /// `forward`.
    pub(crate) forward: bool,
    /// `forward_payload_header`.
    pub(crate) payload_header: String,
    /// `pad_forward_payload_header`.
    pub(crate) pads: bool,
    /// `payload_in_metadata`, `header_in_metadata` and `failed_status_in_metadata`.
    pub(crate) in_metadata: [String; 3],
    /// `normalize_payload_in_metadata.space_delimited_claims`.
    pub(crate) spaced: Vec<String>,
    /// `clock_skew_seconds`.
    pub(crate) skew_s: u64,
    /// `claim_to_headers`: header and claim.
    pub(crate) claims: Vec<(String, String)>,
    /// `clear_route_cache`.
    pub(crate) clears: bool,
}

/// `JwtRequirement`.
#[derive(Clone, Debug)]
pub(crate) enum Requirement {
    /// Nothing.
    Nothing,
    /// A provider's token, by its number, and audiences in place of its own.
    Provider(usize, Vec<String>),
    /// One of these; whether a missing token, and a bad one, will do too.
    Any(Vec<Requirement>, bool, bool),
    /// All of these.
    All(Vec<Requirement>),
    /// `allow_missing`, or `allow_missing_or_failed`: any provider's.
    Allow(bool),
}

/// `PerRouteConfig`: a name of `requirement_map`, or nothing is asked for.
#[derive(Clone, Debug)]
pub(crate) struct JwtRoute(pub(crate) Option<String>);

impl JwtAuthn {
    /// Reads the message's fields.
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Problem> {
        let mut providers = Vec::new();
        let nodes = fields.take("providers");
        for (name, node) in nodes.map_or(Ok(&[][..]), Node::as_map)? {
            providers.push(Provider::read(&name.text, node)?);
        }
        let mut named = Vec::new();
        let map = fields.take("requirement_map");
        for (name, node) in map.map_or(Ok(&[][..]), Node::as_map)? {
            named.push((name.text.clone(), Requirement::read(node, &providers)?));
        }
        let mut rules = Vec::new();
        for node in list(fields, "rules")? {
            let mut fields = Fields::of_message(node)?;
            let (path, headers) = read_match(fields.require("match")?)?;
            let requires = fields.take("requires");
            let name = fields.take("requirement_name");
            fields.finish()?;
            let requirement = match (requires, name) {
                (None, None) => None,
                (Some(node), None) => Some(Requirement::read(node, &providers)?),
                (None, Some(node)) => {
                    let name = node.as_string_field()?;
                    let found = named.iter().find(|(known, _)| known == name);
                    let found = found.map(|(_, requirement)| requirement.clone());
                    let wrong = || Problem::at(&node.place, wrong_name(&named, name), "");
                    Some(found.ok_or_else(wrong)?)
                }
                (Some(_), Some(node)) => {
                    let message = "`requirement_name` beside `requires`";
                    return Err(Problem::at(&node.place, message, "Keep one."));
                }
            };
            rules.push((path, headers, requirement));
        }
        let bypass = flag(fields, "bypass_cors_preflight")?;
        let strip = flag(fields, "strip_failure_response")?;
        refuse(fields, &["filter_state_rules", "stat_prefix"], "jwt_authn")?;
        Ok(Self {
            providers,
            rules,
            named,
            bypass,
            strip,
        })
    }

    /// Reads the key sets that stand in files of the lab.
    ///
    /// # Errors
    /// When a file is not there, or has keys that the simulator cannot use.
    pub(crate) fn read_files<'a>(
        &mut self,
        file: impl Fn(&str, &Place) -> Result<&'a [u8], Problem>,
    ) -> Result<(), Problem> {
        for provider in &mut self.providers {
            if let Some((name, place)) = &provider.file {
                let text = String::from_utf8_lossy(file(name, place)?);
                provider.keys = keys(&provider.name, &text, place)?;
            }
        }
        Ok(())
    }
}

/// Envoy's word for a requirement that nobody has.
pub(crate) fn wrong_name(named: &[(String, Requirement)], name: &str) -> String {
    let mut all: Vec<&str> = named.iter().map(|(name, _)| name.as_str()).collect();
    all.sort_unstable();
    let all = all.join(",");
    format!("Wrong requirement_name: {name}. It should be one of [{all}]")
}

fn keys(name: &str, text: &str, place: &Place) -> Result<Vec<Jwk>, Problem> {
    read_jwks(text).map_err(|unusable| match unusable {
        Unusable::Invalid(why) => {
            let message =
                format!("Provider '{name}' in jwt_authn config has invalid local jwks: {why}");
            Problem::at(place, message, "Envoy refuses it too, as of 1.39.")
        }
        Unusable::Elsewhere(kind) => not_simulated(place, kind),
    })
}

/// Fields that Envoy knows and the simulator does not.
const NOT_HONOURED: [&str; 5] = [
    "jwt_cache_config",
    "max_lifetime",
    "remote_jwks",
    "require_expiration",
    "subjects",
];

impl Provider {
    fn read(name: &str, node: &Node) -> Result<Self, Problem> {
        let mut fields = Fields::of_message(node)?;
        refuse(&fields, &NOT_HONOURED, "a JWT provider")?;
        let source = fields.require("local_jwks")?;
        let mut texts = |name| -> Result<Vec<String>, Problem> {
            let items = list(&mut fields, name)?.iter();
            items
                .map(|item| item.as_string_field().map(str::to_owned))
                .collect()
        };
        let audiences = texts("audiences")?;
        let (params, cookies) = (texts("from_params")?, texts("from_cookies")?);
        let mut headers = Vec::new();
        for node in list(&mut fields, "from_headers")? {
            let mut fields = Fields::of_message(node)?;
            let name = fields.require("name")?.as_string_field()?;
            headers.push((
                name.to_ascii_lowercase(),
                text(&mut fields, "value_prefix")?,
            ));
            fields.finish()?;
        }
        let mut claims = Vec::new();
        for node in list(&mut fields, "claim_to_headers")? {
            let mut fields = Fields::of_message(node)?;
            let header = fields.require("header_name")?.as_string_field()?;
            let claim = fields.require("claim_name")?.as_string_field()?;
            claims.push((header.to_ascii_lowercase(), claim.to_owned()));
            fields.finish()?;
        }
        let mut spaced = Vec::new();
        if let Some(node) = fields.take("normalize_payload_in_metadata") {
            let mut fields = Fields::of_message(node)?;
            for claim in list(&mut fields, "space_delimited_claims")? {
                spaced.push(claim.as_string_field()?.to_owned());
            }
            fields.finish()?;
        }
        let skew = fields.take("clock_skew_seconds").map(Node::as_u32);
        let mut provider = Self {
            name: name.to_owned(),
            issuer: text(&mut fields, "issuer")?,
            audiences,
            keys: Vec::new(),
            file: None,
            headers,
            params,
            cookies,
            forward: flag(&mut fields, "forward")?,
            payload_header: text(&mut fields, "forward_payload_header")?.to_ascii_lowercase(),
            pads: flag(&mut fields, "pad_forward_payload_header")?,
            in_metadata: [
                text(&mut fields, "payload_in_metadata")?,
                text(&mut fields, "header_in_metadata")?,
                text(&mut fields, "failed_status_in_metadata")?,
            ],
            spaced,
            // 0 is as good as nothing.
            skew_s: u64::from(skew.transpose()?.filter(|s| *s > 0).unwrap_or(60)),
            claims,
            clears: flag(&mut fields, "clear_route_cache")?,
        };
        fields.finish()?;
        let mut fields = Fields::of_message(source)?;
        let inline = fields.take("inline_string");
        let file = fields.take("filename");
        refuse(
            &fields,
            &["environment_variable", "inline_bytes", "watched_directory"],
            "a key set",
        )?;
        fields.finish()?;
        match (inline, file) {
            (Some(node), None) => provider.keys = keys(name, node.as_string_field()?, &node.place)?,
            (None, Some(node)) => {
                provider.file = Some((node.as_string_field()?.to_owned(), node.place.clone()));
            }
            _ => return Err(source.expected("exactly one of `inline_string` and `filename`")),
        }
        Ok(provider)
    }
}

impl Requirement {
    fn read(node: &Node, providers: &[Provider]) -> Result<Self, Problem> {
        let mut fields = Fields::of_message(node)?;
        let mut kinds = Vec::new();
        if let Some(node) = fields.take("provider_name") {
            kinds.push(Self::Provider(find(node, providers)?, Vec::new()));
        }
        if let Some(node) = fields.take("provider_and_audiences") {
            let mut fields = Fields::of_message(node)?;
            let provider = find(fields.require("provider_name")?, providers)?;
            let items = list(&mut fields, "audiences")?.iter();
            let audiences = items.map(|item| item.as_string_field().map(str::to_owned));
            kinds.push(Self::Provider(
                provider,
                audiences.collect::<Result<_, _>>()?,
            ));
            fields.finish()?;
        }
        for name in ["requires_any", "requires_all"] {
            let Some(node) = fields.take(name) else {
                continue;
            };
            let mut fields = Fields::of_message(node)?;
            let items = list(&mut fields, "requirements")?;
            fields.finish()?;
            if items.len() < 2 {
                return Err(node.expected("two requirements or more"));
            }
            let read = items.iter().map(|item| Self::read(item, providers));
            let all = read.collect::<Result<Vec<Self>, _>>()?;
            kinds.push(match name {
                "requires_all" => Self::All(all),
                _ => Self::any(all),
            });
        }
        for (name, failed) in [("allow_missing", false), ("allow_missing_or_failed", true)] {
            if let Some(node) = fields.take(name) {
                Fields::of_message(node)?.finish()?;
                kinds.push(Self::Allow(failed));
            }
        }
        fields.finish()?;
        match (kinds.pop(), kinds.is_empty()) {
            (kind, true) => Ok(kind.unwrap_or(Self::Nothing)),
            _ => Err(node.expected("one kind of requirement")),
        }
    }

    /// In a list of alternatives `allow_missing` is no token of its own, unless it stands alone.
    fn any(all: Vec<Self>) -> Self {
        let allows = |failed| {
            all.iter()
                .any(|one| matches!(one, Self::Allow(f) if *f == failed))
        };
        let (missing, failed) = (allows(false), allows(true));
        let mut rest: Vec<Self> = all
            .into_iter()
            .filter(|one| !matches!(one, Self::Allow(_)))
            .collect();
        if rest.is_empty() {
            rest.push(Self::Allow(failed));
        }
        Self::Any(rest, missing, failed)
    }
}

fn find(node: &Node, providers: &[Provider]) -> Result<usize, Problem> {
    let name = node.as_string_field()?;
    let found = providers.iter().position(|provider| provider.name == name);
    found.ok_or_else(|| {
        Problem::at(
            &node.place,
            format!("Required provider ['{name}'] is not configured."),
            "Add it to `providers`.",
        )
    })
}

impl JwtRoute {
    /// Reads a `PerRouteConfig`.
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Problem> {
        let disabled = fields.take("disabled");
        let name = fields.take("requirement_name");
        match (disabled, name) {
            (Some(node), None) if node.as_bool()? => Ok(Self(None)),
            (None, Some(node)) => Ok(Self(Some(node.as_string_field()?.to_owned()))),
            _ => Err(not_one_of(
                &fields.node().place,
                "`disabled: true` and `requirement_name`",
            )),
        }
    }
}
