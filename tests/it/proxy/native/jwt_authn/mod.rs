//! `envoy.filters.http.jwt_authn` with keys of the configuration and of files.

mod claims;
mod rules;

use super::{answer, counters, filter, first, got, refused};
use crate::proxy::router;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as URL};
use p256::ecdsa::signature::Signer as _;
use proxy_wasm_tour::model::report::ScenarioReport;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::traits::PublicKeyParts as _;
use sha2::Digest as _;

/// When the clock of a lab begins.
const NOW: u64 = 1_767_225_600;
const SECRET: &[u8] = b"a secret of the lab";

/// The bytes of a PEM block.
fn der(pem: &str) -> Vec<u8> {
    let lines = pem.lines().filter(|line| !line.starts_with('-'));
    STANDARD.decode(lines.collect::<String>()).unwrap()
}

fn rsa_key() -> rsa::RsaPrivateKey {
    rsa::RsaPrivateKey::from_pkcs8_der(&der(include_str!("../../keys/rsa.pem"))).unwrap()
}

fn ec_key() -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_pkcs8_der(&der(include_str!("../../keys/p256.pem"))).unwrap()
}

/// The key set of the tests: one key of each kind.
fn jwks() -> String {
    let key = rsa_key();
    let (n, e) = (
        URL.encode(key.n().to_bytes_be()),
        URL.encode(key.e().to_bytes_be()),
    );
    let point = ec_key().verifying_key().to_encoded_point(false);
    let (x, y) = (
        URL.encode(point.x().unwrap()),
        URL.encode(point.y().unwrap()),
    );
    let k = URL.encode(SECRET);
    format!(
        r#"{{"keys":[{{"kty":"RSA","kid":"r","n":"{n}","e":"{e}"}},{{"kty":"EC","kid":"e","alg":"ES256","crv":"P-256","x":"{x}","y":"{y}"}},{{"kty":"oct","kid":"h","k":"{k}"}}]}}"#
    )
}

fn hmac(text: &[u8]) -> Vec<u8> {
    let pad = |with: u8| {
        let mut key = SECRET.to_vec();
        key.resize(64, 0);
        key.iter().map(|byte| byte ^ with).collect::<Vec<u8>>()
    };
    let inner = sha2::Sha256::digest([&pad(0x36)[..], text].concat());
    sha2::Sha256::digest([&pad(0x5c)[..], &inner].concat()).to_vec()
}

/// A token with this header and these claims.
fn token_of(header: &str, claims: &str) -> String {
    let text = format!("{}.{}", URL.encode(header), URL.encode(claims));
    let hash = |name: &str| match name {
        "384" => sha2::Sha384::digest(&text).to_vec(),
        "512" => sha2::Sha512::digest(&text).to_vec(),
        _ => sha2::Sha256::digest(&text).to_vec(),
    };
    let alg = header
        .split("\"alg\":\"")
        .nth(1)
        .map_or("none", |rest| &rest[..5]);
    let signature = match alg {
        "RS256" => rsa_key()
            .sign(rsa::Pkcs1v15Sign::new::<sha2::Sha256>(), &hash("256"))
            .unwrap(),
        "RS512" => rsa_key()
            .sign(rsa::Pkcs1v15Sign::new::<sha2::Sha512>(), &hash("512"))
            .unwrap(),
        "ES256" => {
            let signature: p256::ecdsa::Signature = ec_key().sign(text.as_bytes());
            signature.to_bytes().to_vec()
        }
        "HS256" => hmac(text.as_bytes()),
        _ => b"none".to_vec(),
    };
    format!("{text}.{}", URL.encode(signature))
}

/// A token of `https://iss` by the secret of the set.
fn token(claims: &str) -> String {
    let comma = if claims.is_empty() { "" } else { ", " };
    token_of(
        r#"{"alg":"HS256","kid":"h"}"#,
        &format!(r#"{{"iss":"https://iss"{comma}{claims}}}"#),
    )
}

fn provider(more: &str) -> String {
    format!(
        "{{issuer: 'https://iss', local_jwks: {{inline_string: '{}'}}{more}}}",
        jwks()
    )
}

fn jwt(settings: &str) -> String {
    filter("jwt_authn.v3.JwtAuthentication", settings)
}

/// One provider `p`, and a rule that wants its token everywhere.
fn one(more: &str) -> String {
    jwt(&format!(
        ", providers: {{p: {}}}, rules: [{{match: {{prefix: /}}, requires: {{provider_name: p}}}}]",
        provider(more)
    ))
}

fn play(envoy: &str, request: &str) -> ScenarioReport {
    super::play(envoy, &[request])
}

/// A request that bears a token.
fn bearing(token: &str) -> String {
    format!("{{headers: {{authorization: 'Bearer {token}'}}}}")
}

const PASSES: &str = "via_upstream";

#[test]
fn a_good_token_passes_whatever_key_has_signed_it() {
    for header in [
        r#"{"alg":"RS256","kid":"r"}"#,
        r#"{"alg":"RS512","kid":"r"}"#,
        r#"{"alg":"ES256","kid":"e"}"#,
        r#"{"alg":"HS256","kid":"h"}"#,
        // Without kid every key is tried.
        r#"{"alg":"RS256"}"#,
    ] {
        let token = token_of(header, r#"{"iss":"https://iss"}"#);
        let report = play(&one(""), &bearing(&token));
        assert!(
            answer(&report).ends_with(PASSES),
            "{header}: {}",
            answer(&report)
        );
        assert_eq!(
            counters(&report, "jwt_authn"),
            "jwt_authn.allowed=1 jwt_authn.jwt_cache_miss=1"
        );
    }
    // Such a signature is another each time: this one is OpenSSL's.
    let token = include_str!("../../keys/rsa.ps256.jwt").trim();
    assert!(answer(&play(&one(""), &bearing(token))).ends_with(PASSES));
    let spoilt = format!("{}AAAA", &token[..token.len() - 4]);
    assert!(answer(&play(&one(""), &bearing(&spoilt))).starts_with("401"));
}

/// Rows: the token, the body of the answer.
#[test]
fn what_is_wrong_with_a_token_is_told_in_envoys_words() {
    let good = token("");
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>()[..] else {
        panic!("{good}")
    };
    let other = |header: &str, claims: &str| token_of(header, claims);
    let head = r#"{"alg":"HS256"}"#;
    for (token, expected) in [
        (
            "x".to_owned(),
            "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections",
        ),
        (
            format!("{header}.{payload}."),
            "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections",
        ),
        (
            format!("{header}.{payload}.a.b"),
            "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections",
        ),
        (
            format!("a+b.{payload}.{signature}"),
            "Jwt header is an invalid Base64url encoded",
        ),
        (
            format!("YWJj.{payload}.{signature}"),
            "Jwt header is an invalid JSON",
        ),
        (
            other("{}", "{}"),
            "Jwt header [alg] field is required and must be a string",
        ),
        (
            other(r#"{"alg":"none"}"#, "{}"),
            "Jwt header [alg] is not supported",
        ),
        (
            other(r#"{"alg":"HS256","kid":1}"#, "{}"),
            "Jwt header [kid] field is not a string",
        ),
        (
            format!("{header}.a+b.{signature}"),
            "Jwt payload is an invalid Base64url encoded",
        ),
        (
            format!("{header}.YWJj.{signature}"),
            "Jwt payload is an invalid JSON",
        ),
        (
            other(head, r#"{"iss":1}"#),
            "Jwt payload [iss] field is not a string",
        ),
        (
            other(head, r#"{"sub":[]}"#),
            "Jwt payload [sub] field is not a string",
        ),
        (
            other(head, r#"{"iat":"1"}"#),
            "Jwt payload [iat] field is not an integer",
        ),
        (
            other(head, r#"{"nbf":-1}"#),
            "Jwt payload [nbf] field is not a positive 64 bit integer",
        ),
        (
            other(head, r#"{"exp":true}"#),
            "Jwt payload [exp] field is not an integer",
        ),
        (
            other(head, r#"{"jti":1}"#),
            "Jwt payload [jti] field is not a string",
        ),
        (
            other(head, r#"{"aud":[1]}"#),
            "Jwt payload [aud] field is not a string or string list",
        ),
        (
            format!("{header}.{payload}.a+b"),
            "Jwt signature is an invalid Base64url encoded",
        ),
        (
            other(head, r#"{"iss":"https://other"}"#),
            "Jwt issuer is not configured",
        ),
        (format!("{header}.{payload}.YWJj"), "Jwt verification fails"),
        (
            other(r#"{"alg":"HS256","kid":"x"}"#, r#"{"iss":"https://iss"}"#),
            "Jwks doesn't have key to match kid or alg from Jwt",
        ),
        (
            other(r#"{"alg":"RS256","kid":"e"}"#, r#"{"iss":"https://iss"}"#),
            "Jwks doesn't have key to match kid or alg from Jwt",
        ),
    ] {
        let report = play(&one(""), &bearing(&token));
        let details = expected.replace(' ', "_");
        assert_eq!(
            answer(&report),
            format!("401 {expected:?} - jwt_authn_access_denied{{{details}}}"),
            "{token}"
        );
        assert_eq!(counters(&report, "jwt_authn.denied"), "jwt_authn.denied=1");
    }
}

#[test]
fn the_challenge_names_the_url_and_an_error_unless_the_token_is_missing() {
    let realm = "Bearer realm=\"http://example.com/a?b=c\"";
    for (headers, expected) in [
        ("", realm.to_owned()),
        ("authorization: Basic x", realm.to_owned()),
        (
            "authorization: Bearer x",
            format!("{realm}, error=\"invalid_token\""),
        ),
    ] {
        let report = play(
            &one(""),
            &format!("{{path: '/a?b=c', headers: {{{headers}}}}}"),
        );
        assert_eq!(got(&report, "www-authenticate"), expected);
    }
    let report = play(&one(""), "{}");
    assert_eq!(
        answer(&report),
        r#"401 "Jwt is missing" - jwt_authn_access_denied{Jwt_is_missing}"#
    );
    let stripped = one("").replace(", rules:", ", strip_failure_response: true, rules:");
    let report = play(&stripped, "{}");
    assert_eq!(
        answer(&report),
        r#"401 "" - jwt_authn_access_denied{Jwt_is_missing}"#
    );
    assert_eq!(got(&report, "www-authenticate"), "");
}

/// Rows: claims, settings, the answer.
#[test]
fn time_is_the_simulated_clocks_give_or_take_the_skew() {
    for (claims, settings, expected) in [
        (format!("\"exp\":{}", NOW - 60), "", PASSES),
        (format!("\"exp\":{}", NOW - 61), "", "Jwt_is_expired}"),
        (format!("\"nbf\":{}", NOW + 60), "", PASSES),
        (format!("\"nbf\":{}", NOW + 61), "", "Jwt_not_yet_valid}"),
        (
            format!("\"exp\":{}", NOW - 2),
            ", clock_skew_seconds: 1",
            "Jwt_is_expired}",
        ),
        (
            format!("\"exp\":{}", NOW - 61),
            ", clock_skew_seconds: 0",
            "Jwt_is_expired}",
        ),
        ("\"exp\":0".to_owned(), "", PASSES),
    ] {
        let report = play(&one(settings), &bearing(&token(&claims)));
        assert!(
            answer(&report).ends_with(expected),
            "{claims}: {}",
            answer(&report)
        );
    }
    let token = token(&format!("\"exp\":{NOW}"));
    let traffic = format!("  - advance: 61s\n  - request: {}\n", bearing(&token));
    let report = router::play(&one(""), "", &traffic);
    assert!(answer(&report).ends_with("Jwt_is_expired}"));
}

#[test]
fn audiences_are_compared_without_scheme_and_slash_and_another_is_403() {
    let allowed = ", audiences: [app, 'https://b.example/']";
    for (audience, passes) in [
        ("\"aud\":\"app\"", true),
        ("\"aud\":[\"x\",\"app\"]", true),
        ("\"aud\":\"http://b.example\"", true),
        ("\"aud\":\"c\"", false),
        ("", false),
    ] {
        let report = play(&one(allowed), &bearing(&token(audience)));
        let expected = match passes {
            true => PASSES,
            false => {
                "403 \"Audiences in Jwt are not allowed\" - jwt_authn_access_denied{Audiences_in_Jwt_are_not_allowed}"
            }
        };
        assert!(
            answer(&report).ends_with(expected),
            "{audience}: {}",
            answer(&report)
        );
    }
    let both = jwt(&format!(
        ", providers: {{p: {}}}, rules: [{{match: {{prefix: /}}, requires: {{provider_and_audiences: {{provider_name: p, audiences: [c]}}}}}}]",
        provider(allowed)
    ));
    let report = play(&both, &bearing(&token("\"aud\":\"c\"")));
    assert!(answer(&report).ends_with(PASSES));
}

/// Rows: settings, the request, whether it passes, and what of the token goes on.
#[test]
fn where_a_token_stands_and_whether_it_goes_on() {
    let good = token("");
    let header = ", from_headers: [{name: X-Token, value_prefix: 'T='}]";
    for (settings, request, passes, left) in [
        ("", bearing(&good), true, ""),
        (", forward: true", bearing(&good), true, "authorization"),
        (
            "",
            format!("{{path: '/a?x=1&access_token={good}'}}"),
            true,
            "/a?x=1",
        ),
        (
            ", forward: true",
            format!("{{path: '/a?access_token={good}'}}"),
            true,
            "access_token",
        ),
        (
            header,
            format!("{{headers: {{x-token: 'a T= {good}'}}}}"),
            true,
            "",
        ),
        (
            header,
            format!("{{headers: {{x-token: '{good}'}}}}"),
            false,
            "",
        ),
        (header, bearing(&good), false, ""),
        (
            ", from_params: [t]",
            format!("{{path: '/?t={good}'}}"),
            true,
            "/",
        ),
        (
            ", from_cookies: [t]",
            format!("{{headers: {{cookie: 'a=b; t={good}'}}}}"),
            true,
            "cookie",
        ),
        // Every token that is there must be good.
        (
            "",
            format!("{{path: '/?access_token=bad', headers: {{authorization: 'Bearer {good}'}}}}"),
            false,
            "",
        ),
        (
            "",
            format!("{{headers: {{authorization: [Bearer x, 'Bearer {good}']}}}}"),
            false,
            "",
        ),
    ] {
        let report = play(&one(settings), &request);
        assert_eq!(
            answer(&report).ends_with(PASSES),
            passes,
            "{settings} {request}"
        );
        if passes {
            let upstream = &first(&report).upstream_requests[0].headers;
            let all = upstream.iter().map(|(name, value)| {
                format!(
                    "{} {}",
                    String::from_utf8_lossy(name),
                    String::from_utf8_lossy(value)
                )
            });
            let all = all.collect::<Vec<_>>().join("\n");
            assert!(
                left.is_empty() && !all.contains(&good) || all.contains(left),
                "{all}"
            );
        }
    }
}

/// Rows: the set, what Envoy says of it at load.
#[test]
fn a_key_set_that_is_no_use_is_refused_in_envoys_words() {
    for (set, why) in [
        (r#"{"keys":[]}"#, "Jwks doesn't have any valid public key"),
        ("no json", "Jwks is an invalid JSON"),
        ("{}", "Jwks does not have [keys] field"),
        (r#"{"keys":1}"#, "[keys] in Jwks is not an array"),
        (r#"{"keys":[{}]}"#, "[kty] is missing in [keys]"),
        (r#"{"keys":[{"kty":1}]}"#, "[kty] is bad in [keys]"),
        (
            r#"{"keys":[{"kty":"X"}]}"#,
            "[kty] is not supported in [keys]",
        ),
        (
            r#"{"keys":[{"kty":"RSA","e":"AQAB"}]}"#,
            "[n] field is missing for a RSA key",
        ),
        (
            r#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AA"}]}"#,
            "Jwks RSA [n] or [e] field is missing or has a parse error",
        ),
        (
            r#"{"keys":[{"kty":"RSA","alg":"ES256"}]}"#,
            "[alg] is not started with [RS] or [PS] for an RSA key",
        ),
        (
            r#"{"keys":[{"kty":"EC","alg":"ES256","crv":"P-384"}]}"#,
            "[crv] field specified is not compatible with [alg] for an EC key",
        ),
        (
            r#"{"keys":[{"kty":"EC","x":"AA","y":"AA"}]}"#,
            "Jwks EC [x] and [y] fields have a parse error.",
        ),
        (
            r#"{"keys":[{"kty":"oct"}]}"#,
            "[k] field is missing for an HMAC key",
        ),
        (
            r#"{"keys":[{"kty":"oct","alg":"RS256"}]}"#,
            "[alg] does not start with [HS] for an HMAC key",
        ),
    ] {
        let envoy = jwt(&format!(
            ", providers: {{p: {{local_jwks: {{inline_string: '{}'}}}}}}, rules: [{{match: {{prefix: /}}, requires: {{provider_name: p}}}}]",
            set.replace('\'', "''")
        ));
        let expected = format!("Provider 'p' in jwt_authn config has invalid local jwks: {why}");
        let problem = refused(&envoy);
        assert!(problem.contains(&expected), "{set}: {problem}");
    }
    // One that is right is enough.
    let set = jwks().replace("[{", r#"[{"kty":"X"},{"#);
    let envoy = one("").replace(&jwks(), &set);
    assert!(answer(&play(&envoy, &bearing(&token("")))).ends_with(PASSES));
}

#[test]
fn a_key_set_may_stand_in_a_file_of_the_lab() {
    let envoy = one("").replace(
        &format!("inline_string: '{}'", jwks()),
        "filename: /etc/jwks.json",
    );
    let files = format!("files: {{/etc/jwks.json: {{text: '{}'}}}}", jwks());
    let traffic = format!("  - request: {}\n", bearing(&token("")));
    let report = router::play(&envoy, &files, &traffic);
    assert!(answer(&report).ends_with(PASSES), "{}", answer(&report));
    assert!(refused(&envoy).contains("there is no file `/etc/jwks.json`"));
}
