//! The jwt_authn filter: who has no good token of whom the request wants one stays outside.
//!
//! All keys are local, so it answers at once.

use super::At;
use super::header_mutation::{read_query, write_query};
use super::record::Change;
use crate::model::Headers;
use crate::model::trace::{Kind, arg};
use crate::proxy::config::{
    Item, JwtAuthn, JwtRoute, NativeRoute, Provider, Requirement, Struct, wrong_name,
};
use crate::proxy::iterate::Verdict;
use crate::proxy::jwt::{Jwt, Status};
use crate::proxy::local_reply::Reply;
use crate::proxy::lookup::request_fits;
use crate::proxy::shared::Shared;
use crate::proxy::task::Direction;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The namespace of what the filter tells in dynamic metadata.
const SPACE: &str = "envoy.filters.http.jwt_authn";

/// A token of a request.
struct Token<'a> {
    text: String,
    place: Place<'a>,
    /// Issuers whose tokens may stand there; an empty one is any.
    issuers: Vec<&'a str>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place<'a> {
    /// With the prefix of its value.
    Header(&'a str, &'a str),
    Param(&'a str),
    Cookie(&'a str),
}

/// Whose tokens are looked at, and what is let pass.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    /// The one provider; `None` is all of them, and the token's issuer says which.
    provider: Option<&'a Provider>,
    /// Audiences in place of the provider's.
    audiences: &'a [String],
    allow_missing: bool,
    allow_failed: bool,
}

/// What a request's verification leads to beside its answer.
#[derive(Default)]
struct Found {
    /// Fields of dynamic metadata.
    fields: Vec<(String, Item)>,
    /// Whether the route is to be chosen anew.
    clears: bool,
}

impl Shared {
    /// Request headers.
    pub(super) fn jwt_request(&mut self, at: At, filter: &JwtAuthn) -> Verdict {
        let given = |name| !self.request_header(at, name).is_empty();
        if filter.bypass
            && self.request_header(at, ":method") == "OPTIONS"
            && given("origin")
            && given("access-control-request-method")
        {
            self.native_count("jwt_authn.cors_preflight_bypassed");
            return self.jwt_allows();
        }
        let config = self.config.clone();
        let requirement = match self.routed(&config, at).first() {
            Some(NativeRoute::Jwt(JwtRoute(None))) => None,
            Some(NativeRoute::Jwt(JwtRoute(Some(name)))) => {
                let found = filter.named.iter().find(|(known, _)| known == name);
                let Some((_, requirement)) = found else {
                    let why = wrong_name(&filter.named, name);
                    let body = format!("Failed JWT authentication: {why}");
                    return self.jwt_denies(at, filter, 403, &body, &why, Headers::default());
                };
                Some(requirement)
            }
            _ => self.jwt_rule(at, filter),
        };
        let Some(requirement) = requirement else {
            return self.jwt_allows();
        };
        let path = self.request_header(at, ":path");
        let path: String = path.chars().take(256).collect();
        let scheme = self.request_header(at, "x-forwarded-proto");
        let uri = format!("{scheme}://{}{path}", self.request_header(at, ":authority"));
        let mut found = Found::default();
        let status = self.jwt_meets(at, filter, requirement, &mut found);
        if !found.fields.is_empty() {
            self.set_dynamic_metadata(at.stream, SPACE, Struct(found.fields));
        }
        let Err(status) = status else {
            return self.jwt_allows();
        };
        let mut headers = Headers::default();
        let error = match status {
            Status::Missed => "",
            _ => ", error=\"invalid_token\"",
        };
        headers.push("www-authenticate", format!("Bearer realm=\"{uri}\"{error}"));
        let code = match status {
            Status::AudienceNotAllowed => 403,
            _ => 401,
        };
        self.jwt_denies(at, filter, code, status.text(), status.text(), headers)
    }

    fn jwt_allows(&mut self) -> Verdict {
        self.native_count("jwt_authn.allowed");
        Verdict::Continue
    }

    fn jwt_denies(
        &mut self,
        at: At,
        filter: &JwtAuthn,
        status: u16,
        body: &str,
        why: &str,
        headers: Headers,
    ) -> Verdict {
        self.native_count("jwt_authn.denied");
        let mut reply = Reply {
            status,
            details: format!("jwt_authn_access_denied{{{why}}}"),
            ..Reply::default()
        };
        if !filter.strip {
            reply.body = body.into();
            reply.headers = headers;
        }
        self.local_reply(at.stream, reply);
        Verdict::Stop
    }

    /// The requirement of the first rule that fits a request.
    fn jwt_rule<'a>(&self, at: At, filter: &'a JwtAuthn) -> Option<&'a Requirement> {
        let headers = self.streams[at.stream].request.headers.as_ref()?;
        let mut rules = filter.rules.iter();
        let rule = rules.find(|(path, conditions, _)| request_fits(path, conditions, headers))?;
        rule.2.as_ref()
    }

    fn jwt_meets(
        &mut self,
        at: At,
        filter: &JwtAuthn,
        requirement: &Requirement,
        found: &mut Found,
    ) -> Result<(), Status> {
        match requirement {
            Requirement::Nothing => Ok(()),
            Requirement::Provider(provider, audiences) => {
                let wanted = Wanted {
                    provider: Some(&filter.providers[*provider]),
                    audiences,
                    allow_missing: false,
                    allow_failed: false,
                };
                self.jwt_verify(at, filter, wanted, found)
            }
            Requirement::Allow(failed) => {
                let wanted = Wanted {
                    provider: None,
                    audiences: &[],
                    allow_missing: true,
                    allow_failed: *failed,
                };
                self.jwt_verify(at, filter, wanted, found)
            }
            Requirement::All(all) => all
                .iter()
                .try_for_each(|one| self.jwt_meets(at, filter, one, found)),
            Requirement::Any(all, missing, failed) => {
                // Of many errors one that says more than that another's token was sought.
                let mut status = Status::Missed;
                for one in all {
                    match self.jwt_meets(at, filter, one, found) {
                        Ok(()) => return Ok(()),
                        Err(Status::Missed | Status::UnknownIssuer) if status != Status::Missed => {
                        }
                        Err(error) => status = error,
                    }
                }
                match status {
                    _ if *failed => Ok(()),
                    Status::Missed if *missing => Ok(()),
                    status => Err(status),
                }
            }
        }
    }

    /// Envoy's authenticator: all tokens that stand where a provider looks must be good.
    fn jwt_verify(
        &mut self,
        at: At,
        filter: &JwtAuthn,
        wanted: Wanted<'_>,
        found: &mut Found,
    ) -> Result<(), Status> {
        let looked: Vec<&Provider> = match wanted.provider {
            Some(provider) => vec![provider],
            None => filter.providers.iter().collect(),
        };
        // What the filter adds itself nobody may send.
        for provider in &looked {
            let claims = provider.claims.iter().map(|(header, _)| header);
            for header in claims.chain([&provider.payload_header]) {
                self.native_change(at, Direction::Decode, Change::Remove, header, b"");
            }
        }
        let mut tokens = self.jwt_tokens(at, &looked);
        let mut status = Err(Status::Missed);
        if tokens.is_empty() {
            // No provider has been looked at.
            self.jwt_failed(filter, None, Status::Missed, found);
            self.jwt_event(wanted.provider, None, status);
        }
        while let Some(token) = tokens.pop() {
            let mut provider = wanted.provider;
            status = self.jwt_token(at, filter, wanted, &token, &mut provider, found);
            self.jwt_event(provider, Some(&token), status);
            if let Err(error) = status {
                self.jwt_failed(filter, provider, error, found);
                if !wanted.allow_missing {
                    break;
                }
            }
        }
        if std::mem::take(&mut found.clears) {
            self.clear_route(at.stream);
        }
        match status {
            _ if wanted.allow_failed => Ok(()),
            Err(Status::Missed) if wanted.allow_missing => Ok(()),
            status => status,
        }
    }

    fn jwt_token<'a>(
        &mut self,
        at: At,
        filter: &'a JwtAuthn,
        wanted: Wanted<'a>,
        token: &Token<'_>,
        provider: &mut Option<&'a Provider>,
        found: &mut Found,
    ) -> Result<(), Status> {
        if wanted.provider.is_some() {
            // Only with `jwt_cache_config`, which is refused, would there be a hit.
            self.native_count("jwt_authn.jwt_cache_miss");
        }
        let jwt = Jwt::parse(&token.text)?;
        let of = |issuer: &str| filter.providers.iter().find(|p| p.issuer == issuer);
        if !token
            .issuers
            .iter()
            .any(|i| i.is_empty() || *i == jwt.issuer)
        {
            return Err(Status::UnknownIssuer);
        }
        *provider = provider.or_else(|| of(&jwt.issuer)).or_else(|| of(""));
        let provider = provider.ok_or(Status::UnknownIssuer)?;
        let now_s = self.wall_ns(self.clock.now_ns) / 1_000_000_000;
        jwt.check_time(now_s, provider.skew_s)?;
        let audiences = match wanted.audiences {
            [] => &provider.audiences,
            audiences => audiences,
        };
        let bare: Vec<&str> = audiences.iter().map(|a| bare_audience(a)).collect();
        if !bare.is_empty()
            && !jwt
                .audiences
                .iter()
                .any(|a| bare.contains(&bare_audience(a)))
        {
            return Err(Status::AudienceNotAllowed);
        }
        jwt.verify(&provider.keys)?;
        self.jwt_good(at, provider, token, jwt, found);
        Ok(())
    }

    /// What a good token changes in the request.
    fn jwt_good(
        &mut self,
        at: At,
        provider: &Provider,
        token: &Token<'_>,
        jwt: Jwt,
        found: &mut Found,
    ) {
        let (direction, add) = (Direction::Decode, Change::Add);
        if !provider.payload_header.is_empty() {
            let mut text = jwt.payload_text.clone();
            while provider.pads && !text.len().is_multiple_of(4) {
                text.push('=');
            }
            let name = &provider.payload_header;
            self.native_change(at, direction, add, name, text.as_bytes());
        }
        for (header, claim) in &provider.claims {
            let path: Vec<&str> = claim.split('.').collect();
            let value = jwt.payload.path(&path).map(claim_text).unwrap_or_default();
            if !value.is_empty() {
                self.native_change(at, direction, add, header, value.as_bytes());
                found.clears |= provider.clears;
            }
        }
        if !provider.forward {
            match token.place {
                Place::Header(name, _) => {
                    self.native_change(at, direction, Change::Remove, name, b"");
                }
                Place::Param(name) => {
                    let path = self.request_header(at, ":path");
                    let (bare, mut pairs) = read_query(&path);
                    pairs.remove(name);
                    let path = write_query(bare, &pairs);
                    let replace = Change::Replace;
                    self.native_change(at, direction, replace, ":path", path.as_bytes());
                }
                // Envoy leaves it where it is.
                Place::Cookie(_) => {}
            }
        }
        let [payload_key, header_key, _] = &provider.in_metadata;
        if !header_key.is_empty() {
            found
                .fields
                .push((header_key.clone(), Item::Struct(jwt.header)));
        }
        if !payload_key.is_empty() {
            let mut payload = jwt.payload;
            for (claim, item) in &mut payload.0 {
                if let Item::Text(text) = item
                    && provider.spaced.contains(claim)
                {
                    let words = text.split(' ').filter(|word| !word.is_empty());
                    *item = Item::List(words.map(|word| Item::Text(word.to_owned())).collect());
                }
            }
            found
                .fields
                .push((payload_key.clone(), Item::Struct(payload)));
            found.clears |= provider.clears;
        }
    }

    /// The status of a bad token in dynamic metadata, where that is wanted.
    fn jwt_failed(
        &mut self,
        filter: &JwtAuthn,
        provider: Option<&Provider>,
        status: Status,
        found: &mut Found,
    ) {
        let only = match &filter.providers[..] {
            [only] => Some(only),
            _ => None,
        };
        let key = provider.or(only).map_or("", |p| &p.in_metadata[2]);
        if !key.is_empty() {
            let fields = vec![
                ("code".to_owned(), Item::Number(f64::from(status as u8))),
                ("message".to_owned(), Item::Text(status.text().to_owned())),
            ];
            found
                .fields
                .push((key.to_owned(), Item::Struct(Struct(fields))));
        }
    }

    fn jwt_event(
        &mut self,
        provider: Option<&Provider>,
        token: Option<&Token<'_>>,
        status: Result<(), Status>,
    ) {
        if !self.trace.capture {
            return;
        }
        let mut args = vec![arg("status", status.err().map_or("OK", Status::text))];
        if let Some(provider) = provider {
            args.push(arg("provider", provider.name.as_bytes()));
        }
        if let Some(Place::Header(name, _) | Place::Param(name) | Place::Cookie(name)) =
            token.map(|token| token.place)
        {
            args.push(arg("from", name.as_bytes()));
        }
        self.record(Kind::Chain, "jwt", None, None, args);
    }

    /// The tokens of a request, in the order of Envoy's maps; the last is looked at first.
    fn jwt_tokens<'a>(&self, at: At, providers: &[&'a Provider]) -> Vec<Token<'a>> {
        let mut places: Vec<(Place<'a>, Vec<&'a str>)> = Vec::new();
        for provider in providers {
            let headers = provider.headers.iter();
            let mut all: Vec<Place<'a>> = headers.map(|(n, p)| Place::Header(n, p)).collect();
            all.extend(provider.params.iter().map(|name| Place::Param(name)));
            all.extend(provider.cookies.iter().map(|name| Place::Cookie(name)));
            if all.is_empty() {
                all.push(Place::Header("authorization", "Bearer "));
                all.push(Place::Param("access_token"));
            }
            for place in all {
                match places.iter_mut().find(|(known, _)| *known == place) {
                    Some((_, issuers)) => issuers.push(&provider.issuer),
                    None => places.push((place, vec![&provider.issuer])),
                }
            }
        }
        places.sort();
        let mut tokens = Vec::new();
        for (place, issuers) in places {
            for text in self.jwt_texts(at, place) {
                let issuers = issuers.clone();
                tokens.push(Token {
                    text,
                    place,
                    issuers,
                });
            }
        }
        tokens
    }

    /// What stands in a place.
    fn jwt_texts(&self, at: At, place: Place<'_>) -> Vec<String> {
        let Some(headers) = &self.streams[at.stream].request.headers else {
            return Vec::new();
        };
        let values = |name: &str| -> Vec<String> {
            let values = headers.get_all(name);
            values
                .map(|value| String::from_utf8_lossy(value).into_owned())
                .collect()
        };
        match place {
            Place::Header(name, prefix) => {
                let found = values(name).into_iter();
                let found = found.filter_map(|value| after_prefix(&value, prefix));
                found.collect()
            }
            Place::Param(name) => {
                let (_, pairs) = read_query(headers.get_str(":path").unwrap_or(""));
                let first = pairs.get(name).and_then(|values| values.first());
                first.cloned().into_iter().collect()
            }
            Place::Cookie(name) => {
                let cookies = values("cookie").join(";");
                let mut pairs = cookies.split(';').filter_map(|pair| pair.split_once('='));
                let found = pairs.find(|(key, _)| key.trim() == name);
                let value = found.map(|(_, value)| value.trim().trim_matches('"').to_owned());
                value.into_iter().collect()
            }
        }
    }
}

/// What follows a prefix, wherever that stands, from the first letter that a token can have; the
/// whole text when there is none.
fn after_prefix(value: &str, prefix: &str) -> Option<String> {
    if prefix.is_empty() {
        return Some(value.to_owned());
    }
    let after = value.find(prefix)? + prefix.len();
    let letter = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let token = value[after..].find(letter).map(|start| after + start);
    Some(value[token.unwrap_or(0)..].to_owned())
}

/// An audience without its scheme and a slash at its end.
fn bare_audience(audience: &str) -> &str {
    let bare = audience.strip_prefix("http://");
    let bare = bare.or_else(|| audience.strip_prefix("https://"));
    let bare = bare.unwrap_or(audience);
    bare.strip_suffix('/').unwrap_or(bare)
}

/// A claim as a header's value.
fn claim_text(claim: &Item) -> String {
    match claim {
        Item::Text(text) => text.clone(),
        Item::Number(n) if *n >= 0.0 && *n < u64::MAX as f64 && n.fract() == 0.0 => {
            (*n as u64).to_string()
        }
        Item::Number(n) => format!("{n:.6}"),
        Item::Bool(flag) => flag.to_string(),
        Item::Null => String::new(),
        Item::Struct(_) | Item::List(_) => STANDARD.encode(claim.json().to_string()),
    }
}
